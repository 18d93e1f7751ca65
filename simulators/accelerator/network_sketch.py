"""What a layer costs at best on a machine, without a mapping: places filled, words that must move.

Cycles are clock cycles, words are elements of a tensor.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .layout import TEMPORAL
from .moves import ceil_divide, unroll


@compiled
def computing(dims, spatial, room, starts, cycles):
    """Cycles of each layer's multipliers at the best of several unrollings.

    Args:
        dims: (layers, 8) int64, extents.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled below each level along x and y.
        room: (L, 2) int64, children along x and y.
        starts: (s, axes) int64, which dimensions are unrolled first; see ``moves.unroll``.
        cycles: (layers,), filled.
    """
    levels = room.shape[0]
    factor = np.empty((levels, 3, 8), np.int64)
    for layer in range(dims.shape[0]):
        cycles[layer] = np.inf
        for s in range(starts.shape[0]):
            unroll(dims[layer], factor, spatial, room, starts[s])
            rounds = 1.0
            for d in range(8):
                inside = 1
                for level in range(levels):
                    inside *= factor[level, TEMPORAL, d] * factor[level, 1, d] * factor[level, 2, d]
                rounds *= ceil_divide(dims[layer, d], inside)
            cycles[layer] = min(cycles[layer], rounds)
