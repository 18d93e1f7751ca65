"""Address mappings of a memory: those with a name, an own one, and mappings as knobs to search.

A request stays in one channel and row: the bits within it are its burst's and the lowest of the column.
Above them a mapping is searched as a permutation of fields and a mask of row bits:

``column_low``   bits of the column directly above the request
``order.fields`` the fields from there up, ``column`` being what is left of it
``xor.bank0`` …  the row bit that is XORed with a bit of channel, rank, stack, group or bank, or none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations
from typing import Any

from archgym.errors import ArchgymError
from archgym.space import Parameter, Value, categorical, ordinal

from ..modern.mappings import HASHED, Bits, parse_mapping, widths
from ..modern.standards import ModernDevice
from .families import Family
from .organisations import Organisation

ORDER, LOW = "order.fields", "column_low"
FIELDS = (*HASHED, "column", "row")
ROW_BITS = 8
MASKS = ("none", *(f"row{i}" for i in range(ROW_BITS)))
# from the lowest bit up; the row above all, unless it says otherwise
NAMED = {
    "rbc": "column,group,bank,stack,rank,row,channel",
    "page": "column,channel,group,bank,stack,rank,row",
    "bgi": "channel,group,column,bank,stack,rank,row",
    "ri": "channel,rank,group,bank,stack,column,row",
    "xor": "channel,group,column,bank,stack,rank,row;hash=group,bank,stack,rank",
}


def request_columns(device: ModernDevice, request_bytes: int) -> int:
    """Column bits within a request.

    Args:
        device: of the channels.
        request_bytes: bytes of every request.

    Returns:
        A count of bits.
    """
    return (request_bytes // device.burst_bytes).bit_length() - 1


def named_knob() -> list[Parameter]:
    """The mappings that have a name, one knob."""
    return [categorical("address_mapping", tuple(NAMED), "which address bits choose what")]


def own_knob(text: str) -> list[Parameter]:
    """The knob of an own mapping, with one value.

    Args:
        text: the mapping.

    Returns:
        One parameter.
    """
    return [categorical("address_mapping", (text,), "which address bits choose what")]


def search_knobs(family: Family, channels: int, ranks: int, request_bytes: int) -> list[Parameter]:
    """Mappings of organisations of up to so many channels and ranks.

    Args:
        family: of the devices.
        channels: the most there are.
        ranks: the most there are, of a channel.
        request_bytes: of a request.

    Returns:
        Order, low column bits, and a mask per bit of each hashed field.
    """
    size = widths(family.device, ranks, channels)
    widest = family.built(family.bins[0], family.widths[-1])
    low = size["column"] - request_columns(widest, request_bytes)
    knobs = [
        ordinal(LOW, tuple(range(low + 1)), "column bits directly above a request", "bits"),
        categorical(ORDER, orders(tuple(f for f in FIELDS if size[f])), "fields from low to high"),
    ]
    for field in HASHED:
        knobs += [
            categorical(f"xor.{field}{i}", MASKS, f"what bit {i} of {field} is XORed with")
            for i in range(size[field])
        ]
    return knobs


@cache
def orders(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Every permutation of fields, as text.

    Args:
        fields: names.

    Returns:
        Names separated by commas, the lowest field first.
    """
    return tuple(",".join(p) for p in permutations(fields))


def default_mapping(knobs: Sequence[Parameter]) -> dict[str, Value]:
    """The bank-group-interleaved mapping without masks, or the only one there is.

    Args:
        knobs: of the mapping.

    Returns:
        Values by knob.
    """
    names = {p.name: p for p in knobs}
    if ORDER not in names:
        values = names["address_mapping"].values
        return {"address_mapping": "bgi" if "bgi" in values else values[0]}
    present = names[ORDER].values[0]
    order = [f for f in NAMED["bgi"].split(",") if f in str(present).split(",")]
    masks: dict[str, Value] = {p.name: "none" for p in knobs}
    return masks | {LOW: 0, ORDER: ",".join(order)}


def bits_of(
    values: Mapping[str, Any], device: ModernDevice, ranks: int, channels: int, request_bytes: int
) -> Bits:
    """The bits of every field under a design's mapping.

    Args:
        values: a design, values by name.
        device: a channel.
        ranks: of a channel.
        channels: of the memory.
        request_bytes: of a request.

    Returns:
        Address bits by field; a bit of a field is the XOR of those listed.

    Raises:
        ArchgymError: an own mapping does not cover the address.
    """
    inside = request_columns(device, request_bytes)
    start = f"burst,column:{inside}," if inside else "burst,"
    if ORDER not in values:
        text = str(values["address_mapping"])
        return parse_mapping(
            start + NAMED[text] if text in NAMED else text, device, ranks, channels
        )
    size = widths(device, ranks, channels)
    low = min(int(values[LOW]), size["column"] - inside)
    chunk = f"column:{low}," if low else ""
    bits = parse_mapping(f"{start}{chunk}{values[ORDER]}", device, ranks, channels)
    out = {name: [list(bit) for bit in sources] for name, sources in bits.items()}
    for field in HASHED:
        for i, bit in enumerate(out[field]):
            mask = str(values[f"xor.{field}{i}"])
            if mask != "none":
                bit.extend(bits["row"][int(mask.removeprefix("row"))])
    return out


def check_own(text: str, family: Family, organisations: Sequence[Organisation]) -> None:
    """Refuse an own mapping that covers the address of no organisation.

    Args:
        text: the mapping.
        family: of the devices.
        organisations: those of every design.

    Raises:
        ArchgymError: it covers none; the faults for the first of them.
    """
    first: ArchgymError | None = None
    for one in organisations:
        try:
            device = family.built(one.speed_bin, one.channel_width)
            parse_mapping(text, device, one.ranks, one.channels)
            return
        except ArchgymError as error:
            first = first or error
    raise ArchgymError(
        f"{first}. No organisation of this space is covered; expected named, searched, or all "
        "fields from the lowest bit up, such as burst,column:1,channel,group,column,bank,rank,row"
    )
