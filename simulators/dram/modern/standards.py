"""Devices as tables: geometry, timings in clock cycles (without the leading ``t``), currents in A.

DDR4, LPDDR4, HBM2 and GDDR6 follow the rules of DRAMSys 5.5; HBM3 its HBM2 rules; DDR5 and LPDDR5
pairwise rules after JESD79-5 and JESD209-5.  The currents of DDR5 and LPDDR5 are plausible, not of a
data sheet.  HBM and GDDR6 have no open power model, and so no energy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import rules


@dataclass(frozen=True)
class Standard:
    """What the devices of a standard share."""

    name: str
    rules: str  # the table of ``rules``
    lengths: dict[str, int]  # command: cycles on the bus, others 1
    activations: tuple[str, ...]  # commands that the activation window counts
    window_by_lengths: bool  # the window is measured from the ends of commands, as DRAMSys does
    refresh: dict[str, str]  # policy: the timing that is its interval
    refresh_cycles: dict[str, str]  # "all", "bank", "set": how long one lasts
    read_end: str  # formulas: cycles from the command to the end of its data
    write_end: str
    power_down: bool = True
    buses: int = 1
    names: dict[str, str] = field(default_factory=dict)  # names that only the rules use: formula
    grouped: bool = True
    # from an access to its automatic precharge, as DRAMPower books it
    read_precharge: str = "RTP"
    write_precharge: str = "WL + B + WR"
    # whether DRAMPower resumes, after power-down, the banks whose state is active (else those it cut)
    books_by_state: bool = False


@dataclass(frozen=True)
class ModernDevice:
    """One channel of DRAM; ranks (pseudo channels for HBM) and channels are chosen by the design."""

    name: str
    standard: Standard
    clock_ps: int
    burst_cycles: int
    burst_bytes: int
    devices: int
    banks: int
    bank_groups: int
    row_bits: int
    column_bits: int  # bursts of a row
    t: dict[str, int]
    stacks: int = 0
    volts: dict[str, float] = field(default_factory=dict)  # power domain: V
    amperes: dict[str, dict[str, float]] = field(default_factory=dict)  # power domain: currents
    rho: float = 1.0
    management: tuple[int, int, int] = (0, 0, 0)  # RAAIMT, RAAMMT, RAADEC
    pair_offset: int = 8

    @property
    def groups(self) -> int:
        """Bank groups that the controller knows."""
        return self.bank_groups if self.standard.grouped else 1


AB = {"AllBank": "REFI"}
DDR4 = Standard(
    "DDR4", rules.DDR4, {}, ("ACT",), True, AB, {"all": "RFC"}, "RL + B", "WL + B", books_by_state=True
)  # fmt: skip
DDR5 = Standard(
    "DDR5", rules.DDR5, {"RD": 2, "WR": 2, "RDA": 2, "WRA": 2, "ACT": 2}, ("ACT",), False,
    {**AB, "SameBank": "REFISB"}, {"all": "RFC", "set": "RFCsb"}, "RL + 1 + B", "WL + 1 + B",
)  # fmt: skip
LPDDR5 = Standard(
    "LPDDR5", rules.LPDDR5, {"ACT": 2}, ("ACT", "REFPB", "REFP2B"), False,
    {**AB, "PerBank": "REFI1B", "Per2Bank": "REFIpb"}, {"all": "RFCab", "bank": "RFCpb"},
    "RL + WCK2DQO + B", "WL + B", power_down=False, names={"REFI1B": "REFIpb // 2"},
    read_precharge="B + RBTP", write_precharge="WL + B + 1 + WR",
)  # fmt: skip
LPDDR4 = Standard(
    "LPDDR4", rules.LPDDR4,
    {"ACT": 4, "RD": 4, "RDA": 4, "WR": 4, "WRA": 4, "PREPB": 2, "PREAB": 2, "REFAB": 2,
     "REFPB": 2, "SREFEN": 2, "SREFEX": 2},
    ("ACT", "REFPB"), True, {**AB, "PerBank": "REFIpb"}, {"all": "RFCab", "bank": "RFCpb"},
    "RL + DQSCK + 3 + B", "WL + DQSS + DQS2DQ + 3 + B", grouped=False,
    # DRAMSys writes tRRD for tRTP; ``tables`` mends it under jedec
    names={"RDPRE": "RRD + 2", "RDPRE_JEDEC": "RTP + B - 6"}, write_precharge="WL + B + WR + 1",
)  # fmt: skip
HBM2 = Standard(
    "HBM2", rules.HBM, {"ACT": 2}, ("ACT", "REFPB"), True, {**AB, "PerBank": "REFISB"},
    {"all": "RFC", "bank": "RFCSB"}, "RL + DQSCK + B", "WL + B", buses=2,
)  # fmt: skip
GDDR6 = Standard(
    "GDDR6", rules.GDDR6, {}, ("ACT", "REFPB"), True, {**AB, "PerBank": "REFIpb"},
    {"all": "RFCab", "bank": "RFCpb"}, "RL + WCK2CKPIN + WCK2CK + WCK2DQO + B",
    "WL + WCK2CKPIN + WCK2CK + WCK2DQI + B", names={"WLQ": "WL + WCK2CKPIN + WCK2CK + WCK2DQI"},
)  # fmt: skip
