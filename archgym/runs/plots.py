"""Pictures of a run: how the best cost fell, and the front it found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..contracts.evaluation import Floats
from ..errors import StoreError
from ..goals.scenario import Scenario
from ..goals.tradeoff import axes_of, front_of
from ..goals.trials import Trials
from ..units import _STEPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY, RED = "#1f4e79", "#b5bcc4", "#c0392b"


def plot_run(scenario: Scenario, trials: Trials, folder: Path) -> list[Path]:
    """Write ``convergence.png``, and ``front.png`` where there are two metrics, into a folder."""
    made = [_save(lambda ax: draw_convergence(ax, scenario, trials), folder / "convergence.png")]
    if len(axes_of(scenario)) > 1:
        made.append(_save(lambda ax: draw_front(ax, scenario, trials), folder / "front.png"))
    return made


def plot_runs(scenario: Scenario, runs: Sequence[tuple[str, Floats]], path: Path) -> Path:
    """The best cost so far of several runs, (name, costs (n,)) each, in one picture."""

    def draw(ax: Axes) -> None:
        for name, costs in runs:
            best = np.minimum.accumulate(costs)
            ax.step(np.arange(1, len(best) + 1), best, where="post", label=name)
        ax.set_xscale("log")
        ax.set_xlabel("evaluations")
        ax.set_ylabel("best cost so far")
        ax.set_title(scenario.name, loc="left", fontsize=10)
        ax.legend(frameon=False, fontsize=8)

    return _save(draw, path)


def _save(draw: Any, path: Path) -> Path:
    import matplotlib

    matplotlib.use("Agg", force=False)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    draw(axes)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    try:
        figure.savefig(path, metadata={"Software": "archgym"})
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
    return path


def draw_convergence(ax: Axes, scenario: Scenario, trials: Trials) -> None:
    """Value of the first objective (or the cost) after each evaluation, and its best so far."""
    steps = np.arange(1, len(trials) + 1)
    objective = scenario.resolved[0][0]
    single = scenario.k == 1
    values = objective.expression(trials.evaluation.metrics) if single else trials.cost
    best = np.empty(len(trials))
    least, at = np.inf, -1
    for i, cost in enumerate(trials.cost):
        if cost < least:
            least, at = cost, i
        best[i] = values[at] if at >= 0 else np.nan
    unit = objective.expression.unit(scenario.simulators[0].metrics) if single else ""
    scale, prefix = _prefix(best, unit)
    ax.plot(steps, values / scale, ".", ms=3, color=GREY, label="each evaluation")
    ax.step(steps, best / scale, where="post", lw=2, color=INK, label="best so far")
    if single and isinstance(objective.reference, float | int):
        ax.axhline(objective.reference / scale, ls="--", lw=1, color=RED, label="reference design")
    finite = values[np.isfinite(values)] / scale
    if len(finite) and finite.min() > 0 and finite.max() > 20 * finite.min():
        ax.set_yscale("log")
    ax.set_xlabel("evaluations")
    ax.set_ylabel(f"{objective.name if single else 'cost'}{f' [{prefix}{unit}]' if unit else ''}")
    ax.set_title(scenario.name, loc="left", fontsize=10)
    ax.legend(frameon=False, fontsize=8)


def draw_front(ax: Axes, scenario: Scenario, trials: Trials) -> None:
    """All feasible trials over two quantities, the front, the reference design and the specs."""
    first, second = axes_of(scenario)
    units = {m.name: m.unit for m in scenario.simulators[0].metrics}
    e = trials.evaluation
    xs, ys = e.metrics[first], e.metrics[second]
    (sx, px), (sy, py) = _prefix(xs, units[first]), _prefix(ys, units[second])
    ok = trials.satisfied
    ax.plot(xs[~ok] / sx, ys[~ok] / sy, ".", ms=3, color=GREY, label="misses a spec")
    ax.plot(xs[ok] / sx, ys[ok] / sy, ".", ms=4, color=INK, alpha=0.5, label="meets the specs")
    front = front_of(scenario, trials)
    if len(front):
        ax.plot(
            xs[front] / sx,
            ys[front] / sy,
            "o-",
            mfc="none",
            lw=0.8,
            drawstyle="steps-post",
            color=INK,
            label="Pareto front",
        )
    reference = scenario.reference_evaluation
    if reference is not None:
        ax.plot(
            reference.metrics[first] / sx,
            reference.metrics[second] / sy,
            "*",
            ms=12,
            color=RED,
            label="reference design",
        )
    for spec in scenario.resolved[1]:
        for bound in (spec.upper, spec.lower):
            if not isinstance(bound, float | int):
                continue
            if spec.metric == first:
                ax.axvline(bound / sx, ls=":", lw=1, color=RED)
            elif spec.metric == second:
                ax.axhline(bound / sy, ls=":", lw=1, color=RED)
    for axis, values in ((ax.set_xscale, xs / sx), (ax.set_yscale, ys / sy)):
        finite = values[np.isfinite(values)]
        if len(finite) and finite.min() > 0 and finite.max() > 20 * finite.min():
            axis("log")
    ax.set_xlabel(f"{first} [{px}{units[first]}]")
    ax.set_ylabel(f"{second} [{py}{units[second]}]")
    ax.set_title(scenario.name, loc="left", fontsize=10)
    ax.legend(frameon=False, fontsize=8)


def _prefix(values: np.ndarray, unit: str) -> tuple[float, str]:
    finite = values[np.isfinite(values)]
    typical = float(np.median(np.abs(finite))) if len(finite) else 1.0
    if not unit or typical == 0:
        return 1.0, ""
    if unit == "m2":
        return 1e-6, "m"
    return next(((s, p) for s, p in _STEPS if typical >= s), (1.0, ""))
