"""Certificates: a mapping, a bound that no mapping of the space is below, and the gap between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Cost, Mapping

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

    def stated(self) -> list[tuple[Mapping, Any]]:
        """The mapping with what is said of its cost."""
        return [(self.mapping, self.value)]

    def figures(self, cost: Cost) -> Any:
        """What would be said of a mapping that costs this.

        Args:
            cost: the model's answer.

        Returns:
            What :meth:`stated` has of it.
        """
        return self.worth(cost.energy_pj, cost.cycles)

    def worth(self, pj: Any, cycles: Any) -> Any:
        """The objective of energies and times, which no mapping has less of than ``bound``.

        Args:
            pj: a number or an array.
            cycles: likewise.

        Returns:
            pJ, cycles, or pJ cycles.
        """
        return {"energy": pj, "delay": cycles, "energy-delay": pj * cycles}[self.objective]

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


@dataclass(frozen=True)
class FrontPoint:
    """A mapping of the front, with its pJ and cycles."""

    mapping: Mapping
    energy_pj: float
    cycles: float


@dataclass(frozen=True)
class FrontCertificate:
    """What is proved of the mappings of a front.

    ``points`` rise in cycles and fall in energy. Whatever the mapping of the space, some point is at most
    ``gap`` above it in energy and in cycles (0.01 is 1 %). ``choices`` of unrolling and tensors, how many of
    them were ``opened``, the ``nodes`` and ``leaves`` visited in them, and the CPU ``seconds``.
    """

    reuse: str
    points: tuple[FrontPoint, ...]
    gap: float
    choices: int
    opened: int
    nodes: int
    leaves: int
    seconds: float

    @property
    def proved(self) -> bool:
        """Whether the points are the exact front."""
        return self.gap <= 2 * SLACK

    @property
    def bound(self) -> float:
        """What :meth:`worth` of no mapping is below."""
        return 1.0 / (1.0 + self.gap)

    def stated(self) -> list[tuple[Mapping, Any]]:
        """The mappings with what is said of their costs."""
        return [(p.mapping, (p.energy_pj, p.cycles)) for p in self.points]

    def figures(self, cost: Cost) -> Any:
        """What would be said of a mapping that costs this.

        Args:
            cost: the model's answer.

        Returns:
            What :meth:`stated` has of it.
        """
        return cost.energy_pj, cost.cycles

    def worth(self, pj: Any, cycles: Any) -> Any:
        """How energies and times stand to the points.

        Args:
            pj: a number or an array.
            cycles: likewise.

        Returns:
            The largest shares for which a point, times the share, is no more in both.
        """
        share = 0.0 * pj
        for p in self.points:
            share = np.maximum(share, np.minimum(pj / p.energy_pj, cycles / p.cycles))
        return share

    def least_energy_within(self, cycles: float) -> float:
        """What no mapping of at most so many cycles costs less than.

        Args:
            cycles: at most.

        Returns:
            pJ; infinite where no mapping is that fast.
        """
        within = [p.energy_pj for p in self.points if p.cycles <= cycles * (1.0 + self.gap)]
        return min(within) / (1.0 + self.gap) if within else float("inf")

    def least(self, objective: str) -> tuple[FrontPoint, float]:
        """The best point by one objective, and what no mapping is below.

        Args:
            objective: ``energy``, ``delay`` or ``energy-delay``.

        Returns:
            (the point, pJ, cycles or pJ cycles at least).
        """
        powers = {"energy": (1, 0), "delay": (0, 1), "energy-delay": (1, 1)}[objective]
        values = [p.energy_pj ** powers[0] * p.cycles ** powers[1] for p in self.points]
        at = int(np.argmin(values))
        return self.points[at], values[at] / (1.0 + self.gap) ** sum(powers)

    def summary(self) -> dict[str, Any]:
        """What a JSON document says of it."""
        return {
            "gap": 0.0 if self.proved else self.gap,
            "proved": self.proved,
            "points": [
                {
                    "energy_pj": p.energy_pj,
                    "cycles": p.cycles,
                    "least_energy_pj_within_cycles": self.least_energy_within(p.cycles),
                    "mapping": p.mapping.format(),
                }
                for p in self.points
            ],
            "choices": self.choices,
            "opened": self.opened,
            "nodes": self.nodes,
            "leaves": self.leaves,
            "cpu_s": round(self.seconds, 4),
        }


@dataclass(frozen=True)
class Checked:
    """What a check found: ``holds``, ``fails`` or ``undecided``, why, and how many bounds that took."""

    verdict: str
    reason: str
    bounds: int


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
