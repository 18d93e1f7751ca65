"""ZigZag's hardware in YAML: memories with served dimensions and an array of multipliers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from ..architecture import Architecture, ArchitectureError, Level
from .checks import Faults, shorten

OPERANDS = {"I1": "I", "I2": "W", "O": "O"}
UNIT = 200e6  # ZigZag has no clock; latencies are cycles


def from_zigzag(document: Mapping[str, Any], where: str) -> Architecture:
    """An architecture from ZigZag's memories and array.

    Levels are outermost first. A memory's instances follow from the dimensions that it does not
    serve. Sums are as wide as both operands together, finished outputs as wide as an input: ZigZag
    keeps those with its workloads. A word of any tensor costs its share of a port of an input's
    words.

    Args:
        document: the mapping of the file.
        where: names the file in messages.

    Returns:
        The architecture.

    Raises:
        ArchitectureError: all faults with their places; what cannot be expressed is named.
    """
    faults = Faults(where, ArchitectureError)
    array = document.get("operational_array") or document.get("multipliers")
    memories = document.get("memories")
    if not isinstance(array, Mapping) or not isinstance(memories, Mapping) or not memories:
        raise ArchitectureError(
            f"{where}: needs 'memories' and 'operational_array' (or 'multipliers')"
        )
    if array.get("is_imc") or array.get("imc_type"):
        faults.add("operational_array", "computing in memory is not modelled here")
    precision = array.get("input_precision", [8, 8])
    sizes, names = array.get("sizes"), array.get("dimensions")
    if (
        not isinstance(precision, list) or len(precision) != 2 or not isinstance(sizes, list)
        or not isinstance(names, list) or len(sizes) != len(names)
    ):  # fmt: skip
        faults.add("operational_array", "needs two input_precision, dimensions and as many sizes")
        faults.settle()
    assert isinstance(precision, list) and isinstance(sizes, list) and isinstance(names, list)
    inputs, weights = (faults.whole(b, "input_precision", 1, 4096) for b in precision)
    dims = {str(d): faults.whole(n, f"sizes, {d}", 1, 2**20) for d, n in zip(names, sizes)}
    energy = array.get("unit_energy", array.get("multiplier_energy", 0.0))
    area = array.get("unit_area", array.get("multiplier_area", 0.0))
    pj = faults.number(energy, "unit_energy")
    found = []
    for name, memory in memories.items():
        if not isinstance(memory, Mapping):
            faults.add(f"memory {name}", f"expected a mapping of keys, got {shorten(memory)}")
            continue
        served = memory.get("served_dimensions", list(dims))
        served = list(dims) if served == "all" else [str(d) for d in served or []]
        if not set(served) <= set(dims):
            faults.add(f"memory {name}", f"served_dimensions {served} are not those of the array")
        found.append((str(name), memory, set(served)))
    faults.settle()
    found.reverse()  # ZigZag lists the innermost first
    for outer, inner in itertools.pairwise(found):
        if not inner[2] <= outer[2]:
            faults.add(
                f"memories {outer[0]} and {inner[0]}",
                f"served dimensions {sorted(outer[2])} and {sorted(inner[2])} do not nest",
            )
    bits = (weights, inputs, weights + inputs)
    levels = [
        _level(
            faults,
            name,
            memory,
            dims,
            served,
            found[i + 1][2] if i + 1 < len(found) else set(),
            bits,
        )
        for i, (name, memory, served) in enumerate(found)
    ]
    faults.settle()
    made: Architecture | None = faults.attempt(
        lambda: Architecture(
            str(document.get("name", "zigzag")), tuple(x for x in levels if x), pj, bits, UNIT,
            faults.number(area, "unit_area"), output_bits=inputs, description="from ZigZag's hardware",
        )
    )  # fmt: skip
    faults.settle()
    assert made is not None
    return made


def _level(
    faults: Faults, name: str, memory: Mapping[str, Any], dims: Mapping[str, int], served: set[str],
    inner: set[str], bits: tuple[int, int, int],
) -> Level | None:  # fmt: skip
    place = f"memory {name}"
    before = len(faults.found)
    if memory.get("auto_cost_extraction"):
        faults.add(place, "auto_cost_extraction is not done here: give r_cost and w_cost")
    operands = memory.get("operands", [])
    letters = "".join(OPERANDS.get(str(o), "?") for o in operands)
    if not letters or "?" in letters:
        faults.add(place, f"operands are of I1, I2, O, got {shorten(operands)}")
    ports = [x for x in memory.get("ports", []) if isinstance(x, Mapping)]
    shared = memory.get("rw_port", 0) or any("rw_port" in str(v) for p in ports for v in p.values())
    values = {
        key: faults.number(memory.get(key, 0.0 if key == "area" else None), f"{place}, {key}",
                           open_end=key in ("size", "r_bw", "w_bw"))
        for key in ("size", "r_bw", "w_bw", "r_cost", "w_cost", "area")
    }  # fmt: skip
    if len(faults.found) > before:
        return None
    word = bits[2] if letters == "O" else bits[0]
    split = sorted(served - inner, key=list(dims).index)
    fanout = [dims[d] for d in split] or [1]
    width = values["r_bw"]
    made: Level | None = faults.attempt(
        lambda: Level(
            name, values["size"], (fanout[0], math.prod(fanout[1:])), values["r_cost"],
            values["w_cost"] * width / values["w_bw"], values["w_cost"] * width / values["w_bw"],
            block=width / word, read_bits=values["r_bw"], write_bits=values["w_bw"],
            shared_bits=values["r_bw"] if shared else math.inf, must_keep=letters, may_keep="",
            area_um2=values["area"],
        ),
        place,
    )  # fmt: skip
    return made
