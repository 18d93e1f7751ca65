"""Mappings found for one design are tried on all designs of the same shape.

Designs of one shape differ in sizes, energies and bandwidths. Mappings of one belong to the space of the
others, where they fit: those for small memories fit larger ones. Trying one takes microseconds, finding one
a tenth of a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers import Layer
from ..layout import REUSE
from ..mapping import Mapping, workspace
from .boxes import PJ, Boxes, Point
from .trying import tried

GOALS = 3  # each layer by its least energy, its least time, the least product of both


class _Lent:
    """Some mappings of one layer.

    Args:
        layer: its shape.
        mappings: of the layer.
        reuse: convention of reuse.
    """

    def __init__(self, layer: Layer, mappings: list[Mapping], reuse: str) -> None:
        self.layer, self.mappings = layer, mappings
        self.factors = np.stack([m.factor for m in mappings])
        self.orders = np.stack([m.order for m in mappings])
        self.keeps = np.stack([m.keep for m in mappings])
        self.switches = (REUSE.index(reuse), True)
        self.costs = np.empty((len(mappings), 2))

    def best(self, arch: tuple[Any, ...], work: tuple[Any, ...]) -> list[int] | None:
        """The best mapping for each goal, ``costs`` being filled; None where none fits."""
        tried(
            self.layer.dims, self.layer.geometry, self.factors, self.orders, self.keeps, arch, self.switches,
            work, self.costs,
        )  # fmt: skip
        pj, cycles = self.costs.T
        if not np.isfinite(pj).any():
            return None
        return [int(np.argmin(goal)) for goal in (pj, cycles, pj * cycles)]


def lend(boxes: Boxes, points: list[Point], enough: float) -> list[Point]:
    """What other designs attain by the mappings of one.

    Args:
        boxes: of all designs; nothing is changed.
        points: of one design.
        enough: designs whose gap is no more are not asked.

    Returns:
        Points that narrow the gap of their own design.
    """
    if not points:
        return []
    space, shape = boxes.space, boxes.corners.shape
    lent = []
    for k, layer in enumerate(space.layers):
        different = {id(p.mappings[k]): p.mappings[k] for p in points}
        lent.append(_Lent(layer, list(different.values()), space.reuse))
    out = []
    for at in np.flatnonzero((shape == shape[points[0].at]) & (boxes.gap > enough)).tolist():
        if at != points[0].at:
            out += _attained(boxes, at, lent)
    return out


def _attained(boxes: Boxes, at: int, lent: list[_Lent]) -> list[Point]:
    """What one design attains, as far as it narrows its own gap."""
    space, corners = boxes.space, boxes.corners
    machine = space.machine(int(corners.ranks[at]))
    work = workspace(len(machine.levels))
    picked: list[list[Mapping]] = [[] for _ in range(GOALS)]
    sums = np.zeros((GOALS, 2))
    for some, count in zip(lent, space.counts.tolist()):
        best = some.best(machine.arrays, work)
        if best is None:
            return []
        for k, i in enumerate(best):
            picked[k].append(some.mappings[i])
            sums[k] += count * some.costs[i]
    area, clock = float(corners.area[at]), float(corners.clock[at])
    out = []
    for mappings, (pj, cycles) in zip(picked, sums.tolist()):
        metrics = (pj * PJ, cycles / clock, area)
        if (np.array(metrics) / boxes.lower[at]).max() - 1.0 < boxes.gap[at]:
            out.append(Point(at, tuple(mappings), metrics))
    return out
