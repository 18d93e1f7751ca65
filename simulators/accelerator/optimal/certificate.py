"""Certificates: a mapping, a bound that no mapping of the space is below, and the gap between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Mapping

SLACK = 1e-9  # a relative difference below this is rounding


@dataclass(frozen=True)
class Certificate:
    """What is proved of a mapping.

    ``value`` of the objective of ``mapping`` (pJ, cycles, or pJ cycles) and ``bound``: no mapping of the
    space is below it. ``start`` is what the mapper had found, and ``start_inside`` whether that mapping
    belongs to the space once its factors are tight. ``choices`` of unrolling and tensors, how many of
    them were ``opened``, the ``nodes`` and ``leaves`` visited in them, and the CPU ``seconds``.
    """

    objective: str
    reuse: str
    mapping: Mapping
    value: float
    bound: float
    start: float
    start_inside: bool
    choices: int
    opened: int
    nodes: int
    leaves: int
    seconds: float

    @property
    def gap(self) -> float:
        """How far the mapping may be above the optimum, as a share of its value."""
        return max(0.0, 1.0 - self.bound / self.value)

    @property
    def proved(self) -> bool:
        """Whether the mapping is an optimum."""
        return self.gap <= 2 * SLACK

    def summary(self) -> dict[str, Any]:
        """What a table or a JSON document says of it."""
        return {
            "objective": self.objective,
            "value": self.value,
            "bound": self.bound,
            "gap": self.gap if self.gap > 2 * SLACK else 0.0,
            "proved": self.proved,
            "start": self.start,
            "start_inside": self.start_inside,
            "choices": self.choices,
            "opened": self.opened,
            "nodes": self.nodes,
            "leaves": self.leaves,
            "cpu_s": round(self.seconds, 4),
        }


def tightened(layer: Layer, mapping: Mapping) -> Mapping:
    """The mapping with every factor lowered as far as it still covers.

    The outermost temporal loops are lowered first.

    Args:
        layer: gives the extents.
        mapping: of the layer.

    Returns:
        Another mapping with the same orders and tensors.
    """
    factor = mapping.factor.copy()
    for d, size in enumerate(layer.dims):
        column = factor[:, :, d]
        for kind in range(3):
            for level in range(len(factor)):
                others = int(column.prod()) // int(column[level, kind])
                column[level, kind] = max(1, -(-int(size) // others))
    return Mapping(factor, mapping.order, mapping.keep)


def within_fanouts(layer: Layer, architecture: Architecture, mapping: Mapping) -> Mapping:
    """The mapping with unrolled loops cut to the children that each level has, and tight.

    What is cut runs at the outermost level instead. A mapper may have unrolled more: a mapping is
    refused only where the instances of all levels together do not suffice.

    Args:
        layer: gives the extents.
        architecture: gives the fan-outs.
        mapping: of the layer on the architecture.

    Returns:
        Another mapping with the same orders and tensors.
    """
    factor = mapping.factor.copy()
    for at, level in enumerate(architecture.levels):
        for axis in (0, 1):
            side = factor[at, 1 + axis]
            side[~architecture.spatial[at, axis]] = 1
            while side.prod() > level.fanout[axis]:
                side[int(side.argmax())] = (int(side.max()) + 1) // 2
    for d, size in enumerate(layer.dims):
        inside = int(factor[:, :, d].prod()) // int(factor[0, 0, d])
        factor[0, 0, d] = -(-int(size) // inside)
    return tightened(layer, Mapping(factor, mapping.order, mapping.keep))


def in_space(layer: Layer, architecture: Architecture, mapping: Mapping) -> bool:
    """Whether a mapping covers tightly, and unrolls over no more children than each level has.

    Args:
        layer: gives the extents.
        architecture: gives the fan-outs and the tensors that levels keep.
        mapping: of the layer on the architecture.

    Returns:
        Whether it is one of the certificate's space; whether it fits is not asked.
    """
    must, may = architecture.keeps
    if (must & ~mapping.keep).any() or (mapping.keep & ~may).any():
        return False
    for d, size in enumerate(layer.dims):
        whole = int(mapping.factor[:, :, d].prod())
        for f in mapping.factor[:, :, d].ravel():
            if whole < size or (f > 1 and whole // int(f) * (int(f) - 1) >= size):
                return False
    for at, level in enumerate(architecture.levels):
        for axis in (0, 1):
            side = mapping.factor[at, 1 + axis]
            forbidden = ~architecture.spatial[at, axis]
            if side.prod() > level.fanout[axis] or bool(np.any(side[forbidden] > 1)):
                return False
    return True
