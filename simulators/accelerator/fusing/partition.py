"""A network cut into fused groups: the best cut of all, given what every group costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..uneven.searching import value_of

T = TypeVar("T")


@dataclass(frozen=True)
class Group(Generic[T]):
    """Consecutive layers that run together.

    Attributes:
        first: number of its first layer.
        size: layers of it.
        energy_pj: of all its occurrences.
        cycles: of all its occurrences.
        what: how it runs.
    """

    first: int
    size: int
    energy_pj: float
    cycles: float
    what: T


Cut = tuple[float, float, tuple[Group[T], ...]]


def partition(
    layers: int, groups: Sequence[Group[T]], objective: str
) -> tuple[Group[T], ...] | None:
    """The cut of a row of layers into groups that is best in the whole.

    By dynamic programming from the front; where energy and delay are multiplied, all cuts up to a layer that
    no other beats in both are kept.

    Args:
        layers: how many there are.
        groups: what may run together, single layers included.
        objective: one of ``uneven.searching.SEARCHED``.

    Returns:
        The groups in order; None where they do not cover the layers.
    """

    def worth(cut: Cut[T]) -> float:
        return value_of(objective, cut[0], cut[1])

    ends: list[list[Cut[T]]] = [[] for _ in range(layers + 1)]
    ends[0].append((0.0, 0.0, ()))
    for end in range(1, layers + 1):
        found: list[Cut[T]] = [
            (energy + g.energy_pj, cycles + g.cycles, (*before, g))
            for g in groups
            if g.first + g.size == end
            for energy, cycles, before in ends[g.first]
        ]
        if objective == "energy-delay":
            ends[end] = _front(found)
        else:
            ends[end] = sorted(found, key=lambda cut: (worth(cut), cut[0], cut[1]))[:1]
    return min(ends[layers], key=worth)[2] if ends[layers] else None


def _front(cuts: list[Cut[T]]) -> list[Cut[T]]:
    out: list[Cut[T]] = []
    for cut in sorted(cuts, key=lambda c: (c[0], c[1])):
        if not out or cut[1] < out[-1][1]:
            out.append(cut)
    return out
