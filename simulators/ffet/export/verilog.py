"""Structural Verilog and the timing constraints that go with it."""

from __future__ import annotations

from collections.abc import Sequence

from ..flow import Block
from ..functions import FUNCTIONS
from ..netlist import Netlist
from .names import Names


def write_verilog(block: Block) -> str:
    """The sized, buffered netlist.

    Args:
        block: the block.

    Returns:
        The file's text.
    """
    cells = [block.library.name(int(k)) for k in block.kind]
    return structural(block.placed.netlist, Names.of(block), cells)


def unsized_verilog(netlist: Netlist) -> str:
    """The netlist as it was imported, every cell at X1.

    Args:
        netlist: the netlist.

    Returns:
        The file's text.
    """
    cells = [f"{FUNCTIONS[f].name}_X1" for f in netlist.function]
    return structural(netlist, Names.of_netlist(netlist), cells)


def structural(n: Netlist, names: Names, cells: Sequence[str]) -> str:
    """A module of instances.

    Args:
        n: the netlist.
        names: of its cells, nets and ports.
        cells: (cells,) each one's cell of the library.

    Returns:
        The file's text.
    """
    lines = [f"module {names.top} (", "  " + ",\n  ".join(names.port), ");"]
    for port, given in zip(names.port, n.port_input):
        lines.append(f"  {'input' if given else 'output'} {port};")
    ports = set(names.port)
    lines += [f"  wire {net};" for net in names.net if net not in ports]
    for c, kind in enumerate(cells):
        a, b = int(n.cell_start[c]), int(n.cell_start[c + 1])
        pins = ", ".join(f".{names.pin[p]}({names.net[n.pin_net[p]]})" for p in range(a, b))
        lines.append(f"  {kind} {names.cell[c]} ({pins});")
    nets = [names.net[k] for k in n.port_net[n.block_ports :].tolist()]
    lines += macro_instances(n, names.macro, nets)
    for i, port in enumerate(names.port):
        net = names.net[int(n.port_net[i])]
        if net != port:
            lines.append(f"  assign {port} = {net};")
    return "\n".join([*lines, "endmodule", ""])


def macro_instances(n: Netlist, called: Sequence[str], nets: Sequence[str]) -> list[str]:
    """Macros as instances, their buses as vectors.

    Args:
        n: the netlist.
        called: (m,) names of the instances.
        nets: (k,) names of the nets of their pins.

    Returns:
        One line per macro.
    """
    if not n.macros:
        return []
    at: dict[int, dict[str, str]] = {}
    for (i, pin), net in zip(n.macros.pins, nets):
        at.setdefault(i, {})[pin.name] = net
    lines = []
    for i, abstract in enumerate(n.macros.abstracts):
        pins, inside = [], set()
        for bus, (first, last) in abstract.buses.items():
            bits = [f"{bus}[{k}]" for k in range(first, last - 1, -1)]
            inside.update(bits)
            pins.append(f".{bus}({{{', '.join(at[i][b] for b in bits)}}})")
        for name, net in at[i].items():
            if name not in inside:
                pins.append(f".{name if name.isidentifier() else f'{chr(92)}{name} '}({net})")
        lines.append(f"  {abstract.name} {called[i]} ({', '.join(pins)});")
    return lines


def write_sdc(block: Block, period_ps: float | None = None) -> str:
    """One ideal clock; ports are timed against it without margins.

    Without clocked cells the clock is a virtual one. Where all cells act on the falling edge, so do
    the ports.

    Args:
        block: the block.
        period_ps: the clock's period; None for that of the target.

    Returns:
        The file's text.
    """
    n, names = block.placed.netlist, Names.of(block)
    period = period_ps or 1e3 / block.choices.target_ghz
    source = f" [get_ports {names.net[n.clock]}]" if n.clock >= 0 else ""
    edge = " -clock_fall" if n.clock_tree.falling else ""
    lines = [f"create_clock -name clock -period {period:.6g}{source}"]
    for way, which in (("input", 1), ("output", 0)):
        ports = [p for i, p in enumerate(names.port) if n.port_input[i] == bool(which)]
        if ports:
            lines.append(f"set_{way}_delay 0 -clock clock{edge} [all_{way}s]")
    return "\n".join([*lines, ""])
