"""Simulated annealing over fused chains, compiled."""

from __future__ import annotations

import numpy as np

from ..uneven.annealing import figure, keep
from ..uneven.counting import cost
from ..uneven.nest import BARRIER, HOLD
from ..uneven.state import pick, uniform
from .compiled import compiled
from .state import change, write_product

HOT, COLD = 0.3, 3e-3  # temperatures: of the logarithm of the objective


@compiled
def chain_cost(state, problem, plan, items, bits, work):
    """Energy and cycles of a chain, and how far it is from fitting.

    Args:
        state: (holders, count, gaps, order, unrolled).
        problem: (extents (n, D), coefficients (n, T, A, D), arch); see ``uneven.counting.cost``.
        plan: see :func:`state.change`.
        items: (room, 4), overwritten.
        bits: (L, U + 2), overwritten: bits held by shared holders, then those of a product, then their most.
        work: of ``uneven.counting.workspace``.

    Returns:
        (pJ, cycles, by which factor the fullest level exceeds its size, at least 1).
    """
    extents, coefficients, arch = problem
    user, homes = plan[5], plan[6]
    tensors = len(user)
    bits[:] = 0.0
    pj, cycles = 0.0, 0.0
    for i in range(len(extents)):
        n = write_product(state, i, user[:, i], homes, items)
        mine, time, _ = cost(items[:n], extents[i], coefficients[i], arch, work)
        pj, cycles = pj + mine, cycles + time
        held = work[1]
        shared = True
        bits[:, tensors] = 0.0
        for j in range(n):
            if items[j, 0] == BARRIER:
                shared = False
            if items[j, 0] != HOLD:
                continue
            level, t = items[j, 1], items[j, 2]
            words = held[level, t] * arch[3][t]
            if shared:
                for u in range(tensors):
                    if user[u, i] == t:
                        bits[level, u] = max(bits[level, u], words)
            else:
                bits[level, tensors] += words
        bits[:, tensors + 1] = np.maximum(bits[:, tensors], bits[:, tensors + 1])
    over = 1.0
    for level in range(len(bits)):
        most = bits[level, tensors + 1]
        for u in range(tensors):
            most += bits[level, u]
        over = max(over, most / arch[2][level])
    return pj, cycles, over


@compiled
def anneal(state, last, best, items, problem, plan, bits, work, objective, steps, hot, random):
    """One run from hot to cold.

    Args:
        state: of a chain that fits; changed in place.
        last: arrays of the same shapes.
        best: the same, filled with the best chain seen.
        items: (room, 4), overwritten.
        problem: see :func:`chain_cost`.
        plan: see :func:`state.change`.
        bits: see :func:`chain_cost`.
        work: of ``uneven.counting.workspace``.
        objective: see ``uneven.annealing.figure``.
        steps: chains that are evaluated.
        hot: temperature at first, see ``HOT``.
        random: (1,), see ``uneven.state.pick``.

    Returns:
        Whether the first chain fits.
    """
    pj, cycles, over = chain_cost(state, problem, plan, items, bits, work)
    if over > 1.0:
        return False
    now = figure(pj, cycles, objective)
    lowest = now
    keep(state, best)
    keep(state, last)
    cooling = (COLD / hot) ** (1.0 / steps)
    heat = hot
    for _ in range(steps):
        heat *= cooling
        # what is full lets nothing in alone: one in two changes takes more with it
        changes = 1 if pick(random, 2) == 0 else 2 + pick(random, 2)
        possible = True
        for _ in range(changes):
            possible = possible and change(state, plan, random)
        if possible:
            pj, cycles, over = chain_cost(state, problem, plan, items, bits, work)
        then = figure(pj, cycles, objective)
        fits = possible and over <= 1.0
        if fits and (then <= now or uniform(random) < np.exp((now - then) / heat)):
            now = then
            keep(state, last)
            if now < lowest:
                lowest = now
                keep(state, best)
        else:
            keep(last, state)
    return True
