"""Ranges that hold 90 % of measurements, by how near measured rows are.

Near rows the range is what rows left out in turn showed; far from any it is what whole models left out
showed, each model counting alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Table = Mapping[str, Sequence[float]]

KNOTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# wider than 5 and 95 %: a handful of models shows less than the next one will
TAILS = (0.04, 0.96)
FEWEST = 40  # rows at a knot; else it is as uncertain as the one before


def quantiles(values: Floats, weights: Floats, at: Sequence[float]) -> list[float]:
    """Weighted quantiles.

    Args:
        values: (n,).
        weights: how much each counts, (n,).
        at: shares from 0 to 1.

    Returns:
        One quantile per share.
    """
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    found = np.interp(at, (share - 0.5 * weights[order]) / share[-1], values[order])
    return [float(q) for q in found]


def calibrate(nearness: Floats, ratios: Floats, weights: Floats) -> Table:
    """A table of ranges.

    Args:
        nearness: (n,) of predictions made without their own row, or model, or GPU.
        ratios: (n, 2) logarithms of measured over predicted TTFT and TPOT.
        weights: (n,) how much each counts.

    Returns:
        Ends of the ranges as logarithms, by nearness.
    """
    table: dict[str, list[float]] = {"nearness": list(KNOTS)}
    knot = np.abs(nearness[:, None] - np.array(KNOTS)).argmin(axis=1)
    for metric, name in enumerate(("ttft", "tpot")):
        low: list[float] = []
        high: list[float] = []
        for k in range(len(KNOTS)):
            rows = np.flatnonzero(knot == k)
            if len(rows) >= FEWEST or not low:
                a, b = quantiles(ratios[rows, metric], weights[rows], TAILS)
            else:
                a, b = low[-1], high[-1]
            low.append(round(a, 4))
            high.append(round(b, 4))
        table |= {f"{name}_low": low, f"{name}_high": high}
    return table


def limits(table: Table, name: str, nearness: Floats, value: Floats) -> Floats:
    """The range of a metric for each prediction.

    Args:
        table: what :func:`calibrate` returned.
        name: ``ttft`` or ``tpot``.
        nearness: of the predictions to measured rows, (n,).
        value: the predictions, s, (n,).

    Returns:
        Lower and upper ends (n, 2), s.
    """
    sides = (
        np.interp(nearness, table["nearness"], table[f"{name}_{side}"]) for side in ("low", "high")
    )
    return np.stack([value * np.exp(side) for side in sides], axis=1)
