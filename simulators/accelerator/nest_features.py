"""What loop nests suggest a model should look at: tiles, how often they come, words that move; compiled.

Words are counted as an evaluation counts them. No rule of a mapping is checked, so that designs that do not
work have figures too, and no cycle is rounded by network and level.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .cost import delivery, energies, first_and_last
from .counting import count
from .decoding import decode_gamma, decode_loops
from .layout import FILL, OUTPUTS, PREVIOUS_TILE, READ, UPDATE
from .nest import box_volume, unfold

PER_TENSOR = ("held", "tile", "passes", "words")  # by level and tensor
PER_LEVEL = ("instances", "reading", "writing", "network")  # cycles, but for the instances
TENSOR, WIDTH = 4, 16  # columns of a tensor at a level, of a level


@compiled
def describe(dims, conv, state, arch, times, work, out, rough):
    """Add one mapping's figures to ``out`` (p,) and its rough pJ and cycles to ``rough`` (2,).

    Args:
        dims: of the layer, (8,).
        conv: strides and dilations, (4,).
        state: factor (L, 3, 8), order (L, 8), keep (L, 3).
        arch: see ``cost.evaluate``.
        times: how often the layer occurs.
        work: as ``mapping.workspace`` makes it.
        out: by level: for each tensor whether it is held, words of its tile, how often one comes,
            words that move; instances in use, cycles that its ports and its network would need; then
            cycles of the multipliers.
        rough: pJ and cycles.
    """
    factor, order, keep = state
    _, bits, _, energy, block, bandwidth, network, hidden, mac_pj = arch
    counts, table, _, extent, volume, used, fan, spread, alone, loops, starts, scratch = work
    unfold(factor, order, extent, fan, used, loops, starts)
    levels = factor.shape[0]
    for level in range(levels):
        for t in range(3):
            volume[level, t] = float(box_volume(t, extent[level], conv)) if keep[level, t] else 0.0
    computing = count(
        dims, conv, extent, fan, used, keep, volume, loops, starts, PREVIOUS_TILE, counts, spread,
        scratch,
    )  # fmt: skip
    pj = energies(used, counts, energy, block, table)
    macs = 1.0
    for d in range(8):
        macs *= dims[d]
    filling, draining = first_and_last(keep, volume, spread, bits, bandwidth, network, alone)
    busiest, stopped = delivery(keep, counts, volume, spread, bits, bandwidth, network, hidden)
    slowest = max(computing, busiest)
    for level in range(levels):
        read, written, carried = 0.0, 0.0, 0.0
        for t in range(3):
            moved = counts[level, t, FILL] + counts[level, t, UPDATE]
            read += counts[level, t, READ] * bits[level, t]
            written += moved * bits[level, t]
            if not keep[level, t]:
                continue
            if level > 0 and t != OUTPUTS:
                carried += counts[level, t, FILL] * bits[level, t] * spread[level, t]
            at = level * WIDTH + TENSOR * t
            out[at] += times
            out[at + 1] += times * volume[level, t]
            out[at + 2] += times * max(1.0, counts[level, t, FILL] / volume[level, t])
            out[at + 3] += times * used[level] * (counts[level, t, READ] + moved)
        reading, writing = read / bandwidth[level, 0], written / bandwidth[level, 1]
        slowest = max(slowest, reading, writing, (read + written) / bandwidth[level, 2])
        at = level * WIDTH + TENSOR * 3
        out[at] += times * used[level]
        out[at + 1] += times * reading
        out[at + 2] += times * writing
        out[at + 3] += times * carried / network[level]
    out[levels * WIDTH] += times * computing
    rough[0] += times * (pj + macs * mac_pj)
    rough[1] += times * (slowest + stopped + filling + draining)


@compiled
def describe_loops(x, tables, dims, conv, arch, times, state, work, out, rough):
    """Designs of the space ``loops``.

    Args:
        x: designs (n, d).
        tables: see ``decoding.decode_loops``.
        dims: see :func:`describe`, as all that follow.
        conv: geometry.
        arch: hardware.
        times: the layer occurs.
        state: room for one mapping.
        work: room for its figures.
        out: (n, p), added to.
        rough: (n, 2), added to.
    """
    rest = np.empty((2, 8), np.int64)
    for i in range(x.shape[0]):
        decode_loops(x[i], tables, dims, conv, arch[0], arch[1], state, rest)
        describe(dims, conv, state, arch, times, work, out[i], rough[i])


@compiled
def describe_gamma(x, dims, conv, arch, times, state, work, out, rough):
    """Designs of GAMMA's space.

    Args:
        x: designs (n, 17).
        dims: see :func:`describe`, as all that follow.
        conv: geometry.
        arch: hardware.
        times: the layer occurs.
        state: room for one mapping.
        work: room for its figures.
        out: (n, p), added to.
        rough: (n, 2), added to.
    """
    for i in range(x.shape[0]):
        decode_gamma(x[i], dims, state)
        describe(dims, conv, state, arch, times, work, out[i], rough[i])
