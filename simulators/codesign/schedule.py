"""The heterogeneous assignment problem: layers to sub-accelerators, networks in parallel.

Layers of a network run in order, a sub-accelerator runs one layer at a time; wanted is the least
energy whose makespan keeps a limit.  The heuristic starts from the least-energy and from the
earliest-finish assignment and moves layers, as NASAIC does (arXiv 2002.04116).

Arrays: ``latency``, ``energy`` (n, k) of n layers on k sub-accelerators, infinite where a layer does
not run; ``chain`` (c + 1,) where each network's layers start; ``assign`` (n,).
"""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)

EARLIEST, LONGEST = range(2)
ROUNDS = 12
ATTEMPTS = 5  # starts: earliest finish, least energy, and between
SMALL = 12  # layers up to which pairs are tried


@compiled
def list_schedule(latency, chain, assign, rule, start):
    """Makespan of an assignment under a rule; start times into ``start`` (n,).

    EARLIEST takes the layer that can start first (of equals the one with more work behind it),
    LONGEST the network with the most work left, LONGEST + 1 + c network c before the others, which
    come in the order of EARLIEST.

    Args:
        latency: (n, k).
        chain: (c + 1,).
        assign: (n,).
        rule: which layer goes first.
        start: (n,), written.
    """
    chains, k = chain.shape[0] - 1, latency.shape[1]
    at, ready, left = chain[:-1].copy(), np.zeros(chains), np.zeros(chains)
    free = np.zeros(k)
    for c in range(chains):
        for i in range(chain[c], chain[c + 1]):
            left[c] += latency[i, assign[i]]
    for _ in range(latency.shape[0]):
        best, first, most = -1, np.inf, -1.0
        for c in range(chains):
            if at[c] == chain[c + 1]:
                continue
            begin = max(ready[c], free[assign[at[c]]])
            if rule == EARLIEST:
                better = begin < first or (begin == first and left[c] > most)
            elif rule == LONGEST:
                better = left[c] > most
            elif c == rule - LONGEST - 1 or best == rule - LONGEST - 1:
                better = c == rule - LONGEST - 1
            else:
                better = begin < first or (begin == first and left[c] > most)
            if better:
                best, first, most = c, begin, left[c]
        i = at[best]
        start[i] = first
        done = first + latency[i, assign[i]]
        ready[best] = done
        free[assign[i]] = done
        left[best] -= latency[i, assign[i]]
        at[best] += 1
    return ready.max()


@compiled
def makespan(latency, chain, assign, start, limit):
    """The best of the rules, tried until one keeps the limit; ``start`` holds its times.

    Args:
        latency: (n, k).
        chain: (c + 1,).
        assign: (n,).
        start: (n,), written.
        limit: a makespan that is short enough.
    """
    best = list_schedule(latency, chain, assign, EARLIEST, start)
    if chain.shape[0] == 2 or best <= limit:
        return best
    other = np.empty_like(start)
    for rule in range(LONGEST, LONGEST + chain.shape[0]):
        length = list_schedule(latency, chain, assign, rule, other)
        if length < best:
            best = length
            start[:] = other
            if best <= limit:
                break
    return best


@compiled
def earliest_finish(latency, chain, assign):
    """Give each layer, as it comes up, the sub-accelerator that finishes it first.

    Args:
        latency: (n, k).
        chain: (c + 1,).
        assign: (n,), written.
    """
    chains, k = chain.shape[0] - 1, latency.shape[1]
    at, ready, left = chain[:-1].copy(), np.zeros(chains), np.zeros(chains)
    free = np.zeros(k)
    for c in range(chains):
        for i in range(chain[c], chain[c + 1]):
            left[c] += latency[i].min()
    for _ in range(latency.shape[0]):
        c = -1
        for other in range(chains):
            if at[other] < chain[other + 1] and (c < 0 or left[other] > left[c]):
                c = other
        i = at[c]
        best, done = 0, np.inf
        for s in range(k):
            finish = max(ready[c], free[s]) + latency[i, s]
            if finish < done:
                best, done = s, finish
        assign[i] = best
        ready[c] = done
        free[best] = done
        left[c] -= latency[i].min()
        at[c] += 1


