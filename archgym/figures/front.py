"""What can be had for what: all feasible designs of a search over two quantities, and the front."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.tradeoff import Axis, front_axes, front_of
from ..goals.trials import Trials
from .base import (
    INK,
    RED,
    fitted,
    hover_texts,
    in_view,
    is_wide,
    layout,
    plain,
    plotly,
    scaled_axis,
    thinned,
    thinned_name,
    trial_groups,
    written,
)


def front(scenario: Scenario, trials: Trials, final: Trials | None = None) -> Any:
    """Trials over the first two quantities of the front, the front itself, reference and specs.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.
        final: the finalists as simulated, where the trials are guesses of a proxy.

    Returns:
        A plotly ``Figure``; the box under the pointer says the design.

    Raises:
        ArchgymError: the simulator has one metric alone; MissingPackageError: no plotly.
    """
    axes = front_axes(scenario)
    if len(axes) < 2:
        raise ArchgymError(
            f"scenario {scenario.name!r} has a single metric, and a front needs two: look at the convergence"
        )
    go = plotly()
    values = [_values(axis, trials) for axis in axes[:2]]
    (sx, ux), (sy, uy) = (written(v, a.unit) for v, a in zip(values, axes))
    xs, ys = values[0] / sx, values[1] / sy
    what = "guess " if final is not None else ""
    figure = go.Figure()
    for at, name, marker in trial_groups(
        scenario, np.isfinite(xs) & np.isfinite(ys), trials.satisfied
    ):
        figure.add_trace(
            go.Scatter(
                x=xs[at], y=ys[at], mode="markers", name=f"{what}{name}",
                marker=marker, text=hover_texts(scenario, trials.x[at], at),
                hovertemplate="%{x:.4g}, %{y:.4g}<br>%{text}<extra></extra>",
            )
        )  # fmt: skip
    _front(figure, scenario, trials if final is None else final, axes, (sx, sy))
    _reference(figure, scenario, axes, (sx, sy))
    _limits(figure, scenario, axes, (sx, sy))
    for update, axis, scaled, unit, scale in (
        (figure.update_xaxes, axes[0], xs, ux, sx),
        (figure.update_yaxes, axes[1], ys, uy, sy),
    ):
        wide = is_wide(scaled)
        shown = fitted(_in_view(scenario, axis, scaled, trials.satisfied, scale), wide)
        update(title=plain(axis.name + unit), range=shown, **scaled_axis(wide, shown))
    return layout(figure, 520)


def _in_view(
    scenario: Scenario, axis: Axis, scaled: Floats, met: NDArray[np.bool_], scale: float
) -> Floats:
    """What an axis is fitted to: see :func:`in_view`, with the reference and the limits."""
    reference = scenario.reference_evaluation
    there = []
    if reference is not None and reference.feasible[0]:
        there.append(float(axis.expression(reference.metrics)[0]) / scale)
    for spec in scenario.resolved[1]:
        if spec.metric == axis.name:
            there += [b / scale for b in (spec.lower, spec.upper) if isinstance(b, float | int)]
    return in_view(scaled, met, axis.lower_is_better, there)


def _values(axis: Axis, trials: Trials) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return axis.expression(trials.evaluation.metrics)


def _front(
    figure: Any,
    scenario: Scenario,
    trials: Trials,
    axes: tuple[Axis, ...],
    scales: tuple[float, float],
) -> None:
    at = front_of(scenario, trials)
    if not len(at):
        return
    whole, at = len(at), thinned(at)
    xs, ys = (_values(a, trials)[at] / s for a, s in zip(axes, scales))
    order = np.argsort(xs, kind="stable")
    two = len(axes) == 2
    shape = "hv" if axes[0].lower_is_better else "vh"
    figure.add_scatter(
        x=xs[order], y=ys[order], mode="lines+markers" if two else "markers", line_shape=shape,
        name=thinned_name("front" if two else f"front of all {len(axes)} objectives", len(at), whole),
        line=dict(color=INK, width=1), marker=dict(size=8, color="white", line=dict(color=INK, width=2)),
        text=hover_texts(scenario, trials.x[at][order], at[order]),
        hovertemplate="on the front: %{x:.4g}, %{y:.4g}<br>%{text}<extra></extra>",
    )  # fmt: skip


def _reference(
    figure: Any, scenario: Scenario, axes: tuple[Axis, ...], scales: tuple[float, float]
) -> None:
    reference = scenario.reference_evaluation
    if reference is None or not reference.feasible[0]:
        return
    x, y = (float(a.expression(reference.metrics)[0]) / s for a, s in zip(axes, scales))
    missed = "" if scenario.satisfied(reference)[0] else " (misses a spec)"
    figure.add_scatter(
        x=[x], y=[y], mode="markers", name=f"reference design{missed}",
        marker=dict(size=13, symbol="star", color=RED),
    )  # fmt: skip


def _limits(
    figure: Any, scenario: Scenario, axes: tuple[Axis, ...], scales: tuple[float, float]
) -> None:
    """The bounds of specs on the two quantities, each with its text."""
    for spec in scenario.resolved[1]:
        text = plain(f"spec {spec.text(scenario.units[spec.metric])}")
        for axis, scale, vertical in ((axes[0], scales[0], True), (axes[1], scales[1], False)):
            if axis.name != spec.metric:
                continue
            for bound in (spec.upper, spec.lower):
                if isinstance(bound, float | int):
                    # a label of its own would be placed by exponent on a logarithmic axis
                    draw = figure.add_vline if vertical else figure.add_hline
                    dash = "dot" if vertical else "dashdot"
                    at: dict[str, Any] = {"x": bound / scale} if vertical else {"y": bound / scale}
                    draw(**at, line_dash=dash, line_color=RED, line_width=1)
                    figure.add_scatter(
                        x=[None], y=[None], mode="lines", name=text, line=dict(color=RED, dash=dash)
                    )
