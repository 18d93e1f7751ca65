"""The core: rows, power-tap columns, and legal places for its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .kernels.legal import abacus, snap
from .library import Library


@dataclass(frozen=True)
class Floorplan:
    """Sides in um; every row is cut into segments ``left`` to ``right`` between taps."""

    wide: float
    high: float
    rows: int
    left: Floats
    right: Floats

    @property
    def area_um2(self) -> float:
        """Of the core."""
        return self.wide * self.high


def floorplan(lib: Library, cell_area: float, utilization: float, aspect: float) -> Floorplan:
    """A core of ``cell_area`` um2 over ``utilization``, whole rows high, of about the aspect ratio."""
    area = cell_area / utilization
    rows = max(1, round((area * aspect) ** 0.5 / lib.height_um))
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


def legalise(
    plan: Floorplan, lib: Library, x: Floats, y: Floats, width: Floats
) -> tuple[Floats, NDArray[np.int64], int]:
    """Left edges in um on sites and rows of cells (cells,), and how many found no room.

    ``x``, ``y`` are wanted centres in um, ``width`` in um.
    """
    wanted = x - width / 2
    order = np.argsort(wanted, kind="stable")
    left, row = np.zeros(len(x)), np.zeros(len(x), np.int64)
    lost = abacus(
        order, wanted, y, width, lib.height_um, plan.rows, plan.left, plan.right, left, row
    )
    if not lost:
        order = np.lexsort((left, row))
        snap(left, row, width, lib.cpp_um, plan.rows, plan.left, plan.right, order)
    return left, row, int(lost)
