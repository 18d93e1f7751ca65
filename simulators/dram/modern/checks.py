"""Memory specifications and address mappings that contradict themselves are refused, by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError, WorkloadError

from .mappings import FIELDS, Bits, widths
from .standards import ModernDevice
from .tables import constraints, named_timings

I64 = NDArray[np.int64]
# (at least this, this): a formula's names, the timing that must not be smaller, cycles of rounding allowed
_AT_LEAST = (
    (("RAS", "RP"), "RC", 1),
    (("RAS", "RPpb"), "RCpb", 1),
    (("RPpb",), "RPab", 0),
    (("RRD_S",), "RRD_L", 0),
    (("RRDS",), "RRDL", 0),
    (("RRD_S",), "FAW", 0),
    (("RRDS",), "FAW", 0),
    (("RRD",), "FAW", 0),
    (("CCD_S",), "CCD_L", 0),
    (("CCDS",), "CCDL", 0),
    (("WTR_S",), "WTR_L", 0),
    (("WTRS",), "WTRL", 0),
    (("RFCpb",), "RFCab", 0),
    (("RFC",), "REFI", 0),
    (("RFCab",), "REFI", 0),
    (("RFCpb",), "REFI", 0),
)
_MAY_BE_ZERO = {
    "AL", "PL", "RPST", "WCK2CK", "WCK2CKPIN", "WCK2DQO", "WCK2DQI", "DQSS", "DQS2DQ", "DQSCK",
    "RPRE", "WPRE", "RTRS",
}  # fmt: skip


def contradictions(t: Mapping[str, int]) -> list[str]:
    """Timings of which one contradicts another, as tRC below tRAS + tRP does.

    Args:
        t: cycles by name; those that are not there are not looked at.

    Returns:
        A sentence for each, none where all agree.
    """
    out = []
    for names, larger, rounding in _AT_LEAST:
        if larger in t and all(name in t for name in names):
            least = sum(t[name] for name in names)
            if t[larger] + rounding < least:
                parts = " + ".join(f"t{name}" for name in names)
                out.append(f"t{larger} is {t[larger]}: less than {parts} = {least}")
    return out


def faults_of_device(device: ModernDevice) -> list[str]:
    """Everything that is missing or contradictory in a device's table.

    Args:
        device: whose timings and geometry are looked at.

    Returns:
        A sentence for each fault, none where the table can be used.
    """
    t = dict(device.t)
    out = [
        f"t{name} is {value}: expected a positive number of cycles"
        for name, value in t.items()
        if value < (0 if name in _MAY_BE_ZERO else 1)
    ]
    out += contradictions(t)
    try:
        named_timings(device)
        constraints(device)
    except KeyError as error:
        out.append(f"t{error.args[0]} is missing: a rule of {device.standard.name} needs it")
    for name, value in (
        ("banks", device.banks), ("bank groups", device.bank_groups), ("burst bytes", device.burst_bytes),
        ("stacks", max(device.stacks, 1)),
    ):  # fmt: skip
        if value < 1 or value & (value - 1):
            out.append(f"{value} {name}: expected a power of two")
    if not out and device.banks % device.bank_groups:
        out.append(f"{device.banks} banks in {device.bank_groups} groups: expected a multiple")
    return out


def check_device(device: ModernDevice) -> None:
    """Refuse a device that contradicts itself.

    Args:
        device: whose timings and geometry are looked at.

    Raises:
        ArchgymError: every fault at once.
    """
    faults = faults_of_device(device)
    if faults:
        raise ArchgymError(f"memory specification {device.name!r}: " + "; ".join(faults))


def check_bits(bits: Bits, device: ModernDevice, ranks: int, channels: int) -> None:
    """Refuse a mapping of bits that does not cover the address, each of its bits once.

    Args:
        bits: fields of an address; the bits within a burst may stand with those of the column.
        device: whose geometry it covers.
        ranks: of each channel.
        channels: of the memory.

    Raises:
        ArchgymError: a field has too few or too many bits; two addresses fall on one place.
    """
    size = widths(device, ranks, channels)
    size["column"] += size.pop("burst")
    faults = []
    for name, width in size.items():
        given = len(bits.get(name, []))
        if name == "column":
            given += len(bits.get("burst", []))
        if given != width:
            what = {"rank": f"{ranks} ranks", "channel": f"{channels} channels"}.get(
                name, device.name
            )
            faults.append(f"{name} has {given} address bits, {what} takes {width}")
    unknown = sorted(set(bits) - set(FIELDS))
    if unknown:
        faults.append(f"fields {', '.join(unknown)} are not of {', '.join(FIELDS)}")
    total = sum(len(field) for field in bits.values())
    if not faults and _independent(bits) < total:
        faults.append("two addresses fall on one place: an address bit chooses nothing")
    if faults:
        raise ArchgymError(f"address mapping of {device.name}: " + "; ".join(faults))


def check_trace(stamp: I64, is_write: NDArray[np.uint8], address: I64, capacity: int) -> None:
    """Refuse a trace that no initiator could issue: the kernel looks at none of this.

    Args:
        stamp: cycles, not falling.
        is_write: 0 or 1.
        address: bytes.
        capacity: of the memory, bytes.

    Raises:
        WorkloadError: every fault at once.
    """
    faults = []
    if not stamp.shape == is_write.shape == address.shape == (len(stamp),):
        faults.append(
            f"stamps {stamp.shape}, is_write {is_write.shape} and addresses {address.shape}: expected "
            "one shape (n,)"
        )
    for what, array in (("stamps", stamp), ("is_write", is_write), ("addresses", address)):
        if array.dtype.kind not in "iub":
            faults.append(f"{what} are {array.dtype}: expected whole numbers")
    if not faults and len(stamp):
        if stamp[0] < 0 or np.any(stamp[1:] < stamp[:-1]):
            faults.append("stamps fall or are negative: expected cycles from 0 on, in order")
        if is_write.min() < 0 or is_write.max() > 1:
            faults.append(
                f"is_write reaches from {is_write.min()} to {is_write.max()}: expected 0 or 1"
            )
        if address.min() < 0:
            faults.append(f"address {address.min()} is negative")
        if int(address.max()) >= capacity:
            faults.append(
                f"address {int(address.max()):#x} lies beyond {capacity} bytes: take more ranks or channels, "
                "or fold the trace"
            )
    if faults:
        raise WorkloadError("this trace cannot be played: " + "; ".join(faults))


def _independent(bits: Bits) -> int:
    """How many of the fields' bits are independent of each other, as parities of address bits."""
    found: dict[int, int] = {}  # highest bit: a combination that has it
    for field in bits.values():
        for sources in field:
            row = 0
            for source in sources:
                row ^= 1 << source
            while row:
                top = row.bit_length() - 1
                if top not in found:
                    found[top] = row
                    break
                row ^= found[top]
    return len(found)
