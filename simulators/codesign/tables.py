"""Cost tables of layers, made when a layer first occurs and kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from ..accelerator.architecture import Architecture, Level
from ..accelerator.layers import Layer
from ..accelerator.mapping import workspace
from .area import Units

DATAFLOWS = ("dla", "shi", "rs")  # KCP, YXP, YRP of accelerator.dataflows
TILES = (
    64,
    8,
    2,
)  # MAESTRO's: channels of a dla cluster, columns of a shi one, channels of a rs PE
PES = tuple(range(0, 4097, 32))
BANDWIDTHS = tuple(range(0, 65, 8))  # GB/s, bytes per cycle at 1 GHz
L1_FACTOR, L2_FACTOR = 1.68, 18.61  # energy of an access in multiplications (MAESTRO)
GROWTH = 64


class CostTables:
    """Cycles and joules of layers by (layer, dataflow, PEs, bandwidth); words of one byte.

    ``l1_bytes`` bounds what a PE holds; a layer that needs more there is infinite.
    """

    def __init__(self, units: Units, l1_bytes: int) -> None:
        self.units, self.l1_bytes = units, l1_bytes
        shape = (len(DATAFLOWS), len(PES), len(BANDWIDTHS))
        self._rows: dict[tuple[int, ...], int] = {}
        self._counts: list[tuple[float, float]] = []
        self.latency: Floats = np.empty((GROWTH, *shape))
        self.energy: Floats = np.empty((GROWTH, *shape))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def counts(self) -> Floats:
        """Products and weights of each layer, (layers, 2)."""
        return np.array(self._counts)

    def row(self, layer: Layer) -> int:
        """Where a layer's costs lie in ``latency`` and ``energy``; they are computed when it first occurs.

        Args:
            layer: a layer of a network.

        Returns:
            The row.
        """
        found = self._rows.get(layer.shape)
        if found is None:
            found = len(self._rows)
            if found == len(self.latency):
                self.latency = np.concatenate([self.latency, np.empty_like(self.latency)])
                self.energy = np.concatenate([self.energy, np.empty_like(self.energy)])
            self._fill(layer, self.latency[found], self.energy[found])
            self._rows[layer.shape] = found
            self._counts.append((float(layer.macs), float(layer.tensor_sizes()[0])))
        return found

    def _fill(self, layer: Layer, latency: Floats, energy: Floats) -> None:
        from .costs import fill_table

        arch = machine(self.units, self.l1_bytes).arrays
        arch = (*arch[:2], arch[2].copy(), *arch[3:])  # the kernel sets the array's size
        bits: NDArray[np.float64] = np.array(BANDWIDTHS, np.float64) * 8
        fill_table(  # type: ignore[call-arg]
            layer.dims, layer.geometry, np.array(TILES), np.array(PES), bits, arch, workspace(3),
            latency, energy,
        )  # fmt: skip
        latency *= self.units.latency_scale
        energy *= self.units.energy_scale * 1e-12


def machine(units: Units, l1_bytes: int) -> Architecture:
    """The sub-accelerator as levels: memory, shared buffer, PEs; off-chip accesses cost nothing.

    Args:
        units: the cost constants.
        l1_bytes: of the buffer in each PE.

    Returns:
        The architecture, at 1 GHz.
    """
    l1, l2 = L1_FACTOR * units.mac_pj, L2_FACTOR * units.mac_pj
    memory = Level("DRAM", must_keep="WIO")
    shared = Level("L2", fanout=(1, 1), must_keep="WIO", read_pj=l2, write_pj=l2, update_pj=l2)
    pe = replace(shared, name="L1", size_bits=8.0 * l1_bytes, read_pj=l1, write_pj=l1, update_pj=l1)
    return Architecture(
        "sub-accelerator", (memory, shared, pe), units.mac_pj, (8, 8, 8), clock_hz=1e9
    )
