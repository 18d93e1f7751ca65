"""DRAM devices as tables: geometry, JEDEC timings in clock cycles, datasheet currents in mA.

Adding a device is adding a table.  Field names are those of the standards (JESD79-3, JESD79-4)
without the leading ``t``.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mapping:
    """Which address bits select column, bank group, bank and row (least significant first)."""

    column: tuple[int, ...]
    bank_group: tuple[int, ...]
    bank: tuple[int, ...]
    row: tuple[int, ...]


@dataclass(frozen=True)
class Device:
    """One rank of DRAM behind one channel.

    ``t`` holds cycles of ``clock_ps``; ``vdd`` and ``vpp`` map current names to mA.  ``rules`` is
    the version of DRAMSys whose controller rules its reference data follows.
    """

    name: str
    generation: str
    source: str
    rules: str
    clock_ps: int
    devices: int
    bank_groups: int
    banks: int
    capacity_bytes: int
    burst_cycles: int
    request_bytes: int
    t: dict[str, int]
    vdd_v: float
    vdd: dict[str, float]
    vpp_v: float = 0.0
    vpp: dict[str, float] = field(default_factory=dict)
    mappings: dict[str, Mapping] = field(default_factory=dict)

    @property
    def clock_s(self) -> float:
        """The clock period in seconds."""
        return self.clock_ps * 1e-12


def _bits(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


DDR3_1600 = Device(
    name="DDR3-1600",
    generation="DDR3",
    source="Micron 1Gb x8 DDR3 SDRAM data sheet (MT41J128M8, -125, rev. G), timings Table 56 ff., "
    "IDD Table 19; as DRAMSys 4.0's MICRON_1Gb_DDR3-1600_8bit_G used by ArchGym",
    rules="4.0",
    clock_ps=1250,
    devices=8,
    bank_groups=1,
    banks=8,
    capacity_bytes=1 << 30,
    burst_cycles=4,
    request_bytes=64,
    t={
        "AL": 0, "CCD_S": 4, "CCD_L": 4, "CKE": 3, "CKESR": 4, "RL": 10, "WL": 8, "RCD": 10,
        "RP": 10, "RAS": 28, "RC": 38, "FAW": 24, "RRD_S": 5, "RRD_L": 5, "RTP": 6, "WR": 12,
        "WTR_S": 6, "WTR_L": 6, "REFI": 6240, "RFC": 88, "XP": 6, "XPDLL": 20, "XS": 96,
        "XSDLL": 512, "ACTPDEN": 1, "PRPDEN": 1, "REFPDEN": 1, "RDWR": 8,
    },
    vdd_v=1.5,
    vdd={
        "0": 70.0, "2N": 45.0, "3N": 45.0, "2P": 12.0, "3P": 35.0, "4R": 140.0, "4W": 145.0,
        "5B": 170.0, "6N": 8.0, "beta": 70.0,
    },
    mappings={
        "row-bank-column": Mapping(_bits(3, 12), (), _bits(13, 15), _bits(16, 29)),
        "bank-group-interleaved": Mapping(
            (*_bits(3, 5), *_bits(9, 15)), (), _bits(6, 8), _bits(16, 29)
        ),
    },
)  # fmt: skip

DDR4_2400 = Device(
    name="DDR4-2400",
    generation="DDR4",
    source="JEDEC JESD79-4 DDR4-2400 with the currents of a 4Gb x8 device (MT40A512M8, rev. A); "
    "as DRAMSys 5.5's JEDEC_4Gb_DDR4-2400_8bit_A",
    rules="5.5",
    clock_ps=833,
    devices=8,
    bank_groups=4,
    banks=16,
    capacity_bytes=1 << 32,
    burst_cycles=4,
    request_bytes=64,
    t={
        "AL": 0, "CCD_S": 4, "CCD_L": 6, "CKE": 6, "CKESR": 7, "RL": 16, "WL": 16, "RCD": 16,
        "RP": 16, "RAS": 39, "RC": 55, "FAW": 26, "RRD_S": 4, "RRD_L": 6, "RTP": 12, "WR": 18,
        "WTR_S": 3, "WTR_L": 9, "REFI": 9360, "RFC": 312, "XP": 8, "XPDLL": 8, "XS": 324,
        "XSDLL": 512, "ACTPDEN": 2, "PRPDEN": 2, "REFPDEN": 2, "RDWR": 6,
    },
    vdd_v=1.2,
    vdd={
        "0": 60.75, "2N": 38.25, "3N": 44.0, "2P": 17.0, "3P": 22.5, "4R": 184.5, "4W": 168.75,
        "5B": 118.0, "6N": 20.25, "beta": 60.75,
    },
    vpp_v=2.5,
    vpp={
        "0": 4.05, "2N": 0.0, "3N": 0.0, "2P": 17.0, "3P": 22.5, "4R": 0.0, "4W": 0.0, "5B": 0.0,
        "6N": 2.6, "beta": 4.05,
    },
    mappings={
        "row-bank-column": Mapping(_bits(3, 12), (13, 14), (15, 16), _bits(17, 31)),
        "bank-group-interleaved": Mapping(
            (*_bits(3, 5), *_bits(8, 14)), (6, 7), (15, 16), _bits(17, 31)
        ),
    },
)  # fmt: skip

DEVICES = {device.name: device for device in (DDR3_1600, DDR4_2400)}
