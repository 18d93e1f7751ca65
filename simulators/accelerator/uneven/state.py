"""States of the search over nests, and the moves between them.

A state of a nest with H holders inside the homes (of T tensors, D dimensions, L levels):

- ``holders`` (H, 2) int64: level and tensor, outermost first; ``count`` (1,) says how many are in use.
- ``gaps`` (H + 1, D) int64: iterations of the loops after each holder, those after the homes first.
- ``order`` (H + 1, D) int64: in which order these loops stand.
- ``unrolled`` (L, 2, D) int64: iterations unrolled over the children along x and y.

Iterations of a dimension multiply to its extent: moves take a prime factor from one place to another.
"""

from __future__ import annotations


from ..moves import draw
from .compiled import compiled
from .nest import HOLD, LOOP, UNROLL


@compiled
def uniform(random):
    """A number between 0 and 1.

    Args:
        random: (1,) int64 state of the generator, changed in place.

    Returns:
        At least 0 and below 1.
    """
    random[0] = draw(random[0])
    return (random[0] >> 24) * 2.0**-39


@compiled
def pick(random, n):
    """A whole number below n.

    Args:
        random: (1,) int64 state of the generator, changed in place.
        n: at least 1.

    Returns:
        From 0 to n - 1.
    """
    return int(uniform(random) * n)


@compiled
def write_items(state, items):
    """The nest of a state.

    Args:
        state: (holders, count, gaps, order, unrolled).
        items: (n, 4) with room for all, filled.

    Returns:
        How many items there are.
    """
    holders, count, gaps, order, unrolled = state
    n, entry = 0, 1
    for t in range(3):
        items[n, 0], items[n, 1], items[n, 2], items[n, 3] = HOLD, 0, t, 0
        n += 1
    for h in range(count[0] + 1):
        loops = 0
        for k in range(gaps.shape[1]):
            d = order[h, k]
            if gaps[h, d] > 1:
                items[n, 0], items[n, 1], items[n, 2], items[n, 3] = LOOP, d, gaps[h, d], 0
                n += 1
                loops += 1
        if h < count[0]:
            if loops > 0 or h == 0 or holders[h - 1, 0] != holders[h, 0]:
                entry += 1
            items[n, 0], items[n, 1] = HOLD, holders[h, 0]
            items[n, 2], items[n, 3] = holders[h, 1], entry
            n += 1
    for level in range(unrolled.shape[0]):
        for axis in range(2):
            for d in range(unrolled.shape[2]):
                if unrolled[level, axis, d] > 1:
                    items[n, 0], items[n, 1] = UNROLL, d
                    items[n, 2], items[n, 3] = unrolled[level, axis, d], 2 * level + axis
                    n += 1
    return n


@compiled
def prime_of(number, random):
    """A prime factor, each as likely as it occurs.

    Args:
        number: at least 2.
        random: (1,), see :func:`pick`.

    Returns:
        The prime.
    """
    found, rest, p = 1, number, 2
    seen = 0
    while rest > 1:
        if p * p > rest:
            p = rest
        if rest % p == 0:
            seen += 1
            if pick(random, seen) == 0:
                found = p
            rest //= p
        else:
            p += 1
    return found


