"""From designs of the mapping spaces to mappings, and whole batches, compiled."""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .cost import evaluate, narrowed
from .layout import C, G, K, P, Q, R, S, TEMPORAL
from .nest import box_volume
from .moves import ORDERS, ceil_divide

STATIONARY = np.stack((ORDERS[0], ORDERS[2], ORDERS[4]))  # weights, inputs, outputs


@compiled
def holds(dims, conv, keep, size, bits, level, inside, clipped):
    """Whether a tile of extents ``inside`` (8,) fits a level and every level outside it."""
    for d in range(8):
        clipped[d] = min(inside[d], dims[d])
    weights = float(box_volume(0, clipped, conv))
    inputs = float(box_volume(1, clipped, conv))
    outputs = float(box_volume(2, clipped, conv))
    for outer in range(level + 1):
        if size[outer] == np.inf:
            continue
        needed = 0.0
        if keep[outer, 0]:
            needed += weights * bits[outer, 0]
        if keep[outer, 1]:
            needed += inputs * bits[outer, 1]
        if keep[outer, 2]:
            needed += outputs * bits[outer, 2]
        if needed > size[outer]:
            return False
    return True


@compiled
def largest(dims, conv, keep, size, bits, level, inside, clipped, d, left, wanted):
    """The largest factor of dimension ``d`` up to ``wanted`` that fits; factors are ceil(left / k)."""
    low = ceil_divide(left, wanted)
    base = inside[d]
    inside[d] = base * ceil_divide(left, low)
    if level > 0 and not holds(dims, conv, keep, size, bits, level, inside, clipped):
        high = left  # a factor of 1 always fits: what is inside already does
        while high - low > 1:
            middle = (low + high) // 2
            inside[d] = base * ceil_divide(left, middle)
            if holds(dims, conv, keep, size, bits, level, inside, clipped):
                high = middle
            else:
                low = middle
        low = high
    out = ceil_divide(left, low)
    inside[d] = base * out
    return out


@compiled
def decode_loops(design, tables, dims, conv, size, bits, state):
    """A design of the space ``loops`` as a mapping; every factor is cut to what is left and fits.

    ``tables`` are (column of each tile (L, 8), of each unrolled axis (L, 2), of each order (L,), of
    each optional tensor (L, 3), -1 where there is none; tile values (d, most), unrolled dimensions
    (d, most), children along each axis (L, 2), tensors that must be kept (L, 3)).
    """
    tile_at, axis_at, order_at, keep_at, values, unrolled, room, must = tables
    factor, order, keep = state
    levels = factor.shape[0]
    factor[:] = 1
    for level in range(levels):
        order[level] = STATIONARY[design[order_at[level]] if order_at[level] >= 0 else 2]
        for t in range(3):
            at = keep_at[level, t]
            keep[level, t] = must[level, t] or (at >= 0 and design[at] == 0)
    left, inside, clipped = dims.copy(), np.ones(8, np.int64), np.empty(8, np.int64)
    for level in range(levels - 1, -1, -1):
        for axis in range(2):
            at = axis_at[level, axis]
            if at < 0 or unrolled[at, design[at]] < 0:
                continue
            d = unrolled[at, design[at]]
            wanted = min(left[d], room[level, axis])
            n = largest(dims, conv, keep, size, bits, level, inside, clipped, d, left[d], wanted)
            factor[level, 1 + axis, d] = n
            left[d] = ceil_divide(left[d], n)
        for d in range(8):
            at = tile_at[level, d]
            wanted = 1
            if level == 0:
                wanted = left[d]
            elif at >= 0:
                wanted = min(left[d], values[at, design[at]])
            if wanted > 1:
                n = largest(
                    dims, conv, keep, size, bits, level, inside, clipped, d, left[d], wanted
                )
                factor[level, TEMPORAL, d] = n
                left[d] = ceil_divide(left[d], n)


