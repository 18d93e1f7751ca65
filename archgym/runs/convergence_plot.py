"""``convergence.png``: what each evaluation gave, and the best design that meets the specs so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..contracts.evaluation import Floats
from ..figures.base import is_wide, written
from ..goals.convergence import Curve, curves
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from .drawing import GREEN, GREY, INK, PALE, RED, Told, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_convergence(
    axes: Sequence[Axes],
    scenario: Scenario,
    shown: Sequence[Curve],
    trials: Trials,
    told: Told,
    final: Trials | None = None,
) -> None:
    """Draw one panel per objective; the line of the best starts at the first design that meets the specs.

    Args:
        axes: one per objective, from above.
        scenario: what was searched.
        shown: the curve of each objective, as :func:`~archgym.goals.convergence.curves` makes them.
        trials: everything that was tried, in order.
        told: who searched.
        final: the finalists as simulated, where the trials are guesses.
    """
    from matplotlib.ticker import MaxNLocator

    simulated: Sequence[Curve | None] = [None] * len(shown)
    if final is not None:
        simulated = curves(scenario, final.evaluation.metrics, final.satisfied)
    for ax, curve, truth in zip(axes, shown, simulated):
        _panel(ax, scenario, curve, trials, told, truth)
    axes[-1].set_xlabel("evaluations charged")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))


def _panel(
    ax: Axes, scenario: Scenario, curve: Curve, trials: Trials, told: Told, truth: Curve | None
) -> None:
    steps = trials.spent
    anchor = curve.best if np.isfinite(curve.best).any() else curve.values
    scale, unit = written(anchor, curve.unit)
    met, works = trials.satisfied, np.isfinite(curve.values)
    what = "guess " if told.guessed else ""
    specs = bool(scenario.specs)
    for chosen, mark, color, label in (
        (works & ~met, "x", GREY, f"{what}misses a spec"),
        (works & met, ".", PALE, f"{what}meets the specs" if specs else f"{what}evaluation"),
    ):
        if chosen.any():
            ax.plot(
                steps[chosen], curve.values[chosen] / scale, mark, ms=4, color=color,
                label=f"{label} ({int(chosen.sum()):,})",
            )  # fmt: skip
    if not works.all():
        ax.plot(
            steps[~works], np.zeros(int((~works).sum())), "|", ms=6, color=RED, clip_on=False,
            transform=ax.get_xaxis_transform(), label=f"infeasible ({int((~works).sum()):,})",
        )  # fmt: skip
    if np.isfinite(curve.best).any():
        best = "best that meets the specs" if specs else "best"
        at = curve.improved
        ax.step(
            steps, curve.best / scale, where="post", lw=1.8, color=INK, marker="o", ms=3.5,
            markevery=at.tolist(), label=f"{best} so far{', as guessed' if told.guessed else ''}",
        )  # fmt: skip
    else:
        none = "no design meets the specs" if works.any() else "no design is feasible"
        ax.text(0.5, 0.5, none, transform=ax.transAxes, ha="center", color=RED)
    if truth is not None and np.isfinite(truth.best).any():
        ax.plot(
            steps[-1:], truth.best[-1:] / scale, "D", ms=6, color=GREEN,
            label="best of the finalists, as simulated",
        )  # fmt: skip
    if curve.reference is not None and np.isfinite(curve.reference):
        ax.axhline(
            curve.reference / scale, ls="--", lw=1, color=RED, label=_reference_label(scenario)
        )
    if is_wide(curve.values):
        ax.set_yscale("log")
    ax.set_ylabel(plain(curve.label + unit))


def _reference_label(scenario: Scenario) -> str:
    e = scenario.reference_evaluation
    missed = e is not None and scenario.specs and not scenario.satisfied(e)[0]
    return "reference design" + (" (misses a spec)" if missed else "")


def draw_compared(
    axes: Sequence[Axes], scenario: Scenario, groups: Mapping[str, Sequence[Sequence[Curve]]]
) -> None:
    """Draw the best so far of every group of runs: a line, or the median of several with their band.

    Args:
        axes: one per objective, from above.
        scenario: what all of them searched.
        groups: by name, the curves of each run, one per objective.
    """
    from matplotlib import colormaps
    from matplotlib.ticker import StrMethodFormatter

    colours = colormaps["tab10"]
    for panel, ax in enumerate(axes):
        members = {name: [run[panel] for run in runs] for name, runs in groups.items()}
        everything = np.concatenate([c.best for group in members.values() for c in group])
        first = next(iter(members.values()))[0]
        scale, unit = written(everything, first.unit)
        for i, (name, group) in enumerate(members.items()):
            low, middle, high = band([c.best for c in group], first.lower_is_better)
            steps = np.arange(1, len(middle) + 1)
            colour = colours(i % 10)
            label = (
                name if len(group) == 1 else f"{name}: median of {len(group)} seeds, band of all"
            )
            found = np.isfinite(middle).any()
            ax.step(
                steps, middle / scale, where="post", color=colour, marker="o", ms=4,
                markevery=[len(steps) - 1],
                label=plain(label) + ("" if found else " (meets no spec)"),
            )  # fmt: skip
            if len(group) > 1:
                ax.fill_between(
                    steps, low / scale, high / scale, step="post", color=colour, alpha=0.2, lw=0
                )
        if first.reference is not None:
            ax.axhline(
                first.reference / scale, ls="--", lw=1, color=RED, label=_reference_label(scenario)
            )
        if is_wide(everything):
            ax.set_yscale("log")
        ax.set_ylabel(plain(first.label + unit))
    bests = [run[0].best for runs in groups.values() for run in runs]
    longest = max(len(best) for best in bests)
    if longest > 1 and any(np.isfinite(best).any() for best in bests):
        axes[-1].set_xscale("log")
        axes[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes[-1].set_xlabel("evaluations charged")


def band(runs: Sequence[Floats], lower: bool) -> tuple[Floats, Floats, Floats]:
    """Best, median and worst of several runs at each step.

    A run that stopped early keeps what it had. The median is over all runs, so it is NaN until more than
    half of them have found something; it never gets worse.

    Args:
        runs: the best so far of each run, (n_r,); NaN where it has found nothing yet.
        lower: whether lower is better.

    Returns:
        Best, median and worst, (n,) each, over the steps of the longest run; NaN where there is none yet.
    """
    n = max(len(r) for r in runs)
    sign = 1.0 if lower else -1.0
    table = np.full((len(runs), n), np.inf)
    for row, run in zip(table, runs):
        row[: len(run)] = np.where(np.isfinite(run), sign * run, np.inf)
        row[len(run) :] = row[len(run) - 1] if len(run) else np.inf
    ordered = np.sort(table, axis=0)
    middle = ordered[(len(runs) - 1) // 2] / 2 + ordered[len(runs) // 2] / 2
    out = [ordered[0], middle, ordered[-1]]
    best, median, worst = (np.where(np.isfinite(v), sign * v, np.nan) for v in out)
    return best, median, worst
