"""DRAMSys' memory specification (JSON) as a device: DDR3 and DDR4 of one channel and one rank."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import UnknownNameError, WorkloadError

from .devices import DEVICES, Device
from .devices import Mapping as AddressMapping
from .documents import Numbers, read_json, section
from .modern.checks import contradictions

# our names of timings that DDR3 knows under one name only
DDR3_NAMES = {
    "CCD_S": "CCD", "CCD_L": "CCD", "RRD_S": "RRD", "RRD_L": "RRD", "WTR_S": "WTR", "WTR_L": "WTR",
}  # fmt: skip
TIMINGS = (
    "AL", "CCD_S", "CCD_L", "CKE", "CKESR", "RL", "WL", "RCD", "RP", "RAS", "RC", "FAW", "RRD_S",
    "RRD_L", "RTP", "WR", "WTR_S", "WTR_L", "REFI", "RFC", "XP", "XPDLL", "XS", "XSDLL", "ACTPDEN",
    "PRPDEN", "REFPDEN",
)  # fmt: skip
POSITIVE = ("RL", "RCD", "RP", "RAS", "RC", "REFI", "RFC", "CCD_S", "CCD_L")
VDD = {
    "DDR3": {
        "0": "idd0", "2N": "idd2n", "3N": "idd3n", "2P": "idd2p0", "3P": "idd3p0", "4R": "idd4r",
        "4W": "idd4w", "5B": "idd5", "6N": "idd6", "beta": "idd0",
    },
    "DDR4": {
        "0": "idd0", "2N": "idd2n", "3N": "idd3n", "2P": "idd2p", "3P": "idd3p", "4R": "idd4r",
        "4W": "idd4w", "5B": "idd5B", "6N": "idd6n", "beta": "iBeta_vdd",
    },
}  # fmt: skip
VPP = {
    "0": "ipp0", "2N": "ipp2n", "3N": "ipp3n", "2P": "ipp2p", "3P": "ipp3p", "4R": "ipp4r",
    "4W": "ipp4w", "5B": "ipp5B", "6N": "ipp6n", "beta": "iBeta_vpp",
}  # fmt: skip
LARGEST_CYCLES = 1_000_000_000
LARGEST_REFI_DISTANCE = 4


def device_of_file(path: Path) -> Device:
    """The device of a memory specification, or of a simulation that names or holds one.

    DDR3 follows the rules of DRAMSys 4.0 and DDR4 those of 5.5, the versions each was validated against.
    Both address mappings are laid out for its geometry.

    Args:
        path: of the JSON file.

    Returns:
        The device.

    Raises:
        WorkloadError: every fault of the file at once, or a memory that is not modelled.
    """
    document = read_json(path)
    simulation = document.get("simulation", document)
    if not isinstance(simulation, Mapping):
        raise WorkloadError(f"{path}: key simulation: expected an object")
    spec = section(simulation, "memspec", path, "memspec")
    if not isinstance(spec, Mapping):
        raise WorkloadError(
            f"{path}: expected a DRAMSys memory specification (key memspec), or a simulation with one"
        )
    generation = str(spec.get("memoryType"))
    if generation not in VDD:
        raise WorkloadError(
            f"{path}: memspec.memoryType is {generation[:20]!r}; DDR3 and DDR4 are modelled"
        )
    faults: list[str] = []
    device = _device(spec, generation, faults, path)
    if faults or device is None:
        raise WorkloadError(f"{path}: {'; '.join(faults)}")
    return device


def _device(
    spec: Mapping[str, Any], generation: str, faults: list[str], path: Path
) -> Device | None:
    shape = Numbers(spec.get("memarchitecturespec"), "memarchitecturespec", faults)
    banks, rows, columns = (
        _power_of_two(shape, key, most, faults)
        for key, most in (("nbrOfBanks", 64), ("nbrOfRows", 1 << 24), ("nbrOfColumns", 1 << 16))
    )
    groups = _power_of_two(shape, "nbrOfBankGroups", 16, faults, 1)
    width = _power_of_two(shape, "width", 64, faults)
    count = "nbrOfDevices" if shape.has("nbrOfDevices") else "nbrOfDevicesOnDIMM"
    devices = _power_of_two(shape, count, 64, faults)
    burst = _power_of_two(shape, "burstLength", 16, faults)
    for key, why in (("nbrOfRanks", "one rank"), ("nbrOfChannels", "one channel")):
        if shape.whole(key, 1, 1024, 1) != 1:
            faults.append(f"memarchitecturespec.{key}: {why} is modelled")
    if shape.whole("dataRate", 1, 8, 2) != 2:
        faults.append("memarchitecturespec.dataRate: 2 is modelled")
    if shape.whole("RefMode", 1, 4, 1) != 1:
        faults.append("memarchitecturespec.RefMode: 1 is modelled (no fine-granularity refresh)")
    rho = Numbers(spec.get("bankwisespec", {}), "bankwisespec", faults)
    if rho.real("factRho", 0, 1, 1) != 1:
        faults.append("bankwisespec.factRho: 1 is modelled")
    if banks % groups:
        faults.append(f"memarchitecturespec: {banks} banks do not divide into {groups} groups")
    bus_bytes = width * devices // 8
    if not 1 <= bus_bytes <= 64 or burst < 2 or bus_bytes * burst > 256:
        faults.append(f"memarchitecturespec: a bus of {width * devices} bits and bursts of {burst}")
    clock_ps = _clock(spec, faults)
    t = _timings(spec, generation, burst, faults)
    power = Numbers(spec.get("mempowerspec"), "mempowerspec", faults)
    # version 5 says amperes, version 4 and some of 5's files milliamperes: no device draws 5 A
    milliamperes = 1e3 if power.real("idd0", 1e-4, 1e4) < 5 else 1.0
    vdd = _currents(power, VDD[generation], milliamperes)
    pumped = generation == "DDR4"
    vdd_v = power.real("vdd", 0.1, 10)
    vpp_v = power.real("vpp", 0, 10, 0) if pumped else 0.0
    vpp = _currents(power, VPP, milliamperes) if pumped and vpp_v else {}
    if faults:
        return None
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:12]
    bits = [(x - 1).bit_length() for x in (bus_bytes, columns, groups, banks // groups, rows)]
    return Device(
        name=f"{str(spec.get('memoryId', path.stem))[:60]}#{digest}",
        generation=generation,
        source=f"DRAMSys memory specification {path.name}",
        rules="4.0" if generation == "DDR3" else "5.5",
        clock_ps=clock_ps,
        devices=devices,
        bank_groups=groups,
        banks=banks,
        capacity_bytes=1 << sum(bits),
        burst_cycles=burst // 2,
        request_bytes=bus_bytes * burst,
        t=t,
        vdd_v=vdd_v,
        vdd=vdd,
        vpp_v=vpp_v,
        vpp=vpp,
        mappings=_mappings(bits, (burst - 1).bit_length(), groups > 1),
    )


def _power_of_two(
    numbers: Numbers, key: str, most: int, faults: list[str], default: int | None = None
) -> int:
    value = numbers.whole(key, 1, most, default)
    if value & (value - 1):
        faults.append(f"memarchitecturespec.{key}: expected a power of two, got {value}")
        return 1
    return value


def _clock(spec: Mapping[str, Any], faults: list[str]) -> int:
    """The period in ps: version 5 says it in seconds, version 4 the frequency in MHz."""
    numbers = Numbers(spec.get("memtimingspec"), "memtimingspec", faults)
    if numbers.has("tCK"):
        return round(numbers.real("tCK", 1e-10, 2e-8) * 1e12)
    return round(1e6 / max(numbers.real("clkMhz", 50, 10_000), 50))


def _timings(
    spec: Mapping[str, Any], generation: str, burst: int, faults: list[str]
) -> dict[str, int]:
    if not isinstance(spec.get("memtimingspec"), Mapping):
        return {}
    numbers = Numbers(spec["memtimingspec"], "memtimingspec", faults)
    t = {}
    for name in TIMINGS:
        key = DDR3_NAMES.get(name, name) if generation == "DDR3" else name
        if name == "RFC" and generation == "DDR4" and numbers.has("RFC1"):
            key = "RFC1"
        t[name] = numbers.whole(key, int(name in POSITIVE), LARGEST_CYCLES)
    if not faults and t["REFI"] < t["RFC"] * LARGEST_REFI_DISTANCE:
        faults.append(
            f"memtimingspec: REFI {t['REFI']} is less than {LARGEST_REFI_DISTANCE} RFC ({t['RFC']}): "
            "nearly all time would go to refresh"
        )
    if not faults:
        faults += [f"memtimingspec: {fault}" for fault in contradictions(t)]
    beats = burst // 2
    # read to write on the data bus: a turnaround of two cycles (DDR3), or the write preamble
    gap = 2 if generation == "DDR3" else 1 + numbers.whole("WPRE", 0, 16, 1)
    t["RDWR"] = max(1, t["RL"] + beats + gap - t["WL"])
    return t


def _currents(power: Numbers, names: Mapping[str, str], milliamperes: float) -> dict[str, float]:
    most = 10_000 / milliamperes
    # rounded to a picoampere: 0.06075 A are the 60.75 mA that were meant
    return {name: round(power.real(key, 0, most) * milliamperes, 9) for name, key in names.items()}


def _mappings(bits: list[int], burst_bits: int, grouped: bool) -> dict[str, AddressMapping]:
    """Row-bank-column, and bursts interleaved over the bank groups (or banks, where none are)."""
    byte_bits, column_bits, group_bits, bank_bits, row_bits = bits

    def run(first: int, count: int) -> tuple[int, ...]:
        return tuple(range(first, first + count))

    low = byte_bits + burst_bits
    rest = column_bits - burst_bits
    end = byte_bits + column_bits + group_bits + bank_bits
    inner = group_bits if grouped else bank_bits
    column = (*run(byte_bits, burst_bits), *run(low + inner, rest))
    outer = run(end - bank_bits, bank_bits) if grouped else run(low, bank_bits)
    return {
        "row-bank-column": AddressMapping(
            run(byte_bits, column_bits),
            run(byte_bits + column_bits, group_bits),
            run(end - bank_bits, bank_bits),
            run(end, row_bits),
        ),
        "bank-group-interleaved": AddressMapping(
            column, run(low, group_bits) if grouped else (), outer, run(end, row_bits)
        ),
    }


def device_named(name: str) -> Device:
    """The device table of a name, or of a DRAMSys memory specification (a path to its JSON).

    Args:
        name: a key of ``DEVICES``, or a path that ends in .json.

    Returns:
        The device.

    Raises:
        UnknownNameError: no such name.
        WorkloadError: a file that cannot be used.
    """
    if name.endswith(".json"):
        return device_of_file(Path(name))
    if name not in DEVICES:
        raise UnknownNameError(
            "DRAM device", name, DEVICES, "(or give the path of a DRAMSys memory specification)"
        )
    return DEVICES[name]
