"""Explanations as bars: what a metric is made of, beside the reference design."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..goals.explained import Explained
from .base import INK, PALE, layout, plain, plotly, written

MOST = 14  # bars; smaller parts are added up


def explanation(found: Explained) -> Any:
    """One metric by part, the design's own bars above those of the reference.

    Args:
        found: the explanation of one metric of a design.

    Returns:
        A plotly ``Figure``.

    Raises:
        MissingPackageError: no plotly.
    """
    go = plotly()
    order = found.order
    kept, rest = order[:MOST], order[MOST:]
    names = [found.names[i] for i in kept] + ([f"{len(rest)} smaller ones"] if rest else [])
    scale, unit = written(np.array([found.value]), found.unit)
    figure = go.Figure()
    rows = [("reference", found.others, PALE), ("this design", found.shares, INK)]
    for name, values, colour in rows:
        if values is None:
            continue
        bars = [values[i] for i in kept] + ([values[rest].sum()] if rest else [])
        total = values.sum()
        figure.add_bar(
            x=np.array(bars)[::-1] / scale, y=[plain(n) for n in names][::-1], orientation="h",
            name=name, marker_color=colour,
            customdata=np.array(bars)[::-1] / total if total else np.zeros(len(bars)),
            hovertemplate=f"%{{y}}: %{{x:.4g}}{unit} (%{{customdata:.1%}})<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title=f"{found.metric}{unit}")
    both = 2 if found.others is not None else 1
    return layout(figure, 130 + 22 * both * len(names), barmode="group")
