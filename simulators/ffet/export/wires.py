"""SPEF: resistances and capacitances of both sides of the wafer, merged net by net."""

from __future__ import annotations

from collections.abc import Iterator

from ..flow import Block
from ..routing import Routed
from .names import Names

HEADER = """*SPEF "IEEE 1481-1998"
*DESIGN "{name}"
*DATE "-"
*VENDOR "archgym"
*PROGRAM "archgym"
*VERSION "1"
*DESIGN_FLOW "NETLIST_TYPE_VERILOG"
*DIVIDER /
*DELIMITER :
*BUS_DELIMITER [ ]
*T_UNIT 1 PS
*C_UNIT 1 FF
*R_UNIT 1 KOHM
*L_UNIT 1 HENRY
"""


def write_spef(block: Block) -> str:
    """The wires as SPEF: each is a resistance with half its capacitance at either end.

    Args:
        block: the block.

    Returns:
        The file's text.
    """
    names = Names.of(block)
    lines = [HEADER.format(name=names.top)]
    for net in range(block.placed.netlist.nets):
        lines += _net(block, names, net)
    return "\n".join([*lines, ""])


def _node(block: Block, names: Names, pin: int) -> str:
    pins = len(block.placed.netlist.pin_net)
    if pin >= pins + len(names.port):
        return ":".join(names.macro_pin[pin - pins - len(names.port)])
    if pin >= pins:
        return names.port[pin - pins]
    return f"{names.cell[block.placed.netlist.pin_cell[pin]]}:{names.pin[pin]}"


def _net(block: Block, names: Names, net: int) -> Iterator[str]:
    sides = [(r, int(r.trees.first[net]), int(r.trees.first[net + 1])) for r in block.routed]
    if not any(b > a for _, a, b in sides):
        return
    total = sum(float(r.capacitance[a:b].sum()) for r, a, b in sides)
    caps: dict[str, float] = {}
    resistors: list[tuple[str, str, float]] = []
    pins: dict[str, int] = {}
    fresh = 0
    for routed, a, b in sides:
        label = _labels(block, names, routed, net, a, b, fresh, pins)
        fresh += sum(1 for i in range(a, b) if routed.trees.pin[i] < 0)
        for i in range(a + 1, b):
            up = int(routed.trees.up[i])
            half = 0.5 * float(routed.capacitance[i])
            for end in (label[i - a], label[up - a]):
                caps[end] = caps.get(end, 0.0) + half
            resistors.append((label[up - a], label[i - a], max(float(routed.resistance[i]), 1e-6)))
    yield f"*D_NET {names.net[net]} {total:.6g}"
    yield "*CONN"
    first = len(block.placed.netlist.pin_net)
    for name, pin in pins.items():
        if pin >= first + len(names.port):
            yield f"*I {name} {'O' if block.placed.netlist.port_input[pin - first] else 'I'}"
        elif pin >= first:
            given = block.placed.netlist.port_input[pin - first]
            yield f"*P {name} {'I' if given else 'O'}"
        else:
            yield f"*I {name} {'O' if block.placed.netlist.pin_output[pin] else 'I'}"
    yield "*CAP"
    yield from (f"{k} {name} {c:.6g}" for k, (name, c) in enumerate(caps.items(), 1))
    yield "*RES"
    yield from (f"{k} {u} {v} {r:.6g}" for k, (u, v, r) in enumerate(resistors, 1))
    yield "*END\n"


def _labels(
    block: Block, names: Names, routed: Routed, net: int, a: int, b: int, fresh: int,
    pins: dict[str, int],
) -> list[str]:  # fmt: skip
    """A name for every node of a tree; ``pins`` gains those that are pins or ports."""
    out = []
    for i in range(a, b):
        pin = int(routed.trees.pin[i])
        if pin >= 0:
            out.append(_node(block, names, pin))
            pins[out[-1]] = pin
        else:
            fresh += 1
            out.append(f"{names.net[net]}:{fresh}")
    return out
