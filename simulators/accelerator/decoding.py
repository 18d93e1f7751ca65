"""From designs of the mapping spaces to mappings, and whole batches, compiled."""

from __future__ import annotations

import numpy as np

from .compiled import borrowing, compiled
from .cost import evaluate, narrowed
from .layout import C, DILATION_H, DILATION_W, G, K, N, P, Q, R, S, STRIDE_H, STRIDE_W, TEMPORAL
from .moves import ORDERS, ceil_divide, copy_row

STATIONARY = np.stack((ORDERS[0], ORDERS[2], ORDERS[4]))  # weights, inputs, outputs
# GAMMA's dimensions in the order of its tiles, and those it may unroll; channels are groups where K is 1
GAMMA_AXES = np.array([[S, R, K, C, Q, P], [S, R, G, C, Q, P]], np.int64)
GAMMA_CHOICES = np.array([[K, C, Q, P], [G, C, Q, P]], np.int64)


@borrowing
def line_of(dims, conv, inside, d):
    """Words of each tensor's tile as a straight line in its extent of dimension ``d``.

    Args:
        dims: (8,) int64, the layer's extents, which clip the tile.
        conv: (4,) int64, strides and dilations.
        inside: (8,) int64, the tile's extents.
        d: the dimension; the tile's extent of it does not count.

    Returns:
        (weights, inputs, outputs at an extent of 0, what each grows by with the extent).
    """
    n, g, k = min(inside[N], dims[N]), min(inside[G], dims[G]), min(inside[K], dims[K])
    c, p, q = min(inside[C], dims[C]), min(inside[P], dims[P]), min(inside[Q], dims[Q])
    r, s = min(inside[R], dims[R]), min(inside[S], dims[S])
    height = (p - 1) * conv[STRIDE_H] + (r - 1) * conv[DILATION_H] + 1
    width = (q - 1) * conv[STRIDE_W] + (s - 1) * conv[DILATION_W] + 1
    if d == N:
        return g * k * c * r * s, 0, 0, 0, g * c * height * width, g * k * p * q
    if d == G:
        return 0, 0, 0, k * c * r * s, n * c * height * width, n * k * p * q
    if d == K:
        return 0, n * g * c * height * width, 0, g * c * r * s, 0, n * g * p * q
    if d == C:
        return 0, 0, n * g * k * p * q, g * k * r * s, n * g * height * width, 0
    if d == P or d == R:
        others = n * g * c * width
        if d == P:
            step, start = conv[STRIDE_H], (r - 1) * conv[DILATION_H] + 1
            return g * k * c * r * s, others * (start - step), 0, 0, others * step, n * g * k * q
        step, start = conv[DILATION_H], (p - 1) * conv[STRIDE_H] + 1
        return 0, others * (start - step), n * g * k * p * q, g * k * c * s, others * step, 0
    others = n * g * c * height
    if d == Q:
        step, start = conv[STRIDE_W], (s - 1) * conv[DILATION_W] + 1
        return g * k * c * r * s, others * (start - step), 0, 0, others * step, n * g * k * p
    step, start = conv[DILATION_W], (q - 1) * conv[STRIDE_W] + 1
    return 0, others * (start - step), n * g * k * p * q, g * k * c * r, others * step, 0


@borrowing
def holds(line, extent, keep, size, bits, level):
    """Whether a tile fits a level and every level outside it.

    Args:
        line: the tile's words by its extent of one dimension, see :func:`line_of`.
        extent: that extent.
        keep: (L, 3) bool, tensors that a level keeps.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        level: the innermost level that is asked.

    Returns:
        True if it fits.
    """
    weights = float(line[0] + line[3] * extent)
    inputs = float(line[1] + line[4] * extent)
    outputs = float(line[2] + line[5] * extent)
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


@borrowing
def largest(dims, conv, keep, size, bits, level, inside, d, left, wanted):
    """The largest factor of dimension ``d`` up to ``wanted`` that fits.

    Only factors ceil(left / k) are tried.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        keep: (L, 3) bool, tensors that a level keeps.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        level: where the factor is to run.
        inside: (8,) int64, extents of the tile inside; entry ``d`` is multiplied by the factor.
        d: the dimension.
        left: what is left of the dimension.
        wanted: the factor that the design asks for, at most ``left``.

    Returns:
        The factor.
    """
    low = ceil_divide(left, wanted)
    base = inside[d]
    out = ceil_divide(left, low)
    if level > 0:
        line, most = line_of(dims, conv, inside, d), dims[d]
        if not holds(line, min(base * out, most), keep, size, bits, level):
            high = left  # a factor of 1 always fits: what is inside already does
            while high - low > 1:
                middle = (low + high) // 2
                factor = ceil_divide(left, middle)
                if holds(line, min(base * factor, most), keep, size, bits, level):
                    high = middle
                else:
                    low = middle
            out = ceil_divide(left, high)
    inside[d] = base * out
    return out


