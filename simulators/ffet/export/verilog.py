"""Structural Verilog and the timing constraints that go with it."""

from __future__ import annotations

from ..flow import Block
from .names import Names


def write_verilog(block: Block) -> str:
    """The sized, buffered netlist."""
    n, names = block.placed.netlist, Names.of(block)
    lines = [f"module {n.name} (", "  " + ",\n  ".join(names.port), ");"]
    for port, given in zip(names.port, n.port_input):
        lines.append(f"  {'input' if given else 'output'} {port};")
    ports = set(names.port)
    lines += [f"  wire {net};" for net in names.net if net not in ports]
    for c, kind in enumerate(block.kind):
        a, b = int(n.cell_start[c]), int(n.cell_start[c + 1])
        pins = ", ".join(f".{names.pin[p]}({names.net[n.pin_net[p]]})" for p in range(a, b))
        lines.append(f"  {block.library.name(int(kind))} {names.cell[c]} ({pins});")
    for i, port in enumerate(names.port):
        net = names.net[int(n.port_net[i])]
        if net != port:
            lines.append(f"  assign {port} = {net};")
    return "\n".join([*lines, "endmodule", ""])


def write_sdc(block: Block) -> str:
    """One ideal clock of the target period; ports are timed against it without margins."""
    n, names = block.placed.netlist, Names.of(block)
    period = 1e3 / block.choices.target_ghz
    lines = []
    if n.clock >= 0:
        lines = [
            f"create_clock -name clock -period {period:.6g} [get_ports {names.net[n.clock]}]",
            "set_input_delay 0 -clock clock [all_inputs]",
            "set_output_delay 0 -clock clock [all_outputs]",
        ]
    return "\n".join([*lines, ""])
