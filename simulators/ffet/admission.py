"""What an import found, changed and dropped, and what it refuses by name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError

from .functions import CLOCK_PIN, CLOCKED, FUNCTIONS, INDEX
from .netlist import Netlist

Module = dict[str, Any]
Bit = int | str
LISTED = 20  # names of a kind that a report lists
FLOP = re.compile(r"\$_(?:FF|DFFE?|ALDFFE?|DFFSRE?|SDFFC?E?)_([NP]*)")
LATCH = re.compile(r"\$_(?:DLATCH|DLATCHSR)_([NP])")


@dataclass
class Admission:
    """Counts and names; ``refused`` holds what the flow does not model, in words.

    Lists of names are cut at twenty; ``registers`` maps every clocked cell to what it holds.
    """

    name: str
    source: str
    yosys: str
    clock_ports: dict[str, int] = field(default_factory=dict)  # port: clocked cells
    edge: str = ""  # "rising", "falling" or "" without a clock
    derived_clocks: list[str] = field(default_factory=list)
    gated_clocks: list[str] = field(default_factory=list)  # without a clock-gate cell: refused
    clock_gates: int = 0
    flip_flops: int = 0
    asynchronous: int = 0  # of them with set or reset
    latches: int = 0
    tied_low: int = 0  # pins and output ports at a constant
    tied_high: int = 0
    undriven: list[str] = field(default_factory=list)
    undriven_bits: int = 0
    tri_states: list[str] = field(default_factory=list)
    bidirectional: list[str] = field(default_factory=list)
    black_boxes: dict[str, int] = field(default_factory=dict)
    memories: list[str] = field(default_factory=list)
    initial_bits: int = 0
    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    registers: dict[str, str] = field(default_factory=dict)
    netlist_hash: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the flow models all of it."""
        return not self.refused

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"format": "archgym netlist admission", "version": 1, "accepted": self.accepted,
                **asdict(self)}  # fmt: skip

    def write(self, path: Path) -> None:
        """Write the JSON."""
        path.write_text(json.dumps(self.document(), indent=1) + "\n", encoding="utf-8")

    def refuse(self) -> None:
        """Raise where anything is refused.

        Raises:
            Refused: with every reason.
        """
        if self.refused:
            raise Refused(self)

    def rows(self) -> list[tuple[str, str]]:
        """As a table of text."""

        def some(names: list[str]) -> str:
            return ", ".join(names) if names else "none"

        ports = [f"{p} ({k})" for p, k in self.clock_ports.items()]
        rows = [
            ("clock ports (clocked cells)", some(ports)),
            ("clock edge", self.edge or "none"),
            ("derived clocks", some(self.derived_clocks)),
            ("gated clocks without a cell", some(self.gated_clocks)),
            ("clock gates", str(self.clock_gates)),
            ("flip-flops", f"{self.flip_flops} ({self.asynchronous} with asynchronous set or reset)"),
            ("latches", str(self.latches)),
            ("pins tied to 0, to 1", f"{self.tied_low}, {self.tied_high}"),
            ("undriven bits", f"{self.undriven_bits} ({some(self.undriven)})"),
            ("tri-states", some(self.tri_states)),
            ("bidirectional ports", some(self.bidirectional)),
            ("black boxes", some([f"{n} ({k})" for n, k in self.black_boxes.items()])),
            ("memories", some(self.memories)),
            ("initial bits", str(self.initial_bits)),
        ]  # fmt: skip
        rows += [("changed", text) for text in self.changed]
        rows += [("refused", text) for text in self.refused]
        return rows


class Refused(ArchgymError):
    """What the flow does not model; ``admission`` says what was found up to there."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        super().__init__(f"netlist {admission.name} is refused: " + "; ".join(admission.refused))


class _Bits:
    """Names, drivers and readers of a module's bits."""

    def __init__(self, module: Module) -> None:
        self.cells: dict[str, Module] = module["cells"]
        self.names: dict[Bit, str] = {}
        self.inputs: dict[Bit, str] = {}
        for label, net in module.get("netnames", {}).items():
            for i, bit in enumerate(net["bits"]):
                shown = f"{label}[{i + net.get('offset', 0)}]" if len(net["bits"]) > 1 else label
                if bit not in self.names or (self.names[bit][:1] == "$" and not net["hide_name"]):
                    self.names[bit] = shown
        for label, port in module["ports"].items():
            for bit in port["bits"]:
                if port["direction"] != "output":
                    self.inputs[bit] = label
        self.driver: dict[Bit, tuple[str, str]] = {}
        self.drivers: Counter[Bit] = Counter(self.inputs)
        self.read: set[Bit] = set()
        self.drivers.clear()
        self.drivers.update(dict.fromkeys(self.inputs, 1))
        for port in module["ports"].values():
            if port["direction"] != "input":
                self.read.update(port["bits"])
        for label, pin, bit, output in self.pins():
            if output:
                self.driver[bit] = label, pin
                self.drivers[bit] += 1
            else:
                self.read.add(bit)

    def pins(self) -> Iterator[tuple[str, str, Bit, bool]]:
        """Cell, pin, bit, and whether the cell drives it."""
        for label, cell in self.cells.items():
            directions = cell.get("port_directions", {})
            for pin, bits in cell["connections"].items():
                way = directions.get(pin, "input")
                for bit in bits:
                    if way != "input":
                        yield label, pin, bit, True
                    if way != "output":
                        yield label, pin, bit, False

    def name(self, bit: Bit) -> str:
        return self.names.get(bit, f"bit {bit}")


