"""Non-dominated sets and their hypervolume; costs are minimised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats


def pareto_front(costs: Floats) -> NDArray[np.intp]:
    """Positions of the non-dominated finite rows of costs (n, k), sorted by the first objective.

    Of equal rows the first is kept.

    Args:
        costs: (n, k), less is better; rows with +inf or NaN take no part.

    Returns:
        Positions (m,), sorted by the first objective.
    """
    finite = np.flatnonzero(np.isfinite(costs).all(axis=1))
    if not len(finite):
        return finite
    order = finite[np.lexsort((finite, *costs[finite].T[::-1]))]
    if costs.shape[1] <= 2:
        last = costs[order, -1]
        best_before = np.concatenate([[np.inf], np.minimum.accumulate(last)[:-1]])
        if costs.shape[1] == 1:
            return order[:1]
        return order[last < best_before]
    # lexicographic order: a row can only be dominated by an earlier one
    front = order[:0]
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        for kept in np.array_split(costs[front], max(1, len(front) // _BLOCK)):
            block = block[~_dominated(costs[block], kept)]
        earlier = np.tril(np.ones((len(block), len(block)), np.bool_), -1)
        mine = costs[block]
        inside = np.all(mine[None] <= mine[:, None], axis=2) & earlier
        front = np.concatenate([front, block[~np.any(inside, axis=1)]])
    return front


_BLOCK = 256


def _dominated(rows: Floats, by: Floats) -> NDArray[np.bool_]:
    if not len(rows) or not len(by):
        return np.zeros(len(rows), np.bool_)
    return np.any(np.all(by[None] <= rows[:, None], axis=2), axis=1)


def hypervolume(costs: Floats, corner: Floats) -> float:
    """The volume that the rows of costs (n, k) dominate below ``corner`` (k,).

    Args:
        costs: (n, k), less is better.
        corner: (k,), the worst point that still counts.

    Returns:
        The volume, in the product of the costs' units.
    """
    inside = costs[(costs < corner).all(axis=1)]
    inside = inside[pareto_front(inside)] if len(inside) else inside
    return _volume(inside, corner)


def _volume(points: Floats, corner: Floats) -> float:
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(corner[0] - points.min())
    order = np.argsort(points[:, 0], kind="stable")
    points = points[order]
    edges = np.append(points[1:, 0], corner[0])
    total = 0.0
    for i, edge in enumerate(edges):
        width = edge - points[i, 0]
        if width > 0:
            total += width * _volume(points[: i + 1, 1:], corner[1:])
    return float(total)
