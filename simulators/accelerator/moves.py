"""States of the mapper's search and the moves between them.

A state is a whole mapping: factor (L, 3, 8), order (L, 8), keep (L, 3). The outermost level's
temporal factors are not free. They are whatever is left of each dimension, rounded up, so every
move keeps the layer covered. ``dims`` (8,) are the layer's extents.
"""

from __future__ import annotations

import numpy as np

from .compiled import borrowing, compiled
from .layout import C, G, K, N, P, Q, R, S, TEMPORAL

# loop orders worth trying at a level, outermost first: what is innermost and irrelevant to a tensor
# leaves that tensor in place; the last loop that moves the inputs decides their halo
ORDERS = np.array(
    [
        [G, K, C, R, S, N, P, Q],  # weights stay
        [G, K, C, R, S, N, Q, P],
        [G, N, C, R, S, P, Q, K],  # inputs stay
        [G, N, C, R, S, Q, P, K],
        [G, N, K, P, Q, C, R, S],  # outputs stay
        [G, N, K, P, Q, S, R, C],
        [G, N, C, R, S, K, P, Q],
    ],
    np.int64,
)


@borrowing
def ceil_divide(a, b):
    """Whole quotient, rounded up.

    Args:
        a: dividend, at least 0.
        b: divisor, at least 1.

    Returns:
        ceil(a / b).
    """
    return (a + b - 1) // b


@borrowing
def copy_row(source, target):
    """Copy one value for each dimension; a slice's assignment would make an array on the way.

    Args:
        source: (8,).
        target: (8,), filled.
    """
    for d in range(8):
        target[d] = source[d]


@borrowing
def copy_state(source, target):
    """Copy a state.

    Args:
        source: (factor, order, keep).
        target: arrays like these, filled.
    """
    for level in range(source[0].shape[0]):
        for kind in range(3):
            copy_row(source[0][level, kind], target[0][level, kind])
            target[2][level, kind] = source[2][level, kind]
        copy_row(source[1][level], target[1][level])


@borrowing
def close(dims, factor):
    """Set the outermost temporal factors to what is left of each dimension.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place.
    """
    for d in range(8):
        if dims[d] == 1:
            continue
        inside = factor[0, 1, d] * factor[0, 2, d]
        for level in range(1, factor.shape[0]):
            inside *= factor[level, 0, d] * factor[level, 1, d] * factor[level, 2, d]
        factor[0, TEMPORAL, d] = ceil_divide(dims[d], inside)


@borrowing
def places(factor, level, kind, d, room):
    """How many children along an axis a dimension may have, the others as they are.

    Args:
        factor: (L, 3, 8) int64.
        level: of the slot.
        kind: of the slot, x or y.
        d: the dimension.
        room: (L, 2) int64, children along x and y.

    Returns:
        The highest factor that fits.
    """
    others = 1
    for other in range(8):
        if other != d:
            others *= factor[level, kind, other]
    return room[level, kind - 1] // others


@borrowing
def unrolled_part(dims, factor, d, free):
    """How much of dimension ``d`` goes on an axis with ``free`` places.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, what is unrolled so far.
        d: the dimension.
        free: places on the axis.

    Returns:
        (factor, places in use on average over the rounds).
    """
    rest = dims[d]
    for level in range(factor.shape[0]):
        rest = ceil_divide(rest, factor[level, 1, d] * factor[level, 2, d])
    rounds = ceil_divide(rest, free)
    return ceil_divide(rest, rounds), rest / rounds


@compiled
def unroll(dims, factor, spatial, room, picks):
    """Fill every fan-out, on each axis the ``picks``-th best dimension first.

    A dimension is the better the fuller it makes an axis. What is left of the axis goes to the best
    of the others, and so on.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, filled.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        picks: (axes,) int64, the rank of the first dimension on each axis.
    """
    levels = factor.shape[0]
    factor[:] = 1
    axis = 0
    use = np.empty(8)
    for level in range(levels):
        for kind in (1, 2):
            free = room[level, kind - 1]
            if free == 1:
                continue
            pick = picks[axis]
            axis += 1
            while free > 1:
                for d in range(8):
                    use[d] = 0.0
                    if spatial[level, kind - 1, d]:
                        n, mean = unrolled_part(dims, factor, d, free)
                        use[d] = -mean if n > 1 else 0.0
                d = np.argsort(use, kind="mergesort")[pick]
                if use[d] == 0.0:
                    if pick == 0:
                        break
                    pick = 0  # fewer dimensions than that: the best one
                    continue
                pick = 0
                n, _ = unrolled_part(dims, factor, d, free)
                factor[level, kind, d] *= n
                free //= n


@borrowing
def trade(dims, factor, level, kind, d, other, room):
    """At a slot, halve (or third, or drop) dimension ``d`` and give the room to ``other``.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place.
        level: of the slot.
        kind: of the slot: temporal, x or y.
        d: the dimension that gives way.
        other: the dimension that gets the room.
        room: (L, 2) int64, children along x and y.
    """
    here = factor[level, kind, d]
    p = 2 if here % 2 == 0 else (3 if here % 3 == 0 else here)
    factor[level, kind, d] = here // p
    close(dims, factor)
    rest = factor[0, 0, other] * factor[level, kind, other]
    wanted = factor[level, kind, other] * p
    if kind > 0:
        wanted = places(factor, level, kind, other, room)
    factor[level, kind, other] = ceil_divide(rest, ceil_divide(rest, wanted))


