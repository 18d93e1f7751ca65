"""Architectures by name or file: what every simulator and command of the domain takes as a machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import ArchgymError, UnknownNameError

from .architecture import Architecture, ArchitectureError, Level
from .data import folder
from .layout import DIMENSIONS
from .readers.checks import Faults, read_document, structured
from .technology import DRAM_PJ_PER_BIT, Cost, TechnologyError, buffer, multiplier

KEYS = (
    "name", "description", "node_nm", "clock_mhz", "bits", "output_bits", "mac", "levels",
)  # fmt: skip
LEVEL_KEYS = (
    "name", "kind", "size_kb", "words", "port_bits", "banks", "fanout", "read_words", "write_words",
    "shared_words", "network_words", "hidden", "must_keep", "may_keep", "spatial_x", "spatial_y",
    "energy_pj", "area_um2",
)  # fmt: skip
KINDS = ("dram", "sram", "regfile", "smartbuffer_RF", "SRAM", "smartbuffer_SRAM")
MOST_LEVELS, MOST_FANOUT, MOST_BITS = 64, 2**20, 4096


def names() -> list[str]:
    """Every architecture that ships."""
    return sorted(path.stem for path in (folder() / "architectures").glob("*.yaml"))


def load_architecture(name: str | Path | Architecture) -> Architecture:
    """An architecture by name or YAML file.

    A file is in the project's own form, in Timeloop's (v0.4) or in ZigZag's.

    Args:
        name: a shipped architecture's name, a path ending in ``.yaml`` or ``.yml``, or an architecture,
            which stands for itself.

    Returns:
        The architecture.

    Raises:
        UnknownNameError: no such architecture.
        ArchitectureError: the file makes no sense.
    """
    if isinstance(name, Architecture):
        return name
    text = str(name)
    if text in names():
        path = folder() / "architectures" / f"{text}.yaml"
        return from_document(read_document(path, ArchitectureError), text)
    if text.lower().endswith((".yaml", ".yml")):
        document = read_document(Path(text), ArchitectureError)
        if not isinstance(document, Mapping):
            raise ArchitectureError(
                f"{text}: expected a mapping of keys, got {type(document).__name__}"
            )
        if "architecture" in document:
            from .readers.timeloop_machine import from_timeloop

            with structured(text, ArchitectureError):
                return from_timeloop(document, text)
        if "memories" in document or "operational_array" in document:
            from .readers.zigzag_machine import from_zigzag

            with structured(text, ArchitectureError):
                return from_zigzag(document, text)
        with structured(text, ArchitectureError):
            return from_document(document, text)
    raise UnknownNameError("architecture", text, names(), "(or the path of a .yaml file)")


def from_document(document: Mapping[str, Any], where: str) -> Architecture:
    """An architecture from the mapping that its YAML file holds.

    Args:
        document: the mapping of the file.
        where: names the file in messages.

    Returns:
        The architecture.

    Raises:
        ArchitectureError: all faults with their places.
    """
    faults = Faults(where, ArchitectureError)
    faults.keys(document, KEYS, "top level")
    for key in ("name", "levels"):
        if key not in document:
            faults.add("top level", f"key {key!r} is missing")
    node = faults.whole(document.get("node_nm", 45), "node_nm")
    given = document.get("bits", 16)
    listed = given if isinstance(given, list) else [given] * 3
    if len(listed) != 3:
        faults.add("bits", f"bits is a number or a list of three, got {given!r}")
    words = [faults.whole(b, "bits", 1, MOST_BITS) for b in listed]
    output = faults.whole(document.get("output_bits", 0), "output_bits", 0, MOST_BITS)
    clock = faults.number(document.get("clock_mhz", 200), "clock_mhz", open_end=True)
    entries = document.get("levels", [])
    if not isinstance(entries, list) or len(entries) > MOST_LEVELS:
        faults.add("levels", f"expected a list of at most {MOST_LEVELS} levels")
        entries = []
    faults.settle()
    pj, area = _arithmetic(faults, document.get("mac"), min(words[:2]), node)
    levels = [_level(faults, entry, i, words[0], node) for i, entry in enumerate(entries)]
    faults.settle()
    made: Architecture | None = faults.attempt(
        lambda: Architecture(
            str(document["name"]), tuple(x for x in levels if x is not None), pj,
            (words[0], words[1], words[2]), clock * 1e6, area, output_bits=output,
            description=str(document.get("description", "")),
        )
    )  # fmt: skip
    faults.settle()
    assert made is not None
    return made


def _arithmetic(faults: Faults, mac: Any, bits: int, node: int) -> tuple[float, float]:
    mac = {} if mac is None else mac
    if not isinstance(mac, Mapping):
        faults.add("mac", f"expected energy_pj and area_um2, got {mac!r}")
        mac = {}
    faults.keys(mac, ("energy_pj", "area_um2"), "mac")
    try:
        pj, area = multiplier(bits, node)
    except TechnologyError as error:
        faults.add("node_nm", str(error))
        pj, area = 1.0, 1.0
    return (
        faults.number(mac.get("energy_pj", pj), "mac, energy_pj"),
        faults.number(mac.get("area_um2", area), "mac, area_um2"),
    )


def _level(faults: Faults, entry: Any, index: int, word: int, node: int) -> Level | None:
    if not isinstance(entry, Mapping):
        faults.add(f"level {index + 1}", f"a level is a mapping of keys, got {entry!r}")
        return None
    name = str(entry.get("name", "?"))
    place = f"level {name!r}"
    before = len(faults.found)
    faults.keys(entry, LEVEL_KEYS, place)
    kind = str(entry.get("kind", "sram"))
    if kind not in KINDS:
        faults.keys({kind: 0}, KINDS, f"{place}, kind")
        return None
    port = faults.whole(entry.get("port_bits", word), f"{place}, port_bits", 1, 1 << 20)
    fanout = entry.get("fanout", [1, 1])
    if not isinstance(fanout, list) or len(fanout) != 2:
        faults.add(place, f"fanout is [x, y], got {fanout!r}")
        fanout = [1, 1]
    across, down = (_fanout(faults, n, f"{place}: fanout {axis}") for n, axis in zip(fanout, "xy"))
    size, cost = _memory(faults, entry, place, kind, word, port, node)
    read, write = _energies(faults, entry.get("energy_pj"), cost, place)
    rates = {
        f"{port_name}_bits": word
        * faults.number(entry[f"{port_name}_words"], f"{place}, {port_name}_words", open_end=True)
        for port_name in ("read", "write", "shared", "network")
        if f"{port_name}_words" in entry
    }
    if not isinstance(entry.get("hidden", True), bool):
        faults.add(place, f"hidden is true or false, got {entry['hidden']!r}")
    area = faults.number(entry.get("area_um2", cost.area_um2), f"{place}, area_um2")
    if len(faults.found) > before:
        return None
    every = "".join(DIMENSIONS)
    made: Level | None = faults.attempt(
        lambda: Level(
            name,
            size,
            (across, down),
            read,
            write,
            write,
            block=port / word,
            must_keep=str(entry.get("must_keep", "WIO" if kind == "dram" else "")),
            may_keep=str(entry.get("may_keep", "")),
            spatial_x=str(entry.get("spatial_x", every)),
            spatial_y=str(entry.get("spatial_y", every)),
            area_um2=area,
            hidden=bool(entry.get("hidden", True)),
            **rates,
        )
    )
    return made


def _fanout(faults: Faults, value: Any, what: str) -> int:
    if value == 0 and not isinstance(value, bool):
        faults.add("", f"{what} must be positive, got 0")
        return 1
    return faults.whole(value, what, 1, MOST_FANOUT)


def _memory(
    faults: Faults, entry: Mapping[str, Any], place: str, kind: str, word: int, port: int, node: int
) -> tuple[float, Cost]:
    """The size in bits and the cost of a level's memory."""
    if kind == "dram":
        return math.inf, Cost(DRAM_PJ_PER_BIT * port, DRAM_PJ_PER_BIT * port, 0.0)
    if ("size_kb" in entry) == ("words" in entry):
        faults.add(place, "give either size_kb or words")
        return 1.0, Cost(0.0, 0.0, 0.0)
    unit = 8192.0 if "size_kb" in entry else word
    text = entry["size_kb"] if "size_kb" in entry else entry["words"]
    if text == 0 and not isinstance(text, bool):
        faults.add(place, "its size must be positive, got 0 bits")
        return 1.0, Cost(0.0, 0.0, 0.0)
    if "words" in entry:
        size: float = faults.whole(text, f"{place}, words") * unit
    else:
        size = faults.number(text, f"{place}, size_kb", open_end=True) * unit
    banks = faults.whole(entry.get("banks", 1), f"{place}, banks")
    if "energy_pj" in entry and "area_um2" in entry:
        return size, Cost(0.0, 0.0, 0.0)
    try:
        shape = "SRAM" if kind == "sram" else kind
        return size, buffer(shape, max(1, int(size // port)), port, node, banks)
    except (ArchgymError, ArithmeticError) as error:
        faults.add(place, str(error))
        return size, Cost(0.0, 0.0, 0.0)


def _energies(faults: Faults, given: Any, cost: Cost, place: str) -> tuple[float, float]:
    if given is None:
        return cost.read_pj, cost.write_pj
    values = given if isinstance(given, list) else [given, given]
    if len(values) != 2:
        faults.add(place, "energy_pj is a number or [read, write]")
        return 0.0, 0.0
    read, write = (faults.number(v, f"{place}, energy_pj") for v in values)
    return read, write
