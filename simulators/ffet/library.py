"""The cells of one technology at one supply: areas, resistances, capacitances, energies.

Units inside this package's kernels: ps, fF, kohm, um, V, fJ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .calibration import FITTED, Calibration
from .cells import measured
from .functions import BUF, FUNCTIONS, Function
from .kernels.state import Cells
from .technology import Device, Stack, devices, slowdown, stack

# Figures of cells are GT2N's, by cell height (``cells.py``).  Fixed besides:
DRAIN = (
    1.2  # an inverter's own output capacitance over its input's: what GT2N's delays at no load say
)
SETUP_PS = 11.1  # of GT2N's flip-flop, both sheets, at edges of 7.5 ps
CLOCK_LOADS = (
    4.6  # inverter loads that switch at each clock edge of a flip-flop, its pin's beyond D's too
)
SHORT_CIRCUIT = 0.05  # of the internal energy at 0.7 V; goes with (V - 2 Vt)^3 (Veendrick 1984)
# A flip FET's drain merge is half an M0 pitch wide and, aligned, a twentieth of the resistance
# (assumed; 2501.16063 names it as what misalignment hurts most); it goes with the overlap's inverse.
MERGE_NM, MERGE_SHARE = 14.0, 0.05
CAPACITANCE_FIXED = 0.3  # of an input, by fringe and contacts; the rest goes with the sheet's width


@dataclass(frozen=True)
class Library:
    """Arrays over cells, which are ordered by function, then size (n,); inputs (n,) alike per cell."""

    device: Device
    stack: Stack
    vdd: float
    function: NDArray[np.int64]
    size: NDArray[np.int64]
    width: NDArray[np.int64]  # CPP
    resistance: Floats  # kohm
    load: Floats  # fF, every data input
    intrinsic: Floats  # ps, of the delay
    edge: Floats  # ps, of the output's edge without load
    parasitic: Floats  # fF that switch with the output, inside
    leakage: Floats  # nW
    margin: Floats  # ps before the clock's edge at which inputs must have settled
    setup: float  # ps, of flip-flops
    clock_load: float  # fF inside each flip-flop at every clock edge

    @property
    def height_um(self) -> float:
        """Height of a row in um."""
        return self.device.height_tracks * self.stack.m0_nm * 1e-3

    @property
    def cpp_um(self) -> float:
        """Width of a site (one contacted poly pitch) in um."""
        return self.stack.cpp_nm * 1e-3

    @property
    def first(self) -> NDArray[np.int64]:
        """Index of the X1 cell of every function, and the end: (functions + 1,)."""
        return np.searchsorted(self.function, np.arange(len(FUNCTIONS) + 1))

    def name(self, cell: int) -> str:
        """A cell's name, such as ``NAND2_X4``.

        Args:
            cell: its index.

        Returns:
            The name.
        """
        return f"{FUNCTIONS[self.function[cell]].name}_X{self.size[cell]}"

    @cached_property
    def cells(self) -> Cells:
        """What the timing kernels read of it."""
        return Cells(
            self.first, self.area_um2, self.resistance, self.intrinsic, self.edge, self.load,
            self.margin,
        )  # fmt: skip

    @property
    def area_um2(self) -> Floats:
        """Area of every cell in um2, (n,)."""
        return np.asarray(self.width * (self.cpp_um * self.height_um), np.float64)


def _width(f: Function, size: int, buffer: int, saving: float) -> int:
    """CPP: GT2N's count of fingers; a buffer behind a gate has its own outline's width."""
    base = round(f.width * (1.0 - saving * f.saving))
    if buffer:
        return base + _width(FUNCTIONS[BUF], buffer, 0, 0.0)
    if f.stages == 1:
        return base + (f.width - 1) * (size - 1)
    return base + size - 1 + _inner(size) - 1


def _inner(size: int) -> int:
    """Size of what the inputs of a cell of two stages drive."""
    return -(-size // 4)


def _inside(f: Function, size: int, buffer: int) -> float:
    """Inverter loads that switch with the output inside a cell."""
    if buffer:
        return DRAIN * f.parasitic + _inner(buffer) + _inside(FUNCTIONS[BUF], buffer, 0)
    if f.stages == 1:
        return DRAIN * f.parasitic * size
    return DRAIN * size + DRAIN * f.parasitic * _inner(size) + size


@cache
def library(
    device: str,
    vdd: float = 0.7,
    stack_name: str = "gt2n",
    fitted: Calibration = FITTED,
    overlay_nm: float = 0.0,
) -> Library:
    """All cells of a technology at one supply.

    Args:
        device: the technology's name, such as ``ffet-3.5t``.
        vdd: supply in V.
        stack_name: the metal stack's name or CSV file.
        fitted: the fitted constants.
        overlay_nm: by how much a flip FET's sides miss each other.

    Returns:
        The library.
    """
    dev, metal = devices()[device], stack(stack_name)
    base = devices()["ffet-3.5t" if dev.flipped else "cfet-4t"]
    narrow = dev.sheet_tracks / base.sheet_tracks
    height = devices()["cfet-4t"].height_tracks * metal.m0_nm
    cells = measured(height, fitted.sheet)
    load = CAPACITANCE_FIXED + (1 - CAPACITANCE_FIXED) * narrow
    drive = slowdown(vdd) / narrow
    if dev.flipped:
        drive, load = drive * fitted.resistance, load * fitted.capacitance
        width = MERGE_NM - min(overlay_nm, MERGE_NM - 1.0)
        drive *= 1 + MERGE_SHARE * (MERGE_NM / width - 1)
    c, slower = cells["INV"][1].load * load, drive * load
    rows = []
    for i, f in enumerate(FUNCTIONS):
        saving = fitted.width_saving if dev.flipped else 0.0
        for size, cell in sorted(cells[f.name].items()):
            rows.append(
                (i, size, _width(f, size, cell.buffer, saving), cell.kohm * drive, cell.load * load,
                 cell.intrinsic * slower, cell.edge * slower, c * _inside(f, size, cell.buffer),
                 cell.leakage * narrow * vdd / 0.7, SETUP_PS * slower if f.role else 0.0)
            )  # fmt: skip
    columns: list[Any] = [np.array(column) for column in zip(*rows)]
    return Library(dev, metal, vdd, *columns, SETUP_PS * slower, CLOCK_LOADS * c)  # type: ignore[call-arg]
