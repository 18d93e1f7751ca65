"""Descent: how the mapper's search improves one state, move by move.

The kernels' arguments are those of :mod:`scoring`, and ``state`` is changed in place. ``spatial``
(L, 2, 8) says which dimensions may be unrolled along x and y, and ``room`` (L, 2) how many children
there are.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .layout import TEMPORAL
from .moves import ORDERS, ceil_divide, close, copy_row, places, trade
from .scoring import BEST, SPENT, accepted, score


@compiled
def try_factors(problem, state, objective, spatial, room, budget, tally, work, first):
    """Try another factor at each slot in turn; returns whether the budget ran out.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        budget: evaluations at most.
        tally: (2,), updated.
        work: see the module.
        first: how many levels, from the innermost, come last.
    """
    dims = problem[0]
    factor = state[0]
    levels = factor.shape[0]
    for turn in range(levels):
        level = levels - 1 - (first + turn) % levels
        for kind in range(3):
            if (kind == 0 and level == 0) or (kind > 0 and room[level, kind - 1] == 1):
                continue
            for d in range(8):
                if dims[d] == 1 or (kind > 0 and not spatial[level, kind - 1, d]):
                    continue
                before = factor[level, kind, d]
                close(dims, factor)
                others = 1
                for inner in range(levels):
                    for k in range(3):
                        if inner > 0 or k > 0:
                            others *= factor[inner, k, d]
                rest = ceil_divide(dims[d], others // before)
                most = rest
                if kind > 0:
                    most = min(rest, places(factor, level, kind, d, room))
                rounds = ceil_divide(rest, before)
                # candidates: a round more or fewer, twice, half, thrice, a third, all, nothing
                values = (
                    ceil_divide(rest, max(1, rounds - 1)),
                    before * 2,
                    rest,
                    ceil_divide(rest, 2),
                    ceil_divide(rest, rounds + 1),
                    ceil_divide(before, 2),
                    1,
                    before * 3,
                    ceil_divide(rest, 3),
                )
                last = 0
                for wanted in values:
                    value = min(wanted, most)
                    kept = factor[level, kind, d]
                    if value == kept or value == last or value < 1:
                        continue
                    last = value
                    if tally[SPENT] >= budget:
                        return True
                    factor[level, kind, d] = value
                    new = score(problem, state, objective, tally[BEST], work)
                    if not accepted(tally, new):
                        factor[level, kind, d] = kept
    return tally[SPENT] >= budget


@compiled
def try_exchanges(problem, state, objective, spatial, room, budget, tally, work):
    """Move factors between inner slots; returns whether the budget ran out.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        budget: evaluations at most.
        tally: (2,), updated.
        work: see the module.
    """
    factor = state[0]
    slots = factor.shape[0] * 3
    for a in range(1, slots):
        level_a, kind_a = a // 3, a % 3
        for b in range(1, slots):
            level_b, kind_b = b // 3, b % 3
            if a == b or (kind_b > 0 and room[level_b, kind_b - 1] == 1):
                continue
            for d in range(8):
                here = factor[level_a, kind_a, d]
                if here == 1 or (kind_b > 0 and not spatial[level_b, kind_b - 1, d]):
                    continue
                for p in (2, 3, here):
                    if here % p or factor[level_a, kind_a, d] != here or (p == here and here <= 3):
                        continue
                    if tally[SPENT] >= budget:
                        return True
                    there = factor[level_b, kind_b, d]
                    if kind_b > 0 and there * p > places(factor, level_b, kind_b, d, room):
                        continue
                    factor[level_a, kind_a, d] = here // p
                    factor[level_b, kind_b, d] = there * p
                    new = score(problem, state, objective, tally[BEST], work)
                    if not accepted(tally, new):
                        factor[level_a, kind_a, d] = here
                        factor[level_b, kind_b, d] = there
    return False


@compiled
def try_trades(problem, state, objective, spatial, room, budget, tally, work):
    """Let a dimension give way to another at each slot; returns whether the budget ran out.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        budget: evaluations at most.
        tally: (2,), updated.
        work: see the module.
    """
    dims = problem[0]
    factor = state[0]
    for level in range(factor.shape[0]):
        for kind in range(3):
            if level + kind == 0 or (kind > 0 and room[level, kind - 1] == 1):
                continue
            for d in range(8):
                for other in range(8):
                    here = factor[level, kind, d]
                    if here == 1 or other == d or dims[other] == 1:
                        continue
                    if kind > 0 and not spatial[level, kind - 1, other]:
                        continue
                    if tally[SPENT] >= budget:
                        return True
                    there = factor[level, kind, other]
                    trade(dims, factor, level, kind, d, other, room)
                    new = score(problem, state, objective, tally[BEST], work)
                    if not accepted(tally, new):
                        factor[level, kind, d] = here
                        factor[level, kind, other] = there
    return False


@compiled
def try_orders(problem, state, objective, trial, tally, work):
    """Try another order at each level that has two loops or more.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        trial: (8,) int64, scratch.
        tally: (2,), updated.
        work: see the module.
    """
    factor, order, _ = state
    for level in range(factor.shape[0]):
        ordered = 0
        for d in range(8):
            ordered += factor[level, TEMPORAL, d] > 1
        if ordered < 2:
            continue
        copy_row(order[level], trial)
        for k in range(ORDERS.shape[0]):
            copy_row(ORDERS[k], order[level])
            new = score(problem, state, objective, tally[BEST], work)
            if accepted(tally, new):
                copy_row(order[level], trial)
            else:
                copy_row(trial, order[level])


@compiled
def try_keeping(problem, state, objective, optional, tally, work):
    """Try the opposite for each optional tensor: keep it, or let it pass by.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        optional: (L, 3) bool, tensors that a level may keep.
        tally: (2,), updated.
        work: see the module.
    """
    keep = state[2]
    for level in range(keep.shape[0]):
        for t in range(3):
            if optional[level, t]:
                keep[level, t] = not keep[level, t]
                new = score(problem, state, objective, tally[BEST], work)
                if not accepted(tally, new):
                    keep[level, t] = not keep[level, t]


@compiled
def try_axes(problem, state, objective, spatial, room, trial, tally, work):
    """Give each axis to another dimension.

    Args:
        problem: see the module.
        state: see the module.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        trial: (8,) int64, scratch.
        tally: (2,), updated.
        work: see the module.
    """
    dims = problem[0]
    factor = state[0]
    for level in range(factor.shape[0]):
        for kind in (1, 2):
            if room[level, kind - 1] == 1:
                continue
            for d in range(8):
                if dims[d] == 1 or not spatial[level, kind - 1, d]:
                    continue
                copy_row(factor[level, kind], trial)
                factor[level, kind] = 1
                close(dims, factor)
                rest = factor[0, 0, d]
                rounds = ceil_divide(rest, room[level, kind - 1])
                factor[level, kind, d] = ceil_divide(rest, rounds)
                new = score(problem, state, objective, tally[BEST], work)
                if not accepted(tally, new):
                    copy_row(trial, factor[level, kind])


@compiled
def descend(problem, state, objective, spatial, room, optional, budget, best, work, trial, first):
    """Take improving moves until none is left or ``budget`` evaluations are spent.

    Args:
        problem: see the module.
        state: see the module; the best state on return.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        optional: (L, 3) bool, tensors that a level may keep.
        budget: evaluations at most.
        best: the state's score.
        work: see the module.
        trial: (8,) int64, scratch.
        first: see :func:`try_factors`.

    Returns:
        (score, evaluations).
    """
    tally = np.array([best, 0.0])
    before = np.inf
    while tally[BEST] < before and tally[SPENT] < budget:
        before = tally[BEST]
        if try_factors(problem, state, objective, spatial, room, budget, tally, work, first):
            break
        if try_exchanges(problem, state, objective, spatial, room, budget, tally, work):
            break
        if try_trades(problem, state, objective, spatial, room, budget, tally, work):
            break
        try_orders(problem, state, objective, trial, tally, work)
        try_keeping(problem, state, objective, optional, tally, work)
        try_axes(problem, state, objective, spatial, room, trial, tally, work)
    close(problem[0], state[0])
    return tally[BEST], int(tally[SPENT])
