"""What mappings of a layer cost on one machine, compiled."""

from __future__ import annotations

import numpy as np

from ..cost import evaluate
from ..layout import OK
from .compiled import compiled


@compiled
def tried(dims, conv, factors, orders, keeps, arch, switches, work, out):
    """Energy and cycles of several mappings.

    Args:
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        factors: (k, L, 3, 8) int64.
        orders: (k, L, 8) int64.
        keeps: (k, L, 3) bool.
        arch: see ``Architecture.arrays``.
        switches: see ``cost.evaluate``.
        work: the arrays of ``mapping.workspace``.
        out: (k, 2), filled with pJ and cycles; infinite where a mapping does not fit.
    """
    for i in range(factors.shape[0]):
        answer = evaluate(dims, conv, factors[i], orders[i], keeps[i], arch, switches, work)
        out[i, 0], out[i, 1] = np.inf, np.inf
        if answer[0] == OK:
            out[i, 0], out[i, 1] = answer[4], answer[5]
