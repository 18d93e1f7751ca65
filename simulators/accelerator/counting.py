"""Words that are read, filled and updated at every level, for one mapping of one layer.

Arrays that the kernels share are those of ``nest``.
"""

from __future__ import annotations

from .compiled import borrowing
from .layout import FILL, INPUTS, OUTPUTS, READ, UPDATE
from .nest import RELEVANT, box_volume, delivered_inputs, distinct_offsets, passes

NOTHING = 1e-13  # a difference of that share of what it is taken from is rounding


@borrowing
def beyond(words, part):
    """What is left of ``words`` without ``part``, at least nothing.

    Where factors do not divide a dimension both are rounded, and equal ones differ in their last bits.

    Args:
        words: at least 0.
        part: what is taken away.

    Returns:
        The difference; 0.0 where it is rounding.
    """
    left = words - part
    return left if left > NOTHING * words else 0.0


@borrowing
def asked(dims, extent, cycles):
    """Words of each tensor that one multiplier asks for: one a cycle, less those of padding.

    Args:
        dims: (8,) int64, the layer's extents.
        extent: (L + 1, 8), see :func:`nest.unfold`.
        cycles: of the multipliers.

    Returns:
        (words, whether some factors do not divide their dimension).
    """
    words, ragged = cycles, False
    for d in range(8):
        if extent[0, d] != dims[d]:
            ragged = True
            words *= dims[d] / extent[0, d]
    return words, ragged


@borrowing
def computing_cycles(loops, starts):
    """Cycles of the multipliers: how often all temporal loops run together.

    Args:
        loops: (8 L, 4), see :func:`nest.unfold`.
        starts: (L + 1,), see :func:`nest.unfold`.

    Returns:
        Cycles.
    """
    n = starts[starts.shape[0] - 1]
    return float(loops[n - 1, 3]) if n else 1.0


@borrowing
def count_tensor(
    t, words, ragged, dims, conv, extent, fan, used, keep, volume, loops, starts, reuse, counts,
    spread, scratch,
):  # fmt: skip
    """Reads, fills and updates of one tensor in one instance of every level.

    Where factors do not divide a dimension, words are those of the padded layer times the true
    tensor's share of the padded one.

    Args:
        t: WEIGHTS, INPUTS or OUTPUTS.
        words: what one multiplier asks for, see :func:`asked`.
        ragged: whether some factors do not divide their dimension.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        extent: (L + 1, 8), see :func:`nest.unfold`.
        fan: (L, 8), see :func:`nest.unfold`.
        used: (L + 1,), see :func:`nest.unfold`.
        keep: (L, 3) bool.
        volume: (L, 3) words of each tile.
        loops: (8 L, 4), see :func:`nest.unfold`.
        starts: (L + 1,), see :func:`nest.unfold`.
        reuse: convention of reuse of inputs.
        counts: (L, 3, 3), words read, filled, updated; those of this tensor are overwritten.
        spread: (L, 3), different tiles of a level that the next level outside that keeps the tensor
            hands out; those of this tensor are overwritten.
        scratch: (3, 5) int64 or more.
    """
    levels = keep.shape[0]
    share = 1.0
    if ragged:
        share = float(box_volume(t, dims, conv)) / float(box_volume(t, extent[0], conv))
    outermost = 0
    while outermost < levels - 1 and not keep[outermost, t]:
        outermost += 1
    if t == OUTPUTS:
        # outputs of one instance: the first update of each needs no earlier sum, so none is read
        part = 1.0
        for d in range(8):
            if RELEVANT[t, d]:
                part *= dims[d]
        for level in range(levels):
            counts[level, t, FILL] = part  # until its fills are known
            for d in range(8):
                if fan[level, d] > 1 and RELEVANT[t, d]:
                    part /= fan[level, d]
    fan_out = 1.0
    inner = levels
    for level in range(levels - 1, -1, -1):
        if used[level + 1] > used[level]:
            fan_out *= distinct_offsets(t, fan[level], extent[level + 1], conv)
        part = counts[level, t, FILL]
        for a in range(3):
            counts[level, t, a] = 0.0
        if not keep[level, t]:
            continue
        if inner < levels:
            spread[inner, t] = fan_out
        if t == INPUTS:
            mine = delivered_inputs(level, extent, conv, loops, starts, reuse, scratch) * share
        elif ragged:
            mine = float(box_volume(t, extent[level], conv)) * share
            mine *= passes(t, level, loops, starts)
        else:
            mine = volume[level, t] * passes(t, level, loops, starts)
        # what the level inside asks for, over all children that hold different tiles
        demanded = words * fan_out
        if t == OUTPUTS:
            counts[level, t, UPDATE] = demanded
            counts[level, t, READ] = beyond(demanded, part)
            if level > outermost:
                counts[level, t, FILL] = beyond(mine, part)
        else:
            counts[level, t, READ] = demanded
            if level > outermost:
                counts[level, t, FILL] = mine
        words, fan_out, inner = mine, 1.0, level
    spread[outermost, t] = 0.0


@borrowing
def count(
    dims, conv, extent, fan, used, keep, volume, loops, starts, reuse, counts, spread, scratch
):
    """Reads, fills and updates of all tensors in one instance of every level.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        extent: (L + 1, 8), see :func:`nest.unfold`.
        fan: (L, 8), see :func:`nest.unfold`.
        used: (L + 1,), see :func:`nest.unfold`.
        keep: (L, 3) bool.
        volume: (L, 3) words of each tile.
        loops: (8 L, 4), see :func:`nest.unfold`.
        starts: (L + 1,), see :func:`nest.unfold`.
        reuse: convention of reuse of inputs.
        counts: (L, 3, 3), overwritten: words read, filled, updated.
        spread: (L, 3), overwritten, see :func:`count_tensor`.
        scratch: (3, 5) int64 or more.

    Returns:
        Compute cycles.
    """
    cycles = computing_cycles(loops, starts)
    words, ragged = asked(dims, extent, cycles)
    for t in range(3):
        count_tensor(
            t, words, ragged, dims, conv, extent, fan, used, keep, volume, loops, starts, reuse,
            counts, spread, scratch,
        )  # fmt: skip
    return cycles
