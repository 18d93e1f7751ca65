"""What vias block: a stack that passes a layer takes a piece of one of its tracks there."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats

from .kernels.state import Nodes
from .metal import Metal
from .netlist import Ints


def stacks(nodes: Nodes, pin: Ints, metal: Metal) -> tuple[Ints, Ints]:
    """The lowest and the highest layer that vias join at every node of the trees.

    Args:
        nodes: the routed trees.
        pin: (nodes,) pins, -1 at Steiner points.
        metal: of the side.

    Returns:
        Two (nodes,), 0 for M1 and 1 for M2, on which pins land; the first is higher than the second
        where nothing is joined.
    """
    child = np.flatnonzero(nodes.up >= 0)
    parent = nodes.up[child]
    across = 2 * metal.horizontal[nodes.h_tier[child]] + 1
    along = 2 * metal.vertical[nodes.v_tier[child]]
    low = np.full(len(nodes.up), np.iinfo(np.int64).max)
    high = np.full(len(nodes.up), -1)
    for at in (child, parent):
        for layer in (across, along):
            np.minimum.at(low, at, layer)
            np.maximum.at(high, at, layer)
    # what a pin blocks of M2 is counted with the pins
    landed = (pin >= 0) & (high >= 0)
    low[landed] = np.minimum(low[landed], 1)
    return low, high


def left_by_vias(
    nodes: Nodes, pin: Ints, metal: Metal, size: tuple[float, float], free: tuple[Floats, Floats],
    pitches: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Tracks that stacks of vias leave at every border between gcells.

    Args:
        nodes: the routed trees.
        pin: (nodes,) pins, -1 at Steiner points.
        metal: of the side.
        size: sides of the core in um.
        free: tracks without vias, of horizontal layers (layers, nx - 1, ny) and of vertical ones
            (layers, nx, ny - 1).
        pitches: of a layer's own that a via blocks along its track.

    Returns:
        The tracks that are left, whole ones.
    """
    low, high = stacks(nodes, pin, metal)
    shape = free[1].shape[1], free[0].shape[2]
    place = nodes.gx * shape[1] + nodes.gy
    left = []
    for cap, first, gcell in (
        (free[0], 1, size[0] / shape[0]),
        (free[1].swapaxes(1, 2), 0, size[1] / shape[1]),
    ):
        out = np.empty(cap.shape)
        for i in range(len(cap)):
            layer = 2 * i + first
            passed = place[(low < layer) & (high > layer)]
            count = np.bincount(passed, minlength=shape[0] * shape[1]).reshape(shape)
            taken = (count if first else count.T) * (pitches * metal.pitch_um[layer] / gcell)
            out[i] = np.maximum(cap[i] - np.rint((taken[1:] + taken[:-1]) / 2), 0.0)
        left.append(out)
    return left[0], np.ascontiguousarray(left[1].swapaxes(1, 2))
