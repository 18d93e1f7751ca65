"""Where macros lie: along the core's edges and one another's, each as near as can be to its logic."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats

from .floorplan import NoRoom
from .library import Library
from .macros.instances import Macros
from .netlist import Netlist
from .placement import Placement, crowded, grid, port_positions, spread

MOVES = 2  # times that macros are moved to their logic
TINY = 1e-9


def settle(macros: Macros, wanted: Floats, wide: float, high: float, lib: Library) -> Floats:
    """Lower left corners of macros, on sites and rows, without overlap.

    Those with a place of their own keep it. Then the largest goes first, to the nearest place that
    touches an edge or a neighbour both ways, so that the area left to rows stays in one piece.

    Args:
        macros: the macros.
        wanted: (m, 2) centres in um.
        wide: width of the core in um.
        high: height of the core in um.
        lib: gives sites and rows.

    Returns:
        (m, 2) corners in um.

    Raises:
        NoRoom: one does not fit.
    """
    sizes, steps = macros.sizes, np.array([lib.cpp_um, lib.height_um])
    core = np.array([wide, high])
    out = np.zeros((len(sizes), 2))
    done: list[int] = []

    def fits(k: int, corner: Floats) -> bool:
        inside = (corner > -TINY).all() and (corner + sizes[k] < core + TINY).all()
        apart = [
            (corner + sizes[k] < out[j] + TINY).any() or (corner > out[j] + sizes[j] - TINY).any()
            for j in done
        ]
        return bool(inside) and all(apart)

    own = [i.at is not None for i in macros.instances]
    for k in sorted(range(len(sizes)), key=lambda k: (not own[k], -sizes[k].prod(), k)):
        instance = macros.instances[k]
        if instance.at is not None:
            choices = [np.array(instance.at)]
        else:
            along = [
                sorted({
                    0.0, _floor(core[d] - sizes[k][d], steps[d]),
                    *(_ceil(out[j][d] + sizes[j][d], steps[d]) for j in done),
                    *(_floor(out[j][d] - sizes[k][d], steps[d]) for j in done),
                }) for d in (0, 1)
            ]  # fmt: skip
            choices = [np.array([x, y]) for x in along[0] for y in along[1]]
            middle = wanted[k] - sizes[k] / 2
            choices.sort(key=lambda c, m=middle: float(np.abs(c - m).sum()))  # type: ignore[misc]
        corner = next((c for c in choices if fits(k, c)), None)
        if corner is None:
            where = "" if instance.at is None else f" at {instance.at[0]:g}, {instance.at[1]:g} um"
            raise NoRoom(
                f"macro {instance.name} ({sizes[k][0]:g} by {sizes[k][1]:g} um) finds no room{where} in "
                f"a core of {wide:.2f} by {high:.2f} um; lower the utilisation or change the aspect ratio"
            )
        out[k] = corner
        done.append(k)
    return out


def _floor(value: float, step: float) -> float:
    return float(np.floor(value / step + 1e-6) * step)


def _ceil(value: float, step: float) -> float:
    return float(np.ceil(value / step - 1e-6) * step)


def boxes(macros: Macros, corners: Floats) -> Floats:
    """Boxes of macros.

    Args:
        macros: the macros.
        corners: (m, 2) lower left corners in um.

    Returns:
        (m, 4): left, bottom, right, top in um.
    """
    return np.hstack([corners, corners + macros.sizes])


def pin_places(macros: Macros, corners: Floats) -> tuple[Floats, Floats]:
    """Places of all macro pins.

    Args:
        macros: the macros.
        corners: (m, 2) lower left corners in um.

    Returns:
        x and y (k,) in um.
    """
    at = corners[macros.owner]
    return at[:, 0] + macros.offset[0], at[:, 1] + macros.offset[1]


def place_round(
    netlist: Netlist,
    macros: Macros,
    lib: Library,
    aspect: float,
    seed: int,
    core: tuple[float, float],
    pull: Floats | None = None,
) -> Placement:
    """Place cells round the macros; macros move to their logic in between.

    Args:
        netlist: the netlist.
        macros: its macros.
        lib: the library.
        aspect: height of the core over its width.
        seed: of the placement.
        core: sides in um.
        pull: (nets,) weight of each net's wire; None for 1 each.

    Returns:
        The placement.

    Raises:
        NoRoom: a macro does not fit.
        ArchgymError: the spreading did not come to rest.
    """
    scale = np.array(core)
    own = netlist.block_ports
    px, py = grid(own) if crowded(netlist, lib, aspect) else port_positions(own)
    centres = np.full((len(macros.instances), 2), 0.5)
    corners, solid = centres * scale, np.zeros((0, 4))
    for turn in range(MOVES + 1):
        if turn:
            corners = settle(macros, centres * scale, *core, lib)
            solid = boxes(macros, corners) / np.tile(scale, 2)
        mx, my = pin_places(macros, corners)
        ports = np.concatenate([px, mx / core[0]]), np.concatenate([py, my / core[1]])
        found = spread(netlist, lib, aspect, seed, ports, solid, pull)
        if turn < MOVES:
            centres = _wanted(netlist, macros, found)
    middle = (corners + macros.sizes / 2) / scale
    return Placement(found.x, found.y, *ports, found.steps, found.overflow, middle)


def _wanted(netlist: Netlist, macros: Macros, found: Placement) -> Floats:
    """Mean place (m, 2) of what each macro is wired to, the clock left out; the middle without any."""
    total, x, y = (np.zeros(netlist.nets) for _ in range(3))
    np.add.at(total, netlist.pin_net, 1.0)
    np.add.at(x, netlist.pin_net, found.x[netlist.pin_cell])
    np.add.at(y, netlist.pin_net, found.y[netlist.pin_cell])
    nets = netlist.port_net[netlist.block_ports :]
    used = (total[nets] > 0) & ~macros.clocked
    out = np.full((len(macros.instances), 2), 0.5)
    for k in range(len(out)):
        chosen = nets[used & (macros.owner == k)]
        if len(chosen):
            out[k] = (
                (x / np.maximum(total, 1))[chosen].mean(),
                (y / np.maximum(total, 1))[chosen].mean(),
            )
    return out
