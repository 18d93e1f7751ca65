"""A netlist renumbered by level, as sizing walks it: cell ``i`` drives net ``i`` and reads earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .kernels.state import Graph
from .netlist import Ints, Netlist
from .routing import Trees


@dataclass(frozen=True)
class Levels:
    """The graph in the order of evaluation, and which cells, pins and nets its numbers stand for."""

    graph: Graph
    cell: Ints  # (cells,)
    rank: Ints  # new number of every cell (cells,)
    pin: Ints  # new number of every pin and port (pins + ports,)
    net: Ints  # (nets,)

    @classmethod
    def of(cls, netlist: Netlist, graph: Graph) -> Levels:
        """Renumber a netlist; nets without a driving cell come last.

        Args:
            netlist: the netlist.
            graph: its graph.

        Returns:
            The levels.
        """
        n, cell = netlist, graph.order
        cells, pins = len(cell), len(n.pin_net)
        count = np.diff(n.cell_start)[cell]
        start = np.concatenate([[0], np.cumsum(count)])
        old_pin = np.repeat(n.cell_start[cell] - start[:-1], count) + np.arange(pins)
        pin = np.arange(pins + len(n.port_net))
        pin[old_pin] = np.arange(pins)
        driven = n.pin_net[n.cell_start[cell + 1] - 1]
        bare = np.ones(n.nets, np.bool_)
        bare[driven] = False
        net = np.concatenate([driven, np.flatnonzero(bare)])
        to = np.empty(n.nets, np.int64)
        to[net] = np.arange(n.nets)
        rank = np.empty(cells, np.int64)
        rank[cell] = np.arange(cells)
        macro = graph.macro._replace(
            start_net=to[graph.macro.start_net], source=graph.macro.source[net]
        )
        driver = np.where(np.arange(n.nets) < cells, np.arange(n.nets), -1)
        levelled = Graph(
            np.arange(cells), graph.edged[cell], graph.latch[cell], start, to[n.pin_net[old_pin]],
            driver, to[n.port_net], n.port_input, macro,
        )  # fmt: skip
        return cls(levelled, cell, rank, pin, net)

    def trees(self, trees: Trees) -> Trees:
        """A side's trees in the new numbers.

        Args:
            trees: in the netlist's numbers.

        Returns:
            The same trees.
        """
        old = trees.first[self.net]
        count = trees.first[self.net + 1] - old
        first = np.concatenate([[0], np.cumsum(count)])
        moved = np.repeat(old - first[:-1], count)
        at = np.arange(len(trees.up)) + moved
        up, pin = trees.up[at], trees.pin[at]
        return replace(
            trees, first=first, x=trees.x[at], y=trees.y[at],
            up=np.where(up >= 0, up - moved, -1), pin=np.where(pin >= 0, self.pin[pin], -1),
        )  # fmt: skip
