"""A netlist with places, before it has a core: what every design on one placement shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archgym.contracts.evaluation import Floats

from .functions import EDGED, LATCH
from .kernels.graph import levelise, pins_by_net
from .kernels.state import Graph
from .levels import Levels
from .library import Library
from .macro_places import boxes, settle
from .macros.instances import macro_pins
from .netlist import Ints, Netlist
from .placement import port_positions
from .routing import Trees


@dataclass(frozen=True)
class Placed:
    """A buffered netlist with centres (cells,) in units of the core's sides, and its order."""

    netlist: Netlist
    x: Floats
    y: Floats
    ports: tuple[Floats, Floats] | None = None  # their places; None: round the core
    macros: Floats | None = None  # their centres (m, 2)

    @cached_property
    def trees(self) -> dict[int, tuple[Trees, Trees]]:
        """Trees of both sides by assignment of sides, in the numbers of ``levels``; see ``estimates.py``."""
        return {}

    @cached_property
    def pins_by_net(self) -> tuple[Ints, Ints]:
        """Nets' first pins (nets + 1,), and the pins, ports after them."""
        n = self.netlist
        start, pins = pins_by_net(np.concatenate([n.pin_net, n.port_net]), n.nets)
        return start, pins

    @cached_property
    def driver(self) -> Ints:
        """Pin (ports after pins) that drives each net (nets,); -1 without one."""
        n = self.netlist
        driver = np.full(n.nets, -1, np.int64)
        driver[n.port_net[n.port_input]] = len(n.pin_net) + np.flatnonzero(n.port_input)
        outputs = np.flatnonzero(n.pin_output)
        driver[n.pin_net[outputs]] = outputs
        return driver

    @cached_property
    def graph(self) -> Graph:
        """The netlist as timing walks it."""
        n = self.netlist
        edged, latch = EDGED[n.function], n.function == LATCH
        _, order = levelise(edged, n.cell_start, n.pin_net, n.nets)
        cell = np.full(n.nets, -1, np.int64)
        outputs = np.flatnonzero(n.pin_output)
        cell[n.pin_net[outputs]] = n.pin_cell[outputs]
        return Graph(
            order, edged, latch, n.cell_start, n.pin_net, cell, n.port_net, n.port_input,
            macro_pins(n.macros, n.port_net, n.nets),
        )  # fmt: skip

    @cached_property
    def levels(self) -> Levels:
        """The netlist as sizing walks it."""
        return Levels.of(self.netlist, self.graph)

    @property
    def port_places(self) -> tuple[Floats, Floats]:
        """Where ports lie, in units of the core's sides."""
        return self.ports or port_positions(len(self.netlist.port_net))

    def solid(self, lib: Library, wide: float, high: float) -> Floats:
        """Boxes of macros on a core.

        Args:
            lib: gives sites and rows.
            wide: width of the core in um.
            high: height of the core in um.

        Returns:
            (m, 4) in um.

        Raises:
            NoRoom: one does not fit.
        """
        if not self.netlist.macros or self.macros is None:
            return np.zeros((0, 4))
        wanted = self.macros * np.array([wide, high])
        return boxes(self.netlist.macros, settle(self.netlist.macros, wanted, wide, high, lib))
