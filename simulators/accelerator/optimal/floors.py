"""What the inner levels of one choice cost at least together, whatever runs further out.

Bounded one by one, each tensor of each inner level is the one that stays. Here one vector of loops outside a
level decides for all that is held from there inwards: tiles that small registers have no room for, and the
one tensor that the innermost loops leave in place.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import DELAY, ENERGY, ENERGY_DELAY
from .branching import computing_cycles
from .ends import lay_ends
from .expanding import expand
from .forms import CYCLES, INSIDE, SLACK, WORTH, bring_least, least_costs, worth
from .open_nodes import FLOOR, LIMIT, LISTS, MOST, WORK
from .standing import FRONT, cycles_beyond, energy_beyond

FLOOR_WORK = 2e5  # bounds worked out for one floor


@compiled
def least_inside(level, objective, most, search, forms, keep, stack, scratch, tally, state):
    """The least worth of loops outside ``level`` merged into one level, everything brought once there.

    Args:
        level: the level, from 2 on.
        objective: an index of ``layout.OBJECTIVES``.
        most: a worth beyond which it does not matter.
        search: see the package.
        forms: see the package.
        keep: (L, 3) bool.
        stack: see the package.
        scratch: see the package.
        tally: see the package, overwritten.
        state: (ns (L, 8), order (L, 8), visits (L + 1, 3), reads (L + 1,)), overwritten.

    Returns:
        The worth; ``most`` where it is no less, 0 where it took too much work.
    """
    problem, _, sizes, window, share, macs, plain, table, counts, front = search
    ns, order, visits, reads = state
    for i in range(ns.shape[0]):
        for d in range(8):
            ns[i, d] = 1
            order[i, d] = d
    bring_least(visits, reads, window, share, forms)
    tally[LIMIT], tally[FLOOR], tally[LISTS], tally[MOST] = most, np.inf, -1, FLOOR_WORK
    inner = (problem, objective, sizes, window, share, macs, plain, table, counts, front)
    expand(level - 1, ns, order, visits, reads, inner, forms, keep, stack, tally, scratch)
    return tally[LIMIT] if tally[WORK] <= FLOOR_WORK else 0.0


@compiled
def once(search, forms, keep, scratch, state):
    """What a choice costs at least, every tensor brought once, with the floors that are laid.

    Args:
        search: see the package.
        forms: see the package.
        keep: (L, 3) bool.
        scratch: see the package; its ports are filled.
        state: see :func:`least_inside`.

    Returns:
        (pJ, cycles).
    """
    problem, objective, sizes, window, share, macs, _, _, _, _ = search
    dims, conv, arch = problem[0], problem[1], problem[2]
    ns, _, visits, reads = state
    for i in range(keep.shape[0]):
        for d in range(8):
            ns[i, d] = 1
    bring_least(visits, reads, window, share, forms)
    timed = objective != ENERGY
    if timed:
        lay_ends(0, False, ns, dims, conv, forms, arch, scratch[0])
    computing = computing_cycles(0, ns, dims, forms)
    return least_costs(visits, reads, computing, timed, forms, sizes, arch, macs, scratch[1])


@compiled
def lay_floors(limit, whole, search, forms, keep, stack, scratch, tally, state):
    """Fill in the floors of a choice: of energy from the innermost level outwards, then of all levels inside.

    Energy comes first, which is fast. Time, alone and in what is minimised, is bounded with all inner
    levels together only: with fewer it is hardly above that of every tensor brought once, and takes longer.

    Args:
        limit: a worth beyond which nothing matters.
        whole: whether the choice is opened: then the floor of time is laid even beside that of the worth.
        search: see the package.
        forms: see the package; the floors are filled.
        keep: (L, 3) bool.
        stack: see the package.
        scratch: see the package.
        tally: see the package, overwritten; its work is that of all floors.
        state: see :func:`least_inside`.

    Returns:
        A bound on the worth of the choice.
    """
    objective, front = search[1], search[9]
    floors = forms[7]
    levels = keep.shape[0]
    for k in range(floors.shape[0]):
        floors[k] = 0.0
    energy, delay = objective * 0 + ENERGY, objective * 0 + DELAY
    tally[WORK] = 0
    work = 0.0
    pj, cycles = once(search, forms, keep, scratch, state)
    for turn in range(levels - 2):
        level = levels - 1 - turn
        outside = pj - scratch[1][level, INSIDE]
        if objective == DELAY or worth(objective, pj, cycles, front) >= limit:
            break
        most = limit if objective == ENERGY else limit / cycles
        if objective == FRONT:
            most = energy_beyond(limit, cycles, front)
        least = least_inside(level, energy, most, search, forms, keep, stack, scratch, tally, state)
        work += tally[WORK]
        tally[WORK] = work
        if least >= most:
            return limit
        # what the levels further out cost is in it, everything brought once
        floors[level] = (least - outside) * (1.0 - SLACK)
        pj, cycles = once(search, forms, keep, scratch, state)
    for turn in range(2 if objective != ENERGY and levels > 2 else 0):
        if worth(objective, pj, cycles, front) >= limit:
            return limit
        if turn == 0 and objective != DELAY:
            least = least_inside(
                2, objective, limit, search, forms, keep, stack, scratch, tally, state
            )
            if least >= limit:
                return limit
            floors[WORTH] = least * (1.0 - SLACK)
        elif turn == 1 and (whole or objective != ENERGY_DELAY):
            most = limit if objective == DELAY else limit / pj
            if objective == FRONT:
                most = cycles_beyond(limit, pj, front)
            least = least_inside(2, delay, most, search, forms, keep, stack, scratch, tally, state)
            if least >= most:
                return limit
            floors[CYCLES] = least * (1.0 - SLACK)
        else:
            continue
        work += tally[WORK]
        tally[WORK] = work
    pj, cycles = once(search, forms, keep, scratch, state)
    return max(worth(objective, pj, cycles, front), floors[WORTH])
