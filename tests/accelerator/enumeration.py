"""Every mapping of a small layer, one by one: the slow twin of the search for proved optima."""

import itertools
import math
from functools import cache

import numpy as np
from archgym.simulators.accelerator.compiled import compiled
from archgym.simulators.accelerator.cost import evaluate
from archgym.simulators.accelerator.layout import REUSE
from archgym.simulators.accelerator.mapping import workspace

MOST = 3_000_000


@cache
def tight_tuples(size, slots):
    """Factors that cover ``size`` of which none could be lower."""
    found = []

    def grow(chosen):
        whole = math.prod(chosen)
        if any(whole // f * (f - 1) >= size for f in chosen):
            return  # more factors only raise the product
        if len(chosen) == slots:
            if whole >= size:
                found.append(chosen)
            return
        for f in range(1, size + 1):
            grow((*chosen, f))

    grow(())
    return found


def all_factors(layer, machine):
    """(n, L, 3, 8): all tight factors within fan-outs and masks."""
    levels = len(machine.levels)
    fanout = np.array([x.fanout for x in machine.levels])
    slots = [(at, kind) for at in range(levels) for kind in range(3)]
    by_dimension = []
    for d, size in enumerate(layer.dims):
        free = [
            (at, kind) for at, kind in slots
            if kind == 0 or (machine.levels[at].fanout[kind - 1] > 1 and machine.spatial[at, kind - 1, d])
        ]  # fmt: skip
        rows = []
        for chosen in tight_tuples(int(size), len(free)) if size > 1 else [(1,) * len(free)]:
            row = np.ones((levels, 3), np.int64)
            for (at, kind), f in zip(free, chosen):
                row[at, kind] = f
            rows.append(row)
        by_dimension.append(np.array(rows, np.int16))
    out = np.ones((1, levels, 3, 0), np.int16)
    for rows in by_dimension:  # what is too wide already is dropped before the next dimension
        earlier = np.repeat(out, len(rows), axis=0)
        latest = np.tile(rows, (len(out), 1, 1))[..., None]
        out = np.concatenate([earlier, latest], axis=3)
        out = out[(out[:, :, 1:].prod(axis=3) <= fanout).all(axis=(1, 2))]
    return out.astype(np.int64)


def all_keeps(machine):
    """Every choice of optional tensors, (n, L, 3)."""
    must, may = machine.keeps
    optional = np.argwhere(may & ~must)
    out = []
    for pick in itertools.product((False, True), repeat=len(optional)):
        keep = must.copy()
        keep[tuple(optional.T)] = pick
        out.append(keep)
    return np.array(out)


def optima(layer, machine, reuse="physical", factors=None, keeps=None):
    """(least pJ, least cycles, least product of the two, mappings looked at) over everything.

    Over no more than ``factors`` (n, L, 3, 8) and ``keeps`` (n, L, 3), where they are given.
    """
    problem = (layer.dims, layer.geometry, machine.arrays, (REUSE.index(reuse), True))
    factors = all_factors(layer, machine) if factors is None else factors
    keeps = all_keeps(machine) if keeps is None else keeps
    return _walk(problem, factors, keeps, workspace(len(machine.levels)), np.zeros((0, 2)))[:4]


def front_of(layer, machine, reuse="physical"):
    """(n, 2) pJ and cycles of all mappings that no other is as good as in both, rising in cycles."""
    problem = (layer.dims, layer.geometry, machine.arrays, (REUSE.index(reuse), True))
    points = np.full((500, 2), np.inf)
    *_, held = _walk(
        problem, all_factors(layer, machine), all_keeps(machine), workspace(len(machine.levels)), points
    )  # fmt: skip
    assert held < 500
    return points[:held][np.argsort(points[:held, 1])]


@compiled
def _kept(points, held, pj, cycles):
    """Add a point to ``points`` unless one is as good; those that it is as good as go. How many there are."""
    for i in range(held):
        if points[i, 0] <= pj and points[i, 1] <= cycles:
            return held
    left = 0
    for i in range(held):
        if points[i, 0] < pj or points[i, 1] < cycles:
            points[left] = points[i]
            left += 1
    points[left, 0], points[left, 1] = pj, cycles
    return left + 1


@compiled
def _shuffled(order, active, n):
    """The next order of the first ``n`` entries of ``active``, laid into ``order``; whether there was one."""
    i = n - 2
    while i >= 0 and active[i] >= active[i + 1]:
        i -= 1
    more = i >= 0
    if more:
        j = n - 1
        while active[j] <= active[i]:
            j -= 1
        active[i], active[j] = active[j], active[i]
        active[i + 1 : n] = active[i + 1 : n][::-1].copy()
    else:
        active[:n] = active[:n][::-1].copy()
    order[8 - n :] = active[:n]
    return more


@compiled
def _walk(problem, factors, keeps, work, points):
    dims, conv, arch, switches = problem
    levels = keeps.shape[1]
    least = np.full(3, np.inf)
    looked, held = 0, 0
    active = np.zeros((levels, 8), np.int64)
    count = np.zeros(levels, np.int64)
    order = np.zeros((levels, 8), np.int64)
    for f in range(factors.shape[0]):
        factor = factors[f]
        for level in range(levels):
            n, m = 0, 0
            for d in range(8):
                if factor[level, 0, d] > 1 and level < levels - 1:
                    active[level, n] = d
                    n += 1
            count[level] = n
            for d in range(8):
                if not (factor[level, 0, d] > 1 and level < levels - 1):
                    order[level, m] = d
                    m += 1
            order[level, 8 - n :] = active[level, :n]
        going = True
        while going:
            for k in range(keeps.shape[0]):
                out = evaluate(dims, conv, factor, order, keeps[k], arch, switches, work)
                looked += 1
                if out[0] == 0:
                    least[0] = min(least[0], out[4])
                    least[1] = min(least[1], out[5])
                    least[2] = min(least[2], out[4] * out[5])
                    if points.shape[0]:
                        held = _kept(points, held, out[4], out[5])
            going = False
            for level in range(levels):
                if _shuffled(order[level], active[level], count[level]):
                    going = True
                    break
    return least[0], least[1], least[2], looked, held
