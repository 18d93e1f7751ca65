"""The mapper's search: deterministic descent from several spatial unrollings, compiled.

A state is a whole mapping.  The outermost level's temporal factors are not free: they are whatever is
left of each dimension, rounded up, so every move keeps the layer covered.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .cost import evaluate
from .layout import C, G, K, N, OK, P, Q, R, S, TEMPORAL

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
HOT, COLD, RACE = 0.2, 0.01, 0.7
ENERGY_DELAY, ENERGY, DELAY, TRAFFIC = range(4)
OBJECTIVES = ("energy-delay", "energy", "delay", "dram-traffic")


@compiled
def ceil_divide(a, b):
    """Whole quotient, rounded up."""
    return (a + b - 1) // b


@compiled
def close(dims, factor):
    """Set the outermost temporal factors to what is left of each dimension."""
    for d in range(8):
        if dims[d] == 1:
            continue
        inside = factor[0, 1, d] * factor[0, 2, d]
        for level in range(1, factor.shape[0]):
            inside *= factor[level, 0, d] * factor[level, 1, d] * factor[level, 2, d]
        factor[0, TEMPORAL, d] = ceil_divide(dims[d], inside)


@compiled
def score(problem, state, objective, work):
    """The objective of a state; infinite where it does not fit.  The outer factors are set first."""
    dims, conv, arch, switches = problem
    factor, order, keep = state
    close(dims, factor)
    out = evaluate(dims, conv, factor, order, keep, arch, switches, work)
    if out[0] != OK:
        return np.inf
    if objective == ENERGY:
        return out[4]
    if objective == DELAY:
        return out[5] + 1e-9 * out[4] / (out[4] + 1.0)
    if objective == TRAFFIC:
        moved = 0.0
        for t in range(3):
            moved += (work[0][0, t, 0] + work[0][0, t, 2]) * arch[1][0, t]
        return moved + 1e-9 * out[4] / (out[4] + 1.0)
    return out[4] * out[5]


@compiled
def unroll(dims, factor, spatial, room, picks):
    """Fill every fan-out greedily, the ``picks`` (axes,)-th best dimension first on each axis.

    ``room`` (L, 2) are children along x and y.  A dimension is the better the fuller it makes an axis;
    what is left of the axis goes to further dimensions.
    """
    levels = factor.shape[0]
    factor[:] = 1
    axis = 0
    for level in range(levels):
        for kind in (1, 2):
            free = room[level, kind - 1]
            first = True
            while free > 1:
                best, best_size, taken = -1, 0.0, 0
                # rank by how full the axis gets for how many rounds; ties to the first dimension
                for skip in range(picks[axis] + 1 if first else 1):
                    found, found_size = -1, 0.0
                    for d in range(8):
                        if not spatial[level, kind - 1, d]:
                            continue
                        rest = dims[d]
                        for inner in range(levels):
                            rest = ceil_divide(rest, factor[inner, 1, d] * factor[inner, 2, d])
                        if rest < 2:
                            continue
                        rounds = ceil_divide(rest, free)
                        n = ceil_divide(rest, rounds)
                        size = rest / rounds + 1e-3 * (8 - d)
                        if first and skip > 0 and (size, -d) >= (best_size, -best):
                            continue
                        if (size, -d) > (found_size, -found):
                            found, found_size, taken = d, size, n
                    if found < 0:
                        break
                    best, best_size = found, found_size
                if best < 0:
                    break
                rounds = 1
                rest = dims[best]
                for inner in range(levels):
                    rest = ceil_divide(rest, factor[inner, 1, best] * factor[inner, 2, best])
                rounds = ceil_divide(rest, free)
                taken = ceil_divide(rest, rounds)
                factor[level, kind, best] *= taken
                free //= taken
                first = False
            if room[level, kind - 1] > 1:
                axis += 1


@compiled
def trade(dims, factor, level, kind, d, other, room):
    """At a slot, halve (or third, or drop) dimension ``d`` and give the room to ``other``."""
    here = factor[level, kind, d]
    p = 2 if here % 2 == 0 else (3 if here % 3 == 0 else here)
    factor[level, kind, d] = here // p
    close(dims, factor)
    rest = factor[0, 0, other] * factor[level, kind, other]
    wanted = factor[level, kind, other] * p
    if kind > 0:
        used = 1
        for k in range(8):
            used *= factor[level, kind, k]
        wanted = max(1, room[level, kind - 1] // (used // factor[level, kind, other]))
    factor[level, kind, other] = ceil_divide(rest, ceil_divide(rest, wanted))


@compiled
def descend(problem, state, objective, spatial, room, optional, budget, best, work, trial):
    """Take improving moves until none is left or ``budget`` evaluations are spent: (score, spent)."""
    dims = problem[0]
    factor, order, keep = state
    levels = factor.shape[0]
    spent = 0
    improved = True
    while improved and spent < budget:
        improved = False
        # one slot gets another factor; the outermost loop takes up the rest
        for level in range(levels - 1, -1, -1):
            for kind in range(3):
                if kind > 0 and room[level, kind - 1] == 1:
                    continue
                if kind == 0 and level == 0:
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
                    rounds = ceil_divide(rest, before)
                    last = 0
                    for choice in range(9):
                        if choice == 0:
                            value = ceil_divide(rest, max(1, rounds - 1))
                        elif choice == 1:
                            value = before * 2
                        elif choice == 2:
                            value = rest
                        elif choice == 3:
                            value = ceil_divide(rest, 2)
                        elif choice == 4:
                            value = ceil_divide(rest, rounds + 1)
                        elif choice == 5:
                            value = ceil_divide(before, 2)
                        elif choice == 6:
                            value = 1
                        elif choice == 7:
                            value = before * 3
                        else:
                            value = ceil_divide(rest, 3)
                        value = min(value, rest)
                        if kind > 0:
                            value = min(value, room[level, kind - 1])
                        if value == factor[level, kind, d] or value == last or value < 1:
                            continue
                        last = value
                        if spent >= budget:
                            close(dims, factor)
                            return best, spent
                        kept = factor[level, kind, d]
                        factor[level, kind, d] = value
                        new = score(problem, state, objective, work)
                        spent += 1
                        if new < best:
                            best = new
                            improved = True
                        else:
                            factor[level, kind, d] = kept
        if spent >= budget:
            break
        # a factor moves between two inner slots
        slots = levels * 3
        for a in range(1, slots):
            level_a, kind_a = a // 3, a % 3
            for b in range(1, slots):
                if a == b:
                    continue
                level_b, kind_b = b // 3, b % 3
                if kind_b > 0 and room[level_b, kind_b - 1] == 1:
                    continue
                for d in range(8):
                    here = factor[level_a, kind_a, d]
                    if here == 1 or (kind_b > 0 and not spatial[level_b, kind_b - 1, d]):
                        continue
                    for p in (2, 3, here):
                        if here % p or factor[level_a, kind_a, d] != here:
                            continue
                        if p == here and here <= 3:
                            continue
                        if spent >= budget:
                            close(dims, factor)
                            return best, spent
                        there = factor[level_b, kind_b, d]
                        factor[level_a, kind_a, d] = here // p
                        factor[level_b, kind_b, d] = there * p
                        new = score(problem, state, objective, work)
                        spent += 1
                        if new < best:
                            best = new
                            improved = True
                        else:
                            factor[level_a, kind_a, d] = here
                            factor[level_b, kind_b, d] = there
        # at one slot a dimension gives way to another
        for level in range(levels):
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
                        if spent >= budget:
                            close(dims, factor)
                            return best, spent
                        there = factor[level, kind, other]
                        trade(dims, factor, level, kind, d, other, room)
                        new = score(problem, state, objective, work)
                        spent += 1
                        if new < best:
                            best = new
                            improved = True
                        else:
                            factor[level, kind, d] = here
                            factor[level, kind, other] = there
        # another order at a level
        for level in range(levels):
            ordered = 0
            for d in range(8):
                ordered += factor[level, TEMPORAL, d] > 1
            if ordered < 2:
                continue
            trial[:] = order[level]
            for k in range(ORDERS.shape[0]):
                order[level] = ORDERS[k]
                new = score(problem, state, objective, work)
                spent += 1
                if new < best:
                    best = new
                    improved = True
                    trial[:] = order[level]
                else:
                    order[level] = trial
        # an optional tensor is kept or passes by
        for level in range(levels):
            for t in range(3):
                if optional[level, t]:
                    keep[level, t] = not keep[level, t]
                    new = score(problem, state, objective, work)
                    spent += 1
                    if new < best:
                        best = new
                        improved = True
                    else:
                        keep[level, t] = not keep[level, t]
        # one axis changes its dimension
        for level in range(levels):
            for kind in (1, 2):
                if room[level, kind - 1] == 1:
                    continue
                for d in range(8):
                    if dims[d] == 1 or not spatial[level, kind - 1, d]:
                        continue
                    trial[:] = factor[level, kind]
                    factor[level, kind] = 1
                    close(dims, factor)
                    rest = factor[0, 0, d]
                    rounds = ceil_divide(rest, room[level, kind - 1])
                    factor[level, kind, d] = ceil_divide(rest, rounds)
                    new = score(problem, state, objective, work)
                    spent += 1
                    if new < best:
                        best = new
                        improved = True
                    else:
                        factor[level, kind] = trial
    close(dims, factor)
    return best, spent


@compiled
def draw(seed):
    """The next state of a linear congruential generator (Knuth's MMIX constants), 63 bits."""
    return (seed * 6364136223846793005 + 1442695040888963407) & 0x7FFFFFFFFFFFFFFF


@compiled
def propose(dims, state, spatial, room, must, optional, seed):
    """Change one thing at random; returns the next seed."""
    factor, order, keep = state
    levels = factor.shape[0]
    seed = draw(seed)
    r = seed >> 24
    what, r = r % 16, r // 16
    level, r = r % levels, r // levels
    d, r = r % 8, r // 8
    while dims[d] == 1:
        d = (d + 1) % 8
    kind, r = r % 3, r // 3
    if what < 2:
        order[level] = ORDERS[r % ORDERS.shape[0]]
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
        for _ in range(levels * 3):
            if factor[level, kind, d] > 1 and level + kind > 0:
                break
            kind += 1
            if kind == 3:
                kind = 0
                level = (level + 1) % levels
        here = factor[level, kind, d]
        to, r = 1 + r % (levels * 3 - 1), r // 16
        level_b, kind_b = to // 3, to % 3
        if kind_b > 0 and (room[level_b, kind_b - 1] == 1 or not spatial[level_b, kind_b - 1, d]):
            kind_b = 0
        if here > 1 and level_b + kind_b > 0 and level + kind > 0:
            p = here
            if r % 3 < 2:
                p = 2 if here % 2 == 0 else (3 if here % 3 == 0 else here)
            factor[level, kind, d] = here // p
            factor[level_b, kind_b, d] *= p
        return seed
    if what < 12:  # a dimension gives way to another
        for _ in range(levels * 3):
            if factor[level, kind, d] > 1 and level + kind > 0:
                break
            kind += 1
            if kind == 3:
                kind = 0
                level = (level + 1) % levels
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
    factor[level, kind, d] = value
    return seed


@compiled
def anneal(problem, state, best_state, objective, spatial, room, must, optional, budget, seed, work):
    """Simulated annealing on the logarithm of the objective; the best goes to ``best_state``."""
    dims = problem[0]
    factor, order, keep = state
    best_factor, best_order, best_keep = best_state
    kept_factor, kept_order, kept_keep = factor.copy(), order.copy(), keep.copy()
    here = score(problem, state, objective, work)
    best = here
    best_factor[:], best_order[:], best_keep[:] = factor, order, keep
    cooling = (COLD / HOT) ** (1.0 / max(1, budget))
    heat = HOT
    for _ in range(budget):
        heat *= cooling
        seed = propose(dims, state, spatial, room, must, optional, seed)
        new = score(problem, state, objective, work)
        accept = new <= here
        if not accept and new < np.inf:
            seed = draw(seed)
            chance = (seed >> 20) / float(1 << 43)
            accept = chance < np.exp(-np.log(new / here) / heat)
        if accept:
            here = new
            kept_factor[:], kept_order[:], kept_keep[:] = factor, order, keep
            if new < best:
                best = new
                best_factor[:], best_order[:], best_keep[:] = factor, order, keep
        else:
            factor[:], order[:], keep[:] = kept_factor, kept_order, kept_keep
    return best, seed


@compiled
def search(problem, objective, spatial, room, must, optional, starts, budget, work):
    """The best mapping found: (score, evaluations, factor, order, keep).

    ``starts`` (s, axes) say which dimensions each start unrolls first; see :func:`unroll`.  All starts
    race: each gets a short descent, the better quarter a longer one, the best goes to its end; what is
    left of the ``budget`` of evaluations goes to kicks of the best and descents from there.
    """
    dims = problem[0]
    levels = must.shape[0]
    n = starts.shape[0] + 1
    factors = np.ones((n, levels, 3, 8), np.int64)
    orders = np.empty((n, levels, 8), np.int64)
    keeps = np.empty((n, levels, 3), np.bool_)
    scores = np.full(n, np.inf)
    trial = np.empty(8, np.int64)
    spent = 0
    for s in range(n):
        orders[s] = ORDERS[4]
        keeps[s] = must | optional
        if s < n - 1:
            unroll(dims, factors[s], spatial, room, starts[s])
        else:  # the smallest tiles: if these do not fit, nothing does
            keeps[s] = must
        again = False
        for before in range(s):
            again = again or (factors[before] == factors[s]).all()
        if again and s < n - 1:
            continue
        scores[s] = score(problem, (factors[s], orders[s], keeps[s]), objective, work)
        spent += 1
    shares = np.array([0.4, 0.3, 0.3])
    alive = n
    for turn in range(3):
        ranked = np.argsort(scores)[:alive]
        each = int(shares[turn] * budget * RACE / alive) + 1
        for s in ranked:
            if scores[s] == np.inf:
                continue
            state = (factors[s], orders[s], keeps[s])
            scores[s], used = descend(
                problem, state, objective, spatial, room, optional, each, scores[s], work, trial
            )
            spent += used
        alive = max(1, alive // 4)
    best = int(np.argmin(scores))
    best_factor, best_order, best_keep = factors[best].copy(), orders[best].copy(), keeps[best].copy()
    top = scores[best]
    if top == np.inf:
        return top, spent, best_factor, best_order, best_keep
    seed = 88172645463325252
    while budget - spent > 200:
        turns = max(200, (budget - spent) // 2)
        factor, order, keep = best_factor.copy(), best_order.copy(), best_keep.copy()
        f, o, k = factor.copy(), order.copy(), keep.copy()
        found, seed = anneal(
            problem, (factor, order, keep), (f, o, k), objective, spatial, room, must, optional,
            turns, seed, work,
        )  # fmt: skip
        spent += turns
        if found < top:
            found, used = descend(
                problem, (f, o, k), objective, spatial, room, optional, budget - spent, found, work,
                trial,
            )  # fmt: skip
            spent += used
            top = found
            best_factor[:], best_order[:], best_keep[:] = f, o, k
    close(dims, best_factor)
    return top, spent, best_factor, best_order, best_keep
