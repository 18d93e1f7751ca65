"""States of the search over fused chains, and the moves between them; arrays are those of the package."""

from __future__ import annotations

from ..uneven.nest import BARRIER, HOLD, LOOP, UNROLL
from ..uneven.state import pick, prime_of
from .compiled import compiled


@compiled
def write_segment(state, segment, n, entry, local, items):
    """Append the holders and loops of one segment to the nest of a product.

    Args:
        state: (holders, count, gaps, order, unrolled).
        segment: which.
        n: items that are written already.
        entry: number of the last holder's entry.
        local: (U,) the product's tensor of each of all tensors, or -1.
        items: (room, 4), filled from n.

    Returns:
        (items, number of the last entry).
    """
    holders, count, gaps, order, _ = state
    for h in range(count[segment] + 1):
        for k in range(gaps.shape[2]):
            d = order[segment, h, k]
            if gaps[segment, h, d] > 1:
                items[n, 0], items[n, 1], items[n, 2] = LOOP, d, gaps[segment, h, d]
                items[n, 3] = 0
                n += 1
        if h < count[segment]:
            entry += 1
            level, t = holders[segment, h, 0], holders[segment, h, 1]
            if local[t] >= 0:
                items[n, 0], items[n, 1], items[n, 2], items[n, 3] = HOLD, level, local[t], entry
                n += 1
    return n, entry


@compiled
def write_product(state, product, local, homes, items):
    """The nest of one product of a chain.

    Args:
        state: (holders, count, gaps, order, unrolled).
        product: which.
        local: (U,) its tensor of each of all tensors, or -1.
        homes: (U,) whether the outermost level is a tensor's home.
        items: (room, 4), filled.

    Returns:
        How many items there are.
    """
    unrolled = state[4]
    n, entry = 0, 0
    for t in range(len(local)):
        if local[t] >= 0 and homes[t]:
            items[n, 0], items[n, 1], items[n, 2], items[n, 3] = HOLD, 0, local[t], entry
            n += 1
    n, entry = write_segment(state, 0, n, entry, local, items)
    items[n, 0], items[n, 1], items[n, 2], items[n, 3] = BARRIER, 0, -1, 0
    n, entry = write_segment(state, product + 1, n + 1, entry, local, items)
    for level in range(unrolled.shape[1]):
        for axis in range(2):
            for d in range(unrolled.shape[3]):
                if unrolled[product, level, axis, d] > 1:
                    items[n, 0], items[n, 1] = UNROLL, d
                    items[n, 2] = unrolled[product, level, axis, d]
                    items[n, 3] = 2 * level + axis
                    n += 1
    return n


