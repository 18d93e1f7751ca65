"""Mappings found for one design are tried on all designs of the same shape.

Designs of one shape differ in sizes, energies and bandwidths. Mappings of one belong to the space of the
others, where they fit: those for small memories fit larger ones. Trying one takes microseconds, finding one
a tenth of a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archgym.goals.pareto import pareto_front

from ..layers import Layer
from ..layout import REUSE
from ..mapping import Mapping, workspace
from .boxes import Boxes, Point, points_of
from .trying import tried

MOST_TRIED = 24  # mappings of a layer that are combined with those of others


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

    def best(
        self, arch: tuple[Any, ...], work: tuple[Any, ...]
    ) -> list[tuple[Mapping, float, float]]:
        """The mappings that fit, with pJ and cycles, but for those that others beat in both."""
        tried(
            self.layer.dims, self.layer.geometry, self.factors, self.orders, self.keeps, arch, self.switches,
            work, self.costs,
        )  # fmt: skip
        fit = np.flatnonzero(np.isfinite(self.costs[:, 0]))
        front = fit[pareto_front(self.costs[fit])] if len(fit) else fit
        if len(front) > MOST_TRIED:
            front = front[np.linspace(0, len(front) - 1, MOST_TRIED).astype(int)]
        return [(self.mappings[i], *self.costs[i].tolist()) for i in front.tolist()]


def lend(boxes: Boxes, points: list[Point], enough: float) -> list[Point]:
    """What other designs attain by the mappings of one and those known of their shape.

    Designs that are others but slower are left out.

    Args:
        boxes: of all designs; nothing is changed.
        points: of one design.
        enough: designs whose gap is no more are not asked.

    Returns:
        Points that narrow the gap of their own design.
    """
    if not points:
        return []
    space, shape, fastest = boxes.space, boxes.corners.shape, boxes.corners.fastest
    mine = shape == shape[points[0].at]
    known = points + [p for p in boxes.points if mine[p.at]]
    lent = []
    for k, layer in enumerate(space.layers):
        different = {_key(p.mappings[k]): p.mappings[k] for p in known}
        lent.append(_Lent(layer, list(different.values()), space.reuse))
    out = []
    for at in np.flatnonzero(mine & (boxes.gap > enough)).tolist():
        if at == fastest[at]:
            out += _attained(boxes, at, lent)
    return out


def _key(mapping: Mapping) -> bytes:
    return mapping.factor.tobytes() + mapping.order.tobytes() + mapping.keep.tobytes()


def _attained(boxes: Boxes, at: int, lent: list[_Lent]) -> list[Point]:
    """The points of one design that narrow its own gap most, and have the least product."""
    machine = boxes.space.machine(int(boxes.corners.ranks[at]))
    work = workspace(len(machine.levels))
    layers = [some.best(machine.arrays, work) for some in lent]
    if not all(layers):
        return []
    area, clock = float(boxes.corners.area[at]), float(boxes.corners.clock[at])
    found = points_of(boxes.space, at, area, clock, layers)
    above = (np.array([p.metrics for p in found]) / boxes.lower[at]).max(axis=1) - 1.0
    near = [p for p, share in zip(found, above.tolist()) if share < boxes.gap[at]]
    if not near:
        return []
    nearest = found[int(above.argmin())]
    least = min(near, key=lambda p: p.metrics[0] * p.metrics[1])
    return [nearest] if least is nearest else [nearest, least]
