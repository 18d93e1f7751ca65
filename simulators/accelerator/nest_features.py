"""What loop nests suggest a model should look at: tiles, how often they come, words that move; compiled.

No evaluation: neighbouring input tiles share nothing here, nothing waits, and factors that do not divide
a dimension are not made up for.
"""

from __future__ import annotations

from .compiled import compiled
from .decoding import decode_gamma, decode_loops
from .layout import FILL, OUTPUTS, READ, UPDATE
from .nest import RELEVANT, box_volume, passes, unfold

PER_TENSOR = ("held", "tile", "passes", "words")  # by level and tensor
PER_LEVEL = ("instances", "reading", "writing", "network")  # cycles, but for the instances
TENSOR, WIDTH = 4, 16  # columns of a tensor at a level, of a level


@compiled
def describe(dims, conv, state, arch, count, work, out, rough):
    """Add one mapping's figures to ``out`` (p,) and its rough pJ and cycles to ``rough`` (2,).

    Args:
        dims: of the layer, (8,).
        conv: strides and dilations, (4,).
        state: factor (L, 3, 8), order (L, 8), keep (L, 3).
        arch: see ``cost.evaluate``.
        count: how often the layer occurs.
        work: as ``mapping.workspace`` makes it.
        out: by level: for each tensor whether it is held, words of its tile, how often one comes,
            words that move; instances in use, cycles that its ports and its network would need; then
            cycles of the multipliers.
        rough: pJ and cycles.
    """
    factor, order, keep = state
    bits, energy, bandwidth, network, mac_pj = arch[1], arch[3], arch[5], arch[6], arch[8]
    extent, used, fan, loops, starts = work[3], work[5], work[6], work[9], work[10]
    unfold(factor, order, extent, fan, used, loops, starts)
    levels = factor.shape[0]
    last = starts[levels]
    computing = float(loops[last - 1, 3]) if last else 1.0
    busy = work[7]  # (L, 3): cycles of reading, writing, network
    busy[:] = 0.0
    pj = mac_pj
    for d in range(8):
        pj *= dims[d]
    for t in range(3):
        words, shared, inner = computing, 1.0, levels
        for level in range(levels - 1, -1, -1):
            for d in range(8):
                if RELEVANT[t, d]:
                    shared *= fan[level, d]
            if not keep[level, t]:
                continue
            tile = float(box_volume(t, extent[level], conv))
            times = passes(t, level, loops, starts)
            mine = tile * times
            asked, filled = words * shared, mine if level > 0 else 0.0
            read, write = (filled, asked) if t == OUTPUTS else (asked, filled)
            if inner < levels:
                busy[inner, 2] += words * shared * bits[inner, t] / network[inner]
            busy[level, 0] += read * bits[level, t]
            busy[level, 1] += write * bits[level, t]
            action = UPDATE if t == OUTPUTS else FILL
            pj += used[level] * (read * energy[level, t, READ] + write * energy[level, t, action])
            at = level * WIDTH + TENSOR * t
            out[at] += count
            out[at + 1] += count * tile
            out[at + 2] += count * times
            out[at + 3] += count * used[level] * (read + write)
            words, shared, inner = mine, 1.0, level
    slowest = computing
    for level in range(levels):
        both = (busy[level, 0] + busy[level, 1]) / bandwidth[level, 2]
        busy[level, 0] /= bandwidth[level, 0]
        busy[level, 1] /= bandwidth[level, 1]
        slowest = max(slowest, both, busy[level, 0], busy[level, 1], busy[level, 2])
        at = level * WIDTH + TENSOR * 3
        out[at] += count * used[level]
        for k in range(3):
            out[at + 1 + k] += count * busy[level, k]
    out[levels * WIDTH] += count * computing
    rough[0] += count * pj
    rough[1] += count * slowest


@compiled
def describe_loops(x, tables, dims, conv, arch, count, state, work, out, rough):
    """Designs of the space ``loops``.

    Args:
        x: designs (n, d).
        tables: see ``decoding.decode_loops``.
        dims: see :func:`describe`, as all that follow.
        conv: geometry.
        arch: hardware.
        count: of the layer.
        state: room for one mapping.
        work: room for its figures.
        out: (n, p), added to.
        rough: (n, 2), added to.
    """
    for i in range(x.shape[0]):
        decode_loops(x[i], tables, dims, conv, arch[0], arch[1], state)
        describe(dims, conv, state, arch, count, work, out[i], rough[i])


@compiled
def describe_gamma(x, dims, conv, arch, count, state, work, out, rough):
    """Designs of GAMMA's space.

    Args:
        x: designs (n, 17).
        dims: see :func:`describe`, as all that follow.
        conv: geometry.
        arch: hardware.
        count: of the layer.
        state: room for one mapping.
        work: room for its figures.
        out: (n, p), added to.
        rough: (n, 2), added to.
    """
    for i in range(x.shape[0]):
        decode_gamma(x[i], dims, state)
        describe(dims, conv, state, arch, count, work, out[i], rough[i])
