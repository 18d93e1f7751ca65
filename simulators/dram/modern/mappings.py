"""Address mappings: which address bits choose channel, rank, stack, group, bank, row and column.

A mapping is written from the lowest address bit up, ``burst,channel,group,column,bank,rank,row``.
``column:1`` takes one bit of a field, a later ``column`` the rest; a field of no bits is skipped.
``;hash=group,bank`` XORs the bits of these fields with the lowest bits of the row, one each in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .standards import ModernDevice

FIELDS = ("burst", "channel", "rank", "stack", "group", "bank", "row", "column")
HASHED = ("channel", "rank", "stack", "group", "bank")
I64 = NDArray[np.int64]
# a field's bits, least significant first; each the parity of some address bits
Bits = Mapping[str, Sequence[Sequence[int]]]

NAMED = {
    "rbc": "burst,column,group,bank,stack,rank,row,channel",
    "bgi": "burst,channel,group,column,bank,rank,row",
    "ri": "burst,column:1,channel,rank,group,bank,column,row",
    "xor": "burst,channel,group,column,bank,rank,row;hash=group,bank,rank",
}
NAMED_STACKED = {
    "rbc": NAMED["rbc"],
    "bgi": "burst,column:1,channel,rank,group,column,bank,stack,row",
    "shipped": "burst,rank,group,bank,stack,column,row,channel",
    "xor": "burst,channel,rank,group,column,bank,stack,row;hash=group,bank,rank",
}


class Decoded(NamedTuple):
    """Where bursts go, (m,) each: ``bank`` within the channel, rank first."""

    channel: I64
    bank: I64
    row: I64


def named_mappings(device: ModernDevice) -> dict[str, str]:
    """The mappings of a device that have a name.

    Args:
        device: whose stacks, if it has some, have mappings of their own.

    Returns:
        Mappings in the grammar above, by name.
    """
    return NAMED_STACKED if device.stacks else NAMED


def widths(device: ModernDevice, ranks: int, channels: int) -> dict[str, int]:
    """Bits of every field.

    Args:
        device: whose geometry it is.
        ranks: of each channel, a power of two.
        channels: a power of two.

    Returns:
        A number of address bits for each of FIELDS.
    """
    stacks = max(device.stacks, 1)
    return {
        "burst": _log2(device.burst_bytes),
        "channel": _log2(channels),
        "rank": _log2(ranks),
        "stack": _log2(stacks),
        "group": _log2(device.groups // stacks),
        "bank": _log2(device.banks // device.groups),
        "row": device.row_bits,
        "column": device.column_bits,
    }


def _log2(n: int) -> int:
    return n.bit_length() - 1


def parse_mapping(text: str, device: ModernDevice, ranks: int, channels: int) -> Bits:
    """The bits of every field, or every fault of the text.

    Args:
        text: a name of :func:`named_mappings`, or a mapping in the grammar above.
        device: whose geometry it covers.
        ranks: of each channel, a power of two.
        channels: a power of two.

    Returns:
        For each of FIELDS its bits, least significant first.

    Raises:
        ArchgymError: a field is unknown, missing, or given more or fewer bits than it has.
    """
    size = widths(device, ranks, channels)
    order, _, hashing = named_mappings(device).get(text, text).partition(";")
    faults: list[str] = []
    bits: dict[str, list[list[int]]] = {name: [] for name in FIELDS}
    at = 0
    for token in order.split(","):
        name, _, count = token.strip().partition(":")
        if name not in FIELDS:
            faults.append(f"field {name!r} is not one of {', '.join(FIELDS)}")
            continue
        rest = size[name] - len(bits[name])
        if count and not count.isdecimal():
            faults.append(f"{token.strip()!r}: expected FIELD or FIELD:BITS")
            continue
        taken = int(count) if count else rest
        if taken > rest:
            faults.append(f"{name} has {size[name]} bits, the mapping takes more")
            continue
        bits[name] += [[at + i] for i in range(taken)]
        at += taken
    for name in FIELDS:
        if len(bits[name]) < size[name]:
            missing = size[name] - len(bits[name])
            faults.append(f"does not cover the address: {missing} bits of {name} are missing")
    if not bits["burst"] or bits["burst"][0] != [0]:
        faults.append("the burst comes first: addresses within one are one access")
    faults += _hash(hashing, bits)
    if faults:
        raise ArchgymError(
            f"address mapping {text!r} for {device.name} with {ranks} ranks and {channels} channels: "
            + "; ".join(dict.fromkeys(faults))
        )
    return bits


def _hash(text: str, bits: dict[str, list[list[int]]]) -> list[str]:
    """XOR fields with the lowest row bits, in place; returns faults."""
    if not text:
        return []
    key, _, names = text.partition("=")
    if key.strip() != "hash":
        return [f"after ';' expected hash=FIELD,…, got {text!r}"]
    faults, used = [], 0
    for name in (n.strip() for n in names.split(",")):
        if name not in HASHED:
            faults.append(f"hash of {name!r}: expected one of {', '.join(HASHED)}")
            continue
        for bit in bits[name]:
            if used >= len(bits["row"]):
                return [*faults, "the hash uses more bits than the row has"]
            bit.extend(bits["row"][used])
            used += 1
    return faults


def decode(address: I64, bits: Bits) -> Decoded:
    """Where addresses lie.

    Args:
        address: (m,) bytes.
        bits: a mapping, as :func:`parse_mapping` gives it.

    Returns:
        Channel, bank in the channel and row of each.
    """
    bank = np.zeros_like(address)
    for name in ("rank", "stack", "group", "bank"):
        bank = (bank << len(bits[name])) | _field(address, bits[name])
    return Decoded(_field(address, bits["channel"]), bank, _field(address, bits["row"]))


def _field(address: I64, bits: Sequence[Sequence[int]]) -> I64:
    out = np.zeros_like(address)
    for position, sources in enumerate(bits):
        value = np.zeros_like(address)
        for bit in sources:
            value ^= address >> bit
        out |= (value & 1) << position
    return out
