"""A roofline: how near parts of a computation come to what a processor allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..units import format_quantity
from .base import INK, RED, layout, plain, plotly, scaled_axis

# nearby dots have their names on different sides
SIDES = ("top left", "bottom right", "top right", "bottom left")
COLOURS = (INK, "#b9560e", "#2e7d32")
NOTE = (
    "Right of 1 operations take longer than moving bytes, left of it memory limits. Red is what the processor "
    "allows; the longer a part takes, the larger its dot."
)


class Dot(NamedTuple):
    """A part of a computation.

    Attributes:
        phase: parts of one phase have one colour.
        name: of the part.
        seconds: that it takes.
        balance: operations per byte, as a multiple of those at which memory and operations take equally long.
        achieved: operations per second, as a share of the most that the processor reaches.
        limit: what takes the longer.
    """

    phase: str
    name: str
    seconds: float
    balance: float
    achieved: float
    limit: str


def roofline(dots: Sequence[Dot]) -> Any:
    """Parts under their roof.

    Args:
        dots: of a design; one whose balance is 0 or endless stands at the edge.

    Returns:
        A plotly ``Figure``.

    Raises:
        MissingPackageError: no plotly.
    """
    go = plotly()
    finite = [d.balance for d in dots if 0 < d.balance < np.inf]
    low, high = min([0.05, *finite]) / 3, max([20.0, *finite]) * 3
    x = np.geomspace(low, high, 200)
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=np.minimum(x, 1.0), mode="lines", line=dict(color=RED, width=2), hoverinfo="skip",
        name="what the processor allows",
    )  # fmt: skip
    by_balance = sorted(range(len(dots)), key=lambda i: dots[i].balance)
    side = {i: SIDES[place % len(SIDES)] for place, i in enumerate(by_balance)}
    total = sum(d.seconds for d in dots) or 1.0
    for number, phase in enumerate(dict.fromkeys(d.phase for d in dots)):
        numbers = [i for i, d in enumerate(dots) if d.phase == phase]
        here = [dots[i] for i in numbers]
        figure.add_scatter(
            x=[float(np.clip(d.balance, low, high)) for d in here],
            y=[max(d.achieved, low) for d in here],
            mode="markers+text", name=plain(phase), text=[plain(d.name) for d in here],
            textposition=[side[i] for i in numbers],
            marker=dict(
                color=COLOURS[number % len(COLOURS)], opacity=0.75, line_width=0,
                size=[8 + 32 * (d.seconds / total) ** 0.5 for d in here],
            ),
            customdata=[_told(d) for d in here], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    title = "operations per byte, 1 where memory and operations take equally long"
    shown = [float(np.log10(low)), float(np.log10(high))]
    figure.update_xaxes(title=title, range=shown, **scaled_axis(True, shown))
    shown = [float(np.log10(low)), 0.5]
    title = "operations, share of the most reached"
    figure.update_yaxes(title=title, range=shown, **scaled_axis(True, shown))
    return layout(figure)


def _told(dot: Dot) -> str:
    return (
        f"{plain(dot.phase)}, {plain(dot.name)}: {format_quantity(dot.seconds, 's')}<br>"
        f"{dot.achieved:.1%} of the most operations<br>limited by {plain(dot.limit)}"
    )
