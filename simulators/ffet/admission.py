"""What an import found, changed and dropped, and what it refuses by name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError

from .functions import CLOCKED, FUNCTIONS, INDEX
from .macros.abstract import Abstract
from .module_bits import Bits, Module, library_index, macro_bit, some
from .netlist import Netlist


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
    macros: dict[str, int] = field(default_factory=dict)  # cell of a Liberty given: instances
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
        """The report as a document for JSON."""
        return {"format": "archgym netlist admission", "version": 1, "accepted": self.accepted,
                **asdict(self)}  # fmt: skip

    def write(self, path: Path) -> None:
        """Write the report as JSON.

        Args:
            path: the file, overwritten.
        """
        path.write_text(json.dumps(self.document(), indent=1) + "\n", encoding="utf-8")

    def refuse(self) -> None:
        """Raise where anything is refused.

        Raises:
            Refused: with every reason.
        """
        if self.refused:
            raise Refused(self)

    def rows(self) -> list[tuple[str, str]]:
        """The report as a table of text: (what, value)."""

        def shown(names: list[str]) -> str:
            return ", ".join(names) if names else "none"

        ports = [f"{p} ({k})" for p, k in self.clock_ports.items()]
        rows = [
            ("clock ports (clocked cells)", shown(ports)),
            ("clock edge", self.edge or "none"),
            ("derived clocks", shown(self.derived_clocks)),
            ("gated clocks without a cell", shown(self.gated_clocks)),
            ("clock gates", str(self.clock_gates)),
            ("flip-flops", f"{self.flip_flops} ({self.asynchronous} with asynchronous set or reset)"),
            ("latches", str(self.latches)),
            ("pins tied to 0, to 1", f"{self.tied_low}, {self.tied_high}"),
            ("undriven bits", f"{self.undriven_bits} ({shown(self.undriven)})"),
            ("tri-states", shown(self.tri_states)),
            ("bidirectional ports", shown(self.bidirectional)),
            ("black boxes", shown([f"{n} ({k})" for n, k in self.black_boxes.items()])),
            ("macros", shown([f"{n} ({k})" for n, k in self.macros.items()])),
            ("memories", shown(self.memories)),
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


def as_written(
    module: Module, admission: Admission, tie_undriven: bool, macros: Mapping[str, Abstract]
) -> None:
    """Note what the elaborated source says.

    That is its ports, tri-states, drivers, black boxes and initial values.

    Args:
        module: of yosys' JSON.
        admission: the report, filled.
        tie_undriven: whether nets without a driver are tied to 0.
        macros: abstracts of cells whose Liberty and LEF were given.
    """
    a, bits = admission, Bits(module)
    a.bidirectional = [p for p, port in module["ports"].items() if port["direction"] == "inout"]
    kinds = Counter(c["type"] for c in bits.cells.values())
    boxes = {k: n for k, n in sorted(kinds.items()) if k[:1] != "$" and library_index(k) is None}
    a.macros = {k: n for k, n in boxes.items() if k in macros}
    a.black_boxes = {k: n for k, n in boxes.items() if k not in macros}
    buffers = [c for c in bits.cells.values() if c["type"] in ("$tribuf", "$_TBUF_")]
    high = [bits.name(b) for c in buffers for b in c["connections"]["Y"]]
    high += [bits.name(b) for b in sorted(map(str, bits.read)) if b == "z"]
    a.tri_states = some(sorted(set(high)))
    three = {b for c in buffers for b in c["connections"]["Y"]}
    undriven = [b for b in bits.read if not isinstance(b, str) and not bits.drivers[b]]
    a.undriven_bits = len(undriven)
    a.undriven = some(sorted(bits.name(b) for b in undriven))
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
        (list(a.black_boxes),
         "black boxes {}: give their Verilog, or a Liberty and a LEF (--macro-lib, --macro-lef)"),
        (some(_open_inputs(bits, macros)), "inputs of macros that nothing is connected to: {}"),
        (some(many), "nets with several drivers: {}"),
        ([] if tie_undriven else a.undriven,
         "nets without driver: {}; drive them, or tie them to 0 with --tie-undriven"),
    ):  # fmt: skip
        if wrong:
            a.refused.append(text.format(", ".join(wrong)))


def _open_inputs(bits: Bits, macros: Mapping[str, Abstract]) -> list[str]:
    return sorted(
        f"{label}/{pin.name}"
        for label, cell in bits.cells.items() if cell["type"] in macros
        for pin in macros[cell["type"]].pins
        if not pin.output and macro_bit(cell, pin.name) in (None, "z")
    )  # fmt: skip


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


def as_mapped(module: Module, netlist: Netlist, nets: dict[int, int], admission: Admission) -> None:
    """Note what was built: registers, constants and their names.

    Args:
        module: of yosys' JSON, mapped to the library.
        netlist: made from it.
        nets: the netlist's net of each bit.
        admission: the report, filled.
    """
    a, n, bits = admission, netlist, Bits(module)
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
