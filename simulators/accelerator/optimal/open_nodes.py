"""The stack of open nodes of a search, and the counters that go with it."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled

FREE, TOP, FLOOR, NODES, LEAVES, LOST, LIMIT, LISTS, WORK, MOST = range(10)  # of a tally


@compiled
def push(stack, tally, level, ns, order, visits, reads, bound, corner):
    """Store a child on the stack; where no list is wanted, lower the limit to it.

    A child for which there is no room is lost: the floor keeps its bound.

    Args:
        stack: see the package.
        tally: see the package.
        level: of the child.
        ns: (L, 8), how often each loop runs.
        order: (L, 8), the loops' order.
        visits: see the package.
        reads: see the package.
        bound: of the child.
        corner: (2,) pJ and cycles that the bound is made of.
    """
    if tally[LISTS] <= 0:
        tally[LIMIT] = min(tally[LIMIT], bound)
        return
    s_n, s_order, s_visits, s_reads, s_bound, s_level, free, at, s_corner = stack
    if tally[FREE] == 0 or tally[TOP] == at.shape[0]:
        tally[LOST] += 1
        tally[FLOOR] = min(tally[FLOOR], bound)
        return
    tally[FREE] -= 1
    slot = free[int(tally[FREE])]
    for i in range(ns.shape[0]):  # by elements: numba compiles assignments of slices for seconds
        for d in range(8):
            s_n[slot, i, d] = ns[i, d]
            s_order[slot, i, d] = order[i, d]
    for i in range(visits.shape[0]):
        for t in range(3):
            s_visits[slot, i, t] = visits[i, t]
        s_reads[slot, i] = reads[i]
    s_bound[slot] = bound
    s_level[slot] = level
    s_corner[slot, 0], s_corner[slot, 1] = corner[0], corner[1]
    at[int(tally[TOP])] = slot
    tally[TOP] += 1


@compiled
def sort_last(at, bound, first, last):
    """Sort a part of the stack so that the least bound comes last.

    Of equal bounds, the first comes last.

    Args:
        at: slots on the stack, sorted in place.
        bound: bounds by slot.
        first: where the part begins.
        last: one past its end.
    """
    ranks = np.argsort(bound[at[first:last]], kind="mergesort")
    some = at[first:last].copy()
    for k in range(last - first):
        at[last - 1 - k] = some[ranks[k]]
