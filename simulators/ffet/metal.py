"""The metal of one side as the router sees it: pairs of layers, their tracks, resistances, vias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .technology import Stack

# Shares of tracks that signals may use, fixed before any trend was looked at: OpenROAD's ASAP7 flow
# takes a quarter off every layer (set_global_routing_layer_adjustment 0.25); M1 belongs to the cells.
USABLE, USABLE_M1 = 0.75, 0.25


@dataclass(frozen=True)
class Metal:
    """Pairs of layers (t,): kohm/um of both and of their mean, ``via`` kohm from a pin, ``climb`` vias.

    ``pitch_um`` (layers,) are the pitches, M1's first.
    ``wire`` (4, t) is fF/um: horizontal empty and full, vertical empty and full.
    ``horizontal`` and ``vertical`` are the pair's layers as places in the tracks (layers,), per um.
    """

    layers: int
    h_ohm: Floats
    v_ohm: Floats
    ohm: Floats
    via: Floats
    climb: Floats
    pitch_um: Floats
    wire: Floats
    horizontal: NDArray[np.int64]
    vertical: NDArray[np.int64]
    h_tracks: Floats  # of M2, M4, ...
    v_tracks: Floats  # of M1, M3, ...

    @property
    def middle(self) -> float:
        """fF/um of a wire of which nothing is known but its side."""
        return float(self.wire.mean()) if self.pairs else 0.0

    @property
    def pairs(self) -> int:
        """How many pairs of layers."""
        return len(self.ohm)


def metal(stack: Stack, layers: int) -> Metal:
    """The metal of the first layers of a stack.

    Pair t is M(2t+2) with M(2t+3), or with M(2t+1) at the top.

    Args:
        stack: the stack.
        layers: how many layers are used.

    Returns:
        Pairs of layers; none for fewer than two layers.
    """
    used = stack.layers[:layers]
    pairs = layers // 2
    h = np.array([1e3 / layer.pitch_nm * USABLE for layer in used[1::2]])
    v = np.array([1e3 / layer.pitch_nm * USABLE for layer in used[0::2]])
    if len(v):
        v[0] *= USABLE_M1 / USABLE
    vertical = np.array([t + 1 if 2 * t + 2 < layers else t for t in range(pairs)], np.int64)
    h_ohm = np.array([layer.ohm_per_um * 1e-3 for layer in used[1::2]])
    v_ohm = np.array([used[2 * t].ohm_per_um * 1e-3 for t in vertical])
    vias = np.cumsum([layer.via_ohm for layer in used])
    via = np.array([vias[2 * t + 1] * 1e-3 for t in range(pairs)])
    climb = np.array([2.0 * t + 2.0 for t in range(pairs)])  # to the horizontal layer
    wire = np.array(
        [
            [getattr(used[place], which) for place in places]
            for places in ([2 * t + 1 for t in range(pairs)], [2 * t for t in vertical])
            for which in ("empty_ff", "full_ff")
        ]
    )
    places = np.arange(pairs)
    ohm = (h_ohm + v_ohm) / 2
    return Metal(
        layers,
        h_ohm,
        v_ohm,
        ohm,
        via,
        climb,
        np.array([layer.pitch_nm * 1e-3 for layer in stack.layers]),
        wire,
        places,
        vertical,
        h,
        v,
    )