def _some(names: list[str]) -> list[str]:
    return names if len(names) <= LISTED else [*names[:LISTED], f"… {len(names) - LISTED} more"]


def _library(kind: str) -> int | None:
    return INDEX.get(kind.removesuffix("_X1"))


def as_written(module: Module, admission: Admission, tie_undriven: bool) -> None:
    """What the elaborated source says: ports, tri-states, drivers, black boxes, initial values."""
    a, bits = admission, _Bits(module)
    a.bidirectional = [p for p, port in module["ports"].items() if port["direction"] == "inout"]
    kinds = Counter(c["type"] for c in bits.cells.values())
    a.black_boxes = {k: n for k, n in sorted(kinds.items()) if k[:1] != "$" and _library(k) is None}
    buffers = [c for c in bits.cells.values() if c["type"] in ("$tribuf", "$_TBUF_")]
    high = [bits.name(b) for c in buffers for b in c["connections"]["Y"]]
    high += [bits.name(b) for b in sorted(map(str, bits.read)) if b == "z"]
    a.tri_states = _some(sorted(set(high)))
    three = {b for c in buffers for b in c["connections"]["Y"]}
    undriven = [b for b in bits.read if not isinstance(b, str) and not bits.drivers[b]]
    a.undriven_bits = len(undriven)
    a.undriven = _some(sorted(bits.name(b) for b in undriven))
    many = sorted(
        bits.name(b) for b, n in bits.drivers.items()
        if n > 1 and not isinstance(b, str) and b not in three
    )  # fmt: skip
    _memories(module, a)
    a.latches = sum(n for k, n in kinds.items() if "latch" in k.lower())
    initial = sum(
        sum(c in "01" for c in str(net["attributes"].get("init", "")))
        for net in module.get("netnames", {}).values()
    )
    a.initial_bits += initial
    if a.initial_bits:
        a.changed.append(
            f"initial values of {a.initial_bits} bits dropped: silicon has none; use a reset"
        )
    if a.undriven_bits and tie_undriven:
        a.changed.append(f"{a.undriven_bits} undriven bits tied to 0 (--tie-undriven)")
    for wrong, text in (
        (a.bidirectional, "bidirectional ports {}: split each into an input, an output and an enable"),
        (a.tri_states, "tri-state drivers of {}: use multiplexers, or bring the enable out"),
        (list(a.black_boxes), "black boxes {}: give their Verilog too; the flow has no macros"),
        (_some(many), "nets with several drivers: {}"),
        ([] if tie_undriven else a.undriven,
         "nets without driver: {}; drive them, or tie them to 0 with --tie-undriven"),
    ):  # fmt: skip
        if wrong:
            a.refused.append(text.format(", ".join(wrong)))


def _memories(module: Module, a: Admission) -> None:
    """Memories, which become flip-flops and multiplexers, and their initial values."""
    ports: Counter[str] = Counter()
    initial: dict[str, str] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for cell in module["cells"].values():
        known = {k: str(v) for k, v in cell.get("parameters", {}).items()}
        name = known.get("MEMID", "").lstrip("\\")
        if cell["type"] in ("$memwr", "$memwr_v2"):
            ports[name] += 1
        elif cell["type"] in ("$meminit", "$meminit_v2"):
            bits = cell["connections"]["DATA"]
            initial[name] = initial.get(name, "") + "".join(b for b in bits if b in ("0", "1"))
    for name, memory in module.get("memories", {}).items():
        sizes[name] = int(memory["size"]), int(memory["width"])
    for name, (words, width) in sorted(sizes.items()):
        kind = "RAM" if ports[name] else "ROM"
        into = "flip-flops" if ports[name] else "logic"
        a.memories.append(f"{name} ({kind} {words} x {width}, built of {into})")
        if ports[name]:
            a.initial_bits += len(initial.get(name, ""))