@compiled
def permutation(rank, axes, out):
    """The loops (8,) in the order of a rank of the permutations of ``axes`` (6,), the rest outside."""
    n = axes.shape[0]
    used = np.zeros(n, np.bool_)
    scale = 1
    for k in range(2, n):
        scale *= k
    for place in range(n):
        pick, rank = rank // scale, rank % scale
        for k in range(n):
            if not used[k]:
                if pick == 0:
                    out[8 - n + place] = axes[k]
                    used[k] = True
                    break
                pick -= 1
        if place < n - 1:
            scale //= n - 1 - place
    at = 0
    for d in range(8):
        inner = False
        for k in range(n):
            inner = inner or axes[k] == d
        if not inner:
            out[at] = d
            at += 1


@compiled
def decode_gamma(design, dims, state):
    """A design of GAMMA's 17 integers as a mapping on DRAM, L2, clusters, L1."""
    factor, order, keep = state
    channels = G if dims[G] > 1 and dims[K] == 1 else K
    axes = np.array([S, R, channels, C, Q, P], np.int64)
    choices = np.array([channels, C, Q, P], np.int64)
    cluster = design[16] + 1
    clusters = 1024 // cluster
    factor[:] = 1
    keep[:] = True
    keep[2] = False
    for i in range(6):
        d = axes[i]
        outer = design[2 + i] + 1
        inner = min(design[9 + i] + 1, outer)
        across, down = 1, 1
        if choices[design[1]] == d:
            across = min(clusters, ceil_divide(dims[d], outer))
        if choices[design[8]] == d:
            down = min(cluster, ceil_divide(outer, inner))
        factor[1, TEMPORAL, d] = ceil_divide(dims[d], outer * across)
        factor[1, 1, d] = across
        factor[2, TEMPORAL, d] = ceil_divide(outer, inner * down)
        factor[2, 2, d] = down
        factor[3, TEMPORAL, d] = inner
    for d in range(8):  # batch, and groups that are no channels
        covered = 1
        for level in range(1, 4):
            for kind in range(3):
                covered *= factor[level, kind, d]
        factor[0, TEMPORAL, d] = ceil_divide(dims[d], covered)
    permutation(design[0], axes, order[0])
    order[1] = order[0]
    permutation(design[15], axes, order[2])
    order[3] = order[2]


@compiled
def evaluate_loops(x, tables, dims, conv, arch, switches, out, work):
    """A batch of designs (n, d) of ``loops`` into ``out`` (n, 7); see ``row``."""
    levels = tables[0].shape[0]
    state = (
        np.ones((levels, 3, 8), np.int64),
        np.empty((levels, 8), np.int64),
        np.empty((levels, 3), np.bool_),
    )
    for i in range(x.shape[0]):
        decode_loops(x[i], tables, dims, conv, arch[0], arch[1], state)
        row(dims, conv, state, arch, switches, out[i], work)


@compiled
def evaluate_gamma(x, dims, conv, arch, switches, out, work):
    """A batch of designs (n, 17) of GAMMA's space into ``out`` (n, 7)."""
    state = (
        np.ones((4, 3, 8), np.int64),
        np.empty((4, 8), np.int64),
        np.empty((4, 3), np.bool_),
    )
    for i in range(x.shape[0]):
        decode_gamma(x[i], dims, state)
        row(dims, conv, state, arch, switches, out[i], work)


@compiled
def row(dims, conv, state, arch, switches, out, work):
    """One mapping into ``out`` (7,).

    (reason, level, needed, available) where it does not fit; else (0, pJ, cycles, bits through the
    outermost level, bits of the tiles that level 2 holds over its instances and level 3 holds, 0).
    """
    factor, order, keep = state
    reason, level, needed, available, pj, cycles, _ = evaluate(
        dims, conv, factor, order, keep, arch, switches, work
    )
    out[:] = 0.0
    out[0] = reason
    if reason:
        out[1], out[2], out[3] = level, needed, available
        return
    counts, volume, used, bits = work[0], work[4], work[5], arch[1]
    out[1], out[2] = pj, cycles
    for t in range(3):
        for a in range(3):
            out[3] += counts[0, t, a] * bits[0, t]
        if factor.shape[0] > 3:
            out[4] += volume[2, t] * bits[2, t] * used[2]
            out[5] += volume[3, t] * bits[3, t]
    out[3] -= narrowed(counts, bits, 0)
