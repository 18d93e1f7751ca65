"""Latency and energy of every layer on every sub-accelerator, by the accelerator model's dataflows."""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler

from ..accelerator.cost import evaluate
from ..accelerator.dataflows import fill_factors
from ..accelerator.layout import (
    FILL,
    INPUTS,
    OK,
    OUTPUTS,
    READ,
    SPATIAL_X,
    SPATIAL_Y,
    TEMPORAL,
    UPDATE,
    P,
    Q,
    R,
    S,
)

compiled = kernel_compiler(__file__)


@compiled
def shared(factor, geometry):
    """What of the inputs' words is different: neighbours see overlapping windows and hand them on.

    Over PEs that hold different output rows and columns (ShiDianNao's and Eyeriss' arrays).

    Args:
        factor: (3, 3, 8) of a mapping, by level, axis and dimension.
        geometry: the layer's strides come first, by rows and columns.

    Returns:
        A share from 0 to 1.
    """
    out = 1.0
    for at, filters, stride in ((P, R, geometry[0]), (Q, S, geometry[1])):
        outputs, width = 1, 1
        for axis in (SPATIAL_X, SPATIAL_Y):
            outputs *= factor[1, axis, at]
            width *= factor[1, axis, filters]
        width *= factor[2, TEMPORAL, filters]
        out *= min(1.0, ((outputs - 1) * stride + width) / (outputs * width))
    return out


@compiled
def fill_table(dims, geometry, tiles, pes, bandwidth, arch, work, latency, energy):
    """One layer's cycles and pJ by (dataflow, PEs, bandwidth) into ``latency`` and ``energy``.

    Position 0 of PEs and of bandwidth is none: infinite.  ``bandwidth`` (b,) are bits per cycle of the
    network into the PEs, both directions; a clustered array adds a cycle a step, as MAESTRO's network
    does.  A layer whose PE tile does not fit is infinite.

    Args:
        dims: sizes of the layer, (8,).
        geometry: its strides first.
        tiles: of a PE, by dataflow.
        pes: PEs, (p,).
        bandwidth: bits per cycle, (b,).
        arch: the array, as the accelerator's ``evaluate`` takes it; its mesh is overwritten.
        work: arrays that ``evaluate`` writes to.
        latency: (dataflows, p, b), written; cycles.
        energy: (dataflows, p, b), written; pJ.
    """
    bits, mesh, price = arch[1], arch[2], arch[3]
    counts, spread = work[0], work[7]
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
            mesh[2:] = pes[p]
            clustered = fill_factors(dims, f, tiles[f], pes[p], factor)
            steps = 1.0
            for d in range(8):
                steps *= factor[1, TEMPORAL, d]
            out = evaluate(dims, geometry, factor, order, keep, arch, (1, False), work)
            if out[0] != OK:
                continue
            moved = counts[1, OUTPUTS, UPDATE] * bits[2, OUTPUTS]
            saved = 0.0
            for t in range(3):
                words = counts[2, t, FILL] * spread[2, t]
                if t == INPUTS:
                    saved = words * (1 - shared(factor, geometry))
                    words -= saved
                moved += words * bits[2, t]
            saved = min(saved, counts[1, INPUTS, READ])
            extra = (steps if clustered else 0.0) + 1.0
            for b in range(1, bandwidth.shape[0]):
                latency[f, p, b] = max(out[5], np.ceil(moved / bandwidth[b])) + extra
                energy[f, p, b] = out[4] - saved * price[1, INPUTS, READ]
