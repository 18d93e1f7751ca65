"""Random moves that change several factors of a state at once, so that the layer stays just covered.

The moves of :mod:`moves` change one factor, and the outermost loop takes up what is left: that pads
the layer or moves loops to DRAM, and a better mapping lies behind states that are worse. What
separated the mapper's mappings from proved optima were (1) the split of a dimension between two inner
loops (K 4 x 16 in place of 7 x 10), (2) two dimensions that change places between two levels, (3) axes
shared by two dimensions, and (4) the tensor that a level leaves in place, for which all loops that do
not index it must go in or out together. Each has a move here.

``r`` are random digits, from which each choice takes some.
"""

from __future__ import annotations

from .compiled import borrowing, compiled
from .layout import TEMPORAL
from .moves import ORDERS, ceil_divide, close, copy_row, draw, places
from .nest import RELEVANT
from .slots import left_for, may_run, other_present, settle, slot_in_use

# of 64 moves: how many split a dimension, exchange two, fill an axis, regroup loops, change what is kept,
# and exchange two axes; the others change an order
SPLIT, EXCHANGE, FILL, REGROUP, KEEP, TURN = 24, 8, 14, 12, 2, 1
TRIES = 8  # draws until one of them changes something


@borrowing
def split(dims, factor, d, one, other, spatial, room, r):
    """Split a dimension anew between two slots.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place.
        d: the dimension.
        one: where to look for a slot.
        other: where to look for one in use.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        r: random digits.

    Returns:
        Whether anything changed.
    """
    n = 3 * factor.shape[0]
    for _ in range(n):
        if one != 0 and may_run(one, d, spatial, room):
            break
        one = (one + 1) % n
    outermost, r = r % 2, r // 2
    other = 0 if outermost else slot_in_use(factor, d, other)
    if one == other:
        other = 0
    if one == other:
        return False
    here, there = factor[one // 3, one % 3, d], factor[other // 3, other % 3, d]
    total = left_for(dims, factor, d, one, other)
    if total == 1 and here == 1 and there == 1:
        return False
    choice, r = r % 10, r // 10
    value = ceil_divide(total, 1 + r % 8)
    if choice == 0:
        value = here + 1
    elif choice == 1:
        value = here - 1
    elif choice == 2:
        value = 2 * here
    elif choice == 3:
        value = ceil_divide(here, 2)
    elif choice == 4:
        value = 3 * here
    elif choice == 5:
        value = 1
    elif choice == 6:
        value = total
    elif choice == 7:
        value = ceil_divide(total, max(1, there - 1))
    elif choice == 8:
        value = ceil_divide(total, there + 1)
    return settle(dims, factor, d, one, other, value, room)


@borrowing
def exchange(dims, factor, d, e, one, other, spatial, room, r):
    """Two dimensions change places between two slots, as far as their factors allow.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place.
        d: a dimension.
        e: another; nothing is done where it is the same.
        one: where to look for a slot of ``d``.
        other: where to look for a slot of ``e``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        r: random digits.

    Returns:
        Whether anything changed.
    """
    if e == d:
        return False
    outermost, r = r % 3 == 0, r // 3
    one, other = slot_in_use(factor, d, one), slot_in_use(factor, e, 0 if outermost else other)
    if one == other or not (may_run(one, e, spatial, room) and may_run(other, d, spatial, room)):
        return False
    here = factor[one // 3, one % 3, d]
    if here == 1:
        return False
    p = 2
    if r % 4 == 0:
        p = here
    elif r % 4 == 1:
        p = 3
    if other % 3 > 0:  # on an axis there is room for one only after the other has left
        there = factor[other // 3, other % 3, e]
        if not settle(dims, factor, e, other, one, ceil_divide(there, p), room):
            return False
        settle(dims, factor, d, other, one, factor[other // 3, other % 3, d] * p, room)
        return True
    if not settle(dims, factor, d, one, other, ceil_divide(here, p), room):
        return False
    wanted = factor[one // 3, one % 3, e] * p
    if one % 3 > 0:
        wanted = places(factor, one // 3, one % 3, e, room)
    settle(dims, factor, e, one, other, wanted, room)
    return True


@borrowing
def fill_axis(dims, factor, d, level, far, spatial, room, r):
    """Give an axis to another dimension, or to two that share it.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64, changed in place.
        d: where to look for a dimension that may be unrolled there.
        level: where to look for a level with children.
        far: a level whose temporal loops may take up what leaves the axis.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        r: random digits.

    Returns:
        Whether anything changed.
    """
    levels = factor.shape[0]
    for _ in range(levels):
        if room[level, 0] * room[level, 1] > 1:
            break
        level = (level + 1) % levels
    kind, r = 1 + r % 2, r // 2
    if room[level, kind - 1] == 1:
        kind = 3 - kind
    if room[level, kind - 1] == 1:
        return False
    for _ in range(8):
        if spatial[level, kind - 1, d] and dims[d] > 1:
            break
        d = (d + 1) % 8
    if not spatial[level, kind - 1, d] or dims[d] == 1:
        return False
    inside, r = r % 2, r // 2
    if not inside:
        far = 0
    cleared, r = r % 2, r // 2
    changed = False
    if cleared:
        for old in range(8):
            if old != d and factor[level, kind, old] > 1:
                factor[far, TEMPORAL, old] *= factor[level, kind, old]
                factor[level, kind, old] = 1
                changed = True
    axis = 3 * level + kind
    source, r = slot_in_use(factor, d, 3 * (r % levels)), r // levels
    if source % 3 > 0:
        source = 0
    alone, r = r % 4 == 0, r // 4
    wanted = factor[level, kind, d] * factor[source // 3, TEMPORAL, d]
    if not alone:
        wanted = 2 + r % max(1, room[level, kind - 1] // 2)
    r //= 64
    changed |= settle(dims, factor, d, axis, source, wanted, room)
    if not alone:
        e, r = r % 8, r // 8
        for _ in range(8):
            if e != d and spatial[level, kind - 1, e] and dims[e] > 1:
                source = slot_in_use(factor, e, 3 * (r % levels))
                if source % 3 > 0:
                    source = 0
                free = places(factor, level, kind, e, room)
                changed |= settle(dims, factor, e, axis, source, free, room)
                break
            e = (e + 1) % 8
    return changed


@borrowing
def regroup(dims, state, here, there, optional, r):
    """All loops over what indexes a tensor, or all others, change level together.

    So another tensor stays in place between two levels. With that go, at random, the other loops the
    opposite way, the levels' orders, and a tensor that is kept or not.

    Args:
        dims: (8,) int64, the layer's extents.
        state: (factor, order, keep), changed in place.
        here: the level that they leave.
        there: the level that they go to.
        optional: (L, 3) bool, tensors that a level may keep or not.
        r: random digits.

    Returns:
        Whether any loop changed its level.
    """
    factor, order, keep = state
    t, r = r % 3, r // 3
    relevant, r = r % 2 == 1, r // 2
    both, r = r % 2, r // 2
    changed = False
    for d in range(8):
        if dims[d] == 1:
            continue
        a, b = factor[here, TEMPORAL, d], factor[there, TEMPORAL, d]
        if RELEVANT[t, d] == relevant:
            changed |= a > 1
            factor[there, TEMPORAL, d] = a * b
            factor[here, TEMPORAL, d] = 1
        elif both:
            changed |= b > 1
            factor[here, TEMPORAL, d] = a * b
            factor[there, TEMPORAL, d] = 1
    orders, r = r % 4, r // 4
    if orders >= 2:
        copy_row(ORDERS[r % ORDERS.shape[0]], order[min(here, there)])
    if orders == 3:
        copy_row(ORDERS[(r // 8) % ORDERS.shape[0]], order[max(here, there)])
    r //= 64
    if r % 4 == 0:
        t = (r // 4) % 3
        if optional[here, t]:
            keep[here, t] = not keep[here, t]
        elif optional[there, t]:
            keep[there, t] = not keep[there, t]
    return changed


@borrowing
def turn_axes(factor, level, spatial, room):
    """What is unrolled along x and what along y change places.

    Args:
        factor: (L, 3, 8) int64, changed in place.
        level: where to look for a level with both axes.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.

    Returns:
        Whether they did.
    """
    levels = factor.shape[0]
    for _ in range(levels):
        if room[level, 0] > 1 and room[level, 1] > 1:
            break
        level = (level + 1) % levels
    if room[level, 0] == 1 or room[level, 1] == 1:
        return False
    x, y = 1, 1
    for d in range(8):
        x *= factor[level, 1, d]
        y *= factor[level, 2, d]
        if factor[level, 1, d] > 1 and not spatial[level, 1, d]:
            return False
        if factor[level, 2, d] > 1 and not spatial[level, 0, d]:
            return False
    if x > room[level, 1] or y > room[level, 0] or x * y == 1:
        return False
    for d in range(8):
        factor[level, 1, d], factor[level, 2, d] = factor[level, 2, d], factor[level, 1, d]
    return True


@borrowing
def reorder(factor, order, level, r):
    """Another order at a level with two loops or more.

    Args:
        factor: (L, 3, 8) int64.
        order: (L, 8) int64, changed in place.
        level: where to look for such a level.
        r: random digits.

    Returns:
        Whether there is one.
    """
    levels = factor.shape[0]
    for _ in range(levels):
        loops = 0
        for d in range(8):
            loops += factor[level, TEMPORAL, d] > 1
        if loops > 1:
            copy_row(ORDERS[r % ORDERS.shape[0]], order[level])
            return True
        level = (level + 1) % levels
    return False


@compiled
def propose_jointly(dims, state, spatial, room, optional, seed):
    """Change a state at random, by one of the moves of this module.

    Args:
        dims: (8,) int64, the layer's extents.
        state: (factor, order, keep), changed in place.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        optional: (L, 3) bool, tensors that a level may keep or not.
        seed: of the random choices.

    Returns:
        The next seed.
    """
    factor, order, keep = state
    levels = factor.shape[0]
    if dims.max() == 1:  # a single product: one mapping, nothing to change
        return seed
    for _ in range(TRIES):
        close(dims, factor)
        seed = draw(seed)
        r = seed >> 20
        what, r = r % 64, r // 64
        d, r = r % 8, r // 8
        while dims[d] == 1:
            d = (d + 1) % 8
        one, r = r % (3 * levels), r // (3 * levels)
        other, r = r % (3 * levels), r // (3 * levels)
        changed = False
        if what < SPLIT:
            changed = split(dims, factor, d, one, other, spatial, room, r)
        elif what < SPLIT + EXCHANGE:
            e = other_present(dims, d, r % 8)
            changed = exchange(dims, factor, d, e, one, other, spatial, room, r // 8)
        elif what < SPLIT + EXCHANGE + FILL:
            changed = fill_axis(dims, factor, d, one // 3, other // 3, spatial, room, r)
        elif what < SPLIT + EXCHANGE + FILL + REGROUP:
            if levels > 1:
                here = one // 3
                there = (here + 1 + (other // 3) % (levels - 1)) % levels
                changed = regroup(dims, state, here, there, optional, r)
        elif what < SPLIT + EXCHANGE + FILL + REGROUP + KEEP:
            for i in range(3 * levels):
                slot = (one + i) % (3 * levels)
                if optional[slot // 3, slot % 3]:
                    keep[slot // 3, slot % 3] = not keep[slot // 3, slot % 3]
                    changed = True
                    break
        elif what < SPLIT + EXCHANGE + FILL + REGROUP + KEEP + TURN:
            changed = turn_axes(factor, one // 3, spatial, room)
        else:
            changed = reorder(factor, order, one // 3, r)
        if changed:
            break
    close(dims, factor)
    return seed
