"""Branch and bound over the loops of one choice of unrolling and tensors, from the outside inwards.

A node has the loops of its outermost levels decided: how often each runs and in which order.  A stack
holds open nodes; children are stacked so that the most promising is next.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..cost import evaluate
from ..layout import (
    C, G, INPUTS, K, N, OK, OUTPUTS, P, Q, R, S, SPATIAL_X, SPATIAL_Y, TEMPORAL,
    TWO_ITERATIONS, WEIGHTS,
)  # fmt: skip
from ..nest import box_volume
from .forms import worth
from .visits import deep_inputs, fits_alone

# the innermost loops of a class leave its tensor in place
CLASSES = np.array(
    [[G, K, C, R, S, N, P, Q], [G, N, C, R, S, P, Q, K], [G, N, K, P, Q, C, R, S]], np.int64
)


@compiled
def tight(dims, factor):
    """Whether no factor of a mapping (L, 3, 8) could be lower by one and still cover."""
    for d in range(8):
        whole = 1
        for level in range(factor.shape[0]):
            for kind in range(3):
                whole *= factor[level, kind, d]
        for level in range(factor.shape[0]):
            for kind in range(3):
                f = factor[level, kind, d]
                if f > 1 and (whole // f) * (f - 1) >= dims[d]:
                    return False
    return True


@compiled
def leaf(problem, node, choice, objective, work, state):
    """The model's own answer for a node whose loops are all decided: (worth, pJ, cycles)."""
    dims, conv, arch, switches, _ = problem
    across, down, keep = choice
    ns, orders = node
    factor, order = state
    levels = keep.shape[0]
    for level in range(levels):
        for d in range(8):
            factor[level, TEMPORAL, d] = ns[level, d]
            factor[level, SPATIAL_X, d] = across[level, d]
            factor[level, SPATIAL_Y, d] = down[level, d]
            order[level, d] = orders[level, d]
    if not tight(dims, factor):
        return np.inf, np.inf, np.inf
    out = evaluate(dims, conv, factor, order, keep, arch, switches, work)
    if out[0] != OK:
        return np.inf, np.inf, np.inf
    return worth(objective, out[4], out[5]), out[4], out[5]


@compiled
def bound_inside(level, product, visits, reads, rest, window, problem, forms, share, extents):
    """Fill the visits of all levels further inside than ``level``, whose row of visits is known.

    ``product`` (3,) are the iterations outside ``level`` that do not index each tensor, ``rest`` (8,) the
    extents left inside it.
    """
    dims, conv, arch, switches, _ = problem
    size, bits = arch[0], arch[1]
    for b in range(level + 1, visits.shape[0] - 1):
        for t in range(3):
            if forms[4][b, t] < 0:
                continue
            if t == INPUTS and window:
                visits[b, t] = 0.0
                if switches[0] != TWO_ITERATIONS:
                    visits[b, t] = deep_inputs(
                        b, level, rest, product[t], dims, conv, forms, size, bits, share, extents
                    )
                reads[b] = max(min(share, visits[b, t]), forms[6][b] * visits[b, t])
                continue
            visits[b, t] = product[t]
            if visits[level, t] < product[t] and fits_alone(
                t, b, level, rest, dims, conv, forms, size, bits, extents
            ):
                visits[b, t] = visits[level, t]
            if t == INPUTS:
                reads[b] = visits[b, t]


@compiled
def has_room(level, rest, dims, conv, keep, inside, size, bits, extents):
    """Whether tiles of the extents ``rest`` (8,) fit ``level``."""
    needed = 0.0
    for d in range(8):
        extents[d] = min(dims[d], max(rest[d], inside[level, d]))
    for t in range(3):
        if keep[level, t]:
            needed += box_volume(t, extents, conv) * bits[level, t]
    return needed <= size[level]


@compiled
def next_order(indices, n):
    """The next permutation of the first ``n`` of ``indices`` in lexicographic order; whether there is one."""
    i = n - 2
    while i >= 0 and indices[i] >= indices[i + 1]:
        i -= 1
    if i < 0:
        return False
    j = n - 1
    while indices[j] <= indices[i]:
        j -= 1
    indices[i], indices[j] = indices[j], indices[i]
    a, b = i + 1, n - 1
    while a < b:
        indices[a], indices[b] = indices[b], indices[a]
        a += 1
        b -= 1
    return True


@compiled
def kind_of(d, plain):
    """Loops of one kind may change places next to each other; windows are kinds of their own."""
    if d >= P and not plain[(d - P) % 2]:
        return 10 + d
    if d == N or d == P or d == Q:
        return WEIGHTS
    if d == C or d == R or d == S:
        return OUTPUTS
    return 20 + d


@compiled
def computing_cycles(level, ns, rest, forms):
    """Cycles of the multipliers at least: iterations outside ``level``, and what must follow inside."""
    inside = forms[2]
    cycles = 1.0
    for d in range(8):
        for outer in range(level):
            cycles *= ns[outer, d]
        cycles *= (rest[d] + inside[level, d] - 1) // inside[level, d]
    return cycles
