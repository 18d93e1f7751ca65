"""What an import finds about clocks: ports, edges, gates, and what the flow does not time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from .admission import Admission
from .functions import CLOCK_PIN, FUNCTIONS
from .macros.abstract import Abstract
from .module_bits import Bit, Bits, Module, library_index, macro_bit, some

FLOP = re.compile(r"\$_(?:FF|DFFE?|ALDFFE?|DFFSRE?|SDFFC?E?)_([NP]*)")
LATCH = re.compile(r"\$_(?:DLATCH|DLATCHSR)_([NP])")


def as_generic(module: Module, admission: Admission, macros: Mapping[str, Abstract]) -> None:
    """Note what the optimised netlist of generic cells says about clocks.

    Args:
        module: of yosys' JSON.
        admission: the report, filled.
        macros: abstracts of the macros it instantiates.
    """
    a, bits = admission, Bits(module)
    roots: Counter[str] = Counter()
    edges: Counter[bool] = Counter()
    inverters: set[str] = set()
    network: set[Bit] = set()
    derived: set[str] = set()
    gated: set[str] = set()
    first: dict[Bit, str] = {}
    a.flip_flops = a.asynchronous = a.latches = a.clock_gates = 0
    clocked_by: Counter[Bit] = Counter()
    for holds, at, falling in _clocked(bits, macros, a):
        bit, inverted = _root(bits, at, inverters, network)
        if isinstance(bit, str):
            a.refused.append(f"{holds} is clocked by a constant {bit}")
        elif bit in bits.inputs:
            roots[bits.name(bit)] += 1
            edges[falling != inverted] += 1
        else:
            clocked_by[bit] += 1
            first.setdefault(bit, holds)
    for bit, count in clocked_by.items():
        driver = bits.cells[bits.driver[bit][0]] if bit in bits.driver else None
        by = driver["type"].strip("$_") if driver is not None else "nothing"
        if driver is not None and _clock_pin(driver):
            by = "a register"
        text = f"{bits.name(bit)} (from {by}; clocks {count} cells, the first {first[bit]})"
        (derived if by == "a register" else gated).add(text)
    a.clock_ports = dict(roots.most_common())
    a.derived_clocks, a.gated_clocks = some(sorted(derived)), some(sorted(gated))
    a.edge = (
        "" if not edges else "both" if len(edges) > 1 else "falling" if edges[True] else "rising"
    )
    if a.derived_clocks:
        a.refused.append(
            f"derived clocks: {'; '.join(a.derived_clocks)}; use a clock enable instead of a divided clock"
        )
    if a.gated_clocks:
        a.refused.append(
            f"gated clocks without a clock-gate cell: {'; '.join(a.gated_clocks)}; use a clock enable, "
            "a latch that is open while the clock is low and an AND, or the library's ICG_X1 (E, CK, Q)"
        )
    if len(roots) > 1:
        told = ", ".join(f"{p} ({k} clocked cells)" for p, k in roots.most_common())
        a.refused.append(f"{len(roots)} clocks: {told}; the flow times one")
    if len(edges) > 1:
        a.refused.append(
            f"two edges of the clock: {edges[False]} clocked cells on the rising edge (or open while it "
            f"is high), {edges[True]} on the falling one; the flow times one"
        )
    if not a.refused:
        _data_use(module, bits, inverters, network, a, macros)


def _clocked(
    bits: Bits, macros: Mapping[str, Abstract], a: Admission
) -> list[tuple[str, Bit, bool]]:
    """What is clocked: its name, its clock's bit, whether it acts on the falling edge; counted in ``a``."""
    out: list[tuple[str, Bit, bool]] = []
    for label, cell in bits.cells.items():
        if cell["type"] in macros:
            abstract = macros[cell["type"]]
            for pin in abstract.pins:
                at = macro_bit(cell, pin.name)
                if pin.clock and at is not None:
                    out.append((f"{label}/{pin.name}", at, abstract.falling))
            continue
        found = _clock_pin(cell)
        if found is None:
            if cell["type"].startswith("$_SR_"):
                a.refused.append(f"a set-reset latch without clock: {_holds(bits, cell) or label}")
            continue
        _count(cell, a)
        at = cell["connections"][found[0]][0]
        out.append((_holds(bits, cell) or label, at, found[1]))
    return out


def _count(cell: Module, a: Admission) -> None:
    """Count a generic clocked cell by kind."""
    kind = cell["type"]
    index = library_index(kind)
    role = FUNCTIONS[index].role if index is not None else "latch" if LATCH.match(kind) else "flop"
    a.clock_gates += role == "gate"
    a.latches += role == "latch"
    a.flip_flops += role == "flop"
    plain = re.match(r"\$_(FF|DFFE?|SDFFC?E?)_", kind)
    held = re.match(r"\$_DFFE?_[NP][NP][01]", kind)
    a.asynchronous += role == "flop" and index is None and (held is not None or plain is None)


def _clock_pin(cell: Module) -> tuple[str, bool] | None:
    """A generic clocked cell's clock pin and whether it acts on the falling edge (or low level)."""
    kind = cell["type"]
    index = library_index(kind)
    if index is not None:
        f = FUNCTIONS[index]
        return (f.inputs[CLOCK_PIN], False) if f.role else None
    flop = FLOP.match(kind)
    if flop:
        return ("C", flop.group(1).startswith("N")) if "C" in cell["connections"] else None
    latch = LATCH.match(kind)
    return ("E", latch.group(1) == "N") if latch else None


def _holds(bits: Bits, cell: Module) -> str:
    out = cell["connections"].get("Q", [])
    return bits.name(out[0]) if out else ""


def _root(bits: Bits, bit: Bit, inverters: set[str], network: set[Bit]) -> tuple[Bit, bool]:
    """Up through inverters, buffers and clock gates; whether the sense turned."""
    inverted = False
    for _ in range(len(bits.cells) + 1):
        network.add(bit)
        if isinstance(bit, str) or bit in bits.inputs or bit not in bits.driver:
            return bit, inverted
        label, _pin = bits.driver[bit]
        cell = bits.cells[label]
        pins = cell["connections"]
        if cell["type"] == "$_NOT_" or cell["type"] == "INV_X1":
            inverted = not inverted
        elif cell["type"] == "ICG_X1":
            bit = pins["CK"][0]
            continue
        elif cell["type"] not in ("$_BUF_", "BUF_X1"):
            return bit, inverted
        inverters.add(label)
        bit = pins["A"][0]
    return bit, inverted


def _data_use(
    module: Module, bits: Bits, inverters: set[str], network: set[Bit], a: Admission,
    macros: Mapping[str, Abstract],
) -> None:  # fmt: skip
    """Refuse a clock that logic or output ports read."""
    readers = set()
    for label, pin, bit, output in bits.pins():
        if output or bit not in network or label in inverters:
            continue
        cell = bits.cells[label]
        if cell["type"] in macros:
            of = [p for p in macros[cell["type"]].pins if not p.output]
            if all(p.clock for p in of if macro_bit(cell, p.name) == bit):
                continue
        found = _clock_pin(cell)
        if found is None or found[0] != pin:
            readers.add(f"{bits.name(bit)} by {cell['type'].strip('$_')}")
    if readers:
        a.refused.append(f"a clock is read as data: {'; '.join(some(sorted(readers)))}")
    out = [
        p
        for p, port in module["ports"].items()
        if port["direction"] == "output" and network & set(port["bits"])
    ]
    if out:
        a.refused.append(f"a clock leaves through output ports {', '.join(out)}")
