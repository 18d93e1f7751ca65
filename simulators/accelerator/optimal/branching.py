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
    """Whether no factor of a mapping (L, 3, 8) could be lower by one and still cover.

    Args:
        dims: (8,) int64, the layer's extents.
        factor: (L, 3, 8) int64.

    Returns:
        Whether the mapping is tight.
    """
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
def leaf(problem, node, choice, objective, front, work, state):
    """The model's own answer for a node whose loops are all decided.

    Args:
        problem: see the package.
        node: (ns (L, 8), orders (L, 8)), how often each loop runs and in which order.
        choice: (across (L, 8), down (L, 8), keep (L, 3)).
        objective: see ``forms.worth``.
        front: see ``standing``.
        work: the arrays of ``mapping.workspace``.
        state: (factor (L, 3, 8), order (L, 8)), filled.

    Returns:
        (worth, pJ, cycles); infinite where the mapping is not tight or does not fit.
    """
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
    return worth(objective, out[4], out[5], front), out[4], out[5]


@compiled
def bound_inside(level, product, visits, reads, rest, window, problem, forms, share, extents):
    """Fill in the visits of all levels further inside than ``level``, whose row of visits is known.

    Args:
        level: the innermost level whose visits are known.
        product: (3,) iterations outside ``level`` that do not index each tensor.
        visits: (L + 1, 3), filled further inside.
        reads: (L + 1,), filled further inside.
        rest: (8,) extents left inside ``level``.
        window: whether the layer has windows.
        problem: see the package.
        forms: see the package.
        share: of the inputs' box that is read at least.
        extents: (8,), scratch.
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
                        b, level, rest, product[t], dims, conv, forms, size, bits,
                        share * forms[8][b], extents,
                    )  # fmt: skip
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
    """Whether tiles of the extents ``rest`` fit a level.

    Args:
        level: the level.
        rest: (8,) extents left inside it.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        keep: (L, 3) bool.
        inside: (L + 1, 8) unrolled factors from a level inwards, which a tile must hold.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        extents: (8,), scratch.

    Returns:
        True if they fit.
    """
    needed = 0.0
    for d in range(8):
        extents[d] = min(dims[d], max(rest[d], inside[level, d]))
    for t in range(3):
        if keep[level, t]:
            needed += box_volume(t, extents, conv) * bits[level, t]
    return needed <= size[level]


@compiled
def next_order(indices, n):
    """Step to the next permutation in lexicographic order.

    Args:
        indices: int64, permuted in place.
        n: how many of them are permuted, from the first.

    Returns:
        Whether there was a next one.
    """
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
    """Loops of one kind may change places next to each other; windows are kinds of their own.

    Args:
        d: the dimension of a loop.
        plain: (2,) whether rows and columns have no windows.

    Returns:
        A number that loops of one kind share.
    """
    if d >= P and not plain[(d - P) % 2]:
        return 10 + d
    if d == N or d == P or d == Q:
        return WEIGHTS
    if d == C or d == R or d == S:
        return OUTPUTS
    return 20 + d


@compiled
def computing_cycles(level, ns, rest, forms):
    """Cycles of the multipliers at least.

    They are the iterations outside ``level`` times what must follow inside.

    Args:
        level: loops outside of it are known.
        ns: (L, 8), how often each loop runs.
        rest: (8,) extents left inside.
        forms: see the package.

    Returns:
        Cycles.
    """
    inside = forms[2]
    cycles = 1.0
    for d in range(8):
        for outer in range(level):
            cycles *= ns[outer, d]
        cycles *= (rest[d] + inside[level, d] - 1) // inside[level, d]
    return cycles
