"""Area of a sub-accelerator: MAESTRO's components, as recovered from NASAIC's Table I."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.contracts.evaluation import Floats
from archgym.errors import UnknownNameError


@dataclass(frozen=True)
class Units:
    """Cost constants: areas in um2, energies in pJ an operation, and what scales latency and energy.

    ``arbiter`` are the coefficients of n^2, n and 1, ``bus`` those of n b and b for n PEs and b GB/s;
    ``pe`` is a multiplier with its control, ``memory`` the L1 and the share of L2 of a PE.
    """

    name: str
    arbiter: tuple[float, float, float]
    bus: tuple[float, float]
    pe: float
    memory: float
    mac_pj: float
    latency_scale: float
    energy_scale: float

    def area_um2(self, pes: Floats, bandwidth: Floats) -> Floats:
        """The area of sub-accelerators; 0 where there are no PEs.

        Args:
            pes: numbers of PEs, (n,).
            bandwidth: GB/s of each, (n,).

        Returns:
            µm², (n,).
        """
        square, linear, constant = self.arbiter
        area = square * pes**2 + linear * pes + constant
        area = area + (self.bus[0] * pes + self.bus[1]) * bandwidth + (self.pe + self.memory) * pes
        return area * (pes > 0)


# MAESTRO's old constants (commented out in its public source); the memory term is fitted to Table I
# by papers.md B.4.  latency_scale and energy_scale are fitted on one row of Table I (W1, NAS then
# ASIC: 9.45e5 cycles, 3.56e9 nJ) and are the only constants fitted here; 0.904 is labelled nJ there.
PAPER = Units(
    "paper",
    (395.473 * 1.2886, 395.473 * 5.5814, 395.473 * -23.711),
    (101.7938 * 14.662, 101.7938 * 28.895),
    4470.9014,
    50_000.0,
    904.0,
    9.45e5 / 1_520_617,
    3.56 / 11.815963554555681,
)
# MAESTRO's newer constants: a MAC of 283 um2 and 0.23 pJ, SRAM of 0.104 um2 a byte (704 bytes of L1
# and 512 of L2 a PE); its network shrunk by as much as the MAC
SHRUNK = 283 / 4470.9014
PHYSICAL = Units(
    "physical",
    (395.473 * 1.2886 * SHRUNK, 395.473 * 5.5814 * SHRUNK, 395.473 * -23.711 * SHRUNK),
    (101.7938 * 14.662 * SHRUNK, 101.7938 * 28.895 * SHRUNK),
    283.0,
    0.104 * (704 + 512),
    0.23,
    1.0,
    1.0,
)
UNITS = {"paper": PAPER, "physical": PHYSICAL}


def units(name: str) -> Units:
    """Constants of the area model by name.

    Args:
        name: one of ``UNITS``.

    Returns:
        The constants.

    Raises:
        UnknownNameError: there are none of that name.
    """
    if name not in UNITS:
        raise UnknownNameError("units", name, UNITS)
    return UNITS[name]
