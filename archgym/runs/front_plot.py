"""``front.png``: all feasible designs of a run over two quantities, and the front among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..contracts.evaluation import Floats
from ..figures.base import is_wide, written
from ..goals.scenario import Scenario
from ..goals.tradeoff import Axis, front_axes, front_of
from ..goals.trials import Trials
from .drawing import GREY, INK, PALE, RED, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_front(ax: Axes, scenario: Scenario, trials: Trials, final: Trials | None = None) -> None:
    """Draw trials, front, specs and reference design over the first two axes of the front.

    Args:
        ax: to draw on.
        scenario: what was searched, over at least two quantities.
        trials: everything that was tried.
        final: the finalists as simulated, where the trials are guesses; the front is then theirs.
    """
    axes = front_axes(scenario)
    first, second = axes[:2]
    xs, ys = _values(first, trials), _values(second, trials)
    (sx, ux), (sy, uy) = written(xs, first.unit), written(ys, second.unit)
    met, works = trials.satisfied, np.isfinite(xs) & np.isfinite(ys)
    what = "guess " if final is not None else ""
    meets = "meets the specs" if scenario.specs else "evaluation"
    for chosen, mark, color, label in (
        (works & ~met, "x", GREY, "misses a spec"),
        (works & met, ".", PALE, meets),
    ):
        if chosen.any():
            ax.plot(
                xs[chosen] / sx, ys[chosen] / sy, mark, ms=4, color=color,
                label=f"{what}{label} ({int(chosen.sum()):,})",
            )  # fmt: skip
    if not works.any():
        ax.text(0.5, 0.5, "no design is feasible", transform=ax.transAxes, ha="center", color=RED)
    _front(ax, axes, scenario, trials if final is None else final, (sx, sy))
    reference = scenario.reference_evaluation
    if reference is not None and reference.feasible[0]:
        missed = " (misses a spec)" if not scenario.satisfied(reference)[0] else ""
        ax.plot(
            first.expression(reference.metrics) / sx, second.expression(reference.metrics) / sy,
            "*", ms=12, color=RED, label=f"reference design{missed}",
        )  # fmt: skip
    _limits(ax, scenario, (first, second), (sx, sy))
    for set_scale, values in ((ax.set_xscale, xs), (ax.set_yscale, ys)):
        if is_wide(values):
            set_scale("log")
    ax.set_xlabel(plain(first.name + ux))
    ax.set_ylabel(plain(second.name + uy))


def _values(axis: Axis, trials: Trials) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return axis.expression(trials.evaluation.metrics)


def _front(
    ax: Axes,
    axes: tuple[Axis, ...],
    scenario: Scenario,
    trials: Trials,
    scales: tuple[float, float],
) -> None:
    """The front; a staircase where it is over these two quantities alone."""
    front = front_of(scenario, trials)
    if not len(front):
        return
    xs, ys = _values(axes[0], trials)[front], _values(axes[1], trials)[front]
    order = np.argsort(xs, kind="stable")
    line: dict[str, Any] = {"ls": ""}
    if len(axes) == 2:
        step = "steps-post" if axes[0].lower_is_better else "steps-pre"
        line = {"ls": "-", "drawstyle": step}
    more = "" if len(axes) == 2 else f" of all {len(axes)} objectives"
    ax.plot(
        xs[order] / scales[0], ys[order] / scales[1], "o", mfc="none", lw=0.8, color=INK,
        label=f"Pareto front{more} ({len(front):,})", **line,
    )  # fmt: skip


def _limits(
    ax: Axes, scenario: Scenario, axes: tuple[Axis, Axis], scales: tuple[float, float]
) -> None:
    """The bounds of specs on the two quantities, each with its text."""
    for spec in scenario.resolved[1]:
        text = f"spec {spec.text(scenario.units[spec.metric])}"
        for draw, axis, scale, style in (
            (ax.axvline, axes[0], scales[0], ":"),
            (ax.axhline, axes[1], scales[1], "-."),
        ):
            if axis.name != spec.metric:
                continue
            for bound in (spec.upper, spec.lower):
                if isinstance(bound, float | int):
                    draw(bound / scale, ls=style, lw=1.2, color=RED, label=plain(text))
                    text = "_nolegend_"
