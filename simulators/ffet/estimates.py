"""Before there is a core: where pins will be about, the trees of their nets, and cells sized for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archgym.contracts.evaluation import Floats

from .analysis import estimates, wires_of
from .calibration import Calibration
from .choices import Choices
from .floorplan import core_area
from .functions import PIN_OFFSETS
from .kernels.sizing import EDGE_FACTOR, optimise
from .kernels.state import Cells, Graph, Nets, Pi, Prices, Room, Wires, Work
from .kernels.timing import LN2, SLEW_SHARE
from .kernels.trees import grow
from .library import Library
from .macro_places import pin_places
from .metal import Metal
from .netlist import Ints, Netlist
from .placed import Placed
from .routing import Trees

ROUNDS = 18, 16, 4  # of sizing, of mending; idle ones that end either
USUAL = 0.76  # the utilisation at which trees are grown; at others they are the same, but for scale
KEPT = 8  # pairs of trees a placement
NO_TREES = Trees(*(np.zeros(0, t) for t in (np.int64, float, float, np.int64, np.int64)))


def pin_places_of(
    placed: Placed, lib: Library, kind: Ints, x: Floats, y: Floats, wide: float, high: float,
    solid: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Places of pins and ports.

    Args:
        placed: the placed netlist.
        lib: the library.
        kind: (cells,) each cell's cell of the library.
        x: (cells,) centres in um.
        y: (cells,) centres in um.
        wide: width of the core in um.
        high: height of the core in um.
        solid: (m, 4) boxes of macros in um.

    Returns:
        x and y (pins + ports,) in um.
    """
    n = placed.netlist
    share = PIN_OFFSETS[n.function[n.pin_cell], n.pin_place] - 0.5
    px, py = placed.port_places
    px, py = px * wide, py * high
    if n.macros:
        px[n.block_ports :], py[n.block_ports :] = pin_places(n.macros, solid[:, :2])
    return (
        np.concatenate([x[n.pin_cell] + share * lib.width[kind][n.pin_cell] * lib.cpp_um, px]),
        np.concatenate([y[n.pin_cell], py]),
    )


def trees_of(
    placed: Placed, sides: Ints, px: Floats, py: Floats,
    before: tuple[tuple[Trees, Trees], Ints] | None = None,
) -> tuple[Trees, Trees]:  # fmt: skip
    """Steiner trees of both sides.

    Args:
        placed: the placed netlist.
        sides: (pins + ports,) 0 front, 1 back.
        px: (pins + ports,) um.
        py: (pins + ports,) um.
        before: earlier trees and their sides; nets whose pins are on the same sides keep their trees.

    Returns:
        The trees of the front and of the back.
    """
    start, pins = placed.pins_by_net
    most = int(np.diff(start).max())
    known = np.zeros(len(start) - 1, np.bool_)
    old = (NO_TREES, NO_TREES)
    if before:
        old, sides_before = before
        n = placed.netlist
        known[:] = True
        known[np.concatenate([n.pin_net, n.port_net])[sides != sides_before]] = False
    front, back = (
        Trees(*grow(
            start, pins, placed.driver, sides, px, py, side, most, known,
            (t.first, t.x, t.y, t.up, t.pin),
        ))
        for side, t in enumerate(old)
    )  # fmt: skip
    return front, back


def first_trees(
    placed: Placed, lib: Library, sides: Ints, aspect: float, wide: float
) -> tuple[Trees, Trees]:
    """Both sides' trees before cells have sizes, grown once for each assignment of sides.

    Args:
        placed: the placed netlist, which keeps the trees.
        lib: the library.
        sides: (pins + ports,) 0 front, 1 back.
        aspect: height of the core over its width.
        wide: width of the core in um.

    Returns:
        The trees of the front and of the back, in the numbers of ``placed.levels``.
    """
    key = hash(sides.tobytes())
    usual, high = first_core(placed.netlist, lib, aspect, USUAL)
    if key not in placed.trees:
        kind, none = lib.first[placed.netlist.function], np.zeros((0, 4))
        x, y = placed.x * usual, placed.y * high
        found = trees_of(placed, sides, *pin_places_of(placed, lib, kind, x, y, usual, high, none))
        while len(placed.trees) >= KEPT:
            placed.trees.pop(next(iter(placed.trees)), None)
        front, back = (placed.levels.trees(t) for t in found)
        placed.trees[key] = front, back
    front, back = placed.trees[key]
    scale = wide / usual
    return tuple(replace(t, x=t.x * scale, y=t.y * scale) for t in (front, back))  # type: ignore[return-value]


