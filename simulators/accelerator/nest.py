"""Loop-nest reuse analysis: tiles of every level, and how often they come, for one mapping of one layer.

Words are elements of a tensor, cycles are clock cycles, energy is in pJ. The rules are those of
Timeloop (Parashar et al., ISPASS 2019), written as closed forms; see README.md for the derivation.

Arrays that the kernels share, for L levels: ``dims`` (8,) the layer's extents, ``conv`` (4,)
strides and dilations, ``keep`` (L, 3) tensors that a level keeps, ``volume`` (L, 3) words of a
tile, and what :func:`unfold` fills.
"""

from __future__ import annotations

import numpy as np

from .compiled import borrowing
from .layout import (
    C, CAPACITY, COVERAGE, DILATION_H, DILATION_W, G, INPUTS, INSTANCES, K, N, OK, OUTPUTS, P,
    PREVIOUS_TILE, Q, R, S, SPATIAL_X, SPATIAL_Y, STRIDE_H, STRIDE_W, TEMPORAL, WEIGHTS,
    WHOLE_TILE, X_EXPANSION, Y_EXPANSION,
)  # fmt: skip

RELEVANT = np.zeros((3, 8), np.bool_)
RELEVANT[WEIGHTS, [G, K, C, R, S]] = True
RELEVANT[INPUTS, [N, G, C, P, Q, R, S]] = True
RELEVANT[OUTPUTS, [N, G, K, P, Q]] = True
# the axis of the inputs along which a dimension moves the tile: N, G, C, rows, columns
AXIS = np.array([0, 1, -1, 2, 3, 4, 3, 4], np.int64)


@borrowing
def unfold(factor, order, extent, fan, used, loops, starts):
    """What the rules need of a mapping, computed once.

    Args:
        factor: (L, 3, 8) int64, temporal, x and y factors.
        order: (L, 8) int64, loops from the outermost.
        extent: (L + 1, 8), filled: product of all factors at a level and inside it.
        fan: (L, 8), filled: children of one instance by dimension.
        used: (L + 1,), filled: instances in use, the MACs last.
        loops: (8 L, 4), filled with the temporal loops that run more than once, outermost first:
            dimension, iterations, how far one step goes, product of the iterations up to here.
        starts: (L + 1,), filled: where each level's loops start; those of level l end before ``starts[l
            + 1]``.
    """
    levels = factor.shape[0]
    for d in range(8):
        extent[levels, d] = 1
    for level in range(levels - 1, -1, -1):
        for d in range(8):
            fan[level, d] = factor[level, SPATIAL_X, d] * factor[level, SPATIAL_Y, d]
            extent[level, d] = extent[level + 1, d] * fan[level, d] * factor[level, TEMPORAL, d]
    used[0] = 1
    n, product = 0, 1
    for level in range(levels):
        starts[level] = n
        children = 1
        for k in range(8):
            children *= fan[level, k]
            d = order[level, k]
            times = factor[level, TEMPORAL, d]
            if times > 1:
                product *= times
                loops[n, 0] = d
                loops[n, 1] = times
                loops[n, 2] = extent[level + 1, d] * fan[level, d]
                loops[n, 3] = product
                n += 1
        used[level + 1] = used[level] * children
    starts[levels] = n


@borrowing
def box_volume(tensor, e, conv):
    """Elements of a tensor that a box of loop extents touches; for inputs of the bounding box.

    Args:
        tensor: WEIGHTS, INPUTS or OUTPUTS.
        e: (8,) int64, the box's extents.
        conv: (4,) int64, strides and dilations.

    Returns:
        Elements.
    """
    if tensor == WEIGHTS:
        return e[G] * e[K] * e[C] * e[R] * e[S]
    if tensor == OUTPUTS:
        return e[N] * e[G] * e[K] * e[P] * e[Q]
    height = (e[P] - 1) * conv[STRIDE_H] + (e[R] - 1) * conv[DILATION_H] + 1
    width = (e[Q] - 1) * conv[STRIDE_W] + (e[S] - 1) * conv[DILATION_W] + 1
    return e[N] * e[G] * e[C] * height * width


@borrowing
def check(dims, conv, factor, extent, used, keep, size, bits, mesh, volume, clipped):
    """The first rule that a mapping breaks.

    Level L are the MACs. The order is Timeloop's: expansion at the MACs, then for each level from
    the inside capacity, instances, X and Y.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        factor: (L, 3, 8) int64.
        extent: (L + 1, 8), see :func:`unfold`.
        used: (L + 1,), see :func:`unfold`.
        keep: (L, 3) bool.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        mesh: (L + 1, 2) instances along x and y, the MACs last.
        volume: (L, 3), filled with the words of each tensor's tile where it is kept.
        clipped: (8,) int64, scratch.

    Returns:
        (reason, level, needed, available); capacities are bits.
    """
    levels = factor.shape[0]
    for d in range(8):
        if extent[0, d] < dims[d] or dims[d] < 1:
            return COVERAGE, d, float(dims[d]), float(extent[0, d])
    for level in range(levels, -1, -1):
        if level < levels:
            needed = 0.0
            for d in range(8):
                clipped[d] = min(extent[level, d], dims[d])
            for t in range(3):
                if keep[level, t]:
                    volume[level, t] = float(box_volume(t, clipped, conv))
                    needed += volume[level, t] * bits[level, t]
            if needed > size[level]:
                return CAPACITY, level, needed, size[level]
        if used[level] > mesh[level, 0] * mesh[level, 1]:
            return INSTANCES, level, float(used[level]), float(mesh[level, 0] * mesh[level, 1])
        if used[level] > mesh[level, 0] or used[level] > mesh[level, 1]:
            across, down = 1, 1
            for outer in range(level):
                for d in range(8):
                    across *= factor[outer, SPATIAL_X, d]
                    down *= factor[outer, SPATIAL_Y, d]
            if across > mesh[level, 0]:
                return X_EXPANSION, level, float(across), float(mesh[level, 0])
            if down > mesh[level, 1]:
                return Y_EXPANSION, level, float(down), float(mesh[level, 1])
    return OK, 0, 0.0, 0.0