@borrowing
def decode_loops(design, tables, dims, conv, size, bits, state, rest):
    """A design of the space ``loops`` as a mapping.

    Every factor is cut to what is left of its dimension and to what fits.

    Args:
        design: (d,) int64, value indices.
        tables: what each column means, -1 where there is none: columns of tiles (L, 8), of unrolled
            axes (L, 2), of orders (L,), of optional tensors (L, 3); tile values (d, most), unrolled
            dimensions (d, most); children along each axis (L, 2); tensors that must be kept (L, 3).
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        state: (factor, order, keep), filled.
        rest: (2, 8) int64, scratch.
    """
    tile_at, axis_at, order_at, keep_at, values, unrolled, room, must = tables
    factor, order, keep = state
    levels = factor.shape[0]
    factor[:] = 1
    for level in range(levels):
        stays = design[order_at[level]] if order_at[level] >= 0 else 2
        copy_row(STATIONARY[stays], order[level])
        for t in range(3):
            at = keep_at[level, t]
            keep[level, t] = must[level, t] or (at >= 0 and design[at] == 0)
    left, inside = rest[0], rest[1]
    copy_row(dims, left)
    inside[:] = 1
    # from the inside outwards, so that an inner factor takes room before an outer one
    for level in range(levels - 1, -1, -1):
        for axis in range(2):
            at = axis_at[level, axis]
            if at < 0 or unrolled[at, design[at]] < 0:
                continue
            d = unrolled[at, design[at]]
            wanted = min(left[d], room[level, axis])
            n = largest(dims, conv, keep, size, bits, level, inside, d, left[d], wanted)
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
                n = largest(dims, conv, keep, size, bits, level, inside, d, left[d], wanted)
                factor[level, TEMPORAL, d] = n
                left[d] = ceil_divide(left[d], n)


@borrowing
def permutation(rank, axes, out):
    """The loops in the order of one permutation of ``axes``; the other loops go outside of them.

    Args:
        rank: the permutation's lexicographic rank.
        axes: (6,) int64, the dimensions that are permuted.
        out: (8,) int64, filled, outermost first.
    """
    n = axes.shape[0]
    used, permuted = 0, 0  # a bit for each place of ``axes``, and for each dimension
    scale = 1
    for k in range(2, n):
        scale *= k
    for place in range(n):
        pick, rank = rank // scale, rank % scale
        for k in range(n):
            if not (used >> k) & 1:
                if pick == 0:
                    out[8 - n + place] = axes[k]
                    used |= 1 << k
                    permuted |= 1 << axes[k]
                    break
                pick -= 1
        if place < n - 1:
            scale //= n - 1 - place
    at = 0
    for d in range(8):
        if not (permuted >> d) & 1:
            out[at] = d
            at += 1


@borrowing
def decode_gamma(design, dims, state):
    """A design of GAMMA's 17 integers as a mapping on DRAM, L2, clusters, L1.

    Args:
        design: (17,) int64, value indices; a tile is its index plus one.
        dims: (8,) int64, the layer's extents.
        state: (factor (4, 3, 8), order (4, 8), keep (4, 3)), filled.
    """
    factor, order, keep = state
    grouped = 1 if dims[G] > 1 and dims[K] == 1 else 0
    axes, choices = GAMMA_AXES[grouped], GAMMA_CHOICES[grouped]
    cluster = design[16] + 1
    clusters = 1024 // cluster
    factor[:] = 1
    keep[:] = True
    keep[2] = False
    # a tile of L2 (outer) is cut into tiles of L1 (inner); two dimensions are spread over clusters
    # and PEs
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
    copy_row(order[0], order[1])
    permutation(design[15], axes, order[2])
    copy_row(order[2], order[3])


@compiled
def evaluate_loops(x, tables, dims, conv, arch, switches, out, work):
    """Evaluate a batch of designs of the space ``loops``.

    Args:
        x: (n, d) int64, value indices.
        tables: see :func:`decode_loops`.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        arch: see ``Architecture.arrays``.
        switches: (reuse convention, whether the first fill and the last drain count).
        out: (n, 7), filled; see :func:`row`.
        work: the arrays of ``mapping.workspace``.
    """
    levels = tables[0].shape[0]
    state = (
        np.ones((levels, 3, 8), np.int64),
        np.empty((levels, 8), np.int64),
        np.empty((levels, 3), np.bool_),
    )
    rest = np.empty((2, 8), np.int64)
    for i in range(x.shape[0]):
        decode_loops(x[i], tables, dims, conv, arch[0], arch[1], state, rest)
        row(dims, conv, state, arch, switches, out[i], work)


@compiled
def evaluate_gamma(x, dims, conv, arch, switches, out, work):
    """Evaluate a batch of designs of GAMMA's space.

    Args:
        x: (n, 17) int64, value indices.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        arch: see ``Architecture.arrays``.
        switches: (reuse convention, whether the first fill and the last drain count).
        out: (n, 7), filled; see :func:`row`.
        work: the arrays of ``mapping.workspace``.
    """
    state = (
        np.ones((4, 3, 8), np.int64),
        np.empty((4, 8), np.int64),
        np.empty((4, 3), np.bool_),
    )
    for i in range(x.shape[0]):
        decode_gamma(x[i], dims, state)
        row(dims, conv, state, arch, switches, out[i], work)


@borrowing
def row(dims, conv, state, arch, switches, out, work):
    """Evaluate one mapping into a row of seven figures.

    Where it does not fit, they are reason, level, needed and available. Else they are 0, pJ,
    cycles, bits through the outermost level, bits of the tiles that level 2 holds over its
    instances, bits that level 3 holds, and 0.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        state: (factor, order, keep) of the mapping.
        arch: see ``Architecture.arrays``.
        switches: (reuse convention, whether the first fill and the last drain count).
        out: (7,), filled.
        work: the arrays of ``mapping.workspace``.
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
