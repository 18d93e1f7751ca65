"""How a node of the branch and bound is opened: all loops of its next level that may still pay."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import ENERGY, ENERGY_DELAY, INPUTS, TWO_ITERATIONS
from ..nest import RELEVANT
from .branching import (
    CLASSES, bound_inside, computing_cycles, has_room, kind_of, next_order,
)  # fmt: skip
from .ends import lay_ends, restore
from .forms import WORTH, grown, least_costs, worth
from .open_nodes import FLOOR, LIMIT, LISTS, MOST, WORK, push
from .sliding import spreads, swept
from .standing import FRONT
from .visits import resweep, stationary, window_visits

MOST_WORK = 1e6  # bounds worked out for the children of one node


@compiled
def priced(level, ns, product, visits, reads, rest, search, forms, scratch):
    """The bound of a state whose visits are known down to ``level``.

    Args:
        level: the innermost level whose visits are known.
        ns: (L, 8), how often each loop runs.
        product: (3,) iterations that do not index each tensor.
        visits: see the package.
        reads: see the package.
        rest: (8,) extents left inside ``level``.
        search: see the package.
        forms: see the package.
        scratch: see the package.
    """
    problem, objective, sizes, window, share, macs, _, _, _, front = search
    dims, conv, arch, _, _ = problem
    extents, ports, corner = scratch[0], scratch[1], scratch[22]
    bound_inside(level, product, visits, reads, rest, window, problem, forms, share, extents)
    timed = objective != ENERGY
    both = objective == ENERGY_DELAY or objective == FRONT
    computing = computing_cycles(level, ns, rest, forms) if timed else 0.0
    pj, cycles = least_costs(visits, reads, computing, timed, forms, sizes, arch, macs, ports)
    corner[0], corner[1] = pj, cycles
    return max(worth(objective, pj, cycles, front), forms[7][WORTH] if both else 0.0)


@compiled
def optimistic(level, ns, product, staying, visits, reads, rest, search, forms, scratch):
    """A bound while loops of ``level`` are still open: each tensor in turn is the one that stays.

    Args:
        level: the level.
        ns: (L, 8), how often each loop runs.
        product: (3,) iterations outside that do not index each tensor.
        staying: (3,) iterations at ``level`` that do not.
        visits: see the package.
        reads: see the package.
        rest: (8,) extents left inside ``level``.
        search: see the package.
        forms: see the package.
        scratch: see the package.
    """
    problem, objective, sizes, window, share, macs, _, _, _, front = search
    arch = problem[2]
    least = np.inf
    computing = 1.0
    timed = objective != ENERGY
    if timed:  # never falls as a loop runs more often, unlike the count of whole iterations
        inside = forms[2]
        for d in range(8):
            left = rest[d] * ns[level, d]
            for outer in range(level):
                computing *= ns[outer, d]
            if ns[level, d] == 1:
                computing *= (left + inside[level + 1, d] - 1) // inside[level + 1, d]
            else:
                computing *= ns[level, d]
    for stays in range(3):
        for t in range(3):
            seen = visits[level, t] if t == stays else product[t] * staying[t]
            for b in range(level + 1, visits.shape[0] - 1):
                if t == INPUTS:
                    visits[b, t] = share * forms[8][b] if window else seen
                    reads[b] = visits[b, t] * forms[6][b] if window else seen
                else:
                    visits[b, t] = seen
        pj, cycles = least_costs(
            visits, reads, computing, timed, forms, sizes, arch, macs, scratch[1]
        )
        least = min(least, worth(objective, pj, cycles, front))
    both = objective == ENERGY_DELAY or objective == FRONT
    return max(least, forms[7][WORTH]) if both else least


@compiled
def children_of(
    level, ns, order, product, visits, reads, rest, search, forms, scratch, stack, tally
):
    """Stack the orders of one vector of loops at ``level`` whose bounds are below the limit.

    Args:
        level: the level.
        ns: (L, 8), how often each loop runs.
        order: (L, 8), filled at the level.
        product: (3,) iterations outside that do not index each tensor.
        visits: see the package.
        reads: see the package.
        rest: (8,) extents left inside ``level``.
        search: see the package.
        forms: see the package.
        scratch: see the package.
        stack: see the package.
        tally: see the package.
    """
    problem, objective, sizes, window, share, macs, plain, table, counts, _ = search
    dims, conv, arch, switches, _ = problem
    inner = level + 1
    indexing, staying, deeper, active, sequence = scratch[2:7]
    for t in range(3):
        indexing[t], staying[t] = 1.0, 1.0
        for d in range(8):
            if RELEVANT[t, d]:
                indexing[t] *= ns[level, d]
            else:
                staying[t] *= ns[level, d]
        deeper[t] = product[t] * staying[t]
    if not window:
        some = False
        for c in range(4):
            if c < 3 and (staying[c] == 1 or indexing[c] == 1):
                continue
            if c == 3 and some:
                break
            some = True
            for t in range(3):
                row = staying[t] if t == c else 1.0
                visits[inner, t] = stationary(
                    t, visits[level, t], product[t], indexing[t], staying[t], row
                )
            reads[inner] = visits[inner, INPUTS]
            bound = priced(inner, ns, deeper, visits, reads, rest, search, forms, scratch)
            if bound < tally[LIMIT]:
                for k in range(8):
                    order[level, k] = CLASSES[c % 3, k]
                push(stack, tally, inner, ns, order, visits, reads, bound, scratch[22])
            else:
                tally[FLOOR] = min(tally[FLOOR], bound)
        return
    fresh = 0.0
    share *= grown(rest, forms[2][inner], dims, conv)
    spread = scratch[21]  # by the loop that moves the inputs innermost
    if switches[0] != TWO_ITERATIONS:
        fresh = resweep(level, ns, rest, conv)
        spreads(level, ns, rest, dims, conv, forms[0], forms[1], tally[LISTS] < 0, spread)
    else:
        for d in range(8):
            spread[d] = 0.0
    least = np.inf
    for c in range(3):  # rows of loops that stay are at most whole
        lowest = np.inf  # over the loops that may move the inputs innermost while that tensor stays
        for d in range(8):
            if c == INPUTS or staying[c] == 1 or not RELEVANT[c, d]:
                lowest = min(lowest, spread[d])
        if lowest == np.inf:
            lowest = 0.0
        for t in range(3):
            row = staying[t] if t == c else 1.0
            visits[inner, t] = stationary(
                t, visits[level, t], product[t], indexing[t], staying[t], row
            )
            if t == INPUTS:
                swept(
                    inner, visits, reads, indexing[t], product[t] * staying[t] / row, fresh, lowest,
                    share, forms,
                )  # fmt: skip
        least = min(least, priced(inner, ns, deeper, visits, reads, rest, search, forms, scratch))
    if least >= tally[LIMIT]:
        tally[FLOOR] = min(tally[FLOOR], least)
        return
    if tally[LISTS] < 0:
        tally[LIMIT] = least
        return
    # windows: every order of the loops, but for those of one kind next to each other
    n = 0
    for d in range(8):
        if ns[level, d] > 1:
            active[n] = d
            n += 1
    kept = forms[4][inner, INPUTS] >= 0
    slots = visits.shape[0] - 1 - inner  # of factors inside: temporal, and x and y of a fan-out
    for b in range(inner, visits.shape[0] - 1):
        for d in range(8):
            if forms[0][b, d] > 1:
                slots += 2
                break
    slots = min(slots, table.shape[0] - 1)
    while True:
        twin = False
        tally[WORK] += 1
        for k in range(n - 1):
            i, j = active[k], active[k + 1]
            twin = twin or (i > j and kind_of(i, plain) == kind_of(j, plain))
        if not twin:
            for t in range(3):
                row, moves = 1.0, 0.0
                for k in range(n - 1, -1, -1):
                    if RELEVANT[t, active[k]]:
                        moves = spread[active[k]]
                        break
                    row *= ns[level, active[k]]
                visits[inner, t] = stationary(
                    t, visits[level, t], product[t], indexing[t], staying[t], row
                )
                if t == INPUTS:
                    swept(
                        inner, visits, reads, indexing[t], product[t] * staying[t] / row, fresh,
                        moves, share, forms,
                    )  # fmt: skip
            bound = 0.0
            # without what the order does to inputs, which takes long, then with it
            for turn in range(2):
                if turn == 1:
                    m = 0
                    for d in range(8):
                        if ns[level, d] == 1:
                            sequence[m] = d
                            m += 1
                    for k in range(n):
                        sequence[m + k] = active[k]
                    for k in range(8):
                        order[level, k] = sequence[k]
                    if not kept:
                        break
                    tally[WORK] += 10
                    visits[inner, INPUTS], reads[inner] = window_visits(
                        inner, ns, order, dims, conv, forms, sizes, forms[4][inner, INPUTS],
                        switches[0], table, counts, slots, scratch[7:15],
                    )  # fmt: skip
                bound = max(
                    bound, priced(inner, ns, deeper, visits, reads, rest, search, forms, scratch)
                )
                if bound >= tally[LIMIT]:
                    break
            if bound < tally[LIMIT]:
                push(stack, tally, inner, ns, order, visits, reads, bound, scratch[22])
            else:
                tally[FLOOR] = min(tally[FLOOR], bound)
        if not next_order(active, n) or tally[WORK] > tally[MOST]:
            return


@compiled
def expand(level, ns, order, visits, reads, search, forms, keep, stack, tally, scratch):
    """Stack every child of a node whose loops outside ``level`` are decided.

    Where that is too much work the rest is left out, and the tally says so.

    Args:
        level: the level whose loops are decided here.
        ns: (L, 8), how often each loop runs.
        order: (L, 8), the loops' order.
        visits: see the package.
        reads: see the package.
        search: see the package.
        forms: see the package.
        keep: (L, 3) bool.
        stack: see the package.
        tally: see the package.
        scratch: see the package.
    """
    tally[WORK] = 0
    dims, conv, arch, _, _ = search[0]
    size, bits = arch[0], arch[1]
    fan, outside, inside = forms[0], forms[1], forms[2]
    inner = level + 1
    before, rest, lowest, product, staying, places = scratch[15:21]
    extents, around = scratch[0], scratch[6]
    for t in range(3):
        product[t] = 1.0
    n = 0
    # loops of a level that holds nothing, without children above, belong outside: two loops move what one
    # does. But first and last tiles are worked out by level: with padding, two loops may end sooner. And of
    # rows with windows two loops may move less: 2 x 2 for three rows are one row more, of which less is new.
    merged = level > 0 and tally[LISTS] >= 0 and search[1] == ENERGY and not search[3]
    for t in range(3):
        merged = merged and forms[4][level, t] < 0
    for d in range(8):
        whole = outside[level, d]
        for outer in range(level):
            whole *= ns[outer, d]
            for t in range(3):
                if not RELEVANT[t, d]:
                    product[t] *= ns[outer, d]
        before[d] = (dims[d] + whole - 1) // whole
        before[d] = (before[d] + fan[level, d] - 1) // fan[level, d]
        if level > 0:
            merged = merged and fan[level - 1, d] == 1
        ns[level, d] = 1
        rest[d] = before[d]
        lowest[d] = 1
        if before[d] > 1:
            places[n] = d
            n += 1
    fixed = merged or n == 0  # nothing runs here: one vector of ones
    if fixed:
        n, places[0] = 1, 0
        for d in range(8):
            lowest[d] = before[d]
    k = 0
    lowest[places[0]] = before[places[0]]
    timed, base = search[1] != ENERGY, scratch[23]
    if timed:
        # of the level's own loops nothing is known before all of them are chosen
        lay_ends(0 if tally[LISTS] < 0 else level, False, ns, dims, conv, forms, arch, extents)
        restore(forms[9], base)
    while True:
        # the loops places[:k + 1] are chosen, the rest runs once for costs and as often as may be for room
        tally[WORK] += 1
        if tally[WORK] > tally[MOST]:
            return
        deeper = has_room(inner, lowest, dims, conv, keep, inside, size, bits, extents)
        if tally[LISTS] < 0:
            # levels further out, whose loops are among these, hold the tiles of all their children
            for outer in range(level, 0, -1):
                for d in range(8):
                    around[d] = lowest[d] if outer == level else around[d]
                    around[d] *= fan[outer, d]
                deeper = deeper and has_room(
                    outer, around, dims, conv, keep, inside, size, bits, extents
                )
        back = False
        if deeper:
            for t in range(3):
                staying[t] = 1.0
                for e in range(8):
                    if not RELEVANT[t, e]:
                        staying[t] *= ns[level, e]
            bound = optimistic(
                level, ns, product, staying, visits, reads, rest, search, forms, scratch
            )
            if bound >= tally[LIMIT]:
                tally[FLOOR] = min(tally[FLOOR], bound)
                back = True
            elif k == n - 1:
                if timed:
                    lay_ends(inner, tally[LISTS] < 0, ns, dims, conv, forms, arch, extents)
                children_of(
                    level, ns, order, product, visits, reads, rest, search, forms, scratch, stack,
                    tally,
                )  # fmt: skip
                if timed:
                    restore(base, forms[9])
            else:
                k += 1
                d = places[k]
                ns[level, d] = 1
                rest[d] = before[d]
                lowest[d] = before[d]
                continue
        # the next value of this loop, or of one before it
        while True:
            d = places[k]
            if back or fixed or rest[d] == 1:
                ns[level, d] = 1
                rest[d] = before[d]
                lowest[d] = 1
                back = False
                k -= 1
                if k < 0:
                    return
                continue
            ns[level, d] = (before[d] + rest[d] - 2) // (rest[d] - 1)
            rest[d] = (before[d] + ns[level, d] - 1) // ns[level, d]
            lowest[d] = rest[d]
            break
