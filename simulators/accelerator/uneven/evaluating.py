"""What a nest costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from .counting import cost, workspace
from .nest import Items
from .product import Product


@dataclass(frozen=True)
class UnevenCost:
    """Cost of one nest under AccelForge's counting.

    Attributes:
        energy_pj: of all accesses and products.
        cycles: the longest of the computation and of the words of every level.
        counts: (L + 1, T, 2) words read and written by all instances; level L are the multipliers.
        held: (L, T) words that one instance holds.
        finished: (L, 2) outputs of ``counts`` that are complete sums, which ``output_bits`` makes narrower.
        full: the first level whose capacity is exceeded; -1: none.
    """

    energy_pj: float
    cycles: float
    counts: NDArray[np.float64]
    held: NDArray[np.int64]
    finished: NDArray[np.float64]
    full: int

    @property
    def fits(self) -> bool:
        """Whether every level has room for what it holds."""
        return self.full < 0


def arrays_of(machine: Architecture) -> tuple[Any, ...]:
    """What the kernels read of a machine; see :func:`counting.cost`.

    A word costs its share of the access that brings a block.  Networks and second buffers are not part of
    the counting.

    Args:
        machine: any.

    Returns:
        The arrays.
    """
    levels = machine.levels
    return (
        np.array([x.read_pj / x.block for x in levels], np.float64),
        np.array([x.write_pj / x.block for x in levels], np.float64),
        np.array([x.size_bits for x in levels], np.float64),
        np.array(machine.bits, np.float64),
        np.array([(x.read_bits, x.write_bits, x.shared_bits) for x in levels], np.float64),
        float(machine.mac_pj),
        float(machine.bits[2] - machine.final_bits),
    )


def evaluate_nest(items: Items, product: Product, machine: Architecture) -> UnevenCost:
    """Energy, cycles and space of a nest.

    Args:
        items: (n, 4), free of the faults that :func:`nest.faults_of` names.
        product: what is computed.
        machine: on what.

    Returns:
        The cost; where a capacity is exceeded ``full`` says so, and the other figures are what it would be.
    """
    extents, coefficients = product.arrays
    work = workspace(len(machine.levels), len(product.tensors), len(extents))
    pj, cycles, full = cost(items, extents, coefficients, arrays_of(machine), work)
    return UnevenCost(pj, cycles, work[0], work[1], work[2], int(full))