@compiled
def lower_bound(latency, chain):
    """No schedule is shorter: the longest network alone, and all work shared out.

    Args:
        latency: (n, k).
        chain: (c + 1,).
    """
    longest, work = 0.0, 0.0
    for c in range(chain.shape[0] - 1):
        alone = 0.0
        for i in range(chain[c], chain[c + 1]):
            alone += latency[i].min()
        longest = max(longest, alone)
        work += alone
    return max(longest, work / latency.shape[1])


@compiled
def total(energy, assign):
    """Energy of an assignment.

    Args:
        energy: (n, k).
        assign: (n,).
    """
    out = 0.0
    for i in range(assign.shape[0]):
        out += energy[i, assign[i]]
    return out


@compiled
def cheapen(latency, energy, chain, limit, assign, start):
    """Move layers to where they need less energy while the limit is kept; largest saving first.

    Args:
        latency: (n, k).
        energy: (n, k).
        chain: (c + 1,).
        limit: the longest makespan that is allowed.
        assign: (n,), changed.
        start: (n,), written.
    """
    n, k = latency.shape
    for _ in range(2):
        saving, to = np.zeros(n), np.zeros(n, np.int64)
        for i in range(n):
            for s in range(k):
                less = energy[i, assign[i]] - energy[i, s]
                if less > saving[i]:
                    saving[i], to[i] = less, s
        moved = False
        for i in np.argsort(-saving):
            if saving[i] <= 0.0:
                break
            before = assign[i]
            assign[i] = to[i]
            if makespan(latency, chain, assign, start, limit) <= limit:
                moved = True
            else:
                assign[i] = before
        if not moved:
            break


@compiled
def shorten(latency, energy, chain, limit, assign, start):
    """Move layers until the limit is kept, each time where energy buys most time.

    Args:
        latency: (n, k).
        energy: (n, k).
        chain: (c + 1,).
        limit: the longest makespan that is allowed.
        assign: (n,), changed.
        start: (n,), written.

    Returns:
        The makespan.
    """
    n, k = latency.shape
    now = makespan(latency, chain, assign, start, limit)
    for _ in range(n):
        if now <= limit:
            break
        best, layer, to, then = np.inf, -1, 0, now
        for i in range(n):
            before = assign[i]
            for s in range(k):
                if s == before or latency[i, s] == np.inf:
                    continue
                assign[i] = s
                length = makespan(latency, chain, assign, start, limit)
                if length < now:
                    price = (energy[i, s] - energy[i, before]) / (now - max(length, limit))
                    if price < best or (price == best and length < then):
                        best, layer, to, then = price, i, s, length
            assign[i] = before
        if layer < 0:
            break
        assign[layer] = to
        now = then
    return makespan(latency, chain, assign, start, limit)


@compiled
def exchange(latency, energy, chain, limit, assign, start):
    """Change two layers at once, the best change first: towards the limit, then towards less energy.

    Args:
        latency: (n, k).
        energy: (n, k).
        chain: (c + 1,).
        limit: the longest makespan that is allowed.
        assign: (n,), changed.
        start: (n,), written.
    """
    n, k = latency.shape
    now = makespan(latency, chain, assign, start, limit)
    for _ in range(ROUNDS):
        kept = now <= limit
        best, a, b, u, v = 0.0, -1, -1, 0, 0
        for i in range(n):
            for j in range(i + 1, n):
                first, second = assign[i], assign[j]
                for s in range(k):
                    for t in range(k):
                        if (s == first and t == second) or latency[i, s] + latency[j, t] == np.inf:
                            continue
                        gain = energy[i, first] + energy[j, second] - energy[i, s] - energy[j, t]
                        if kept and gain <= best:
                            continue
                        assign[i], assign[j] = s, t
                        length = makespan(latency, chain, assign, start, limit)
                        if kept and length > limit:
                            continue
                        if not kept:
                            gain = now - length
                        if gain > best:
                            best, a, b, u, v = gain, i, j, s, t
                assign[i], assign[j] = first, second
        if a < 0:
            break
        assign[a], assign[b] = u, v
        now = makespan(latency, chain, assign, start, limit)


