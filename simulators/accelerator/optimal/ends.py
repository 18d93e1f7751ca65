"""What the first fill, the last drain and fills that stop the multipliers add to the time of a mapping.

A mapping takes the time of its slowest part, then that of fills that stop the multipliers, of the first fill
and of the last drain. What passes a port in the first fill is taken off the time of that port. No part of
that is more than what the level that is filled adds to the fill, and what the level adds beyond it never
falls as its tiles grow. So the least tiles give a bound: on the fill for products and networks, of which
nothing is taken off, and on what it is beyond the share of a port for that port.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import FINISHED, INPUTS, OUTPUTS, P, R, WEIGHTS
from ..nest import RELEVANT, box_volume

FILLS = 3  # the column of ``ends`` for cycles that a level adds to the first fill
SLACK = 1e-9  # what rounding of sums may hide


@compiled
def handed_out(t, holder, b, fan):
    """How many children one instance of a holder hands a tensor, and how many different tiles at least.

    Children along the diagonal of a window may ask for the same inputs.

    Args:
        t: the tensor.
        holder: the level that hands it down.
        b: the level that it goes to.
        fan: (L, 8) children of each level by dimension.

    Returns:
        (children that ask for tiles of their own index, tiles).
    """
    among, apart = 1.0, 1.0
    for level in range(holder, b):
        for d in range(8):
            if RELEVANT[t, d]:
                among *= fan[level, d]
                apart *= fan[level, d]
        if t == INPUTS:
            for axis in range(2):
                n_p, n_r = fan[level, P + axis], fan[level, R + axis]
                if n_p > 1 and n_r > 1:
                    apart *= (n_p + n_r - 1) / (n_p * n_r)
    return among, apart


@compiled
def lay_ends(known, merged, ns, dims, conv, forms, arch, extents):
    """Fill in the ends of a node.

    Args:
        known: levels down to it have known loops outside.
        merged: whether the loops outside ``known`` stand for those of all levels further out, so that
            tiles of those are not known.
        ns: (L, 8), how often each loop runs.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        forms: see ``forms.prepare``; its last array (L + 1, 4) is filled with the cycles beyond those of
            the level's reads, writes and both together, and those that it adds to the fill; the last row
            starts with the cycles of the last drain.
        arch: see ``Architecture.arrays``.
        extents: (8,), scratch.
    """
    _, bits, _, _, _, bandwidth, network, _, _ = arch
    fan, outside, inside, _, parent, _, _, _, _, ends = forms
    levels = ns.shape[0]
    for level in range(levels + 1):
        for side in range(4):
            ends[level, side] = 0.0
    last, draining = 0.0, 0.0
    for b in range(levels - 1, 0, -1):
        for d in range(8):
            extents[d] = inside[b, d]
            if b == known or (b < known and not merged):
                whole = outside[b, d]
                for outer in range(b):
                    whole *= ns[outer, d]
                extents[d] = max(extents[d], (dims[d] + whole - 1) // whole)
            extents[d] = min(extents[d], dims[d])
        supply, arriving, growing = 0.0, 0.0, True
        weights, inputs = 0.0, 0.0  # bits that all children are handed
        write = min(bandwidth[b, 1], bandwidth[b, 2])
        for t in range(3):
            p = parent[b, t]
            if p < 0:
                continue
            _, spread = handed_out(t, p, b, fan)
            mine = box_volume(t, extents, conv) * 1.0
            if t == OUTPUTS:
                if last == 0.0:
                    last = mine * bits[b, FINISHED]
                up = min(bandwidth[p, 1], bandwidth[p, 2], network[b]) / spread
                draining += last / min(up, bandwidth[b, 0], bandwidth[b, 2])
                continue
            mine *= bits[b, t]
            down = min(bandwidth[p, 0], bandwidth[p, 2], network[b])
            if t == INPUTS:
                inputs = mine * spread
            else:
                weights = mine * spread
            supply += mine * spread / down
            arriving += mine
            growing = growing and spread / down >= 1.0 / write
        fills = max(supply, arriving / write)
        for level in range(levels):
            for side in range(3):
                rate = bandwidth[level, side]
                more = fills
                if level == b and side > 0:
                    more = arriving / write - arriving / rate
                    if growing:
                        more = max(more, supply - arriving / rate)
                elif side != 1:
                    if parent[b, WEIGHTS] == level:
                        more = min(more, supply) - weights / rate
                    if parent[b, INPUTS] == level:
                        more = min(more, supply) - inputs / rate
                ends[level, side] += more
        ends[b, FILLS] = fills
    ends[levels, 0] = np.ceil(draining * (1.0 - SLACK))


@compiled
def restore(saved, ends):
    """Copy the ends of a node, see ``ends``.

    Args:
        saved: (L + 1, 4), copied.
        ends: (L + 1, 4), filled.
    """
    for i in range(ends.shape[0]):
        for k in range(4):
            ends[i, k] = saved[i, k]
