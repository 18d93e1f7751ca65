"""Core energy from command counts and power-state residency: DRAMPower's closed forms, in joules.

Currents are mA, times are clock cycles; sums run over the VDD and VPP domains and all devices of
the rank.  Sources: Chandrasekar et al., DRAMPower (www.drampower.info); version 6 splits the
background of an active rank over its open banks (I_theta, I_rho, I_beta), version 4 does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .devices import Device
from .layout import (
    C_ACT, C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_PRE, C_RD,
    C_RDA, C_REF, C_WINDOW, C_WR, C_WRA,
)  # fmt: skip

FACTOR_RHO = 1.0


def core_energy_j(device: Device, counters: NDArray[np.int64], semantics: str = "dramsys") -> float:
    """Core energy of the rank over the run."""
    domain = _drampower4 if device.rules == "4.0" else _drampower6
    total = domain(device, counters, device.vdd_v, device.vdd)
    if device.vpp:
        vpp = dict(device.vpp)
        if semantics == "jedec":
            # The pump currents of DRAMSys' table were copied from VDD: in power-down VPP cannot
            # draw more than in standby, since CKE gates nothing of it.
            vpp["2P"], vpp["3P"] = vpp["2N"], vpp["3N"]
        total += domain(device, counters, device.vpp_v, vpp)
    return total * device.clock_s * 1e-3 * device.devices


def _drampower6(device: Device, c: NDArray[np.int64], volts: float, i: dict[str, float]) -> float:
    t, banks = device.t, device.banks
    beta = i["beta"]
    i_rho = FACTOR_RHO * (i["3N"] - i["2N"]) + i["2N"]
    i_theta = (i["0"] * (t["RP"] + t["RAS"]) - beta * t["RP"]) / t["RAS"]
    i_one = (i["3N"] + (banks - 1) * i_rho) / banks
    charge = (
        c[C_ACT] * (i_theta - i_one) * t["RAS"]
        + c[C_PRE] * (beta - i["2N"]) * t["RP"]
        + (c[C_RD] + c[C_RDA]) * (i["4R"] - i["3N"]) * device.burst_cycles
        + (c[C_WR] + c[C_WRA]) * (i["4W"] - i["3N"]) * device.burst_cycles
        + c[C_REF] * (i["5B"] - i["3N"]) * t["RFC"]
        + i["2N"] * c[C_CYC_PRE]
        + i_rho * c[C_CYC_ACT]
        + (i["3N"] - i_rho) / banks * c[C_BANK_ACT]
        + i["2P"] * c[C_CYC_PDNP]
        + i["3P"] * c[C_CYC_PDNA]
        + i["6N"] * c[C_CYC_SREF]
    )
    return float(volts * charge)


def _drampower4(device: Device, c: NDArray[np.int64], volts: float, i: dict[str, float]) -> float:
    t = device.t
    charge = (
        c[C_ACT] * (i["0"] - i["3N"]) * t["RAS"]
        + c[C_PRE] * (i["0"] - i["2N"]) * (t["RC"] - t["RAS"])
        + (c[C_RD] + c[C_RDA]) * (i["4R"] - i["3N"]) * device.burst_cycles
        + (c[C_WR] + c[C_WRA]) * (i["4W"] - i["3N"]) * device.burst_cycles
        + c[C_REF] * (i["5B"] - i["3N"]) * t["RFC"]
        + i["2N"] * c[C_CYC_PRE]
        + i["3N"] * c[C_CYC_ACT]
        + i["2P"] * c[C_CYC_PDNP]
        + i["3P"] * c[C_CYC_PDNA]
        + i["6N"] * c[C_CYC_SREF]
    )
    return float(volts * charge)


def power_w(device: Device, counters: NDArray[np.int64], energy_j: float) -> float:
    """Mean power over the energy window."""
    return float(energy_j / (max(int(counters[C_WINDOW]), 1) * device.clock_s))