@compiled
def place_of(state, product, place, d):
    """Iterations of a dimension at one place of a product's own segment, unrolled ones after the loops.

    Args:
        state: (holders, count, gaps, order, unrolled).
        product: which.
        place: 0 .. count are gaps, then two axes of each level.
        d: the dimension.

    Returns:
        Iterations.
    """
    here = state[1][product + 1] + 1
    if place < here:
        return state[2][product + 1, place, d]
    return state[4][product, (place - here) // 2, (place - here) % 2, d]


@compiled
def own_iterations(state, product, d):
    """All iterations of a dimension in a product's own segment.

    Args:
        state: (holders, count, gaps, order, unrolled).
        product: which.
        d: the dimension.

    Returns:
        Their product.
    """
    times = 1
    for place in range(state[1][product + 1] + 1 + 2 * state[4].shape[1]):
        times *= place_of(state, product, place, d)
    return times


@compiled
def take(state, product, d, p, random):
    """Take a prime out of a product's own iterations of a dimension, wherever it is.

    Args:
        state: (holders, count, gaps, order, unrolled), changed in place.
        product: which.
        d: the dimension.
        p: the prime.
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether it was there.
    """
    here = state[1][product + 1] + 1
    source, seen = -1, 0
    for place in range(here + 2 * state[4].shape[1]):
        if place_of(state, product, place, d) % p == 0:
            seen += 1
            if pick(random, seen) == 0:
                source = place
    if source < 0:
        return False
    if source < here:
        state[2][product + 1, source, d] //= p
    else:
        state[4][product, (source - here) // 2, (source - here) % 2, d] //= p
    return True


@compiled
def put(state, product, d, p, fanout, spatial, random):
    """Put a prime somewhere into a product's own iterations of a dimension.

    Args:
        state: (holders, count, gaps, order, unrolled), changed in place.
        product: which.
        d: the dimension.
        p: the prime.
        fanout: (L, 2).
        spatial: (n, L, 2, D) what may be unrolled.
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether it could stand there.
    """
    unrolled = state[4]
    here = state[1][product + 1] + 1
    target = pick(random, here + 2 * unrolled.shape[1])
    if target < here:
        state[2][product + 1, target, d] *= p
        return True
    level, axis = (target - here) // 2, (target - here) % 2
    children = p
    for k in range(unrolled.shape[3]):
        children *= unrolled[product, level, axis, k]
    if children > fanout[level, axis] or not spatial[product, level, axis, d]:
        return False
    unrolled[product, level, axis, d] *= p
    return True


@compiled
def move_factor(state, plan, random):
    """Take a prime from one place to another, in one product or between the shared loops and all of them.

    Args:
        state: changed in place, also where the answer is no.
        plan: see :func:`change`.
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether the state is another nest.
    """
    fanout, spatial, shareable, extents = plan[0], plan[1], plan[2], plan[3]
    count, gaps = state[1], state[2]
    products = len(extents)
    d = pick(random, gaps.shape[2])
    if shareable[d] and pick(random, 2) == 0:
        g = pick(random, count[0] + 1)
        if pick(random, 2) == 0:  # outwards
            times = own_iterations(state, pick(random, products), d)
            if times == 1:
                return False
            p = prime_of(times, random)
            for i in range(products):
                if not take(state, i, d, p, random):
                    return False
            gaps[0, g, d] *= p
            return True
        if gaps[0, g, d] == 1:
            return False
        p = prime_of(gaps[0, g, d], random)
        gaps[0, g, d] //= p
        if pick(random, 2) == 0:
            gaps[0, pick(random, count[0] + 1), d] *= p
            return True
        stand = True
        for i in range(products):
            stand = stand and put(state, i, d, p, fanout, spatial, random)
        return stand
    i = pick(random, products)
    if extents[i, d] == 1:
        return False
    times = own_iterations(state, i, d)
    if times == 1:
        return False
    p = prime_of(times, random)
    return take(state, i, d, p, random) and put(state, i, d, p, fanout, spatial, random)


@compiled
def insert_holder(state, segment, at, level, t):
    """A holder after ``at`` others of a segment; the loops there stay outside of it.

    Args:
        state: changed in place.
        segment: which.
        at: holders before it.
        level: of the holder.
        t: its tensor.
    """
    holders, count, gaps, order, _ = state
    for k in range(count[segment], at, -1):
        holders[segment, k] = holders[segment, k - 1]
        gaps[segment, k + 1] = gaps[segment, k]
        order[segment, k + 1] = order[segment, k]
    holders[segment, at, 0], holders[segment, at, 1] = level, t
    gaps[segment, at + 1] = 1
    count[segment] += 1


@compiled
def remove_holder(state, segment, at):
    """Leave a holder out; the loops on both sides of it become one group.

    Args:
        state: changed in place.
        segment: which.
        at: which holder of it.
    """
    holders, count, gaps, order, _ = state
    for d in range(gaps.shape[2]):
        gaps[segment, at, d] *= gaps[segment, at + 1, d]
    for k in range(at, count[segment] - 1):
        holders[segment, k] = holders[segment, k + 1]
        gaps[segment, k + 1] = gaps[segment, k + 2]
        order[segment, k + 1] = order[segment, k + 2]
    gaps[segment, count[segment]] = 1
    count[segment] -= 1


@compiled
def insert_between(state, segment, level, t, random):
    """A holder somewhere in a segment, among the loops where it stands.

    Args:
        state: changed in place.
        segment: which.
        level: of the holder.
        t: its tensor.
        random: (1,), see ``uneven.state.pick``.
    """
    gaps = state[2]
    at = pick(random, state[1][segment] + 1)
    insert_holder(state, segment, at, level, t)
    how = pick(random, 3)
    for d in range(gaps.shape[2]):
        if how == 0 or (how == 1 and pick(random, 2) == 0):
            gaps[segment, at + 1, d] = gaps[segment, at, d]
            gaps[segment, at, d] = 1


@compiled
def in_level_order(state, user):
    """Whether every tensor is held by outer levels outside of inner ones, in each product.

    Args:
        state: (holders, count, gaps, order, unrolled).
        user: (U, n) the product's tensor of each of all tensors, or -1.

    Returns:
        True where it is.
    """
    holders, count = state[0], state[1]
    for t in range(len(user)):
        for i in range(user.shape[1]):
            if user[t, i] < 0:
                continue
            last = -1
            for segment in (0, i + 1):
                for h in range(count[segment]):
                    if holders[segment, h, 1] == t:
                        if holders[segment, h, 0] <= last:
                            return False
                        last = holders[segment, h, 0]
    return True


@compiled
def move_holder(state, plan, random):
    """Swap neighbours, put a holder elsewhere, or take up or leave out an optional one.

    Args:
        state: changed in place, also where the answer is no.
        plan: see :func:`change`.
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether the state is another nest.
    """
    optional, user, homes = plan[4], plan[5], plan[6]
    holders, count = state[0], state[1]
    what = pick(random, 4)
    segment = pick(random, len(count))
    if what < 2:
        if count[segment] < 2:
            return False
        a = pick(random, count[segment] - 1)
        for k in range(2):
            x = holders[segment, a, k]
            holders[segment, a, k] = holders[segment, a + 1, k]
            holders[segment, a + 1, k] = x
        return in_level_order(state, user)
    if (
        what == 2
    ):  # anywhere else: without a holder in between, most tensors cost too much to go on from
        if count[segment] < 1:
            return False
        at = pick(random, count[segment])
        level, t = holders[segment, at, 0], holders[segment, at, 1]
        if segment == 0:
            if not homes[t]:  # an intermediate's home is shared
                return False
            for k in range(len(count) - 1):
                if user[t, k] >= 0:
                    segment = k + 1
            remove_holder(state, 0, at)
        else:
            remove_holder(state, segment, at)
        part = segment if not homes[t] or pick(random, 2) == 0 else 0
        insert_between(state, part, level, t, random)
        return in_level_order(state, user)
    i = pick(random, len(count) - 1)
    level, t = pick(random, optional.shape[1]), pick(random, optional.shape[2])
    if not optional[i, level, t]:
        return False
    for part in (0, i + 1):
        for h in range(count[part]):
            if holders[part, h, 0] == level and holders[part, h, 1] == t:
                remove_holder(state, part, h)
                return True
    part = i + 1 if not homes[t] or pick(random, 2) == 0 else 0
    insert_between(state, part, level, t, random)
    return in_level_order(state, user)


@compiled
def change(state, plan, random):
    """Change one thing of a state at random.

    Args:
        state: (holders, count, gaps, order, unrolled), changed in place, also where the answer is no.
        plan: (fanout (L, 2), spatial (n, L, 2, D), which dimensions may be shared (D,), extents (n, D),
            what a product may keep and need not (n, L, U), tensor of each product (U, n), whether the
            outermost level is a tensor's home (U,)).
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether the state is another nest; where not, it must be given up.
    """
    count, gaps, order = state[1], state[2], state[3]
    what = pick(random, 10)
    if what < 6:
        return move_factor(state, plan, random)
    if what < 8:
        return move_holder(state, plan, random)
    segment = pick(random, len(count))
    if what == 8:
        h = pick(random, count[segment] + 1)
        a, b = pick(random, order.shape[2]), pick(random, order.shape[2])
        order[segment, h, a], order[segment, h, b] = order[segment, h, b], order[segment, h, a]
        return a != b
    a, b = pick(random, count[segment] + 1), pick(random, count[segment] + 1)
    d = pick(random, order.shape[2])
    gaps[segment, a, d], gaps[segment, b, d] = gaps[segment, b, d], gaps[segment, a, d]
    return gaps[segment, a, d] != gaps[segment, b, d]
