"""The whole front of energy and cycles of one layer on one machine, and how far it may be from the exact one.

One branch and bound finds all of it.  A node's corner, its least energy and least cycles, is set against the
points found so far (``standing``): a node is dropped where a point is as good as its corner in both, so it is
opened once for the whole front and not once for each limit of cycles.
"""

from __future__ import annotations

import time
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Cost, Mapping, evaluate_mapping
from .certificate import SLACK, FrontCertificate, FrontPoint, in_space, within_fanouts
from .certifying import check_limits, continued, load_kernels
from .searching import CERTIFIED, Search
from .standing import FRONT, MOST_POINTS, enter, standing


class FrontSearch(Search):
    """The branch and bound of a front; its bounds are standings (see ``standing``)."""

    goals: ClassVar[dict[str, int]] = {"front": FRONT}
    most_points: ClassVar[int] = MOST_POINTS

    def __init__(self, layer: Layer, architecture: Architecture, reuse: str, gap: float) -> None:
        # no mapping is better than every point by more than 1 + gap: a standing of 1 / (1 + gap)
        super().__init__(layer, architecture, "front", reuse, gap / (1.0 + gap))
        self.best[0] = 1.0
        self._known = 0

    def start_from(self, mapping: Mapping) -> tuple[float, bool]:
        """Add a mapping, which is cut to the space.

        Args:
            mapping: of the layer on the architecture.

        Returns:
            (how it stands to the points there were, infinite where it does not fit; whether it is in
            the space).
        """
        mapping = within_fanouts(self.layer, self.architecture, mapping)
        cost = evaluate_mapping(self.layer, self.architecture, mapping, reuse=self.reuse)
        inside = in_space(self.layer, self.architecture, mapping)
        if not isinstance(cost, Cost) or not inside:
            return float("inf"), inside
        before = self._worth(cost)
        if before < 1.0 - SLACK:
            state = (mapping.factor, mapping.order, mapping.keep)
            enter(cost.energy_pj, cost.cycles, *state, self.search[9])
        return before, inside

    def run(self, nodes: int) -> bool:
        """Visit some more nodes, choices in the order of how far they are from the points of now.

        Args:
            nodes: how many.

        Returns:
            Whether the search is at its end.
        """
        if self.search[9][1][1] != self._known:
            self._rank_again()
        return super().run(nodes)

    def _rank_again(self) -> None:
        from .forms import worth_of_rows

        self._known = int(self.search[9][1][1])
        now = np.empty(len(self.roots))
        worth_of_rows(self.search[1], self.roots, self.search[9], now)
        self.bounds = np.maximum(self.bounds, now)
        listed = int(self.now[0])
        rest = self.ranked[listed:]
        self.ranked[listed:] = rest[np.argsort(self.bounds[rest], kind="stable")]
        laid = np.flatnonzero(self.laid)
        self.now[2] = laid[np.argmin(self.bounds[laid])] if len(laid) else -1

    def _open_bounds(self) -> NDArray[np.float64]:
        from .forms import worth_of_rows

        slots = self.stack[7][: int(self.now[7])]
        now = np.empty(len(slots))
        worth_of_rows(self.search[1], self.stack[8][slots], self.search[9], now)
        return np.maximum(self.stack[4][slots], now)

    def bound(self) -> float:
        """How the corners of all that is not opened stand to the points at least."""
        if self.search[9][1][1] != self._known:
            self._rank_again()
        return super().bound()

    def dealt(self, k: int, of: int, room: int) -> Self:
        """A search of every so-manieth choice, see :meth:`Search.dealt`.

        Args:
            k: the first of its choices.
            of: as many searches share the choices.
            room: nodes on its stack.

        Returns:
            The search.
        """
        part = super().dealt(k, of, room)
        part.search = (*self.search[:9], tuple(x.copy() for x in self.search[9]))
        return part

    def learn_from(self, other: Self) -> None:
        """Take the points of another search that no point here is as good as.

        Args:
            other: a search for the same.
        """
        points, counts, *states = other.search[9]
        for i in range(counts[0]):
            pj, cycles = points[i]
            stands = float(standing(pj, cycles, self.search[9]))
            if stands < 1.0 - SLACK:
                factor, order, keep = (x[i] for x in states)
                if not enter(pj, cycles, factor, order, keep, self.search[9]):
                    self.missed = min(self.missed, stands)

    def points(self) -> tuple[FrontPoint, ...]:
        """The mappings found so far that no other is as good as."""
        points, counts, *states = self.search[9]
        return tuple(
            FrontPoint(Mapping(*(a[i].copy() for a in states)), *map(float, points[i]))
            for i in range(counts[0])
        )


def certify_front(
    layer: Layer,
    architecture: Architecture,
    *,
    reuse: str = "physical",
    starts: tuple[Mapping, ...] = (),
    gap: float = 0.0,
    seconds: float = 10.0,
    rounds: int | None = None,
    threads: int | None = None,
    moves: str = "joint",
) -> FrontCertificate | None:
    """The front of energy and cycles of all mappings of a layer on an architecture.

    Args:
        layer: its shape.
        architecture: levels, fan-outs, and which dimensions may be unrolled where.
        reuse: see :func:`mapping.evaluate_mapping`.
        starts: mappings to begin with; the better, the sooner the search is done.
        gap: how far above any mapping the nearest point may be in energy and cycles: 0.01 is 1 %.
        seconds: CPU time after which the search stops with what is proved so far.
        rounds: see :func:`certifying.certify`.
        threads: see :func:`certifying.certify`.
        moves: see :func:`certifying.certify`.

    Returns:
        None where no mapping of the space fits, or none was found in time.

    Raises:
        ArchgymError: as for :func:`certifying.certify`.
    """
    check_limits(gap, seconds, rounds, threads)
    load_kernels(FrontSearch, lambda small: FrontSearch(small, architecture, reuse, gap))
    began = time.process_time()
    search = FrontSearch(layer, architecture, reuse, gap)
    for mapping in starts:
        search.start_from(mapping)
    run = continued(
        search, began + seconds, rounds, threads, CERTIFIED if starts else (), moves
    )  # fmt: skip
    points = search.points()
    if not points:
        return None
    bound = min(1.0, run.bound())
    above = 1.0 / bound - 1.0 if bound > 0.0 else np.inf
    return FrontCertificate(
        reuse, points, above, len(search.bounds), *run.counted(), time.process_time() - began
    )
