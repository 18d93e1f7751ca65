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
from .functions import FUNCTIONS
from .kernels.state import Cells
from .kernels.timing import LN2, LN4
from .technology import Device, Stack, devices, slowdown, stack

# The CFET 4T inverter X1 at 0.7 V.  Capacitance and leakage: GT2N's INV_X1 (6T nanosheet, LVT,
# typical: 0.46 fF, 2.0 nW) by cell height.  Its resistance is not published: chosen for a
# fan-out-of-four delay of 8 ps, which is also what the fastest CFET Cortex-M0 of IEDM2026-LOGIC
# (231 ps) would need for some 28 of them.
INVERTER_FF, INVERTER_NW, INVERTER_KOHM = 0.46 * 4 / 6, 2.0 * 4 / 6, 11.0
DRAIN = 0.6  # an inverter's own output capacitance over its input's
SETUP_TAUS, FLOP_TAUS = 4.0, 4.0  # a flip-flop's setup; what its latch adds to clock-to-output
LATCHES = {"": 0, "gate": 0, "latch": 1, "flop": 2}  # between clock and output, in halves of a flop
CLOCK_LOADS = 3.0  # inverter loads that switch inside a flip-flop at each clock edge
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
        """Row height."""
        return self.device.height_tracks * self.stack.m0_nm * 1e-3

    @property
    def cpp_um(self) -> float:
        """Site width."""
        return self.stack.cpp_nm * 1e-3

    @property
    def first(self) -> NDArray[np.int64]:
        """Index of the X1 cell of every function, and the end: (functions + 1,)."""
        return np.searchsorted(self.function, np.arange(len(FUNCTIONS) + 1))

    def name(self, cell: int) -> str:
        """Such as ``NAND2_X4``."""
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
        """Of every cell."""
        return np.asarray(self.width * (self.cpp_um * self.height_um), np.float64)


def _width(base: int, size: int, stages: int, shrink: float) -> int:
    gates = base - 1
    fingers = gates * size if stages == 1 else gates + (size - 1)
    return round(base * shrink) + fingers - gates


@cache
def library(
    device: str,
    vdd: float = 0.7,
    stack_name: str = "gt2n",
    fitted: Calibration = FITTED,
    overlay_nm: float = 0.0,
) -> Library:
    """All cells of a technology; ``overlay_nm`` by which a flip FET's sides miss each other."""
    dev, metal = devices()[device], stack(stack_name)
    base = devices()["ffet-3.5t" if dev.flipped else "cfet-4t"]
    narrow = dev.sheet_tracks / base.sheet_tracks
    c = INVERTER_FF * (CAPACITANCE_FIXED + (1 - CAPACITANCE_FIXED) * narrow)
    r = INVERTER_KOHM / narrow * slowdown(vdd)
    if dev.flipped:
        r, c = r * fitted.resistance, c * fitted.capacitance
        width = MERGE_NM - min(overlay_nm, MERGE_NM - 1.0)
        r *= 1 + MERGE_SHARE * (MERGE_NM / width - 1)
    tau = LN2 * r * c
    rows = []
    for i, f in enumerate(FUNCTIONS):
        shrink = 1 - fitted.width_saving * f.saving if dev.flipped else 1.0
        for size in f.sizes:
            inner = max(1, size // 2) if f.stages == 2 else size  # size of what the inputs drive
            first_stage = tau * (DRAIN * f.parasitic + size / inner) if f.stages == 2 else 0.0
            own = 1.0 if f.stages == 2 else f.parasitic
            last_stage = DRAIN * tau * own * (1.0 if f.stages == 2 else f.resistance)
            intrinsic = first_stage + last_stage
            intrinsic += LATCHES[f.role] / 2 * FLOP_TAUS * tau
            width = _width(f.width, size, f.stages, shrink)
            internal = c * (
                DRAIN * own * size + (DRAIN * f.parasitic + size if f.stages == 2 else 0.0)
            )
            rows.append(
                (i, size, width, f.resistance * r / size, c * f.load * inner, intrinsic,
                 LN4 / LN2 * last_stage, internal, INVERTER_NW * narrow * (width - 1) * vdd / 0.7,
                 SETUP_TAUS * tau if f.role else 0.0)
            )  # fmt: skip
    columns: list[Any] = [np.array(column) for column in zip(*rows)]
    return Library(dev, metal, vdd, *columns, SETUP_TAUS * tau, CLOCK_LOADS * c)  # type: ignore[call-arg]
