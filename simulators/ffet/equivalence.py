"""Is a netlist equal to the Verilog that it came from?  Yosys' equivalence check, by induction."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError

from .export.names import Names
from .export.verilog import macro_instances
from .functions import FUNCTIONS, ICG, LATCH
from .liberty import write_liberty
from .library import library
from .netlist import Netlist
from .source import Source, readable
from .yosys import TIMEOUT_S, Workspace

# The source, flat, with memories as registers and without initial values; the netlist with its
# cells' logic, its registers called what the source calls them.
SCRIPT = """{read}rename {top} gold
proc
flatten
{evert}memory_map
attrmap -remove init
opt -undriven
setundef -zero
{model}techmap
opt_clean
splitnets
design -stash gold
read_liberty cells.lib
{macros}read_verilog gate.v
hierarchy -top gate
proc
flatten
{evert}{model}techmap
opt_clean
design -stash gate
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
equiv_make gold gate equiv
hierarchy -top equiv
equiv_simple -undef
equiv_induct -undef
tee -o status.txt equiv_status
"""


def prove(
    netlist: Netlist, source: Source, registers: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> int:  # fmt: skip
    """Prove a netlist equal to its source.

    Args:
        netlist: as imported, without buffers.
        source: the Verilog.
        registers: the source's name of what every clocked cell (``u12``) holds, from its admission.
        timeout_s: of yosys.

    Returns:
        How many points of comparison there are.

    Raises:
        ArchgymError: some points are not proved, or yosys fails.
    """
    with tempfile.TemporaryDirectory(prefix="archgym-") as folder:
        work = Workspace(Path(folder))
        text = write_liberty(library("cfet-4t"), sizes=(1,))
        (work.folder / "cells.lib").write_text(text, encoding="utf-8")
        (work.folder / "gate.v").write_text(_gate(netlist, registers), encoding="utf-8")
        read = readable(work, source, timeout_s)
        read = read.replace("read_liberty -lib", "read_liberty")
        script = SCRIPT.format(
            read=read, macros=source.abstracts(work), top=source.top, model=_model(netlist),
            evert=_evert(netlist),
        )  # fmt: skip
        work.run(script, timeout_s, source.top)
        status = (work.folder / "status.txt").read_text(encoding="utf-8")
    proved = re.search(r"(\d+) are proven and (\d+) are unproven", status)
    if not proved or int(proved.group(2)):
        left = re.findall(r"Unproven \$equiv \S+: (.*)", status)
        raise ArchgymError(
            f"netlist {netlist.name} is not proved equal to {source.origin}: "
            f"{proved.group(2) if proved else 'all'} points are open, such as {'; '.join(left[:3])}"
        )
    return int(proved.group(1))


def _evert(n: Netlist) -> str:
    """Macros become ports of the block, of the same names in both: all that they see must be equal."""
    cells = sorted({i.cell for i in n.macros.instances}) if n.macros else []
    return "".join(f"expose -evert t:{cell}\n" for cell in cells)


def _model(n: Netlist) -> str:
    """How yosys' solver sees clocked cells: it knows flip-flops of one clock without set and reset."""
    if np.isin(n.function, (LATCH, ICG)).any():
        return "clk2fflogic\n"  # every change of every signal is a step
    held = any(FUNCTIONS[f].asynchronous for f in np.unique(n.function))
    return "async2sync\ndffunmap\n" if held else "dffunmap\n"


def _gate(n: Netlist, registers: Mapping[str, str]) -> str:
    """The netlist with the source's vectors as ports and names of registers."""
    names = Names.of_netlist(n)
    vectors: dict[str, list[tuple[int, int]]] = {}
    for i, port in enumerate(n.port_names[: n.block_ports]):
        base, _, index = port.removesuffix("]").rpartition("[")
        vectors.setdefault(base or port, []).append((int(index) if base else -1, i))
    lines = [f"module gate ({', '.join(_escaped(v) for v in vectors)});"]
    for vector, bits in vectors.items():
        way = "input" if n.port_input[bits[0][1]] else "output"
        width = f" [{max(b for b, _ in bits)}:0]" if bits[0][0] >= 0 else ""
        lines.append(f"  {way}{width} {_escaped(vector)};")
    held: dict[str, int] = {}
    for cell, name in registers.items():
        c = int(cell[1:])
        if name[:1] != "$" and name not in n.port_names:
            held.setdefault(name, int(n.pin_net[n.cell_start[c + 1] - 1]))
    lines += [f"  wire {_net(i)};" for i in range(n.nets)]
    # bit by bit, as splitnets leaves the source's vectors: few are registers as a whole
    for name, net in held.items():
        if name not in vectors:
            lines += [f"  wire {_escaped(name)};", f"  assign {_escaped(name)} = {_net(net)};"]
    for vector, bits in vectors.items():
        for place, i in bits:
            bit = _escaped(vector) + (f"[{place}]" if place >= 0 else "")
            at = _net(int(n.port_net[i]))
            lines.append(f"  assign {f'{at} = {bit}' if n.port_input[i] else f'{bit} = {at}'};")
    for c, f in enumerate(n.function.tolist()):
        a, b = int(n.cell_start[c]), int(n.cell_start[c + 1])
        pins = ", ".join(f".{names.pin[p]}({_net(int(n.pin_net[p]))})" for p in range(a, b))
        lines.append(f"  {FUNCTIONS[f].name}_X1 \\u#{c} ({pins});")
    nets = [_net(k) for k in n.port_net[n.block_ports :].tolist()]
    lines += macro_instances(
        n, [_escaped(i.name) for i in n.macros.instances] if n.macros else [], nets
    )
    return "\n".join([*lines, "endmodule", ""])


def _escaped(name: str) -> str:
    return f"\\{name} "


def _net(number: int) -> str:
    return _escaped(f"n#{number}")  # a name that no source has
