"""Names of a block's cells, nets, pins and ports, the same in every file."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..flow import Block
from ..functions import FUNCTIONS
from ..netlist import Netlist

# Words that open something in Verilog, SPEF, DEF or Tcl; a port of such a name gains an underscore.
WORDS = """always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
    default defparam design disable edge else end endcase endconfig endfunction endgenerate endmodule
    endprimitive endspecify endtable endtask event for force forever fork function generate genvar
    highz0 highz1 if ifnone incdir include initial inout input instance integer join large liblist
    library localparam macromodule medium module nand negedge nmos nor noshowcancelled not notif0
    notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
    pulsestyle_onevent pulsestyle_ondetect rcmos real realtime reg release repeat rnmos rpmos rtran
    rtranif0 rtranif1 scalared showcancelled signed small specify specparam strong0 strong1 supply0
    supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use
    vectored wait wand weak0 weak1 while wire wor xnor xor logic bit byte do"""
RESERVED = frozenset(WORDS.split())


def identifier(text: str) -> str:
    """A plain identifier.

    Brackets become underscores, and so does whatever else a file could not carry.

    Args:
        text: any name.

    Returns:
        The identifier.
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", text.replace("[", "_").replace("]", ""))
    if not re.match(r"[A-Za-z_]", plain):
        plain = f"_{plain}"
    return f"{plain}_" if plain in RESERVED else plain


def distinct(names: list[str], taken: set[str]) -> list[str]:
    """The names, numbered where one is taken.

    Args:
        names: wanted names.
        taken: names in use; it gains the new ones.

    Returns:
        One name each.
    """
    out = []
    for name in names:
        free, k = name, 1
        while free in taken:
            k += 1
            free = f"{name}__{k}"
        taken.add(free)
        out.append(free)
    return out


def port_names(netlist: Netlist) -> list[str]:
    """Distinct identifiers of the block's ports.

    Plain ones keep their names, ``d[3]`` becomes ``d_3``.

    Args:
        netlist: the netlist.

    Returns:
        (block ports,) names.
    """
    plain = [identifier(p) for p in netlist.port_names[: netlist.block_ports]]
    taken: set[str] = set()
    kept = {i: p for i, p in enumerate(plain) if p == netlist.port_names[i]}
    taken.update(kept.values())
    rest = iter(distinct([p for i, p in enumerate(plain) if i not in kept], taken))
    return [kept[i] if i in kept else next(rest) for i in range(len(plain))]


def _prefix(letter: str, ports: set[str]) -> str:
    """``letter``, or longer, so that it followed by digits is no port."""
    prefix = letter
    while any(re.fullmatch(re.escape(prefix) + r"\d+", p) for p in ports):
        prefix += "_"
    return prefix


@dataclass(frozen=True)
class Names:
    """``net`` (nets,), ``pin`` (pins,) as ``u12/A``'s parts, ``port`` (the block's), ``macro`` (m,)."""

    top: str
    net: list[str]
    cell: list[str]
    pin: list[str]  # without its cell
    port: list[str]
    macro: list[str]
    macro_pin: list[tuple[str, str]]  # instance and pin of what follows the ports

    @classmethod
    def of_netlist(cls, n: Netlist) -> Names:
        """The names of a netlist; a net is called after its first port.

        Args:
            n: the netlist.

        Returns:
            The names.
        """
        ports = port_names(n)
        k, c = _prefix("n", set(ports)), _prefix("u", set(ports))
        nets = [f"{k}{i}" for i in range(n.nets)]
        for i in reversed(range(len(ports))):
            nets[int(n.port_net[i])] = ports[i]
        for i in np.flatnonzero(n.port_input[: len(ports)]).tolist():  # an input's own name wins
            nets[int(n.port_net[i])] = ports[i]
        pins = [p for f in n.function for p in (*FUNCTIONS[f].inputs, FUNCTIONS[f].output)]
        cells = [f"{c}{i}" for i in range(len(n.function))]
        instances = n.macros.instances if n.macros else ()
        macros = distinct(
            [identifier(i.name) for i in instances], {*nets, *cells, *ports, identifier(n.name)}
        )
        of_macros = [(macros[i], p.name) for i, p in n.macros.pins] if n.macros else []
        return cls(identifier(n.name), nets, cells, pins, ports, macros, of_macros)

    @classmethod
    def of(cls, block: Block) -> Names:
        """The names of a block's netlist, buffers included.

        Args:
            block: the block.

        Returns:
            The names.
        """
        return cls.of_netlist(block.placed.netlist)
