"""The flow from a placement to block PPA: size, floorplan, legalise, route both sides, extract, time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.errors import ArchgymError

from .calibration import FITTED, Calibration
from .floorplan import Floorplan, NoRoom, core_area, packed
from .functions import EDGED, LATCH, PIN_OFFSETS
from .kernels import timing
from .kernels.graph import levelise, pins_by_net
from .kernels.sizing import optimise
from .kernels.state import Graph, Nets, Pi, Wires
from .kernels.trees import grow
from .kernels.wires import admittance, elmore, estimate, pi_models
from .library import Library, library
from .macro_places import boxes, pin_places, settle
from .macros.instances import macro_pins
from .macros.keepout import keep_out
from .metal import Metal, metal
from .netlist import Ints, Netlist
from .placement import port_positions
from .routing import Routed, Trees, route
from .technology import WIRE_FF_PER_UM, stack

SIZING_ROUNDS, MENDS = 18, 16


@dataclass(frozen=True)
class Choices:
    """One design in physical values; ``target_ghz`` is what sizing aims at."""

    technology: str = "ffet-3.5t"
    front_layers: int = 12
    back_layers: int = 0
    back_pin_share: float = 0.0
    utilization: float = 0.76
    aspect_ratio: float = 1.0
    target_ghz: float = 1.5
    vdd: float = 0.7
    overlay_nm: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A buffered netlist with centres (cells,) in units of the core's sides, and its order."""

    netlist: Netlist
    x: Floats
    y: Floats
    ports: tuple[Floats, Floats] | None = None  # their places; None: round the core
    macros: Floats | None = None  # their centres (m, 2)

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

    def solid(self, lib: Library, wide: float, high: float) -> Floats:
        """Boxes of macros (m, 4) in um on a core of these sides.

        Raises:
            NoRoom: one does not fit.
        """
        if not self.netlist.macros or self.macros is None:
            return np.zeros((0, 4))
        wanted = self.macros * np.array([wide, high])
        return boxes(self.netlist.macros, settle(self.netlist.macros, wanted, wide, high, lib))


@dataclass(frozen=True)
class Block:
    """A finished block."""

    choices: Choices
    library: Library
    placed: Placed
    kind: Ints  # cell of the library, of every cell
    plan: Floorplan
    left: Floats
    row: Ints
    pin_x: Floats
    pin_y: Floats
    sides: Ints
    routed: tuple[Routed, Routed]
    nets: Nets
    period_ps: float
    end: int

    @property
    def cell_area_um2(self) -> float:
        """Of all cells, taps not counted."""
        return float(self.library.area_um2[self.kind].sum())

    @property
    def violations(self) -> int:
        """Borders of gcells at which a layer of either side is above its capacity."""
        return self.routed[0].violations + self.routed[1].violations


