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


Terms = dict[str, np.float64]


def core_energy_j(device: Device, counters: NDArray[np.int64], semantics: str = "dramsys") -> float:
    """Core energy of the rank over the run.

    Args:
        device: whose currents and voltages count.
        counters: (26,) ``layout.COUNTERS`` of the run.
        semantics: ``dramsys`` or ``jedec``.

    Returns:
        J.
    """
    total = 0.0
    for volts, terms in _domains(device, counters, semantics):
        charge = 0.0
        for (
            term
        ) in terms.values():  # in this order: the sum is that of the closed form, bit for bit
            charge += float(term)
        total += float(volts * charge)
    return total * device.clock_s * 1e-3 * device.devices


def energy_parts_j(
    device: Device, counters: NDArray[np.int64], semantics: str = "dramsys"
) -> dict[str, float]:
    """Core energy of the rank over the run, by command and state.

    Args:
        device: whose currents and voltages count.
        counters: (26,) ``layout.COUNTERS`` of the run.
        semantics: ``dramsys`` or ``jedec``.

    Returns:
        J by command and state.
    """
    out: dict[str, float] = {}
    scale = device.clock_s * 1e-3 * device.devices
    for volts, terms in _domains(device, counters, semantics):
        for name, term in terms.items():
            state = name.removesuffix(", open banks")
            out[state] = out.get(state, 0.0) + float(volts * term) * scale
    return out


def _domains(
    device: Device, counters: NDArray[np.int64], semantics: str
) -> list[tuple[float, Terms]]:
    """Volts and charges (mA cycles) of VDD, and of VPP where the device has it."""
    charges = _drampower4 if device.rules == "4.0" else _drampower6
    out = [(device.vdd_v, charges(device, counters, device.vdd))]
    if device.vpp:
        vpp = dict(device.vpp)
        if semantics == "jedec":
            # The pump currents of DRAMSys' table were copied from VDD: in power-down VPP cannot
            # draw more than in standby, since CKE gates nothing of it.
            vpp["2P"], vpp["3P"] = vpp["2N"], vpp["3N"]
        out.append((device.vpp_v, charges(device, counters, vpp)))
    return out


def _drampower6(device: Device, c: NDArray[np.int64], i: dict[str, float]) -> Terms:
    t, banks = device.t, device.banks
    beta = i["beta"]
    i_rho = FACTOR_RHO * (i["3N"] - i["2N"]) + i["2N"]
    i_theta = (i["0"] * (t["RP"] + t["RAS"]) - beta * t["RP"]) / t["RAS"]
    i_one = (i["3N"] + (banks - 1) * i_rho) / banks
    return {
        "activate": c[C_ACT] * (i_theta - i_one) * t["RAS"],
        "precharge": c[C_PRE] * (beta - i["2N"]) * t["RP"],
        **_accesses(device, c, i),
        "precharged standby": i["2N"] * c[C_CYC_PRE],
        "active standby": i_rho * c[C_CYC_ACT],
        "active standby, open banks": (i["3N"] - i_rho) / banks * c[C_BANK_ACT],
        **_power_down(c, i),
    }


def _drampower4(device: Device, c: NDArray[np.int64], i: dict[str, float]) -> Terms:
    t = device.t
    return {
        "activate": c[C_ACT] * (i["0"] - i["3N"]) * t["RAS"],
        "precharge": c[C_PRE] * (i["0"] - i["2N"]) * (t["RC"] - t["RAS"]),
        **_accesses(device, c, i),
        "precharged standby": i["2N"] * c[C_CYC_PRE],
        "active standby": i["3N"] * c[C_CYC_ACT],
        **_power_down(c, i),
    }


def _accesses(device: Device, c: NDArray[np.int64], i: dict[str, float]) -> Terms:
    return {
        "read": (c[C_RD] + c[C_RDA]) * (i["4R"] - i["3N"]) * device.burst_cycles,
        "write": (c[C_WR] + c[C_WRA]) * (i["4W"] - i["3N"]) * device.burst_cycles,
        "refresh": c[C_REF] * (i["5B"] - i["3N"]) * device.t["RFC"],
    }


def _power_down(c: NDArray[np.int64], i: dict[str, float]) -> Terms:
    return {
        "precharged power-down": i["2P"] * c[C_CYC_PDNP],
        "active power-down": i["3P"] * c[C_CYC_PDNA],
        "self-refresh": i["6N"] * c[C_CYC_SREF],
    }


def power_w(device: Device, counters: NDArray[np.int64], energy_j: float) -> float:
    """Mean power over the energy window.

    Args:
        device: whose clock counts.
        counters: (26,) ``layout.COUNTERS`` of the run.
        energy_j: core energy in J.

    Returns:
        W.
    """
    return float(energy_j / (max(int(counters[C_WINDOW]), 1) * device.clock_s))
