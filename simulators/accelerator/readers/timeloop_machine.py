"""Timeloop's architecture (v0.4): a list of containers and components."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archgym.errors import ArchgymError

from ..architecture import Architecture, ArchitectureError, Level
from ..technology import BUFFER_CLASSES, DRAM_PJ_PER_BIT, Cost, buffer, multiplier
from .checks import Faults, shorten

COMPUTE = ("mac", "intmac", "fpmac", "compute", "intmultiplier", "multiplier", "adder_multiplier")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")  # YAML takes 2e-9 for a text
SPACES = {"weights": "W", "inputs": "I", "outputs": "O"}


def from_timeloop(document: Mapping[str, Any], where: str) -> Architecture:
    """Memories as levels, meshes as fan-outs, ``keep`` and ``bypass`` as what a level holds.

    Energies and areas are this project's tables for the component's class; other constraints of the
    mapper are left out.  Numbers may name entries of ``variables`` or of attributes further out.

    Args:
        document: the mapping of the file, with the key ``architecture``.
        where: names the file in messages.

    Returns:
        The architecture.

    Raises:
        ArchitectureError: all faults with their places; what cannot be expressed is named.
    """
    faults = Faults(where, ArchitectureError)
    given = document["architecture"]
    nodes = given.get("nodes") if isinstance(given, Mapping) else None
    if not isinstance(nodes, list):
        old = isinstance(given, Mapping) and "subtree" in given
        hint = "; version 0.3 (subtree) is not read" if old else ""
        raise ArchitectureError(f"{where}: architecture needs a list 'nodes' (version 0.4){hint}")
    names: dict[str, Any] = dict(document.get("variables") or {})
    levels: list[Level] = []
    found: dict[str, Any] = {}
    mesh = (1, 1)
    for i, node in enumerate(nodes):
        place = f"node {node.get('name', i)}" if isinstance(node, Mapping) else f"node {i}"
        tag = node.get("!", "Component") if isinstance(node, Mapping) else ""
        if tag not in ("Container", "Component"):
            faults.add(
                place, f"{tag or shorten(node)} is not understood; Container and Component are"
            )
            continue
        own = node.get("attributes") or {}
        if tag == "Container":
            names |= own
        mesh = _mesh(faults, node, names | own, mesh, place)
        if tag == "Container":
            continue
        if levels:
            levels[-1] = replace(levels[-1], fanout=mesh)
        mesh = (1, 1)
        kind = str(node.get("class", ""))
        if kind.lower() in COMPUTE:
            found |= {"compute": place, **names, **own}
            break
        level = _level(faults, node, names | own, place, kind)
        levels += [level] if level is not None else [Level(f"?{i}")]
    if "compute" not in found:
        faults.add("nodes", f"no compute component (class {', '.join(COMPUTE[:4])})")
    faults.settle()
    word = _word(faults, found, names)
    node_nm = _node(faults, found | names)
    cycle = _number(faults, found.get("global_cycle_seconds", names.get("global_cycle_seconds", 1e-9)),
                    names, "global_cycle_seconds")  # fmt: skip
    if not cycle > 0:
        faults.add("global_cycle_seconds", f"must be above 0, got {cycle}")
    faults.settle()
    made: Architecture | None = faults.attempt(
        lambda: Architecture(
            str(given.get("name", levels[0].name)), tuple(levels), multiplier(word, node_nm)[0],
            (word,) * 3, 1.0 / cycle, multiplier(word, node_nm)[1],
            description="from Timeloop's architecture",
        )
    )  # fmt: skip
    faults.settle()
    assert made is not None
    return made


def _word(faults: Faults, found: Mapping[str, Any], names: Mapping[str, Any]) -> int:
    value = found.get("datawidth", names.get("datawidth", 16))
    return faults.whole(_number(faults, value, names, "datawidth"), "datawidth", 1, 4096)


def _node(faults: Faults, names: Mapping[str, Any]) -> int:
    text = str(names.get("technology", 45)).lower().removesuffix("nm").strip()
    return faults.whole(text, "technology", 1, 1000)


def _number(faults: Faults, value: Any, names: Mapping[str, Any], place: str) -> float:
    """A number, or the name of one; a product, quotient or sum of two such."""
    for _ in range(16):
        if not isinstance(value, str) or value not in names:
            break
        value = names[value]
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        match = re.fullmatch(r"\s*([\w.]+)\s*([*/+-])\s*([\w.]+)\s*", value)
        if match:
            a, b = (_number(faults, match[i], names, place) for i in (1, 3))
            if match[2] == "/" and b == 0:
                faults.add(place, f"{value!r} divides by 0")
                return 1.0
            return {"*": a * b, "+": a + b, "-": a - b, "/": a / (b or 1.0)}[match[2]]
    return faults.number(value, place)


def _mesh(
    faults: Faults,
    node: Mapping[str, Any],
    names: Mapping[str, Any],
    mesh: tuple[int, int],
    place: str,
) -> tuple[int, int]:
    spatial = node.get("spatial") or {}
    if not isinstance(spatial, Mapping):
        faults.add(place, f"spatial has meshX and meshY, got {shorten(spatial)}")
        return mesh
    faults.keys(spatial, ("meshX", "meshY"), f"{place}, spatial")
    across, down = (
        faults.whole(_number(faults, spatial.get(k, 1), names, place), f"{place}, {k}", 1, 2**20)
        for k in ("meshX", "meshY")
    )
    return mesh[0] * across, mesh[1] * down


def _level(
    faults: Faults, node: Mapping[str, Any], names: Mapping[str, Any], place: str, kind: str
) -> Level | None:
    dram = kind.upper() == "DRAM"
    if not dram and kind not in BUFFER_CLASSES:
        faults.add(
            place, f"class {kind!r}; understood are DRAM, {', '.join(BUFFER_CLASSES)}, compute"
        )
        return None

    def number(key: str, default: Any) -> float:
        return _number(faults, names.get(key, default), names, f"{place}, {key}")

    word = faults.whole(number("datawidth", 16), f"{place}, datawidth", 1, 4096)
    width = faults.whole(number("width", word), f"{place}, width", 1, 2**20)
    copies = faults.whole(number("multiple_buffering", 1), f"{place}, multiple_buffering")
    keep = _keeps(faults, node, place)
    rates: dict[str, Any] = {
        f"{what}_bits": number(f"{what}_bandwidth", 1) * word
        for what in ("read", "write", "shared")
        if f"{what}_bandwidth" in names
    }
    size, cost = float("inf"), Cost(DRAM_PJ_PER_BIT * width, DRAM_PJ_PER_BIT * width, 0.0)
    if not dram:
        depth = faults.whole(number("depth", 0), f"{place}, depth")
        banks = faults.whole(number("n_banks", 1), f"{place}, n_banks")
        size = float(depth * width // copies)
        try:
            cost = buffer(kind, depth, width, _node(faults, names), banks)
        except ArchgymError as error:
            faults.add(place, str(error))
    made: Level | None = faults.attempt(
        lambda: Level(
            str(node.get("name", "?")), size, (1, 1), cost.read_pj, cost.write_pj, cost.write_pj,
            block=width / word, must_keep="WIO" if dram else keep[0], may_keep=keep[1],
            area_um2=cost.area_um2, **rates,
        ),
        place,
    )  # fmt: skip
    return made


def _keeps(faults: Faults, node: Mapping[str, Any], place: str) -> tuple[str, str]:
    """(must keep, may keep) of constraints, dataspace; without any, every tensor may be kept."""
    constraints = node.get("constraints") or {}
    spaces = constraints.get("dataspace") or {} if isinstance(constraints, Mapping) else {}
    letters = {}
    for key in ("keep", "bypass"):
        named = spaces.get(key) or [] if isinstance(spaces, Mapping) else []
        unknown = [n for n in named if str(n).lower() not in SPACES]
        if unknown:
            faults.add(
                f"{place}, {key}", f"{shorten(unknown)}; understood are Weights, Inputs, Outputs"
            )
        letters[key] = {SPACES[str(n).lower()] for n in named if str(n).lower() in SPACES}
    rest = set("WIO") - letters["keep"] - letters["bypass"]
    return "".join(sorted(letters["keep"])), "".join(sorted(rest))
