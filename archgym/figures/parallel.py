"""Many designs at once: every knob and every objective an axis, every trial a line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ..contracts.evaluation import Floats
from ..errors import ArchgymError
from ..goals.convergence import curves
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs
from .base import is_wide, layout, plain, plotly, written

MOST_LINES = 2000
MOST_KNOBS = 16
TICKS = 8
AXIS = 90  # pixels from one axis to the next, so that their labels stand apart
LETTER = 6.2  # pixels of a letter of the labels
ROOM = 0.07  # share of an axis above its last value, where long labels reach down to
LINE = 13  # characters of a line of a label
LONGEST = 15  # characters of a value


def parallel(scenario: Scenario, trials: Trials) -> Any:
    """Parallel coordinates of the least costly feasible trials (2,000 at most), from violet (best) to yellow.

    With more than 16 knobs, those that vary most among the best tenth and the others are shown.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.

    Returns:
        A plotly ``Figure``; ``layout.meta["least_width"]`` holds the pixels below which labels collide.

    Raises:
        ArchgymError: no trial is feasible; MissingPackageError: plotly is not installed.
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
        dimensions.append(_measured(curve.label, curve.values[order], curve.unit))
    met = trials.satisfied[order]
    if met.any() and not met.all():
        dimensions.append(
            dict(
                label=_label("meets the specs", ""), values=met.astype(int),
                tickvals=[0, 1], ticktext=["no", "yes"], range=[0, 1 + ROOM],
            )
        )  # fmt: skip
    # by rank: one bad design does not give all others one colour; the greatest is drawn on top
    place = -rankdata(trials.cost[order])
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions, labelside="top", labelfont=dict(size=11), rangefont=dict(size=1, color="rgba(0,0,0,0)"),
            line=dict(color=place, colorscale="Viridis", reversescale=True),
        )
    )  # fmt: skip
    right = 30 + LETTER * max(map(len, str(dimensions[-1]["label"]).split("<br>"))) / 2
    left = 20 + LETTER * max(len(t) for t in dimensions[0].get("ticktext", [""]))
    layout(figure, 520)
    figure.update_layout(
        margin=dict(l=left, r=right, t=80, b=24),
        meta={"least_width": int(left + right + AXIS * max(1, len(dimensions) - 1))},
    )
    return figure


def _measured(name: str, values: Floats, unit: str) -> dict[str, Any]:
    """An axis of a measured quantity, values (n,): logarithmic where they lie far apart."""
    scale, shown = written(values, unit)
    values = _finite(values / scale)
    axis: dict[str, Any] = dict(label=_label(name, shown))
    if not is_wide(values):
        return axis | dict(values=values, range=_topped(values))
    axis |= dict(values=np.log10(values), range=_topped(np.log10(values)))
    ticks = _round_numbers(float(values.min()), float(values.max()))
    return axis | dict(tickvals=np.log10(ticks), ticktext=[f"{t:g}" for t in ticks])


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two positive numbers; fewer where they span many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    digits = (1, 2, 5) if last - first <= 4 else (1,)
    every = max(1, (last - first) // TICKS)
    numbers = [d * 10.0**e for e in range(first, last + 1, every) for d in digits]
    return [n for n in numbers if low <= n <= high] or [low, high]


def _label(name: str, unit: str) -> str:
    """A name over at most three lines, cut at its underscores, dots and spaces, and its unit."""
    lines = [""]
    for word in name.replace("_", "_ ").replace(".", ". ").split():
        joined = lines[-1] + ("" if not lines[-1] or lines[-1][-1] in "_." else " ") + word
        if lines[-1] and len(joined) > LINE:
            lines.append(word)
        else:
            lines[-1] = joined
    if len(lines) > 3:
        lines = [*lines[:2], f"{lines[2][: LINE - 1]}…"]
    lines = [*lines, *([unit.strip()] if unit else [])]
    return "<br>".join(plain(line) for line in lines)


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
        label=_label(p.name, unit), values=x[:, i], range=[0, max(1, len(p) - 1) * (1 + ROOM)],
        tickvals=at, ticktext=[plain(_short(p.values[k])) for k in at],
    )  # fmt: skip


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _topped(values: Floats) -> list[float]:
    """From the least to the greatest of values (n,), with room for the label above."""
    good = values[np.isfinite(values)]
    low, high = (float(good.min()), float(good.max())) if len(good) else (0.0, 1.0)
    span = (high - low) or abs(high) or 1.0
    return [low, low + span * (1 + ROOM)]


def _finite(values: Floats) -> Floats:
    """Values (n,) with the worst finite one in place of those that are none."""
    good = np.isfinite(values)
    return values if good.all() else np.where(good, values, values[good].max() if good.any() else 0)
