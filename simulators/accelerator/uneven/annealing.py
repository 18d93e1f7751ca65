"""Simulated annealing over nests, compiled."""

from __future__ import annotations

import numpy as np

from ..layout import DELAY, ENERGY
from .compiled import compiled
from .counting import cost
from .state import change, pick, uniform, write_items

HOT, COLD = 0.3, 3e-4  # temperatures: of the logarithm of the objective


@compiled
def figure(pj, cycles, objective):
    """The logarithm of what is minimised.

    Args:
        pj: energy.
        cycles: latency.
        objective: ENERGY, DELAY or ENERGY_DELAY of ``layout``.

    Returns:
        A number; smaller is better.
    """
    if objective == ENERGY:
        return np.log(pj)
    if objective == DELAY:
        # of equally fast nests the one with less energy
        return np.log(cycles) + 1e-9 * np.log(pj)
    return np.log(pj) + np.log(cycles)


@compiled
def keep(state, copy):
    """Copy a state's arrays into those of another.

    Args:
        state: (holders, count, gaps, order, unrolled).
        copy: the same, overwritten.
    """
    copy[0][:] = state[0]
    copy[1][:] = state[1]
    copy[2][:] = state[2]
    copy[3][:] = state[3]
    copy[4][:] = state[4]


@compiled
def anneal(state, last, best, items, problem, work, machine, objective, ordered, steps, random):
    """One run from hot to cold.

    Args:
        state: (holders, count, gaps, order, unrolled) of a nest that fits; changed in place.
        last: arrays of the same shapes.
        best: items (n, 4), filled with the best nest seen.
        items: (n, 4), overwritten.
        problem: (extents (D,), coefficients (T, A, D), arch); see :func:`counting.cost`.
        work: of :func:`counting.workspace`.
        machine: see :func:`state.change`.
        objective: see :func:`figure`.
        ordered: see :func:`state.may_stand`.
        steps: nests that are evaluated.
        random: (1,), see :func:`state.pick`.

    Returns:
        How many items the best nest has.
    """
    extents, coefficients, arch = problem
    n = write_items(state, items)
    pj, cycles, _ = cost(items[:n], extents, coefficients, arch, work)
    now = figure(pj, cycles, objective)
    lowest, length = now, n
    best[:] = items
    keep(state, last)
    cooling = (COLD / HOT) ** (1.0 / steps)
    heat = HOT
    for _ in range(steps):
        heat *= cooling
        changed = change(state, machine, ordered, random)
        # what is full lets nothing in alone: one in two changes takes a second one with it
        if pick(random, 2) == 0:
            changed = change(state, machine, ordered, random) or changed
        if not changed:
            continue
        n = write_items(state, items)
        pj, cycles, full = cost(items[:n], extents, coefficients, arch, work)
        then = figure(pj, cycles, objective)
        if full < 0 and (then <= now or uniform(random) < np.exp((now - then) / heat)):
            now = then
            keep(state, last)
            if now < lowest:
                lowest, length = now, n
                best[:] = items
        else:
            keep(last, state)
    return length
