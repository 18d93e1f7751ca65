"""Which side of the wafer each input pin of the library lies on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .buffering import MOST_SINKS
from .functions import BUF, FUNCTIONS
from .netlist import Netlist

FIRST_PIN = np.concatenate([[0], np.cumsum([len(f.inputs) + 1 for f in FUNCTIONS])])


def pin_numbers(netlist: Netlist) -> NDArray[np.int64]:
    """The library pin of every pin (pins,): its function's first plus its place; outputs too."""
    return FIRST_PIN[netlist.function[netlist.pin_cell]] + netlist.pin_place


def library_sides(netlist: Netlist, share: float) -> NDArray[np.int64]:
    """Side (library pins,), 0 front and 1 back, so that ``share`` of all input pins lie at the back.

    A library has one answer for all instances of a pin.  Every cell gives its share, as near as whole
    pins allow, the commonest first, and what it gives too much or too little the next one makes good:
    otherwise whole regions of one kind of logic would crowd one side.
    """
    side = np.zeros(int(FIRST_PIN[-1]), np.int64)
    if share == 0:
        return side
    instances = np.bincount(netlist.function, minlength=len(FUNCTIONS))
    fan_out = np.bincount(netlist.pin_net[~netlist.pin_output])
    instances[BUF] += np.ceil(fan_out[fan_out > MOST_SINKS] / MOST_SINKS).sum()  # still to come
    owed = 0.0
    for f in np.argsort(-instances, kind="stable"):
        inputs = len(FUNCTIONS[f].inputs)
        if not inputs or not instances[f]:
            continue
        owed += share * inputs * instances[f]
        taken = min(inputs, max(0, round(owed / instances[f])))
        owed -= taken * instances[f]
        last = int(FIRST_PIN[f]) + inputs
        side[last - taken : last] = 1
    return side


def pin_sides(netlist: Netlist, sides: NDArray[np.int64], ports: int) -> NDArray[np.int64]:
    """Side of every pin and port (pins + ports,): ports take the same share of the back as pins.

    Macros' pins, after the ports, lie where their LEF says.  What a macro's pin of one side drives is
    reached on that side: its sinks are variants of their cells with the pin there.
    """
    of_pins = sides[pin_numbers(netlist)]
    share = float(of_pins[~netlist.pin_output].mean())
    of_ports = np.diff(np.floor(np.arange(ports + 1) * share + 0.5)).astype(np.int64)
    out = np.concatenate([of_pins, of_ports])
    if netlist.macros:
        pins = [pin for _, pin in netlist.macros.pins]
        out = np.concatenate([out, np.array([pin.side for pin in pins], np.int64)])
        forced = np.full(netlist.nets, -1, np.int64)
        for pin, net in zip(pins, netlist.port_net[ports:]):
            if pin.output and not pin.both_sides:
                forced[net] = pin.side
        wanted = forced[np.concatenate([netlist.pin_net, netlist.port_net])]
        wanted[len(of_pins) + ports :] = -1  # another macro's pin cannot move
        out = np.where(wanted >= 0, wanted, out)
    return out


def macro_fault(netlist: Netlist, vdd: float, back_layers: int) -> str:
    """Why a netlist's macros cannot be used in a design; empty where they can."""
    macros = netlist.macros
    if not macros:
        return ""
    for instance, abstract in zip(macros.instances, macros.abstracts):
        if abs(abstract.vdd - vdd) > 1e-6:
            return (
                f"macro {instance.name}: its Liberty is for {abstract.vdd:g} V, "
                f"the block runs at {vdd:g} V"
            )
        back = [p.name for p in abstract.pins if p.side]
        if back and back_layers < 2:
            return (
                f"macro {instance.name}: pin {back[0]} lies at the back, where {back_layers} signal "
                "layers reach it; wires need two"
            )
    sides: dict[int, int] = {}
    nets = netlist.port_net[netlist.block_ports :].tolist()
    for net, (_, pin) in zip(nets, macros.pins):
        if pin.output and not pin.both_sides:
            sides[net] = pin.side
    for net, (i, pin) in zip(nets, macros.pins):
        if not pin.output and sides.get(net, pin.side) != pin.side:
            return (
                f"macro {macros.instances[i].name}: pin {pin.name} lies at the other side of the wafer "
                "than the macro's pin that drives it; put a buffer between them"
            )
    return ""
