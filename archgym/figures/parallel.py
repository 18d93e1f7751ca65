"""Many designs at once: every knob and every objective an axis, every trial a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contracts.evaluation import Floats
from ..errors import ArchgymError
from ..goals.convergence import curves
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs
from .base import layout, plain, plotly, written

MOST_LINES = 2000
MOST_KNOBS = 16
TICKS = 12


def parallel(scenario: Scenario, trials: Trials) -> Any:
    """Parallel coordinates of the least costly feasible trials (2,000 at most), coloured by objective.

    With more than 16 knobs, those that vary most among the best tenth and the others are shown.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.

    Returns:
        A plotly ``Figure``.

    Raises:
        ArchgymError: no trial is feasible; MissingExtraError: no plotly.
    """
    order = np.argsort(np.where(np.isnan(trials.cost), np.inf, trials.cost), kind="stable")
    order = order[trials.evaluation.feasible[order]]
    if not len(order):
        raise ArchgymError("no trial is feasible, so there is no line to draw")
    order = order[:MOST_LINES]
    go = plotly()
    dimensions = [_knob(scenario, trials.x[order], i) for i in _telling(trials.x[order])]
    shown = curves(scenario, trials.evaluation.metrics, trials.satisfied)
    for curve in shown:
        scale, unit = written(curve.values[order], curve.unit)
        values = curve.values[order] / scale
        dimensions.append(dict(label=plain(curve.label + unit), values=_finite(values)))
    dimensions.append(
        dict(
            label="meets the specs", values=trials.satisfied[order].astype(int),
            tickvals=[0, 1], ticktext=["no", "yes"], range=[0, 1],
        )
    )  # fmt: skip
    first = _finite(shown[0].values[order])
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions, labelangle=-25, labelside="top",
            line=dict(
                color=first, colorscale="Viridis", reversescale=not shown[0].lower_is_better,
            ),
        )
    )  # fmt: skip
    layout(figure, 540)
    figure.update_layout(margin=dict(l=80, r=60, t=150, b=30))
    return figure


def _telling(x: Designs) -> list[int]:
    """The positions of the knobs to show, of designs (n, d) ordered by cost."""
    varying = [i for i in range(x.shape[1]) if len(np.unique(x[:, i])) > 1]
    if len(varying) <= MOST_KNOBS:
        return varying or list(range(min(x.shape[1], MOST_KNOBS)))
    tenth = max(1, len(x) // 10)
    spread = x[:, varying].std(axis=0)
    moved = np.abs(x[:tenth, varying].mean(axis=0) - x[:, varying].mean(axis=0)) / spread
    kept = np.sort(np.argsort(-moved, kind="stable")[:MOST_KNOBS])
    return [varying[i] for i in kept]


def _knob(scenario: Scenario, x: Designs, i: int) -> dict[str, Any]:
    p = scenario.space.parameters[i]
    every = max(1, -(-len(p) // TICKS))
    at = list(range(0, len(p), every))
    unit = f" [{p.unit}]" if p.unit else ""
    return dict(
        label=plain(p.name + unit), values=x[:, i], range=[0, max(1, len(p) - 1)],
        tickvals=at, ticktext=[plain(p.values[k]) for k in at],
    )  # fmt: skip


def _finite(values: Floats) -> Floats:
    """Values (n,) with the worst finite one in place of those that are none."""
    good = np.isfinite(values)
    return values if good.all() else np.where(good, values, values[good].max() if good.any() else 0)