@borrowing
def draw(seed):
    """The next state of a linear congruential generator (Knuth's MMIX constants), 63 bits.

    The arithmetic is unsigned: numba tells LLVM that signed products do not overflow, and where one does the
    compiler may drop the masks and divisions that follow.

    Args:
        seed: the state, 63 bits.

    Returns:
        The next state.
    """
    state = np.uint64(seed) * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    return np.int64(state & np.uint64(0x7FFFFFFFFFFFFFFF))


@borrowing
def used_slot(factor, d, level, kind):
    """The first inner slot from (level, kind) on, going round, where dimension ``d`` runs at all.

    Args:
        factor: (L, 3, 8) int64.
        d: the dimension.
        level: where to begin.
        kind: where to begin.

    Returns:
        (level, kind) of the slot.
    """
    levels = factor.shape[0]
    for _ in range(levels * 3):
        if factor[level, kind, d] > 1 and level + kind > 0:
            break
        kind += 1
        if kind == 3:
            kind = 0
            level = (level + 1) % levels
    return level, kind


@borrowing
def propose(dims, state, spatial, room, must, optional, seed):
    """Change one thing of a state at random.

    Args:
        dims: (8,) int64, the layer's extents.
        state: (factor, order, keep), changed in place.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        must: (L, 3) bool, tensors that a level must keep.
        optional: (L, 3) bool, tensors that it may keep beyond those.
        seed: of the random choices.

    Returns:
        The next seed.
    """
    factor, order, keep = state
    levels = factor.shape[0]
    seed = draw(seed)
    largest = 1
    for d in range(8):
        largest = max(largest, dims[d])
    if largest == 1:  # a single product: one mapping, nothing to change
        return seed
    # one number is split into all choices: the move, the level, the dimension, the kind of loop
    r = seed >> 24
    what, r = r % 16, r // 16
    level, r = r % levels, r // levels
    d, r = r % 8, r // 8
    while dims[d] == 1:
        d = (d + 1) % 8
    kind, r = r % 3, r // 3
    if what < 2:
        copy_row(ORDERS[r % ORDERS.shape[0]], order[level])
        return seed
    if what == 2:
        t = r % 3
        if optional[level, t]:
            keep[level, t] = not keep[level, t]
            return seed
    if what < 5:  # an axis goes to another dimension
        for _ in range(levels):
            if room[level, 0] * room[level, 1] > 1:
                break
            level = (level + 1) % levels
        kind = 1 + r % 2
        if room[level, kind - 1] == 1:
            kind = 3 - kind
        for _ in range(8):
            if spatial[level, kind - 1, d] and dims[d] > 1:
                break
            d = (d + 1) % 8
        if room[level, kind - 1] > 1 and spatial[level, kind - 1, d]:
            if (r // 2) % 2:
                factor[level, kind] = 1
            factor[level, kind, d] = 1
            close(dims, factor)
            free = room[level, kind - 1]
            for other in range(8):
                free //= factor[level, kind, other]
            if free > 0:
                rounds = ceil_divide(factor[0, 0, d], free)
                factor[level, kind, d] = ceil_divide(factor[0, 0, d], rounds)
        return seed
    if what < 10:  # a factor moves between slots of its dimension
        level, kind = used_slot(factor, d, level, kind)
        here = factor[level, kind, d]
        to, r = 1 + r % (levels * 3 - 1), r // 16
        level_b, kind_b = to // 3, to % 3
        if kind_b > 0 and (room[level_b, kind_b - 1] == 1 or not spatial[level_b, kind_b - 1, d]):
            kind_b = 0
        elsewhere = level_b != level or kind_b != kind
        if here > 1 and elsewhere and level_b + kind_b > 0 and level + kind > 0:
            p = here
            if r % 3 < 2:
                p = 2 if here % 2 == 0 else (3 if here % 3 == 0 else here)
            there = factor[level_b, kind_b, d] * p
            if kind_b == 0 or there <= places(factor, level_b, kind_b, d, room):
                factor[level, kind, d] = here // p
                factor[level_b, kind_b, d] = there
        return seed
    if what < 12:  # a dimension gives way to another
        level, kind = used_slot(factor, d, level, kind)
        other = r % 8
        while dims[other] == 1:
            other = (other + 1) % 8
        allowed = kind == 0 or spatial[level, kind - 1, other]
        if factor[level, kind, d] > 1 and level + kind > 0 and other != d and allowed:
            trade(dims, factor, level, kind, d, other, room)
        return seed
    # one slot gets another factor, the outermost loop takes up the rest
    if kind > 0 and (room[level, kind - 1] == 1 or not spatial[level, kind - 1, d]):
        kind = 0
    if level == 0 and kind == 0:
        if levels == 1:  # the outermost level's temporal loops are what is left
            return seed
        level = 1 + r % (levels - 1)
    here = factor[level, kind, d]
    factor[level, kind, d] = 1
    close(dims, factor)
    rest = factor[0, 0, d]
    rounds = ceil_divide(rest, here)
    choice = (r // 8) % 6
    if choice == 0:
        value = ceil_divide(rest, max(1, rounds - 1))
    elif choice == 1:
        value = ceil_divide(rest, rounds + 1)
    elif choice == 2:
        value = ceil_divide(rest, ceil_divide(rounds, 2))
    elif choice == 3:
        value = ceil_divide(rest, 2 * rounds)
    elif choice == 4:
        value = 1
    else:
        value = ceil_divide(rest, 1 + (r // 64) % 4)
    if kind > 0:
        value = min(value, places(factor, level, kind, d, room))
    factor[level, kind, d] = value
    return seed
