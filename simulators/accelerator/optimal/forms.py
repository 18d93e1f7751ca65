"""What a choice of unrolling and tensors costs in pJ and cycles, as a function of visits.

A tensor that a level b holds is *visited* V times. V is the number of tiles that each instance is
brought over the run, over the number of different ones. Per instance its words are |t| V /
(unrolled factors outside that index t). So everything that is charged follows from the visits of
all (level, tensor).
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..cost import ROUNDING
from ..layout import (
    C, DELAY, DILATION_H, ENERGY, FINISHED, INPUTS, OUTPUTS, P, R, READ, S, STRIDE_H,
    UPDATE, FILL,
)  # fmt: skip
from ..nest import RELEVANT
from .ends import FILLS, handed_out
from .standing import FRONT, standing

SLACK = 1e-9  # what rounding of sums may hide
INSIDE = 3  # the column of ``ports`` for pJ from a level inwards
CYCLES, WORTH = range(2)  # of ``floors``; those of energy stand at their levels, from 2 on


@compiled
def touched(axis, extents, conv):
    """Rows or columns of the inputs that a tile reads at all.

    Args:
        axis: 0 for rows, 1 for columns.
        extents: (8,) loop extents of the tile.
        conv: (4,) int64, strides and dilations.

    Returns:
        How many there are.
    """
    p, r = extents[P + axis], extents[R + axis]
    a, b = conv[STRIDE_H + axis], conv[DILATION_H + axis]
    g, rest = a, b
    while rest:
        g, rest = rest, g % rest
    return p * r - max(0, p - b // g) * max(0, r - a // g)


@compiled
def windowed(axis, dims, conv):
    """Whether the words along an input axis depend on how the tile is cut.

    Args:
        axis: 0 for rows, 1 for columns.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.

    Returns:
        True if they depend on it.
    """
    p, r = dims[P + axis], dims[R + axis]
    if p == 1 and r == 1:
        return False
    if r == 1:
        return conv[STRIDE_H + axis] != 1
    if p == 1:
        return conv[DILATION_H + axis] != 1
    return True


@compiled
def least_share(dims, conv):
    """A lower bound on the share of the inputs' bounding box that is read, whatever the padding.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.

    Returns:
        A share from 0 to 1.
    """
    share = 1.0
    for axis in range(2):
        if not windowed(axis, dims, conv):
            continue
        p, r = dims[P + axis], dims[R + axis]
        stride, dilation = conv[STRIDE_H + axis], conv[DILATION_H + axis]
        if dilation != 1:
            return 0.0
        if stride > r and p > 1:
            share *= r / stride
    return share


@compiled
def grown(extents, least, dims, conv):
    """How many times :func:`least_share` tiles of some extents read of the box at least.

    Where strides leave gaps, an output row alone reads r of s rows. A tile of e rows is delivered
    without its inner gaps: (e - 1) s + r of e s, and over all its loops an instance gets its share of these
    once. Where padding makes the filter longer than the stride, nothing is left out at all.

    Args:
        extents: (8,) of the tiles at least.
        least: (8,) another such bound.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.

    Returns:
        1 or more.
    """
    out = 1.0
    for axis in range(2):
        p, r, stride = dims[P + axis], dims[R + axis], conv[STRIDE_H + axis]
        if p > 1 and stride > r and conv[DILATION_H + axis] == 1:
            rows = max(extents[P + axis], least[P + axis])
            out *= ((rows - 1) * stride + r) / (rows * r)
    return out


@compiled
def prepare(dims, conv, across, down, keep, sizes, forms):
    """Fill ``forms`` for one choice.

    They are fan (L, 8); outside (L + 1, 8) and inside (L + 1, 8): unrolled factors of the levels
    outside and from here inwards; used (L + 1,): instances; parent (L + 1, 3): the level that hands
    the tensor down, -1 where it is not held; words (L + 1, 3, 2): per instance of the parent and of
    the level, at one visit (the last row: of the multipliers, in all); share (L + 1,): of the
    inputs that children ask for apart; floors (L + 2,): see ``floors``, set to 0; gapless (L + 1,): see
    :func:`grown`, of tiles of the unrolled extents; ends (L + 1, 4): see
    ``ends``, set to 0.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        across: (L, 8) factors along x.
        down: (L, 8) factors along y.
        keep: (L, 3) bool.
        sizes: (3,) elements of each tensor.
        forms: the ten arrays, filled.
    """
    fan, outside, inside, used, parent, words, share, floors, gapless, ends = forms
    levels = keep.shape[0]
    for k in range(floors.shape[0]):
        floors[k] = 0.0
    for k in range(levels + 1):
        for side in range(4):
            ends[k, side] = 0.0
    used[0] = 1
    for d in range(8):
        outside[0, d] = 1
        inside[levels, d] = 1
    for level in range(levels):
        children = 1
        for d in range(8):
            fan[level, d] = across[level, d] * down[level, d]
            outside[level + 1, d] = outside[level, d] * fan[level, d]
            children *= fan[level, d]
        used[level + 1] = used[level] * children
    for level in range(levels - 1, -1, -1):
        for d in range(8):
            inside[level, d] = inside[level + 1, d] * fan[level, d]
    for level in range(levels + 1):
        gapless[level] = grown(inside[level], inside[level], dims, conv)
    macs = 1.0
    for d in range(8):
        macs *= dims[d]
    for t in range(3):
        # from the outside inwards: a level that holds the tensor is handed it by the one before
        holder = 0
        for b in range(1, levels + 1):
            if b < levels and not keep[b, t]:
                parent[b, t] = -1
                continue
            parent[b, t] = holder
            among, apart = handed_out(t, holder, b, fan)
            if t == INPUTS:
                share[b] = apart / among
            if b == levels:
                words[b, t, 0] = macs / used[levels] * apart
                words[b, t, 1] = 0.0
            else:
                for side in range(2):
                    level = holder if side == 0 else b
                    split = 1.0
                    for d in range(8):
                        if RELEVANT[t, d]:
                            split *= outside[level, d]
                    words[b, t, side] = sizes[t] / split
            holder = b


@compiled
def accesses(words, block):
    """Whole blocks of a port; never more than the model counts.

    Args:
        words: that pass the port.
        block: words per access.

    Returns:
        Accesses.
    """
    return np.ceil(words / block * (1.0 - SLACK) - SLACK - ROUNDING)


@compiled
def least_costs(visits, reads, computing, timed, forms, sizes, arch, macs, ports):
    """Lower bounds of energy and time that follow from visits.

    Fills of a level that is not hidden, the first and those that stop the multipliers together, take the
    time of all its words. Of a port the first is taken off: then only what stops is added.

    Args:
        visits: (L + 1, 3) visits of each level and tensor.
        reads: (L + 1,) visits of the inputs as their parent sees them, multicast counted once.
        computing: cycles of the multipliers at least.
        timed: whether cycles are wanted.
        forms: see :func:`prepare`.
        sizes: (3,) elements of each tensor.
        arch: see ``Architecture.arrays``.
        macs: products of the layer.
        ports: (L, 4), scratch: bits read, written, carried by the network into a level, and pJ from
            the level inwards.

    Returns:
        (pJ, cycles); without ``timed`` the cycles are ``computing``.
    """
    size, bits, _, energy, block, bandwidth, network, hidden, mac_pj = arch
    _, _, _, used, parent, words, _, floors, _, ends = forms
    levels = bits.shape[0]
    pj, starts, stopped = 0.0, 0.0, 0.0
    if timed:
        for level in range(levels):
            for side in range(3):
                ports[level, side] = 0.0
    for b in range(levels, 0, -1):
        filled = 0.0
        for t in range(3):
            p = parent[b, t]
            if p < 0:
                continue
            fill, update = 0.0, 0.0
            if b == levels:
                # the multipliers: every product reads its operands and updates a sum
                read = words[b, t, 0]
                if t == OUTPUTS:
                    update = read
                    split = used[p] * 1.0
                    for d in (C, R, S):  # instances that share sums do not split them
                        split /= forms[1][p, d]
                    read = max(0.0, update - sizes[t] / split)
            elif t == OUTPUTS:
                update = words[b, t, 0] * visits[b, t]
                read = words[b, t, 0] * (visits[b, t] - 1.0)
                fill = words[b, t, 1] * (visits[b, t] - 1.0)
            elif t == INPUTS:
                read = words[b, t, 0] * reads[b]
                fill = words[b, t, 1] * visits[b, t]
            else:
                read = words[b, t, 0] * visits[b, t]
                fill = words[b, t, 1] * visits[b, t]
            pj += used[p] * accesses(read, block[p, t]) * energy[p, t, READ]
            if t == OUTPUTS:
                pj += used[p] * accesses(update, block[p, t]) * energy[p, t, UPDATE]
            if b < levels:
                pj += used[b] * accesses(fill, block[b, t]) * energy[b, t, FILL]
            if timed:
                ports[p, 0] += read * bits[p, t]
                ports[p, 1] += update * bits[p, t]
                if b < levels:
                    ports[b, 1] += fill * bits[b, t]
                    ports[b, 2] += (read + update) * bits[b, t]
                if t == OUTPUTS:
                    narrower = (update - read) * (bits[p, OUTPUTS] - bits[p, FINISHED])
                    ports[p, 1] -= narrower
                    if b < levels:
                        ports[b, 2] -= narrower
                elif b < levels and not hidden[b]:
                    # fills after the first stop the multipliers; the first is no more than there is room for
                    rate = min(bandwidth[p, 0], bandwidth[p, 2], network[b])
                    down = read * bits[b, t] / rate
                    filled += down
                    if fill * bits[b, t] > size[b]:
                        stopped += down * (1.0 - size[b] / (fill * bits[b, t]))
        if b < levels:
            if b > 1:
                pj = max(pj, floors[b])
            ports[b, INSIDE] = pj
            starts += max(filled, ends[b, FILLS])
    pj += macs * mac_pj
    cycles = computing
    if timed:
        starts = np.ceil(starts * (1.0 - SLACK))
        cycles += starts
        for level in range(levels):
            read, write = ports[level, 0], ports[level, 1]
            cycles = max(
                cycles,
                read / bandwidth[level, 0] + ends[level, 0] + stopped,
                write / bandwidth[level, 1] + ends[level, 1] + stopped,
                (read + write) / bandwidth[level, 2] + ends[level, 2] + stopped,
            )
            if level:
                cycles = max(cycles, ports[level, 2] / network[level] + starts)
        cycles = max(cycles + ends[levels, 0], floors[CYCLES])
        cycles = np.ceil(cycles * (1.0 - SLACK))
    return pj, cycles


@compiled
def worth(objective, pj, cycles, front):
    """What is minimised, of energy and time.

    Args:
        objective: an index of ``layout.OBJECTIVES``, or ``standing.FRONT``.
        pj: energy.
        cycles: time.
        front: see ``standing``.

    Returns:
        pJ, cycles, their product, or how they stand to the points of a front.
    """
    if objective == ENERGY:
        return pj
    if objective == DELAY:
        return cycles
    if objective == FRONT:
        return standing(pj, cycles, front)
    return pj * cycles


@compiled
def worth_of_rows(objective, rows, front, out):
    """What :func:`worth` says of many.

    Args:
        objective: see :func:`worth`.
        rows: (n, 2) pJ and cycles.
        front: see ``standing``.
        out: (n,), filled.
    """
    for i in range(rows.shape[0]):
        out[i] = worth(objective, rows[i, 0], rows[i, 1], front)


@compiled
def bring_once(visits, reads, window, share):
    """Set the visits of tensors that are brought once.

    Windowed inputs count as far as they are read at all.

    Args:
        visits: (levels, 3), filled.
        reads: (levels,), filled.
        window: whether the layer has windows.
        share: of the inputs' box that is read at least.
    """
    for b in range(visits.shape[0]):
        for t in range(3):
            visits[b, t] = share if window and t == INPUTS else 1.0
        reads[b] = share if window else 1.0


@compiled
def bring_least(visits, reads, window, share, forms):
    """Like :func:`bring_once`, where windowed inputs come in tiles of the unrolled extents at least.

    Args:
        visits: (L + 1, 3), filled.
        reads: (L + 1,), filled.
        window: whether the layer has windows.
        share: of the inputs' box that is read at least.
        forms: see :func:`prepare`.
    """
    bring_once(visits, reads, window, share)
    if window:
        for b in range(visits.shape[0]):
            visits[b, INPUTS] = share * forms[8][b]
            reads[b] = max(share, visits[b, INPUTS] * forms[6][b])
