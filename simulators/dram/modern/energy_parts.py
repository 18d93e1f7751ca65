"""Core energy by command and state: the closed forms are linear in the counters, so each is told apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .commands import ACT, RD, RDA, REFAB, REFP2B, REFPB, REFSB, SREFEN, WR, WRA
from .energy import core_energy_j
from .layout import (
    C_BANK_ACT, C_COMMANDS, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_PRE,
)  # fmt: skip
from .standards import ModernDevice

PARTS = {
    "activate": (C_COMMANDS + ACT,),
    "precharge": (C_PRE,),
    "read": (C_COMMANDS + RD, C_COMMANDS + RDA),
    "write": (C_COMMANDS + WR, C_COMMANDS + WRA),
    "refresh": tuple(C_COMMANDS + x for x in (REFAB, REFPB, REFP2B, REFSB, SREFEN)),
    "precharged standby": (C_CYC_PRE,),
    "active standby": (C_CYC_ACT, C_BANK_ACT),
    "precharged power-down": (C_CYC_PDNP,),
    "active power-down": (C_CYC_PDNA,),
    "self-refresh": (C_CYC_SREF,),
}
# a part below zero is told with another: by some currents an activation costs less than the standing that it
# replaces; DRAMPower's books count some cycles of power-down twice, and so too few of standby
_DOWN = ("active power-down", "precharged power-down", "self-refresh")
_JOINED = {"activate": ("active standby",), "precharged standby": _DOWN}


def energy_parts_j(
    device: ModernDevice, counters: NDArray[np.int64], t: Mapping[str, int], fine_granularity: int
) -> dict[str, float]:
    """Core energy by command and state.

    Args:
        device: whose energy it is.
        counters: (N_COUNTERS,) of a run.
        t: named timings that the run used, in cycles.
        fine_granularity: of its refreshes, 1, 2 or 4.

    Returns:
        Joules by a name of PARTS; empty where the device has no power model.
    """
    out: dict[str, float] = {}
    for name, places in PARTS.items():
        only = np.zeros_like(counters)
        only[list(places)] = counters[list(places)]
        joules = core_energy_j(device, only, t, fine_granularity)
        if joules is None:
            return {}
        out[name] = joules
    for name, others in _JOINED.items():
        if out[name] < 0.0:
            out[max(others, key=lambda other: out[other])] += out.pop(name)
    return out
