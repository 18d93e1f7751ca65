"""The flow from a placement to block PPA: size, floorplan, legalise, route both sides, extract, time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.errors import ArchgymError

from .calibration import FITTED, Calibration
from .floorplan import Floorplan, floorplan, legalise
from .functions import DFF, PIN_OFFSETS
from .kernels import timing
from .kernels.graph import levelise, pins_by_net
from .kernels.sizing import optimise
from .kernels.trees import grow
from .kernels.wires import admittance, elmore, estimate, pi_models
from .library import Library, library
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

    @cached_property
    def graph(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Cells by level; nets' starts and pins; every net's driver pin (ports after pins) and cell."""
        n = self.netlist
        _, order = levelise(n.function == DFF, n.cell_start, n.pin_net, n.nets)
        start, pins = pins_by_net(np.concatenate([n.pin_net, n.port_net]), n.nets)
        driver = np.full(n.nets, -1, np.int64)
        driver[n.port_net[n.port_input]] = len(n.pin_net) + np.flatnonzero(n.port_input)
        outputs = np.flatnonzero(n.pin_output)
        driver[n.pin_net[outputs]] = outputs
        cell = np.full(n.nets, -1, np.int64)
        cell[n.pin_net[outputs]] = n.pin_cell[outputs]
        return order, start, pins, driver, cell


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
    net_load: Floats
    wire_delay: Floats
    arrival: Floats
    slew: Floats
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


class NoRoom(Exception):
    """Cells that cannot be legalised."""


def _pin_places(
    placed: Placed, lib: Library, kind: Ints, x: Floats, y: Floats, wide: float, high: float
) -> tuple[Floats, Floats]:
    """Pins' and ports' places in um; ``x``, ``y`` are cells' centres."""
    n = placed.netlist
    share = PIN_OFFSETS[n.function[n.pin_cell], n.pin_place] - 0.5
    px, py = port_positions(len(n.port_net))
    return (
        np.concatenate(
            [x[n.pin_cell] + share * lib.width[kind][n.pin_cell] * lib.cpp_um, px * wide]
        ),
        np.concatenate([y[n.pin_cell], py * high]),
    )


def _trees(placed: Placed, sides: Ints, px: Floats, py: Floats) -> tuple[Trees, Trees]:
    _, start, pins, driver, _ = placed.graph
    most = int(np.diff(start).max())
    front, back = (Trees(*grow(start, pins, driver, sides, px, py, side, most)) for side in (0, 1))
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
    cell_area = float(lib.area_um2[kind].sum())
    plan = floorplan(lib, cell_area, choices.utilization, choices.aspect_ratio)
    left, row, lost = legalise(plan, lib, placed.x * plan.wide, placed.y * plan.high, widths)
    if lost:
        raise NoRoom(f"{lost} of {len(kind)} cells find no room between power taps")
    x, y = left + widths / 2, np.asarray((row + 0.5) * lib.height_um, np.float64)
    px, py = _pin_places(placed, lib, kind, x, y, plan.wide, plan.high)
    loads = np.concatenate([lib.load[kind][n.pin_cell], np.zeros(len(n.port_net))])
    trees = _trees(placed, sides, px, py)
    urgency = _urgency(placed, lib, kind, trees, metals, loads)
    blocked = fitted.pin_pitches * lib.stack.layers[0].pitch_nm * 1e-3
    routed = tuple(
        route(t, m, (plan.wide, plan.high), blocked, loads, urgency) if m.pairs else _unrouted(t)
        for t, m in zip(trees, metals)
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


def size(
    placed: Placed, lib: Library, sides: Ints, choices: Choices, metals: tuple[Metal, ...]
) -> Ints:
    """Cells (cells,) of the library for the target frequency, on wires estimated from the placement."""
    n = placed.netlist
    kind = lib.first[n.function]
    area = float(lib.area_um2[kind].sum()) * 1.1 / choices.utilization
    wide, high = (area / choices.aspect_ratio) ** 0.5, (area * choices.aspect_ratio) ** 0.5
    px, py = _pin_places(placed, lib, kind, placed.x * wide, placed.y * high, wide, high)
    trees = _trees(placed, sides, px, py)
    order, _, _, _, driver_cell = placed.graph
    arguments = []
    for t, m in zip(trees, metals):
        arguments += [t.first, t.up, t.pin, *_estimates(t, m)]
    optimise(  # type: ignore[call-arg]
        order, n.function == DFF, n.cell_start, n.pin_net, n.function, lib.first, kind,
        lib.area_um2, lib.resistance, lib.intrinsic, lib.edge, lib.load, lib.setup, driver_cell,
        *arguments, n.port_net, n.port_input, 1e3 / choices.target_ghz, SIZING_ROUNDS, MENDS,
    )  # fmt: skip
    return kind


def time(
    placed: Placed,
    lib: Library,
    kind: Ints,
    wires: list[tuple[Trees, Floats, Floats]],
    loads: Floats,
) -> tuple[Floats, Floats, Floats, Floats, float, int]:
    """Net loads, wire delays, arrivals, edges, the period in ps and the pin it ends at."""
    n = placed.netlist
    order = placed.graph[0]
    net_load, delay, path = np.zeros(n.nets), np.zeros(len(loads)), np.zeros(len(loads))
    moments = np.zeros((n.nets, 3))
    for t, res, cap in wires:
        a, b, c = np.empty((3, max(1, len(t.up))))
        elmore(t.first, t.up, t.pin, res, cap, loads, net_load, delay, path, a, b)
        admittance(t.first, t.up, t.pin, res, cap, loads, moments, a, b, c)
    near, far, ohm = np.empty((3, n.nets))
    pi_models(moments, near, far, ohm)
    arrival, slew = np.zeros(n.nets), np.zeros(n.nets)
    flop = n.function == DFF
    timing.arrivals(
        order, flop, n.cell_start, n.pin_net, kind, lib.resistance, lib.intrinsic, lib.edge,
        near, far, ohm, delay, arrival, slew,
    )  # fmt: skip
    period, end = timing.worst(
        flop, n.cell_start, n.pin_net, delay, arrival, lib.setup, n.port_net, n.port_input,
        delay[len(n.pin_net) :],
    )  # fmt: skip
    return net_load, delay, arrival, slew, float(period), int(end)


def _urgency(
    placed: Placed, lib: Library, kind: Ints, trees: tuple[Trees, Trees],
    metals: tuple[Metal, ...], loads: Floats,
) -> Floats:  # fmt: skip
    """How close (nets,) the longest path through a net comes to the worst: a steep power of it."""
    n = placed.netlist
    wires = [(t, *_estimates(t, m)) for t, m in zip(trees, metals)]
    net_load, delay, arrival, slew, period, _ = time(placed, lib, kind, wires, loads)
    rest = np.empty(n.nets)
    timing.departures(
        placed.graph[0], n.function == DFF, n.cell_start, n.pin_net, kind, lib.resistance,
        lib.intrinsic, net_load, delay, slew, lib.setup, n.port_net, n.port_input,
        delay[len(n.pin_net) :], rest,
    )  # fmt: skip
    share = np.clip((arrival + np.maximum(rest, 0.0)) / period, 0.05, 1.0)
    square = share * share
    return square * square * square * square
