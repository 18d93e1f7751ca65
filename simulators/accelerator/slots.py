"""Slots of a state: where a dimension's loops may run, and how two of them share it.

A *slot* is a number, 3 x level + kind of loop. The slots of a dimension cover it if their product is at
least its extent.
"""

from __future__ import annotations

from .compiled import borrowing, compiled
from .layout import TEMPORAL
from .moves import ceil_divide, places


@compiled
def slot_in_use(factor, d, first):
    """The first slot from ``first`` on, going round, where dimension ``d`` runs more than once.

    Args:
        factor: (L, 3, 8) int64.
        d: the dimension, of an extent above 1.
        first: where to begin.

    Returns:
        The slot.
    """
    n = 3 * factor.shape[0]
    for i in range(n):
        slot = (first + i) % n
        if factor[slot // 3, slot % 3, d] > 1:
            return slot
    return 0


@borrowing
def may_run(slot, d, spatial, room):
    """Whether a dimension may run in a slot.

    Args:
        slot: see the module.
        d: the dimension.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.

    Returns:
        Whether it may.
    """
    level, kind = slot // 3, slot % 3
    return kind == TEMPORAL or (room[level, kind - 1] > 1 and spatial[level, kind - 1, d])


@borrowing
def other_present(dims, d, e):
    """The first dimension from ``e`` on, going round, of an extent above 1 and not ``d``.

    Args:
        dims: (8,) int64, the layer's extents.
        d: the one that it must not be.
        e: where to begin.

    Returns:
        The dimension; ``d`` where there is no other.
    """
    for _ in range(8):
        if e != d and dims[e] > 1:
            return e
        e = (e + 1) % 8
    return d


@compiled
def left_for(dims, factor, d, one, other):
    """How often two slots must run a dimension together, so that all slots just cover it.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64.
        d: the dimension.
        one: a slot.
        other: another.

    Returns:
        Iterations.
    """
    rest = 1
    for slot in range(3 * factor.shape[0]):
        if slot != one and slot != other:
            rest *= factor[slot // 3, slot % 3, d]
    return ceil_divide(dims[d], rest)


@compiled
def settle(dims, factor, d, one, other, wanted, room):
    """Give a slot about ``wanted`` iterations of a dimension, and another what then is left.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place where both fit.
        d: the dimension.
        one: a slot; it gets less than wanted where as many rounds cover the dimension.
        other: another slot.
        wanted: iterations.
        room: (L, 2) int64, children along x and y.

    Returns:
        Whether anything changed.
    """
    level, kind, far, form = one // 3, one % 3, other // 3, other % 3
    total = left_for(dims, factor, d, one, other)
    value = min(max(wanted, 1), total)
    if kind > 0:
        value = min(value, places(factor, level, kind, d, room))
        if value < 1:
            return False
    rounds = ceil_divide(total, value)
    if form > 0 and rounds > places(factor, far, form, d, room):
        return False
    value = ceil_divide(total, rounds)
    if value == factor[level, kind, d] and rounds == factor[far, form, d]:
        return False
    factor[level, kind, d] = value
    factor[far, form, d] = rounds
    return True
