"""Points of a front of energy and cycles, and how a corner stands to them.

A corner is the least energy and the least cycles of some mappings. Its *standing* s is the most for which
some point, times s, is no more than the corner in both. From 1 on a point is as good as all of them. Below,
none of them is better than every point by more than the factor 1 / s. So a front is searched as one
objective: the standing takes the place of what is minimised, and 1 that of the best mapping found.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled

FRONT = 4  # follows the indices of ``layout.OBJECTIVES``
MOST_POINTS = 1024
HELD, ENTERED = range(2)  # of the counts: points that are held, and how many have ever entered


@compiled
def standing(pj, cycles, front):
    """How a corner stands to the points.

    Args:
        pj: energy at least.
        cycles: time at least.
        front: (points (m, 2) of pJ and cycles, rising in cycles and falling in pJ; counts (2,); then the
            points' factor (m, L, 3, 8), order (m, L, 8) and keep (m, L, 3)).

    Returns:
        The most s for which a point's pJ and cycles times s are no more than the corner's; 0 without points.
    """
    points, counts = front[0], front[1]
    first, last = 0, counts[HELD]
    while first < last:  # the first point that is nearer in cycles than in energy
        middle = (first + last) // 2
        if pj * points[middle, 1] >= cycles * points[middle, 0]:
            last = middle
        else:
            first = middle + 1
    out = 0.0
    if first < counts[HELD]:
        out = cycles / points[first, 1]
    if first > 0:
        out = max(out, pj / points[first - 1, 0])
    return out


@compiled
def energy_beyond(limit, cycles, front):
    """The pJ from which on a corner of that many cycles stands at a limit.

    Args:
        limit: a standing.
        cycles: of the corner.
        front: see :func:`standing`.

    Returns:
        pJ; infinite if no pJ is enough.
    """
    points, counts = front[0], front[1]
    for i in range(counts[HELD] - 1, -1, -1):
        if points[i, 1] * limit <= cycles:
            return points[i, 0] * limit
    return np.inf


@compiled
def cycles_beyond(limit, pj, front):
    """The cycles from which on a corner of that much energy stands at a limit.

    Args:
        limit: a standing.
        pj: of the corner.
        front: see :func:`standing`.

    Returns:
        Cycles; infinite if none are enough.
    """
    points, counts = front[0], front[1]
    for i in range(counts[HELD]):
        if points[i, 0] * limit <= pj:
            return points[i, 1] * limit
    return np.inf


@compiled
def enter(pj, cycles, factor, order, keep, front):
    """Add a point of which no other is as good; points that it is as good as leave.

    Args:
        pj: energy of the mapping.
        cycles: of the mapping.
        factor: (L, 3, 8) of the mapping.
        order: (L, 8) of the mapping.
        keep: (L, 3) of the mapping.
        front: see :func:`standing`; changed.

    Returns:
        Whether there was room for it.
    """
    points, counts, factors, orders, keeps = front
    held = counts[HELD]
    at = 0
    while at < held and points[at, 1] < cycles:
        at += 1
    after = at
    while after < held and points[after, 0] >= pj:
        after += 1
    if after == at:
        if held == points.shape[0]:
            return False
        for i in range(held, at, -1):
            _move(i - 1, i, front)
    else:
        for i in range(after, held):
            _move(i, i - after + at + 1, front)
    counts[HELD] = held + 1 - (after - at)
    counts[ENTERED] += 1
    points[at, 0], points[at, 1] = pj, cycles
    for level in range(orders.shape[1]):
        for d in range(8):
            orders[at, level, d] = order[level, d]
            for kind in range(3):
                factors[at, level, kind, d] = factor[level, kind, d]
        for t in range(3):
            keeps[at, level, t] = keep[level, t]
    return True


@compiled
def _move(start, end, front):
    """Copy a point to another place."""
    points, _, factors, orders, keeps = front
    points[end, 0], points[end, 1] = points[start, 0], points[start, 1]
    for level in range(orders.shape[1]):
        for d in range(8):
            orders[end, level, d] = orders[start, level, d]
            for kind in range(3):
                factors[end, level, kind, d] = factors[start, level, kind, d]
        for t in range(3):
            keeps[end, level, t] = keeps[start, level, t]
