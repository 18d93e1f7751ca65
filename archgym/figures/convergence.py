"""How a search went: what each evaluation gave, and the best that meets the specs so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..goals.convergence import Curve, curves
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from .base import (
    GREEN,
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
    stacked,
    trial_groups,
    written,
)


def convergence(scenario: Scenario, trials: Trials, final: Trials | None = None) -> Any:
    """One panel an objective, in its unit, over the evaluations charged.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.
        final: the finalists as simulated, where the trials are guesses of a proxy.

    Returns:
        A plotly ``Figure``.

    Raises:
        MissingPackageError: plotly is not installed.
    """
    shown = curves(scenario, trials.evaluation.metrics, trials.satisfied)
    figure = stacked(len(shown))
    truths: list[Curve | None] = [None] * len(shown)
    if final is not None:
        truths = list(curves(scenario, final.evaluation.metrics, final.satisfied))
    for row, (curve, truth) in enumerate(zip(shown, truths), 1):
        _panel(figure, row, scenario, curve, trials, truth)
    figure.update_xaxes(title="evaluations charged", row=len(shown), col=1)
    return layout(figure, 160 + 280 * len(shown))


def _panel(
    figure: Any,
    row: int,
    scenario: Scenario,
    curve: Curve,
    trials: Trials,
    truth: Curve | None,
) -> None:
    go = plotly()
    steps = trials.spent
    finite = curve.best if np.isfinite(curve.best).any() else curve.values
    scale, unit = written(finite, curve.unit)
    wide = is_wide(curve.values)
    improved = curve.improved
    what = "guess " if truth is not None else ""
    for at, name, marker in trial_groups(
        scenario, np.isfinite(curve.values), trials.satisfied, improved
    ):
        figure.add_trace(
            go.Scatter(
                x=steps[at], y=curve.values[at] / scale, mode="markers", name=f"{what}{name}",
                legendgroup=name.partition(" (")[0], showlegend=row == 1, marker=marker,
                text=hover_texts(scenario, trials.x[at], at), hovertemplate="%{y:.4g}<br>%{text}<extra></extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    if len(improved):
        bends = np.append(improved, len(trials) - 1)
        figure.add_trace(
            go.Scatter(
                x=steps[bends], y=curve.best[bends] / scale, mode="lines", name="best so far", line_shape="hv",
                line_color=INK, legendgroup="best", showlegend=row == 1,
                hovertemplate="best after %{x:,}: %{y:.4g}<extra></extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    if truth is not None and np.isfinite(truth.best).any():
        figure.add_trace(
            go.Scatter(
                x=steps[-1:], y=truth.best[-1:] / scale, mode="markers", legendgroup="truth",
                name="best of the finalists, as simulated", showlegend=row == 1,
                marker=dict(size=9, color=GREEN, symbol="diamond"),
            ),
            row=row, col=1,
        )  # fmt: skip
    if curve.reference is not None and np.isfinite(curve.reference):
        figure.add_trace(
            go.Scatter(
                x=[1, max([1.0, *steps[-1:].tolist()])], y=[curve.reference / scale] * 2, mode="lines",
                name="reference design", legendgroup="reference", showlegend=row == 1,
                line=dict(color=RED, dash="dash", width=1), hovertemplate="reference: %{y:.4g}<extra></extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    there = [] if curve.reference is None else [curve.reference]
    view = in_view(curve.values, trials.satisfied, curve.lower_is_better, there)
    shown = fitted(view / scale, wide)
    figure.update_yaxes(
        title=plain(curve.label + unit), range=shown, **scaled_axis(wide, shown), row=row, col=1
    )
