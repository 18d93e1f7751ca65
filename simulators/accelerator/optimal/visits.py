"""Visits of tiles: exact where the loops outside a level are known, bounds further inside."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import (
    DILATION_H, INPUTS, K, P, R, STRIDE_H,
)  # fmt: skip
from ..nest import AXIS, box_volume, delivered_inputs
from .forms import touched, windowed


@compiled
def stationary(t, outer, product, indexing, staying, innermost):
    """Visits of a tile inside one more level of loops.

    Args:
        t: the tensor; not used.
        outer: visits outside that level.
        product: iterations outside it of loops that do not index the tensor.
        indexing: the level's own iterations that index it.
        staying: the level's own iterations that do not.
        innermost: those of them that are the innermost, in one row.

    Returns:
        The visits.
    """
    if indexing == 1:
        return outer  # the row of loops that leave the tile in place goes on outside
    return product * (staying / innermost)


@compiled
def fits_alone(t, level, start, rest, dims, conv, forms, size, bits, extents):
    """Whether the tile that is left inside level ``start`` may be one tile of ``level``.

    Args:
        t: the tensor.
        level: the level that would hold it.
        start: the level down to which loops are known.
        rest: (8,) extents left inside ``start``.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        forms: see the package.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        extents: (8,), scratch.

    Returns:
        True if it fits.
    """
    fan, inside = forms[0], forms[2]
    for d in range(8):
        left = rest[d]
        for outer in range(start, level):
            left = (left + fan[outer, d] - 1) // fan[outer, d]
        extents[d] = min(dims[d], max(left, inside[level, d]))
    return box_volume(t, extents, conv) * bits[level, t] <= size[level]


@compiled
def deep_inputs(level, start, rest, loops_k, dims, conv, forms, size, bits, share, extents):
    """A bound on the visits of windowed inputs at a level, where loops are known down to ``start``.

    Each iteration of an outer loop over K sweeps the tile of ``start`` again. Of it an instance can
    have kept no more than it has room for.

    Args:
        level: the level.
        start: the level down to which loops are known.
        rest: (8,) extents left inside ``start``.
        loops_k: iterations of loops over K outside.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        forms: see the package.
        size: (L,) bits of one instance.
        bits: (L, 4) bits per word.
        share: of the inputs' box that is read at least.
        extents: (8,), scratch.

    Returns:
        Visits at least.
    """
    fan = forms[0]
    area = 1.0
    for d in range(8):
        left = rest[d]
        for outer in range(start, level):
            left = (left + fan[outer, d] - 1) // fan[outer, d]
        extents[d] = left
        if d != K and AXIS[d] >= 0 and AXIS[d] < 3:
            area *= left
    for axis in range(2):
        area *= touched(axis, extents, conv)
    room = size[level] / bits[level, INPUTS]
    return share * max(1.0, loops_k * (1.0 - room / area))


@compiled
def resweep(level, ns, rest, conv):
    """The least share of a tile that is new after any loop that moves the inputs has run inside.

    ``ns`` (L, 8) are the loops, ``rest`` (8,) the tile's extents at least.

    Args:
        level: the level whose loops run.
        ns: (L, 8), how often each loop runs.
        rest: (8,) the tile's extents at least.
        conv: (4,) int64, strides and dilations.

    Returns:
        A share from 0 to 1.
    """
    least = 1.0
    for d in range(8):
        if ns[level, d] == 1 or AXIS[d] < 0:
            continue
        if d < P:
            least = min(least, 1.0 - 1.0 / ns[level, d])
            continue
        axis = (d - P) % 2
        p, r = rest[P + axis], rest[R + axis]
        if d >= R:
            p = 2 * p
            step = r * conv[DILATION_H + axis]
        else:
            r = 2 * r
            step = p * conv[STRIDE_H + axis]
        box = (p - 1) * conv[STRIDE_H + axis] + (r - 1) * conv[DILATION_H + axis] + 1
        new = (ns[level, d] - 1) * min(step, box)
        least = min(least, 1.0 - box / (box + new))
    return least


@compiled
def window_visits(
    b, ns, orders, dims, conv, forms, sizes, holder, reuse, table, counts, slots, scratch
):
    """Bounds on the inputs' visits at a level, all loops outside it being known.

    The tile's extents are one of those that tight factors can make of what is left, so the least
    over these is a bound.

    Args:
        b: the level.
        ns: (L, 8), how often each loop runs.
        orders: (L, 8), the loops' order.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        forms: see the package.
        sizes: (3,) elements of each tensor.
        holder: the level that hands the inputs down.
        reuse: convention of reuse of inputs.
        table: of ``choices.possible_extents``.
        counts: of ``choices.possible_extents``.
        slots: factors inside.
        scratch: arrays that are overwritten.

    Returns:
        (visits of an instance, visits as the parent reads them).
    """
    fan, outside, inside = forms[0], forms[1], forms[2]
    extent, loops, starts, words_scratch, choice, picks, rest, factor = scratch
    most = counts.shape[1] - 1
    temporal = 1
    for d in range(8):
        left, outer = dims[d], outside[b, d]
        factor[d] = 1
        for level in range(b):
            outer *= ns[level, d]
            factor[d] = max(factor[d], ns[level, d])
        rest[d] = (left + outer - 1) // outer
        choice[d] = 1
        picks[d] = 0
    # where a window is cut, the tile's extents are not known: all that tight factors can make of
    # what is left are tried
    for axis in range(2):
        p, r = P + axis, R + axis
        if windowed(axis, dims, conv) and (rest[p] < dims[p] or rest[r] < dims[r]):
            if rest[p] > most or rest[r] > most:
                return 0.0, 0.0
            choice[p], choice[r] = counts[slots, rest[p]], counts[slots, rest[r]]
    n = 0
    for level in range(b):
        # the loops outside, the outermost first
        starts[level] = n
        for k in range(8):
            d = orders[level, k]
            if ns[level, d] > 1:
                temporal *= ns[level, d]
                loops[n, 0] = d
                loops[n, 1] = ns[level, d]
                loops[n, 3] = temporal
                n += 1
    starts[b] = n
    share_of_k = 1.0
    for d in range(8):
        if AXIS[d] >= 0:
            share_of_k *= outside[b, d]
    least, least_read = np.inf, np.inf
    while True:
        possible = True
        for d in range(8):
            extent[b, d] = rest[d]
            if d >= P and choice[d] > 1:
                extent[b, d] = table[slots, rest[d], picks[d]]
            extent[0, d] = extent[b, d] * outside[b, d]
            for level in range(b):
                extent[0, d] *= ns[level, d]
            if extent[b, d] < inside[b, d]:
                possible = possible and choice[d] == 1
            # a factor that could be lower makes the mapping no member of the space
            if choice[d] > 1 and (extent[0, d] // factor[d]) * (factor[d] - 1) >= dims[d]:
                possible = False
        if possible:
            n = 0
            for level in range(b):
                for k in range(8):
                    d = orders[level, k]
                    if ns[level, d] > 1:
                        step = extent[b, d]
                        for inner in range(level + 1, b):
                            step *= ns[inner, d]
                        for inner in range(level, b):
                            step *= fan[inner, d]
                        loops[n, 2] = step
                        n += 1
            mine = delivered_inputs(b, extent, conv, loops, starts, reuse, words_scratch)
            now = mine / box_volume(INPUTS, extent[0], conv) * share_of_k
            least = min(least, now)
            apart = forms[6][b]
            if holder == b - 1:
                apart = 1.0
                for axis in range(2):
                    n_p, n_r = fan[b - 1, P + axis], fan[b - 1, R + axis]
                    if n_p > 1 and n_r > 1:
                        i = extent[b, P + axis] * conv[STRIDE_H + axis]
                        j = extent[b, R + axis] * conv[DILATION_H + axis]
                        g, left = i, j
                        while left:
                            g, left = left, g % left
                        same = max(0, n_p - j // g) * max(0, n_r - i // g)
                        apart *= (n_p * n_r - same) / (n_p * n_r)
            least_read = min(least_read, now * apart)
        d = P
        # on to the next combination of extents
        while d < 8:
            picks[d] += 1
            if picks[d] < choice[d]:
                break
            picks[d] = 0
            d += 1
        if d == 8:
            break
    return least, least_read
