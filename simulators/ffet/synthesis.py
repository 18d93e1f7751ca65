"""Verilog to a packed netlist, by yosys and ABC on this package's own Liberty file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archgym.documents import Faults
from archgym.errors import ArchgymError

from .admission import Admission, as_mapped, as_written
from .clock_admission import as_generic
from .functions import FUNCTIONS, INDEX
from .liberty import write_liberty
from .library import library
from .macros.abstract import Abstract, Files
from .macros.instances import Instance, Macros
from .module_bits import macro_bit
from .netlist import NAME, Netlist
from .source import Source, readable
from .variants import OWN
from .yosys import TIMEOUT_S, Workspace, finished, identifier, yosys

# State machines keep their encoding, so that the result can be proved equal to its source; no
# logic optimisation before the last: it turns prefix adders and counters into ripple chains.
GENERIC = """{forget}synth -noabc -nofsm -flatten -top {top}
{gates}write_json generic.json
"""
# Only round latches: matching takes memory with the square of what it looks at.
GATES = """select -set latches t:$_DLATCH_N_ t:$_DLATCH_P_ %u
select -set ands @latches %co2 t:$_AND_ %i
select -set inverters @latches %ci2 t:$_NOT_ %i
extract -map gate.v @latches %x1 @ands @inverters %u %u
clean
"""
MAP = """attrmap -remove init
dfflegalize -cell $_DFF_P_ x -cell $_DFF_PN0_ x -cell $_DFF_PN1_ x -cell $_DFFSR_PNN_ x -cell $_DLATCH_P_ x
dfflibmap -liberty cells.lib
techmap -map latch.v
abc -liberty cells.lib -script {script}
setundef -zero
hilomap -singleton -hicell TIEHI_X1 Y -locell TIELO_X1 Y
opt_clean -purge
check -assert
write_json mapped.json
"""
# What ABC does, by name: the netlist itself, and variants of it (``variants.py``).
SCRIPTS = {
    OWN: "+strash;&get,-n;&st;&dch;&nf;&put;topo",
    # depth by sums of products (Mishchenko et al., ICCAD 2011), twice
    "fast": "+strash;dch;if,-g,-K,6,-C,8;strash;dch;if,-g,-K,6;strash;&get,-n;&st;&dch;&nf;&put;topo",
    "small": "+strash;&get,-n;&st;&syn4;&b,-d;&dch;&nf;&put;topo",
}
FORGET = "proc\nattrmap -remove init\n"
# A latch that is open while the clock is low, and an AND: both ways in which yosys writes the latch.
GATE = r"""module ICG_X1 (input E, input CK, output Q); wire q;
\$_DLATCH_N_ l (.E(CK), .D(E), .Q(q)); \$_AND_ a (.A(CK), .B(q), .Y(Q)); endmodule
module ICG_X1_inverted (input E, input CK, output Q); wire q, n; \$_NOT_ i (.A(CK), .Y(n));
\$_DLATCH_P_ l (.E(n), .D(E), .Q(q)); \$_AND_ a (.A(CK), .B(q), .Y(Q)); endmodule
"""
LATCH = r"""module \$_DLATCH_P_ (input E, input D, output Q);
LATCH_X1 _TECHMAP_REPLACE_ (.D(D), .G(E), .Q(Q)); endmodule
"""


@dataclass(frozen=True)
class Imported:
    """A netlist and what was found, changed and dropped on the way."""

    netlist: Netlist
    admission: Admission


def synthesise(
    sources: Sequence[Path], top: str, name: str, given: Mapping[str, str] | None = None,
    *, include: Sequence[Path] = (), define: Sequence[str] = (), tie_undriven: bool = False,
    macros: Files | None = None, macro_at: Mapping[str, tuple[float, float]] | None = None,
    timeout_s: float = TIMEOUT_S, script: str = OWN,
) -> Imported:  # fmt: skip
    """Synthesise Verilog for the CFET library's X1 cells; sizes are chosen after placement.

    Args:
        sources: Verilog or SystemVerilog files.
        top: the top module.
        name: the netlist's.
        given: the top module's parameters.
        include: folders that included files are looked for in, besides the sources' own.
        define: macros, ``NAME`` or ``NAME=VALUE``.
        tie_undriven: tie nets without driver to 0 instead of refusing.
        macros: Liberty and LEF of cells that the source instantiates, such as memories.
        macro_at: lower left corners in um of macros that shall not move, by instance.
        timeout_s: for each of two runs of yosys.
        script: one of ``SCRIPTS``.

    Returns:
        The netlist, every cell at X1, and its admission.

    Raises:
        Refused: what the flow does not model, all of it at once.
        ArchgymError: no yosys, a missing source, Verilog that it refuses, or an unsound netlist.
    """
    identifier(top, "top module")
    if not NAME.fullmatch(name):
        raise ArchgymError(
            f"netlist name {name[:80]!r}: expected a letter, then at most 99 letters, digits or any "
            "of _ . + -"
        )
    source = Source(tuple(sources), identifier(top, "top module"), dict(given or {}),
                    tuple(include), tuple(define), macros or Files())  # fmt: skip
    yosys()
    with tempfile.TemporaryDirectory(prefix="archgym-") as folder:
        work = Workspace(Path(folder))
        text = write_liberty(library("cfet-4t"), sizes=(1,))
        for file, content in (("cells.lib", text), ("gate.v", GATE), ("latch.v", LATCH)):
            (work.folder / file).write_text(content, encoding="utf-8")
        read = readable(work, source, timeout_s)
        early = _document(work, "early.json", top)
        admission = Admission(name, source.origin, _version())
        boxes = _abstracts(early, source.macros, macro_at or {})
        as_written(early, admission, tie_undriven, boxes)
        admission.refuse()
        forget = FORGET if admission.initial_bits else ""
        gates = GATES if admission.latches else ""
        commands = read + GENERIC.format(top=top, forget=forget, gates=gates)
        commands += MAP.format(script=SCRIPTS[script])
        try:
            work.run(commands, timeout_s, top)
        finally:  # what cannot be mapped is often what admission has a name for
            if (work.folder / "generic.json").exists():
                as_generic(_document(work, "generic.json", top), admission, boxes)
                admission.refuse()
        mapped = _document(work, "mapped.json", top)
    origin = f"{source.origin}; {admission.yosys}" + (f"; script {script}" if script else "")
    netlist, nets = from_module(mapped, name, origin, source.macros, macro_at or {})
    as_mapped(mapped, netlist, nets, admission)
    return Imported(netlist, admission)


def _abstracts(
    module: dict[str, Any], files: Files, macro_at: Mapping[str, tuple[float, float]]
) -> dict[str, Abstract]:
    """The abstracts of the macros that a module instantiates.

    Raises:
        ArchgymError: what is wrong with their Liberty and LEF, and places of no macro.
    """
    cells = {k: c["type"] for k, c in module["cells"].items()}
    used = sorted(set(cells.values()) & set(files.names))
    faults = Faults()
    for name in files.names:
        if name.removesuffix("_X1") in INDEX:
            faults.add(f"macro {name}: a cell of this package's library has that name; rename it")
    for name in macro_at:
        if cells.get(name) not in used:
            known = ", ".join(k for k, c in cells.items() if c in used) or "none"
            faults.add(f"macro {name}: no macro instance of that name to place; there are: {known}")
    found: tuple[Abstract, ...] = ()
    with faults.collected("macros"):
        found = files.abstracts(used)
    faults.raise_if_any()
    return dict(zip(used, found))


def _version() -> str:
    with tempfile.TemporaryDirectory(prefix="archgym-") as folder:
        return finished([yosys(), "-V"], Path(folder), 60.0, "its version")[1].strip()


def _document(work: Workspace, file: str, top: str) -> dict[str, Any]:
    document = json.loads((work.folder / file).read_text(encoding="utf-8"))
    modules = document["modules"]
    if top in modules:
        return dict(modules[top])
    chosen = [m for m in modules.values() if m.get("attributes", {}).get("top")]  # with parameters
    if len(chosen) != 1:
        raise ArchgymError(f"yosys found no top module {top}")
    return dict(chosen[0])


def from_json(document: dict[str, Any], top: str, name: str, origin: str) -> Netlist:
    """A netlist of yosys' JSON.

    Args:
        document: yosys' JSON.
        top: the module's name in it.
        name: of the netlist.
        origin: says where it comes from.

    Returns:
        The netlist.

    Raises:
        ArchgymError: unknown cells, constants on pins, or an unsound netlist.
    """
    return from_module(document["modules"][top], name, origin)[0]


def from_module(
    module: dict[str, Any], name: str, origin: str, files: Files | None = None,
    macro_at: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[Netlist, dict[int, int]]:  # fmt: skip
    """A netlist of a module of yosys' JSON.

    Args:
        module: the module.
        name: of the netlist.
        origin: says where it comes from.
        files: Liberty and LEF of the macros that it may instantiate.
        macro_at: lower left corners in um of some macros, by instance.

    Returns:
        The netlist, and its net of each bit of the module.

    Raises:
        ArchgymError: unknown cells, constants on pins, or an unsound netlist.
    """
    number: dict[int, int] = {}

    def net(bit: int | str, where: str) -> int:
        if isinstance(bit, str):
            raise ArchgymError(f"{where} is tied to constant {bit!r}; run hilomap before")
        return number.setdefault(bit, len(number))

    function, pin_net = [], []
    boxes = {k: c for k, c in module["cells"].items() if files and c["type"] in files.names}
    for label, cell in module["cells"].items():
        kind = cell["type"].removesuffix("_X1")
        if label in boxes:
            continue
        if kind not in INDEX:
            raise ArchgymError(
                f"netlist {name}: cell {label} is a {cell['type']}, which the library lacks"
            )
        f = FUNCTIONS[INDEX[kind]]
        function.append(INDEX[kind])
        for pin in (*f.inputs, f.output):
            bits = cell["connections"].get(pin, [])
            if not bits:
                raise ArchgymError(f"netlist {name}: pin {pin} of {label} is not connected")
            pin_net.append(net(bits[0], f"netlist {name}: pin {pin} of {label}"))
    port_net, port_input, names = [], [], []
    for label, port in module["ports"].items():
        for i, bit in enumerate(port["bits"]):
            if isinstance(bit, str):
                continue  # a constant output: nothing is built for it
            names.append(f"{label}[{i}]" if len(port["bits"]) > 1 else label)
            port_net.append(net(bit, label))
            port_input.append(port["direction"] == "input")
    macros = None
    if files and boxes:
        at = macro_at or {}
        instances = tuple(Instance(k, c["type"], at.get(k)) for k, c in boxes.items())
        macros = Macros(files.liberty, files.lef, instances)
        for i, end in macros.pins:
            label = instances[i].name
            bit = macro_bit(boxes[label], end.name)
            names.append(f"{label}/{end.name}")
            port_input.append(end.output)
            # an output that nothing reads has a net of its own
            port_net.append(net(-len(names) if bit is None else bit, names[-1]))
    netlist = Netlist(
        name, np.array(function, np.int64), np.array(pin_net, np.int64),
        np.array(port_net, np.int64), np.array(port_input, np.bool_), tuple(names), origin, macros,
    ).check()  # fmt: skip
    return netlist, number