@compiled
def improve(latency, energy, chain, limit, assign, start):
    """From any assignment towards the limit, then towards less energy.

    Args:
        latency: (n, k).
        energy: (n, k).
        chain: (c + 1,).
        limit: the longest makespan that is allowed.
        assign: (n,), changed.
        start: (n,), written.
    """
    few = latency.shape[0] <= SMALL
    length = shorten(latency, energy, chain, limit, assign, start)
    if length > limit and few:
        exchange(latency, energy, chain, limit, assign, start)
        length = makespan(latency, chain, assign, start, limit)
    if length <= limit:
        cheapen(latency, energy, chain, limit, assign, start)
        if few:
            exchange(latency, energy, chain, limit, assign, start)


@compiled
def solve(latency, energy, chain, limit, assign, start):
    """Fill ``assign`` and ``start``; returns (makespan, energy).

    Where no schedule within the limit is found, the shortest one found.

    Args:
        latency: (n, k).
        energy: (n, k).
        chain: (c + 1,).
        limit: the longest makespan that is allowed.
        assign: (n,), written.
        start: (n,), written.
    """
    n = latency.shape[0]
    for i in range(n):
        assign[i] = np.argmin(energy[i])
    length = makespan(latency, chain, assign, start, limit)
    if length <= limit:
        return length, total(energy, assign)
    hopeless = lower_bound(latency, chain) > limit
    other = np.empty_like(assign)
    cost = total(energy, assign)
    for attempt in range(1 if hopeless else ATTEMPTS):
        if attempt == 0:
            earliest_finish(latency, chain, other)
        elif attempt == 1:
            for i in range(n):
                other[i] = np.argmin(energy[i])
        else:  # between least energy and least time
            weight = (attempt - 1) / (ATTEMPTS - 1)
            for i in range(n):
                other[i] = np.argmin(energy[i] ** (1 - weight) * latency[i] ** weight)
        if not hopeless:
            improve(latency, energy, chain, limit, other, start)
        theirs, needs = makespan(latency, chain, other, start, limit), total(energy, other)
        kept = theirs <= limit
        if (kept and (length > limit or needs < cost)) or (not kept and theirs < length):
            assign[:] = other
            length, cost = theirs, needs
    return makespan(latency, chain, assign, start, limit), cost


@compiled
def solve_all(table_latency, table_energy, layers, chains, sub, limit, length, energy, busy):
    """Every design of a batch; infinite where a layer fits no sub-accelerator.

    Args:
        table_latency: (layers, dataflows, PEs, bandwidths).
        table_energy: (layers, dataflows, PEs, bandwidths).
        layers: rows of the tables (n, most), -1 beyond the end.
        chains: where each network's layers start, (n, c + 1).
        sub: positions of dataflow, PEs and bandwidth, (n, k, 3).
        limit: the longest makespan that is allowed.
        length: makespans (n,), written.
        energy: (n,), written.
        busy: the time that each sub-accelerator works, (n, k), added to.
    """
    k = sub.shape[1]
    for d in range(layers.shape[0]):
        n = chains[d, -1]
        latency, joules = np.empty((n, k)), np.empty((n, k))
        fits = True
        for i in range(n):
            some = False
            for s in range(k):
                f, p, b = sub[d, s, 0], sub[d, s, 1], sub[d, s, 2]
                latency[i, s] = table_latency[layers[d, i], f, p, b]
                joules[i, s] = table_energy[layers[d, i], f, p, b]
                some = some or latency[i, s] < np.inf
            fits = fits and some
        if not fits:
            length[d] = np.inf
            energy[d] = np.inf
            continue
        assign, start = np.empty(n, np.int64), np.empty(n)
        length[d], energy[d] = solve(latency, joules, chains[d], limit, assign, start)
        for i in range(n):
            busy[d, assign[i]] += latency[i, assign[i]]
