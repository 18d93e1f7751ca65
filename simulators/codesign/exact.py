"""The assignment problem solved exactly, for a few layers: the heuristic's oracle.

Every assignment, and for each every interleaving of the networks' layers; a schedule that starts each
layer as early as an interleaving allows is optimal for some interleaving.
"""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)


@compiled
def shortest(latency, chain, assign, at, ready, free, bound):
    """The least makespan below ``bound`` over all interleavings from a partial schedule.

    Args:
        latency: (n, k), infinite where a layer does not run.
        chain: (c + 1,), where each network's layers start.
        assign: (n,), the sub-accelerator of each layer.
        at: (c,), the next layer of each network; restored on return.
        ready: (c,), when each network can go on; restored on return.
        free: (k,), when each sub-accelerator is free; restored on return.
        bound: only shorter schedules count.
    """
    chains = chain.shape[0] - 1
    finished, best = True, bound
    for c in range(chains):
        if at[c] < chain[c + 1]:
            finished = False
            left = 0.0
            for i in range(at[c], chain[c + 1]):
                left += latency[i, assign[i]]
            if ready[c] + left >= best:
                return best
    if finished:
        return min(best, ready.max())
    for c in range(chains):
        if at[c] == chain[c + 1]:
            continue
        i = at[c]
        s = assign[i]
        was_ready, was_free = ready[c], free[s]
        done = max(was_ready, was_free) + latency[i, s]
        at[c] += 1
        ready[c] = done
        free[s] = done
        best = min(best, shortest(latency, chain, assign, at, ready, free, best))
        at[c] -= 1
        ready[c] = was_ready
        free[s] = was_free
    return best


@compiled
def exact(latency, energy, chain, limit, best_assign):
    """(makespan, energy) of the least-energy schedule within the limit; infinite where there is none.

    Args:
        latency: (n, k), infinite where a layer does not run.
        energy: (n, k).
        chain: (c + 1,), where each network's layers start.
        limit: the longest makespan that is allowed.
        best_assign: (n,), written.
    """
    n, k = latency.shape
    best_energy, best_length = np.inf, np.inf
    assign = np.zeros(n, np.int64)
    for code in range(k**n):
        rest, cost, works = code, 0.0, True
        for i in range(n):
            assign[i] = rest % k
            rest //= k
            works = works and latency[i, assign[i]] < np.inf
            cost += energy[i, assign[i]]
        if not works or cost >= best_energy:
            continue
        above = limit * (1 + 1e-12) + 1e-12
        length = shortest(
            latency,
            chain,
            assign,
            chain[:-1].copy(),
            np.zeros(chain.shape[0] - 1),
            np.zeros(k),
            above,
        )
        if length < above:
            best_energy, best_length = cost, length
            best_assign[:] = assign
    return best_length, best_energy
