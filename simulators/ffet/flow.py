"""The flow from a placement to block PPA: size, floorplan, legalise, route both sides, extract, time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.errors import ArchgymError

from .analysis import Criticality, criticality, time
from .calibration import FITTED, Calibration
from .choices import Choices
from .estimates import pin_places_of, size, trees_of
from .floorplan import Floorplan, NoRoom, core_area, packed
from .kernels.sides import split
from .kernels.state import Nets
from .library import Library, library
from .macros.keepout import keep_out
from .metal import Metal, metal
from .netlist import Ints
from .placed import Placed
from .routing import Routed, Trees, route
from .technology import stack

FAST = 2  # the pair of layers that a critical wire will get: M6 and M7
CRITICAL = 0.95  # of the longest path: nets with such paths are split between both sides


@dataclass(frozen=True)
class Block:
    """A finished block: placed, routed and timed.

    Attributes:
        choices: the design.
        library: the cells at its supply.
        placed: the placed netlist.
        kind: (cells,) each cell's cell of the library.
        plan: the core.
        left: (cells,) left edges in um.
        row: (cells,) rows, from the bottom.
        pin_x: (pins + ports,) um.
        pin_y: (pins + ports,) um.
        sides: (pins + ports,) 0 front, 1 back.
        routed: the front and the back.
        nets: times of the nets.
        period_ps: the least period.
        end: the pin (or pins + port) at which the longest path ends.
    """

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


def _wire_sides(choices: Choices, sides: Ints) -> tuple[int, int]:
    return choices.front_layers, choices.back_layers if sides.any() else 0


def build(
    placed: Placed,
    sides: NDArray[np.int64],
    choices: Choices,
    stack_name: str = "gt2n",
    fitted: Calibration = FITTED,
) -> Block:
    """Run the flow on one placement.

    Args:
        placed: the placed netlist.
        sides: (pins + ports,) of its buffered netlist, 0 front, 1 back.
        choices: the design.
        stack_name: the metal stack's name or CSV file.
        fitted: the fitted constants.

    Returns:
        The finished block.

    Raises:
        NoRoom: some cells cannot be legalised at this utilisation.
        ArchgymError: a supply below 0.4 V.
    """
    if choices.vdd < 0.4:
        raise ArchgymError(f"vdd must be at least 0.4 V, got {choices.vdd}")
    lib = library(choices.technology, choices.vdd, stack_name, fitted, choices.overlay_nm)
    n = placed.netlist
    metals = tuple(metal(stack(stack_name), layers) for layers in _wire_sides(choices, sides))
    kind = size(placed, lib, sides, choices, metals, fitted)
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
    px, py = pin_places_of(placed, lib, kind, x, y, plan.wide, plan.high, plan.solid)
    loads = np.concatenate([lib.load[kind][n.pin_cell], placed.graph.macro.load])
    trees = trees_of(placed, sides, px, py)
    critical = criticality(placed, lib, kind, trees, metals, loads, fitted.climb_ps)
    if len(trees[1].up):
        before = trees, sides
        sides = _split(placed, lib, kind, metals, critical, px, py, loads, sides)
        trees = trees_of(placed, sides, px, py, before)
    urgency = critical.urgency
    routed = tuple(
        route(
            t, m, (plan.wide, plan.high), fitted, loads, urgency, keep_out(n.macros, plan.solid, s)
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


def _split(
    placed: Placed, lib: Library, kind: Ints, metals: tuple[Metal, ...], critical: Criticality,
    px: Floats, py: Floats, loads: Floats, sides: Ints,
) -> Ints:  # fmt: skip
    """Sides with critical nets split: their latest sink goes where it has a wire to itself."""
    start, pins = placed.pins_by_net
    m = min(metals, key=lambda side: side.pairs)
    fast = min(m.pairs - 1, FAST)
    driver = placed.graph.driver
    drive = np.where(driver >= 0, lib.resistance[kind[driver]], 0.0)
    out = sides.copy()
    split(
        placed.graph, placed.netlist.pin_cell, start, pins, placed.driver,
        np.diff(start) - (placed.driver >= 0), critical.pin, CRITICAL, critical.delay,
        m.ohm[fast], m.middle, drive, px, py, loads, out,
    )  # fmt: skip
    return out


def _unrouted(trees: Trees) -> Routed:
    """A side without metal: it must have no wires."""
    nodes = len(trees.up)
    none, grid = np.zeros(nodes, np.int64), np.zeros((1, 1, 1))
    zeros = np.zeros(nodes)
    return Routed(
        trees, none, none, none, none, none, none, zeros, zeros, zeros, grid, grid + 1, grid,
        grid + 1, 1.0, 0.0, 0,
    )  # fmt: skip
