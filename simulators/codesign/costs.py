"""Latency and energy of every layer on every sub-accelerator, by the accelerator model's dataflows."""

from __future__ import annotations

import numpy as np

from archgym.compilation import kernel_compiler

from ..accelerator.cost import evaluate
from ..accelerator.dataflows import fill_factors

compiled = kernel_compiler(__file__)


@compiled
def fill_table(dims, geometry, tiles, pes, bandwidth, arch, work, latency, energy):
    """One layer's cycles and pJ by (dataflow, PEs, bandwidth) into ``latency`` and ``energy``.

    Position 0 of PEs and of bandwidth is none: infinite.  ``bandwidth`` (b,) are bits a cycle of the
    network into the PEs; a clustered array adds a cycle a step, as MAESTRO's network does.  A layer
    whose PE tile does not fit is infinite.
    """
    size, bits, mesh, read, block, ports, network, hidden, mac = arch
    factor = np.ones((3, 3, 8), np.int64)
    order = np.empty((3, 8), np.int64)
    for level in range(3):
        for d in range(8):
            order[level, d] = d
    keep = np.ones((3, 3), np.bool_)
    latency[:] = np.inf
    energy[:] = np.inf
    for f in range(tiles.shape[0]):
        for p in range(1, pes.shape[0]):
            mesh[2, 0] = pes[p]
            mesh[2, 1] = pes[p]
            mesh[3, 0] = pes[p]
            mesh[3, 1] = pes[p]
            clustered = fill_factors(dims, f, tiles[f], pes[p], factor)
            steps = 1.0
            for d in range(8):
                steps *= factor[1, 0, d]
            for b in range(1, bandwidth.shape[0]):
                network[2] = bandwidth[b]
                out = evaluate(
                    dims, geometry, factor, order, keep, arch, (1, False), work
                )  # fmt: skip
                if out[0] != 0:
                    continue
                latency[f, p, b] = out[5] + (steps if clustered else 0.0) + 1.0
                energy[f, p, b] = out[4]
