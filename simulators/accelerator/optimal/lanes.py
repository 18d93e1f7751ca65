"""A search for a certificate on several threads, the same on any number of them.

The choices of unrolling and tensors are dealt to lanes like cards, the most promising first. Each lane is a
search of its own. After a round, whose nodes are counted, all lanes are told what is best so far. So what a
lane does depends on rounds alone, and threads only decide which lanes run at once.
"""

from __future__ import annotations

import numpy as np

from archgym.kernels.threads import map_rows

from ..mapping import Mapping
from .searching import MOST_OPEN, Search

LANES = 8
LONGEST = 16  # times the nodes of the first round


class Lanes:
    """Several searches that share what is best."""

    def __init__(self, search: Search, threads: int) -> None:
        """Deal the choices of a search that has not run yet.

        Args:
            search: started from whatever is known.
            threads: at most.
        """
        self.search, self.threads, self.rounds, self.spent = search, threads, 0, 0
        self.lanes = [search.dealt(k, LANES, MOST_OPEN // LANES) for k in range(LANES)]
        self.done = np.zeros(LANES, np.bool_)

    def start_from(self, mapping: Mapping) -> None:
        """Go on with another mapping, for all lanes.

        Args:
            mapping: of the layer on the architecture.
        """
        self.search.start_from(mapping)
        self._share()

    def run(self, nodes: int) -> bool:
        """Visit some more nodes on every lane; rounds grow longer.

        Args:
            nodes: how many of a lane in the first round.

        Returns:
            Whether all lanes are at their end.
        """
        longer = min(2**self.rounds, LONGEST)
        open_lanes = np.flatnonzero(~self.done)
        self.spent = longer * len(open_lanes)
        self.done[open_lanes] = map_rows(
            lambda k: self.lanes[k].run(longer * nodes), open_lanes, self.threads
        )
        self.rounds += 1
        for lane in self.lanes:  # in their order, so of equals the first is kept
            self.search.learn_from(lane)
        self._share()
        return bool(self.done.all())

    def _share(self) -> None:
        for lane in self.lanes:
            lane.learn_from(self.search)

    def bound(self) -> float:
        """No mapping of the space is below it."""
        # lanes close nodes by their own points; of those that were missed, the front here is that far
        return self.search.missed * min(lane.bound() for lane in self.lanes)

    def counted(self) -> tuple[int, int, int]:
        """Choices that were opened, nodes and leaves visited in them."""
        opened, nodes, leaves = (sum(x) for x in zip(*(lane.counted() for lane in self.lanes)))
        return opened, nodes, leaves
