"""Static timing of a block's wires, and what is critical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archgym.contracts.evaluation import Floats

from .kernels import timing
from .kernels.state import Nets, Pi, Wires
from .kernels.wires import admittance, elmore, estimate, pi_models
from .library import Library
from .metal import Metal
from .netlist import Ints
from .placed import Placed
from .routing import Trees


def estimates(trees: Trees, m: Metal, climb_ps: float) -> tuple[Floats, Floats]:
    """Resistances and capacitances before routing, as if every net were urgent.

    Args:
        trees: of one side.
        m: the side's metal.
        climb_ps: price of a via in ps.

    Returns:
        kohm and fF of every tree edge (nodes,).
    """
    res, cap = np.zeros(len(trees.up)), np.zeros(len(trees.up))
    if m.pairs:
        toll = 2.0 * climb_ps * m.climb
        estimate(trees.x, trees.y, trees.up, m.ohm, m.via, toll, m.middle, m.pairs, res, cap)
    return res, cap


def wires_of(trees: Trees, resistance: Floats, capacitance: Floats) -> Wires:
    """A side's wires as the kernels take them.

    Args:
        trees: of one side.
        resistance: (nodes,) kohm.
        capacitance: (nodes,) fF.

    Returns:
        The bundle.
    """
    return Wires(trees.first, trees.up, trees.pin, resistance, capacitance)


def time(
    placed: Placed,
    lib: Library,
    kind: Ints,
    wires: list[tuple[Trees, Floats, Floats]],
    loads: Floats,
) -> tuple[Nets, float, int]:
    """Time all nets.

    Args:
        placed: the placed netlist.
        lib: the library.
        kind: (cells,) each cell's cell of the library.
        wires: by side, its trees, resistances in kohm and capacitances in fF (nodes,).
        loads: (pins + ports,) fF.

    Returns:
        Times of all nets, the period in ps, and the pin at which its path ends.
    """
    n, graph = placed.netlist, placed.graph
    pins = len(loads)
    load, arrival, slew = np.zeros((3, n.nets))
    nets = Nets(load, arrival, slew, np.zeros(pins), np.zeros(pins))
    path = np.zeros(len(loads))
    moments, every = np.zeros((n.nets, 3)), np.ones(n.nets, np.bool_)
    for trees, res, cap in wires:
        a, b, c = np.empty((3, max(1, len(trees.up))))
        side = wires_of(trees, res, cap)
        elmore(side, every, loads, nets.load, nets.delay, path, a, b)
        admittance(side, loads, moments, a, b, c)
    pi = Pi(*np.empty((3, n.nets)))
    pi_models(moments, *pi)
    timing.arrivals(graph, lib.cells, kind, pi, nets)
    period, end = timing.worst(graph, lib.cells, kind, nets)
    return nets, float(period), int(end)


@dataclass(frozen=True)
class Criticality:
    """How near the longest path comes to the worst, of every net and pin; Elmore's delays (pins,)."""

    net: Floats
    pin: Floats
    delay: Floats

    @property
    def urgency(self) -> Floats:
        """What a picosecond counts (nets,): a steep power."""
        square = self.net * self.net
        return square * square * square * square


def criticality(
    placed: Placed, lib: Library, kind: Ints, trees: tuple[Trees, Trees],
    metals: tuple[Metal, ...], loads: Floats, climb_ps: float,
) -> Criticality:  # fmt: skip
    """How critical nets and pins are before routing, on estimated wires.

    Args:
        placed: the placed netlist.
        lib: the library.
        kind: (cells,) each cell's cell of the library.
        trees: of both sides.
        metals: of both sides.
        loads: (pins + ports,) fF.
        climb_ps: price of a via in ps.

    Returns:
        Shares of the longest path.
    """
    n, g = placed.netlist, placed.graph
    wires = [(t, *estimates(t, m, climb_ps)) for t, m in zip(trees, metals)]
    nets, period, _ = time(placed, lib, kind, wires, loads)
    rest = np.empty(n.nets)
    timing.departures(g, lib.cells, kind, nets, rest)
    after = np.maximum(rest, 0.0)
    share = np.clip((nets.arrival + after) / period, 0.05, 1.0)
    delay = nets.delay[: len(n.pin_net)]
    cell = kind[n.pin_cell]
    out = n.pin_net[n.cell_start[1:] - 1][n.pin_cell]
    edge = nets.slew[n.pin_net] + timing.LN4 * delay
    own = lib.intrinsic[cell] + timing.LN2 * lib.resistance[cell] * nets.load[out]
    through = timing.SLEW_SHARE * edge + own + after[out]
    ends = g.edged[n.pin_cell] | g.latch[n.pin_cell]
    total = nets.arrival[n.pin_net] + timing.LN2 * delay + np.where(ends, lib.margin[cell], through)
    return Criticality(share, total / period, delay)