def as_generic(module: Module, admission: Admission) -> None:
    """What the optimised netlist of generic cells says about clocks."""
    a, bits = admission, _Bits(module)
    roots: Counter[str] = Counter()
    edges: Counter[bool] = Counter()
    inverters: set[str] = set()
    network: set[Bit] = set()
    derived: set[str] = set()
    gated: set[str] = set()
    first: dict[Bit, str] = {}
    a.flip_flops = a.asynchronous = a.latches = a.clock_gates = 0
    clocked_by: Counter[Bit] = Counter()
    for label, cell in bits.cells.items():
        found = _clock_pin(cell)
        if found is None:
            if cell["type"].startswith("$_SR_"):
                a.refused.append(f"a set-reset latch without clock: {_holds(bits, cell) or label}")
            continue
        _count(cell, a)
        pin, falling = found
        bit, inverted = _root(bits, cell["connections"][pin][0], inverters, network)
        holds = _holds(bits, cell) or label
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
    a.derived_clocks, a.gated_clocks = _some(sorted(derived)), _some(sorted(gated))
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
        _data_use(module, bits, inverters, network, a)


def _count(cell: Module, a: Admission) -> None:
    """Count a generic clocked cell by kind."""
    kind = cell["type"]
    index = _library(kind)
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
    index = _library(kind)
    if index is not None:
        f = FUNCTIONS[index]
        return (f.inputs[CLOCK_PIN], False) if f.role else None
    flop = FLOP.match(kind)
    if flop:
        return ("C", flop.group(1).startswith("N")) if "C" in cell["connections"] else None
    latch = LATCH.match(kind)
    return ("E", latch.group(1) == "N") if latch else None


def _holds(bits: _Bits, cell: Module) -> str:
    out = cell["connections"].get("Q", [])
    return bits.name(out[0]) if out else ""


def _root(bits: _Bits, bit: Bit, inverters: set[str], network: set[Bit]) -> tuple[Bit, bool]:
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
    module: Module, bits: _Bits, inverters: set[str], network: set[Bit], a: Admission
) -> None:
    """Refuse a clock that logic or output ports read."""
    readers = set()
    for label, pin, bit, output in bits.pins():
        if output or bit not in network or label in inverters:
            continue
        found = _clock_pin(bits.cells[label])
        if found is None or found[0] != pin:
            readers.add(f"{bits.name(bit)} by {bits.cells[label]['type'].strip('$_')}")
    if readers:
        a.refused.append(f"a clock is read as data: {'; '.join(_some(sorted(readers)))}")
    out = [
        p
        for p, port in module["ports"].items()
        if port["direction"] == "output" and network & set(port["bits"])
    ]
    if out:
        a.refused.append(f"a clock leaves through output ports {', '.join(out)}")


def as_mapped(module: Module, netlist: Netlist, nets: dict[int, int], admission: Admission) -> None:
    """What was built."""
    a, n, bits = admission, netlist, _Bits(module)
    counts = np.bincount(n.function, minlength=len(FUNCTIONS))
    by_role = Counter(dict.fromkeys(("flop", "latch", "gate"), 0))
    for f, k in zip(FUNCTIONS, counts.tolist()):
        by_role[f.role] += k
    a.asynchronous = sum(k for f, k in zip(FUNCTIONS, counts.tolist()) if f.asynchronous)
    a.flip_flops, a.latches, a.clock_gates = by_role["flop"], by_role["latch"], by_role["gate"]
    for attribute, kind in (("tied_low", "TIELO"), ("tied_high", "TIEHI")):
        out = n.pin_net[n.pin_output & (n.function[n.pin_cell] == INDEX[kind])]
        sinks = np.isin(n.pin_net[~n.pin_output], out).sum() + np.isin(n.port_net, out).sum()
        setattr(a, attribute, int(sinks))
    if a.latches:
        a.changed.append("latches open with the clock's active edge and close half a period later")
    if a.edge == "falling":
        a.changed.append("ports are timed against the falling edge, on which all registers act")
    label = {k: bits.name(b) for b, k in nets.items()}
    clocked = np.flatnonzero(CLOCKED[n.function])
    outputs = n.pin_net[n.cell_start[clocked + 1] - 1]
    a.registers = {f"u{c}": label[k] for c, k in zip(clocked.tolist(), outputs.tolist())}
    a.netlist_hash = n.content_hash