@compiled
def move_factor(count, gaps, unrolled, fanout, spatial, random):
    """Take a prime factor of a dimension from one place to another.

    Args:
        count: (1,).
        gaps: (H + 1, D), changed in place.
        unrolled: (L, 2, D), changed in place.
        fanout: (L, 2) children of one instance.
        spatial: (L, 2, D) which dimensions may be unrolled.
        random: (1,), see :func:`pick`.

    Returns:
        Whether something changed.
    """
    dims, here = gaps.shape[1], count[0] + 1
    places = here + 2 * len(fanout)
    d = pick(random, dims)
    source = -1
    seen = 0
    for place in range(places):
        times = (
            gaps[place, d] if place < here else unrolled[(place - here) // 2, (place - here) % 2, d]
        )
        if times > 1:
            seen += 1
            if pick(random, seen) == 0:
                source = place
    if source < 0:
        return False
    target = pick(random, places)
    if target == source:
        return False
    level, axis = (target - here) // 2, (target - here) % 2
    times = gaps[source, d] if source < here else 1
    if source >= here:
        times = unrolled[(source - here) // 2, (source - here) % 2, d]
    p = prime_of(times, random)
    if target >= here:
        children = p
        for k in range(dims):
            children *= unrolled[level, axis, k]
        if children > fanout[level, axis] or not spatial[level, axis, d]:
            return False
        unrolled[level, axis, d] *= p
    else:
        gaps[target, d] *= p
    if source >= here:
        unrolled[(source - here) // 2, (source - here) % 2, d] //= p
    else:
        gaps[source, d] //= p
    return True


@compiled
def may_stand(holders, a, b, ordered):
    """Whether holder a may stand directly outside holder b.

    Args:
        holders: (H, 2).
        a: index of the outer one.
        b: index of the inner one.
        ordered: whether every holder of an outer level stands outside those of inner levels.

    Returns:
        True where it may.
    """
    if holders[a, 1] == holders[b, 1] or ordered:
        return holders[a, 0] <= holders[b, 0]
    return True


@compiled
def move_holder(holders, count, gaps, optional, ordered, random):
    """Swap two neighbouring holders, or take up or leave out an optional one.

    Args:
        holders: (H, 2), changed in place.
        count: (1,), changed in place.
        gaps: (H + 1, D), changed in place.
        optional: (L, T) what a level may keep and need not.
        ordered: see :func:`may_stand`.
        random: (1,), see :func:`pick`.

    Returns:
        Whether something changed.
    """
    dims = gaps.shape[1]
    if count[0] > 1 and pick(random, 3) > 0:
        a = pick(random, count[0] - 1)
        if not may_stand(holders, a + 1, a, ordered):
            return False
        for k in range(2):
            holders[a, k], holders[a + 1, k] = holders[a + 1, k], holders[a, k]
        return True
    level, t = pick(random, optional.shape[0]), pick(random, optional.shape[1])
    if not optional[level, t]:
        return False
    for h in range(count[0]):
        if holders[h, 0] == level and holders[h, 1] == t:
            for d in range(dims):
                gaps[h, d] *= gaps[h + 1, d]
            for k in range(h, count[0] - 1):
                holders[k] = holders[k + 1]
                gaps[k + 1] = gaps[k + 2]
            gaps[count[0]] = 1
            count[0] -= 1
            return True
    at = pick(random, count[0] + 1)
    for h in range(count[0]):
        same = holders[h, 1] == t or ordered
        outside = holders[h, 0] > level if h < at else holders[h, 0] < level
        if same and outside:
            return False
    for k in range(count[0], at, -1):
        holders[k] = holders[k - 1]
        gaps[k + 1] = gaps[k]
    holders[at, 0], holders[at, 1] = level, t
    gaps[at + 1] = 1
    if pick(random, 2) == 0:
        for d in range(dims):
            gaps[at, d], gaps[at + 1, d] = gaps[at + 1, d], gaps[at, d]
    count[0] += 1
    return True


@compiled
def change(state, machine, ordered, random):
    """Change one thing of a state at random.

    Args:
        state: (holders, count, gaps, order, unrolled), changed in place.
        machine: (fanout (L, 2), spatial (L, 2, D), optional (L, T)).
        ordered: see :func:`may_stand`.
        random: (1,), see :func:`pick`.

    Returns:
        Whether something changed.
    """
    holders, count, gaps, order, unrolled = state
    fanout, spatial, optional = machine
    what = pick(random, 10)
    if what < 6:
        return move_factor(count, gaps, unrolled, fanout, spatial, random)
    if what < 8:
        return move_holder(holders, count, gaps, optional, ordered, random)
    if what == 8:
        h = pick(random, count[0] + 1)
        a, b = pick(random, order.shape[1]), pick(random, order.shape[1])
        order[h, a], order[h, b] = order[h, b], order[h, a]
        return a != b
    a, b = pick(random, count[0] + 1), pick(random, count[0] + 1)
    d = pick(random, order.shape[1])
    gaps[a, d], gaps[b, d] = gaps[b, d], gaps[a, d]
    return gaps[a, d] != gaps[b, d]