@borrowing
def distinct_offsets(tensor, spatial, inner, conv):
    """How many different tiles of a tensor the children of one instance hold.

    Along an input axis the offsets are a*i + b*j. Of all pairs (i, j), those are repetitions for
    which (i - b/g, j + a/g) is a pair too, where g is the greatest common divisor of a and b.

    Args:
        tensor: WEIGHTS, INPUTS or OUTPUTS.
        spatial: (8,) int64, the fan-out's factors.
        inner: (8,) int64, the extents of one child.
        conv: (4,) int64, strides and dilations.

    Returns:
        Different tiles.
    """
    if tensor == WEIGHTS:
        return spatial[G] * spatial[K] * spatial[C] * spatial[R] * spatial[S]
    if tensor == OUTPUTS:
        return spatial[N] * spatial[G] * spatial[K] * spatial[P] * spatial[Q]
    out = spatial[N] * spatial[G] * spatial[C]
    for axis in range(2):
        p, r = P + axis, R + axis
        n_p, n_r = spatial[p], spatial[r]
        if n_p > 1 and n_r > 1:
            a = inner[p] * conv[STRIDE_H + axis]
            b = inner[r] * conv[DILATION_H + axis]
            g, rest = a, b
            while rest:
                g, rest = rest, g % rest
            out *= n_p * n_r - max(0, n_p - b // g) * max(0, n_r - a // g)
        else:
            out *= n_p * n_r
    return out


@borrowing
def passes(tensor, level, loops, starts):
    """How often weights or outputs of one instance change.

    That is the product of all outer loops but those inside of the last loop that indexes the
    tensor, during which it stays.

    Args:
        tensor: WEIGHTS or OUTPUTS.
        level: the level that keeps it.
        loops: (8 L, 4), see :func:`unfold`.
        starts: (L + 1,), see :func:`unfold`.

    Returns:
        Tiles delivered over the whole run.
    """
    for j in range(starts[level] - 1, -1, -1):
        if RELEVANT[tensor, loops[j, 0]]:
            return float(loops[j, 3])
    return 1.0


@borrowing
def delivered_inputs(level, extent, conv, loops, starts, reuse, scratch):
    """Words of the inputs delivered to one instance of a level over the whole run.

    Loop by loop from the inside, a step of loop j brings the tile less its overlap with the tile
    before. Under ``PREVIOUS_TILE`` that is the tile at the end of all inner loops. Under
    ``TWO_ITERATIONS`` (Timeloop) it is remembered at index 1 of every inner loop, and reuse is
    given up where the displacement changes. Under ``WHOLE_TILE`` (ZigZag) every new tile comes in
    full.

    Args:
        level: the level that keeps the inputs.
        extent: (L + 1, 8), see :func:`unfold`.
        conv: (4,) int64, strides and dilations.
        loops: (8 L, 4), see :func:`unfold`.
        starts: (L + 1,), see :func:`unfold`.
        reuse: one of those three conventions.
        scratch: (3, 5) int64 or more.

    Returns:
        Words.
    """
    box, first, sums = scratch[0], scratch[1], scratch[2]
    e = extent[level]
    box[0] = e[N]
    box[1] = e[G]
    box[2] = e[C]
    box[3] = (e[P] - 1) * conv[STRIDE_H] + (e[R] - 1) * conv[DILATION_H] + 1
    box[4] = (e[Q] - 1) * conv[STRIDE_W] + (e[S] - 1) * conv[DILATION_W] + 1
    full = float(box[0] * box[1] * box[2] * box[3] * box[4])
    for a in range(5):
        sums[a] = 0
    total, halo = full, full
    moved = False
    for j in range(starts[level] - 1, -1, -1):
        d, n, shift = loops[j, 0], loops[j, 1], loops[j, 2]
        axis = AXIS[d]
        if axis < 0 and not moved:
            continue  # the same tile again: stationary
        if d >= P:
            shift *= conv[d - P]
        if reuse == WHOLE_TILE:
            cost = full
        elif not moved or reuse == PREVIOUS_TILE:
            overlap = 1.0
            for a in range(5):
                v = sums[a] - (shift if a == axis else 0)
                overlap *= max(0, box[a] - abs(v))
                if overlap == 0.0:
                    break
            # where the tile has moved by the displacement of all inner loops together
            cost = full - overlap
            if not moved:
                halo = cost
                for a in range(5):
                    first[a] = shift if a == axis else 0
        else:
            still, same = True, True
            for a in range(5):
                v = (shift if a == axis else 0) - sums[a]
                still = still and v == 0
                same = same and v == first[a]
            cost = 0.0 if still else (halo if same else full)
        moved = True
        outside = loops[j - 1, 3] if j > 0 else 1
        total += float((n - 1) * outside) * cost
        if axis >= 0:
            sums[axis] += shift * (n - 1) if reuse == PREVIOUS_TILE else shift
    return total
