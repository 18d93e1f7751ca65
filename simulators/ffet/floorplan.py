"""The core: rows, power-tap columns, and legal places for its cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .kernels.legal import abacus, snap
from .library import Library


class NoRoom(Exception):
    """Cells or macros that cannot be legalised."""


@dataclass(frozen=True)
class Floorplan:
    """Sides in um; every row is cut into segments ``left`` to ``right`` between taps.

    ``solid`` (m, 4) holds the boxes of macros (left, bottom, right, top); rows end at them.
    """

    wide: float
    high: float
    rows: int
    left: Floats
    right: Floats
    solid: Floats = field(default_factory=lambda: np.zeros((0, 4)))

    def segments(self, lib: Library) -> tuple[Floats, Floats]:
        """The segments of every row, from left to right.

        Args:
            lib: gives sites and rows.

        Returns:
            Left and right ends (rows, s) in um; those of empty segments are 1e30.
        """
        if not len(self.solid):
            return np.tile(self.left, (self.rows, 1)), np.tile(self.right, (self.rows, 1))
        found = []
        for r in range(self.rows):
            parts = list(zip(self.left.tolist(), self.right.tolist()))
            for x0, y0, x1, y1 in self.solid:
                if y0 < (r + 1) * lib.height_um - 1e-9 and y1 > r * lib.height_um + 1e-9:
                    parts = [p for a, b in parts for p in ((a, min(b, x0)), (max(a, x1), b))]
            sites = [
                (
                    np.ceil(a / lib.cpp_um - 1e-6) * lib.cpp_um,
                    np.floor(b / lib.cpp_um + 1e-6) * lib.cpp_um,
                )
                for a, b in parts
            ]
            found.append(sorted((a, b) for a, b in sites if b > a + 1e-9))
        ends = np.full((2, self.rows, max(1, *map(len, found))), 1e30)
        for r, row in enumerate(found):
            ends[:, r, : len(row)] = np.array(row).reshape(-1, 2).T
        return ends[0], ends[1]

    @property
    def area_um2(self) -> float:
        """Area of the core in um2."""
        return self.wide * self.high


# A port lands on 3 M1 pitches of an M2 track and must be left: a core is never smaller than this each.
PORT_UM2 = 0.01
FEW = 4  # a core narrower than this many of its widest cells is packed by trying several row counts


def core_area(cell_area: float, utilization: float, ports: int) -> float:
    """Area of the core: cell area over utilisation, or what its ports need.

    Args:
        cell_area: um2.
        utilization: share of the core that cells fill.
        ports: how many there are.

    Returns:
        um2.
    """
    return max(cell_area / utilization, ports * PORT_UM2)


def floorplan(lib: Library, area: float, aspect: float, rows: int = 0) -> Floorplan:
    """A core of whole rows.

    Args:
        lib: gives sites, rows and taps.
        area: um2.
        aspect: height over width, met as nearly as whole rows allow.
        rows: how many rows; 0 for what the aspect ratio asks.

    Returns:
        The core, without macros.
    """
    rows = rows or max(1, round((area * aspect) ** 0.5 / lib.height_um))
    high = rows * lib.height_um
    wide = area / high
    sites = int(wide / lib.cpp_um + 1e-9)
    tap, pitch = lib.device.tap_cpp, lib.device.tap_pitch_cpp
    edges = [0]
    if tap:
        for at in range(pitch // 2, sites - tap, pitch):
            edges += [at, at + tap]
    edges.append(sites)
    cuts = np.array(edges, np.float64).reshape(-1, 2) * lib.cpp_um
    return Floorplan(wide, high, rows, cuts[:, 0], cuts[:, 1])


def packed(
    lib: Library, area: float, aspect: float, x: Floats, y: Floats, width: Floats,
    settled: Callable[[Floorplan], Floats] | None = None,
) -> tuple[Floorplan, Floats, NDArray[np.int64], int]:  # fmt: skip
    """A core with legal places of its cells.

    Where the core is only a few cells wide, it gets the row count nearest to the aspect ratio that
    holds them all.

    Args:
        lib: gives sites, rows and taps.
        area: um2.
        aspect: height over width.
        x: (cells,) wanted centres in units of the core's sides.
        y: (cells,) wanted centres in units of the core's sides.
        width: (cells,) um.
        settled: says where macros lie on a core; None without any.

    Returns:
        The core, and what :func:`legalise` gives.
    """
    plan = floorplan(lib, area, aspect)
    if settled:
        plan = replace(plan, solid=settled(plan))
        return plan, *legalise(plan, lib, x * plan.wide, y * plan.high, width)
    found = legalise(plan, lib, x * plan.wide, y * plan.high, width)
    if not found[2] or plan.wide > FEW * width.max():
        return plan, *found
    most = max(1, int(area / lib.height_um / width.max()))
    for rows in sorted(range(1, most + 1), key=lambda r: abs(r - plan.rows)):
        other = floorplan(lib, area, aspect, rows)
        again = legalise(other, lib, x * other.wide, y * other.high, width)
        if not again[2]:
            return other, *again
    return plan, *found


def legalise(
    plan: Floorplan, lib: Library, x: Floats, y: Floats, width: Floats
) -> tuple[Floats, NDArray[np.int64], int]:
    """Legal places near the wanted ones.

    Args:
        plan: the core.
        lib: gives sites and rows.
        x: (cells,) wanted centres in um.
        y: (cells,) wanted centres in um.
        width: (cells,) um.

    Returns:
        Left edges in um, on sites (cells,), rows (cells,), and how many cells found no room.
    """
    wanted = x - width / 2
    order = np.argsort(wanted, kind="stable")
    left, row = np.zeros(len(x)), np.zeros(len(x), np.int64)
    ends = plan.segments(lib)
    lost = abacus(order, wanted, y, width, lib.height_um, *ends, left, row)
    if not lost:
        order = np.lexsort((left, row))
        snap(left, row, width, lib.cpp_um, *ends, order)
    return left, row, int(lost)
