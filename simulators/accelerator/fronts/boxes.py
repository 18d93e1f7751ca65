"""Boxes of designs between what is proved and what is found, and how far the one is from the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.goals.pareto import pareto_front

from ..mapping import Mapping
from .corners import CYCLES, ENERGY, PRODUCT, Corners, Floats, Space

PJ = 1e-12
MOST_SUMS = 400  # points of one design that are kept while its layers are added up


@dataclass(frozen=True)
class Point:
    """One design with one mapping of each layer, and what it costs: a point that is attained."""

    at: int
    mappings: tuple[Mapping, ...]
    metrics: tuple[float, float, float]  # J, s, m2


class Boxes:
    """All designs, the points found so far, and the gap of each design.

    ``gap`` (n,) is how far the best point for a design is above the design's lower corner, as a share,
    in the metric where that is most. ``by`` (n,) is that metric.
    """

    def __init__(self, space: Space, corners: Corners) -> None:
        self.space, self.corners = space, corners
        n = len(corners.ranks)
        self.least = corners.least.copy()
        self.points: list[Point] = []
        self.lower = np.empty((n, 3))
        self.lower[:, 2] = corners.area
        self.gap = np.full(n, np.inf)
        self.by = np.zeros(n, np.int64)
        self._sum(np.arange(n))

    def _sum(self, some: NDArray[np.int64]) -> None:
        counts = self.space.counts
        self.lower[some, 0] = self.least[some, :, ENERGY] @ counts * PJ
        self.lower[some, 1] = self.least[some, :, CYCLES] @ counts / self.corners.clock[some]

    def lowered(self) -> None:
        """Add the layers' bounds up again."""
        self._sum(np.arange(len(self.gap)))

    def raise_to(self, at: int, layer: int, column: int, bound: float) -> None:
        """Raise a bound of a design, and of all that it holds for.

        Args:
            at: the design's position.
            layer: of the space's layers.
            column: ``ENERGY`` or ``CYCLES``.
            bound: pJ or cycles.
        """
        alike = self.corners.alike[:, column]
        which = alike == alike[at]
        which |= which[self.corners.fastest]  # slower ones
        self._raise(which, layer, column, np.full(len(alike), bound))

    def raise_where_room(self, at: int, layer: int, more: float) -> None:
        """Raise the energy of a design, and of all that have no more room, by what its outermost level costs.

        Args:
            at: the design's position.
            layer: of the space's layers.
            more: pJ beyond those of the root bound.
        """
        c = self.corners
        some = (c.outer == c.outer[at]) & (c.room <= c.room[at]).all(axis=1)
        self._raise(some, layer, ENERGY, c.least[:, layer, ENERGY] + more)

    def _raise(self, which: NDArray[np.bool_], layer: int, column: int, bounds: Floats) -> None:
        """Raise a bound of some designs to their own of (n,) bounds."""
        some = np.flatnonzero(which & (self.least[:, layer, column] < bounds))
        self.least[some, layer, column] = bounds[some]
        self._sum(some)
        self.gap[some] = np.inf
        self._narrow(some, np.array([p.metrics for p in self.points]).reshape(-1, 3))

    def add(self, points: list[Point]) -> None:
        """Take new points; those that others are as good as are dropped.

        Args:
            points: with designs and mappings.
        """
        if not points:
            return
        together = self.points + points
        kept = pareto_front(np.array([p.metrics for p in together]))
        new = [i for i in kept.tolist() if i >= len(self.points)]
        found = np.array([together[i].metrics for i in new]).reshape(-1, 3)
        self.points = [together[i] for i in sorted(kept.tolist())]
        self._narrow(np.arange(len(self.gap)), found)

    def _narrow(self, some: NDArray[np.int64], points: Floats) -> None:
        lower = self.lower[some]
        gap, by = self.gap[some], self.by[some]
        for point in points:
            above = point / lower
            worst = above.argmax(axis=1)
            now = above[np.arange(len(above)), worst] - 1.0
            better = now < gap
            gap[better], by[better] = np.maximum(now[better], 0.0), worst[better]
        self.gap[some], self.by[some] = gap, by

    @property
    def open(self) -> NDArray[np.bool_]:
        """(n,) which designs no point is below in every metric: those that may be on the front."""
        return self.gap > 0.0

    def staircase(self) -> NDArray[np.intp]:
        """Positions of the designs whose lower corners no other corner is below.

        Returns:
            In rising order of energy.
        """
        return pareto_front(self.lower)

    def products(self) -> Floats:
        """Joule seconds of every design at least.

        The product of sums is no less than the square of the sum of roots of products, so bounds of
        the layers' products count, too.

        Returns:
            (n,).
        """
        counts, clock = self.space.counts, self.corners.clock
        roots = (np.sqrt(self.least[:, :, PRODUCT]) @ counts) ** 2 * PJ / clock
        return np.maximum(roots * (1.0 - 1e-12), self.lower[:, 0] * self.lower[:, 1])


def points_of(
    space: Space,
    at: int,
    area: float,
    clock: float,
    layers: list[list[tuple[Mapping, float, float]]],
) -> list[Point]:
    """What a design attains by one of several mappings of each layer.

    Args:
        space: gives counts.
        at: the design's position.
        area: m2.
        clock: Hz.
        layers: mappings of each layer with pJ and cycles.

    Returns:
        The points of which none is as good as another in energy and latency.
    """
    sums, picks = np.zeros((1, 2)), np.zeros((1, 0), np.int64)
    for count, some in zip(space.counts.tolist(), layers):
        costs = np.array([known[1:] for known in some])
        sums = (sums[:, None] + count * costs[None]).reshape(-1, 2)
        before, last = np.divmod(np.arange(len(sums)), len(some))
        kept = pareto_front(sums)
        if len(kept) > MOST_SUMS:
            kept = kept[np.linspace(0, len(kept) - 1, MOST_SUMS).astype(int)]
        sums, picks = sums[kept], np.column_stack([picks[before[kept]], last[kept]])
    return [
        Point(
            at,
            tuple(some[i][0] for some, i in zip(layers, picked)),
            (pj * PJ, cycles / clock, area),
        )
        for (pj, cycles), picked in zip(sums.tolist(), picks.tolist())
    ]