def _pin_places(
    placed: Placed, lib: Library, kind: Ints, x: Floats, y: Floats, wide: float, high: float,
    solid: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Pins' and ports' places in um; ``x``, ``y`` are cells' centres, ``solid`` boxes of macros."""
    n = placed.netlist
    share = PIN_OFFSETS[n.function[n.pin_cell], n.pin_place] - 0.5
    px, py = placed.ports or port_positions(len(n.port_net))
    px, py = px * wide, py * high
    if n.macros:
        px[n.block_ports :], py[n.block_ports :] = pin_places(n.macros, solid[:, :2])
    return (
        np.concatenate([x[n.pin_cell] + share * lib.width[kind][n.pin_cell] * lib.cpp_um, px]),
        np.concatenate([y[n.pin_cell], py]),
    )


def _trees(placed: Placed, sides: Ints, px: Floats, py: Floats) -> tuple[Trees, Trees]:
    start, pins = placed.pins_by_net
    most = int(np.diff(start).max())
    front, back = (
        Trees(*grow(start, pins, placed.driver, sides, px, py, side, most)) for side in (0, 1)
    )
    return front, back


def _wire_sides(choices: Choices, sides: Ints) -> tuple[int, int]:
    return choices.front_layers, choices.back_layers if sides.any() else 0


def build(
    placed: Placed,
    sides: NDArray[np.int64],
    choices: Choices,
    stack_name: str = "gt2n",
    fitted: Calibration = FITTED,
) -> Block:
    """Run the flow on one placement; ``sides`` (pins + ports,) of its buffered netlist.

    Raises:
        NoRoom: some cells cannot be legalised at this utilisation.
    """
    if choices.vdd < 0.4:
        raise ArchgymError(f"vdd must be at least 0.4 V, got {choices.vdd}")
    lib = library(choices.technology, choices.vdd, stack_name, fitted, choices.overlay_nm)
    n = placed.netlist
    metals = tuple(metal(stack(stack_name), layers) for layers in _wire_sides(choices, sides))
    kind = size(placed, lib, sides, choices, metals)
    widths = np.asarray(lib.width[kind] * lib.cpp_um, np.float64)
    filled = float(lib.area_um2[kind].sum()) + n.macro_area_um2
    area = core_area(filled, choices.utilization, n.block_ports)
    plan, left, row, lost = packed(
        lib, area, choices.aspect_ratio, placed.x, placed.y, widths,
        (lambda p: placed.solid(lib, p.wide, p.high)) if n.macros else None,
    )  # fmt: skip
    if lost:
        raise NoRoom(
            f"{lost} of {len(kind)} cells find no room between power taps in {plan.rows} rows of "
            f"{plan.wide:.2f} um{' round macros' if n.macros else ''}; lower the utilisation"
        )
    x, y = left + widths / 2, np.asarray((row + 0.5) * lib.height_um, np.float64)
    px, py = _pin_places(placed, lib, kind, x, y, plan.wide, plan.high, plan.solid)
    loads = np.concatenate([lib.load[kind][n.pin_cell], placed.graph.macro.load])
    trees = _trees(placed, sides, px, py)
    urgency = _urgency(placed, lib, kind, trees, metals, loads)
    blocked = fitted.pin_pitches * lib.stack.layers[0].pitch_nm * 1e-3
    routed = tuple(
        route(
            t, m, (plan.wide, plan.high), blocked, loads, urgency, keep_out(n.macros, plan.solid, s)
        )
        if m.pairs
        else _unrouted(t)
        for s, (t, m) in enumerate(zip(trees, metals))
    )
    wires = [(r.trees, r.resistance, r.capacitance) for r in routed]
    timed = time(placed, lib, kind, wires, loads)
    return Block(
        choices, lib, placed, kind, plan, left, row, px, py, sides, (routed[0], routed[1]), *timed
    )


def _unrouted(trees: Trees) -> Routed:
    """A side without metal: it must have no wires."""
    nodes = len(trees.up)
    none, grid = np.zeros(nodes, np.int64), np.zeros((1, 1, 1))
    zeros = np.zeros(nodes)
    return Routed(
        trees, none, none, none, none, none, none, zeros, zeros, zeros, grid, grid + 1, grid,
        grid + 1, 1.0, 0.0, 0,
    )  # fmt: skip


def _estimates(trees: Trees, m: Metal) -> tuple[Floats, Floats]:
    res, cap = np.zeros(len(trees.up)), np.zeros(len(trees.up))
    if m.pairs:
        middle = sum(WIRE_FF_PER_UM) / 2
        estimate(trees.x, trees.y, trees.up, m.ohm, m.via, middle, m.pairs, res, cap)
    return res, cap


def first_core(
    netlist: Netlist, lib: Library, aspect: float, utilization: float
) -> tuple[float, float]:
    """Sides in um of the core before cells have sizes: they will take a tenth more than X1."""
    cells = float(lib.area_um2[lib.first[netlist.function]].sum()) * 1.1
    area = core_area(cells + netlist.macro_area_um2, utilization, netlist.block_ports)
    return (area / aspect) ** 0.5, (area * aspect) ** 0.5


def size(
    placed: Placed, lib: Library, sides: Ints, choices: Choices, metals: tuple[Metal, ...]
) -> Ints:
    """Cells (cells,) of the library for the target frequency, on wires estimated from the placement."""
    n = placed.netlist
    kind = lib.first[n.function]
    wide, high = first_core(n, lib, choices.aspect_ratio, choices.utilization)
    solid = placed.solid(lib, wide, high)
    px, py = _pin_places(placed, lib, kind, placed.x * wide, placed.y * high, wide, high, solid)
    trees = _trees(placed, sides, px, py)
    wires = tuple(_wires(t, *_estimates(t, m)) for t, m in zip(trees, metals))
    period = 1e3 / choices.target_ghz
    optimise(placed.graph, lib.cells, n.function, kind, wires, period, SIZING_ROUNDS, MENDS)
    return kind


def _wires(trees: Trees, resistance: Floats, capacitance: Floats) -> Wires:
    return Wires(trees.first, trees.up, trees.pin, resistance, capacitance)


def time(
    placed: Placed,
    lib: Library,
    kind: Ints,
    wires: list[tuple[Trees, Floats, Floats]],
    loads: Floats,
) -> tuple[Nets, float, int]:
    """Times of all nets, the period in ps and the pin it ends at.

    ``wires`` holds a side's trees, resistances in kohm and capacitances in fF (nodes,); ``loads``
    (pins + ports,) in fF.
    """
    n, graph = placed.netlist, placed.graph
    nets = Nets(np.zeros(n.nets), np.zeros(n.nets), np.zeros(n.nets), np.zeros(len(loads)))
    path = np.zeros(len(loads))
    moments = np.zeros((n.nets, 3))
    for trees, res, cap in wires:
        a, b, c = np.empty((3, max(1, len(trees.up))))
        side = _wires(trees, res, cap)
        elmore(side, loads, nets.load, nets.delay, path, a, b)
        admittance(side, loads, moments, a, b, c)
    pi = Pi(*np.empty((3, n.nets)))
    pi_models(moments, *pi)
    timing.arrivals(graph, lib.cells, kind, pi, nets)
    period, end = timing.worst(graph, lib.cells, kind, nets)
    return nets, float(period), int(end)


def _urgency(
    placed: Placed, lib: Library, kind: Ints, trees: tuple[Trees, Trees],
    metals: tuple[Metal, ...], loads: Floats,
) -> Floats:  # fmt: skip
    """How close (nets,) the longest path through a net comes to the worst: a steep power of it."""
    wires = [(t, *_estimates(t, m)) for t, m in zip(trees, metals)]
    nets, period, _ = time(placed, lib, kind, wires, loads)
    rest = np.empty(placed.netlist.nets)
    timing.departures(placed.graph, lib.cells, kind, nets, rest)
    share = np.clip((nets.arrival + np.maximum(rest, 0.0)) / period, 0.05, 1.0)
    square = share * share
    return square * square * square * square
