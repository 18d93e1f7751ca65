"""Core energy from counts and residencies: the closed forms of DRAMPower 6.0.1, in joules.

A form sums over the power domains of a device; the counters are sums over ranks and channels.  Sources:
Chandrasekar et al., DRAMPower (www.drampower.info).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .commands import ACT, RD, RDA, REFAB, REFP2B, REFPB, REFSB, SREFEN, WR, WRA
from .layout import (
    C_BANK_ACT, C_COMMANDS, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_PRE,
)  # fmt: skip
from .standards import ModernDevice

Counts = NDArray[np.int64]


def core_energy_j(
    device: ModernDevice, counters: Counts, t: Mapping[str, int], fine_granularity: int = 1
) -> float | None:
    """Core energy of all ranks and channels.

    Args:
        device: whose energy it is.
        counters: (N_COUNTERS,) of a run, where ``layout`` says.
        t: the named timings that the run used, in cycles (:func:`.tables.named_timings`).
        fine_granularity: of its refreshes, 1, 2 or 4.

    Returns:
        Joules; None where the device has no power model.
    """
    if not device.volts:
        return None
    form = _low_power if device.standard.name.startswith("LPDDR") else _ddr
    total = sum(
        volts * form(device, counters, device.amperes[domain], t, fine_granularity)
        for domain, volts in device.volts.items()
    )
    return float(total * device.clock_ps * 1e-12 * device.devices)


def _count(c: Counts, *commands: int) -> int:
    return int(sum(c[C_COMMANDS + k] for k in commands))


def _standing(
    c: Counts, i: Mapping[str, float], i_rho: float, a_bank: float, asleep: float
) -> float:
    """Charge of standing in the power states, in A cycles."""
    return float(
        i["2N"] * c[C_CYC_PRE]
        + i_rho * c[C_CYC_ACT]
        + a_bank * c[C_BANK_ACT]
        + i["2P"] * c[C_CYC_PDNP]
        + i["3P"] * c[C_CYC_PDNA]
        + asleep * c[C_CYC_SREF]
    )


def _ddr(
    device: ModernDevice, c: Counts, i: Mapping[str, float], t: Mapping[str, int], fine: int
) -> float:
    banks, groups = device.banks, device.bank_groups
    i_rho = device.rho * (i["3N"] - i["2N"]) + i["2N"]
    i_theta = (i["0"] * (t["RP"] + t["RAS"]) - i["beta"] * t["RP"]) / t["RAS"]
    i_one = (i["3N"] + (banks - 1) * i_rho) / banks
    charge = (
        _count(c, ACT) * (i_theta - i_one) * t["RAS"]
        + c[C_PRE] * (i["beta"] - i["2N"]) * t["RP"]
        + _count(c, RD, RDA) * (i["4R"] - i["3N"]) * device.burst_cycles
        + _count(c, WR, WRA) * (i["4W"] - i["3N"]) * device.burst_cycles
        + _count(c, REFAB, SREFEN) * (i["5F" if fine > 1 else "5B"] - i["3N"]) * t["RFC"]
        + _standing(c, i, i_rho, (i["3N"] - i_rho) / banks, i["6N"])
    )
    if "RFCsb" in t:
        one_set = i["5C"] - i_rho - (i_one - i_rho) * groups
        charge += _count(c, REFSB) * one_set * t["RFCsb"]
    return float(charge)


def _low_power(
    device: ModernDevice, c: Counts, i: Mapping[str, float], t: Mapping[str, int], fine: int
) -> float:
    banks = device.banks
    grouped = device.standard.name == "LPDDR5"
    i_rho = device.rho * (i["3N"] - i["2N"]) + i["2N"]
    i_theta = (i["0"] * (t["RPpb"] + t["RAS"]) - i["beta"] * t["RPpb"]) / t["RAS"]
    i_two = 2 * i["3N"] - i_rho
    access = i_two if grouped else i["3N"]
    a_bank = i["3N"] - i_rho
    # DRAMPower divides the refresh interval by eight whatever the number of banks
    interval = t["REFI"] / 8
    per_bank = (i["5PB"] * interval - i["2N"] * (interval - t["RFCpb"])) / t["RFCpb"]
    burst = 16 / 2 / t["WCK2CK"] if grouped else device.burst_cycles
    charge = (
        _count(c, ACT) * (i_theta - i["3N"]) * t["RAS"]
        + c[C_PRE] * (i["beta"] - i["2N"]) * t["RPpb"]
        + _count(c, RD, RDA) * (i["4R"] - access) * burst
        + _count(c, WR, WRA) * (i["4W"] - access) * burst
        + _count(c, REFAB, SREFEN) * (i["5"] - (i_rho + banks * a_bank)) * t["RFCab"]
        + _count(c, REFPB) * (per_bank - i["3N"]) * t["RFCpb"]
        + _count(c, REFP2B) * (per_bank - i_two) * t["RFCpb"]
        + _standing(c, i, i_rho, a_bank, i["6"])
    )
    return float(charge)