def first_core(
    netlist: Netlist, lib: Library, aspect: float, utilization: float
) -> tuple[float, float]:
    """The core before cells have sizes: they will take a tenth more than X1.

    Args:
        netlist: the netlist.
        lib: the library.
        aspect: height of the core over its width.
        utilization: share of the core that cells fill.

    Returns:
        (width, height) in um.
    """
    cells = float(lib.area_um2[lib.first[netlist.function]].sum()) * 1.1
    area = core_area(cells + netlist.macro_area_um2, utilization, netlist.block_ports)
    return (area / aspect) ** 0.5, (area * aspect) ** 0.5


def size(
    placed: Placed, lib: Library, sides: Ints, choices: Choices, metals: tuple[Metal, ...],
    fitted: Calibration,
) -> Ints:  # fmt: skip
    """Size the cells for the target frequency, on wires estimated from the placement.

    Args:
        placed: the placed netlist.
        lib: the library.
        sides: (pins + ports,) 0 front, 1 back.
        choices: the design.
        metals: of both sides.
        fitted: the fitted constants.

    Returns:
        (cells,) each cell's cell of the library.
    """
    n = placed.netlist
    kind = lib.first[n.function]
    wide, high = first_core(n, lib, choices.aspect_ratio, choices.utilization)
    if n.macros:  # which move within the core
        solid = placed.solid(lib, wide, high)
        px, py = pin_places_of(
            placed, lib, kind, placed.x * wide, placed.y * high, wide, high, solid
        )
        front, back = trees_of(placed, sides, px, py)
        trees = placed.levels.trees(front), placed.levels.trees(back)
    else:
        trees = first_trees(placed, lib, sides, choices.aspect_ratio, wide)
    wires = tuple(wires_of(t, *estimates(t, m, fitted.climb_ps)) for t, m in zip(trees, metals))
    period = 1e3 / choices.target_ghz
    at = placed.levels
    found = kind[at.cell]
    room = _room(at.graph, lib.cells, found, wires)
    optimise(at.graph, lib.cells, n.function[at.cell], at.rank, found, wires, room, period, *ROUNDS)
    return found[at.rank]


def _room(graph: Graph, cells: Cells, kind: Ints, sides: tuple[Wires, ...]) -> Room:
    """What sizing works with, with the loads of the present sizes; every net is stale."""
    nets, pins, ports = len(graph.driver), len(graph.pin_net), len(graph.port_net)
    outputs, most = graph.cell_start[1:] - 1, max(len(wires.up) for wires in sides)
    load, arrival, slew, nothing, flow, rest = np.zeros((6, nets))
    delay, path, pin_load = np.zeros((3, pins + ports))
    pin_load[:pins] = np.repeat(cells.load[kind], np.diff(graph.cell_start))
    pin_load[outputs] = 0.0
    pin_load[pins:] = graph.macro.load
    drive = graph.macro.source.copy()
    drive[: len(kind)] = cells.resistance[kind]
    return Room(
        Nets(load, arrival, slew, delay, np.zeros(pins)),
        Pi(load, nothing, nothing),  # wires without resistance, as far as drivers see
        Prices(np.full(pins, 1e-3), np.full(ports, 1e-3), flow),
        Work(
            pin_load, drive, np.empty(most), np.empty(most), np.ones(nets, np.bool_),
            cells.intrinsic + SLEW_SHARE * cells.edge, LN2 * EDGE_FACTOR * cells.resistance,
        ),
        path, rest, kind.copy(),
    )  # fmt: skip
