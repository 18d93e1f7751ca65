"""Which side of the wafer each input pin lies on: variants of cells, chosen instance by instance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernels.sides import variants, whole_nets
from .netlist import Netlist
from .placed import Placed

GRID = 24  # squares a side over which both sides are balanced


def pin_sides(placed: Placed, share: float) -> NDArray[np.int64]:
    """Side of every pin and port.

    Nets of much wire choose first, each the side that its neighbourhood has too little of, and stay
    whole. Then every cell takes the one of its four variants (DAC 2025: front, back, balanced,
    swapped) that splits the fewest nets. Ports lie where their nets do. Macros' pins lie where
    their LEF says, and what a macro's pin of one side drives is reached on that side.

    Args:
        placed: the placed netlist.
        share: of the pins that are to lie at the back.

    Returns:
        (pins + ports,) 0 for the front, 1 for the back.
    """
    n = placed.netlist
    net_of = np.concatenate([n.pin_net, n.port_net])
    side = np.zeros(len(net_of), np.int64)
    if share > 0.0:
        start, pins = placed.pins_by_net
        sinks = np.diff(start) - (placed.driver >= 0)
        x, y = (
            np.concatenate([v[n.pin_cell], w])
            for v, w in zip((placed.x, placed.y), placed.port_places)
        )
        gx, gy = (np.clip((v * GRID).astype(np.int64), 0, GRID - 1) for v in (x, y))
        low, high = np.full((2, n.nets), np.inf), np.full((2, n.nets), -np.inf)
        for k, v in enumerate((x, y)):
            np.minimum.at(low[k], net_of, v)
            np.maximum.at(high[k], net_of, v)
        wire = np.where(sinks > 0, (high - low).sum(axis=0), 0.0)
        of_nets = np.zeros(n.nets, np.int64)
        order = np.argsort(-wire * (1 + sinks), kind="stable")
        whole_nets(order, start, pins, sinks, gx, gy, GRID, share, of_nets)
        variants(n.cell_start, n.pin_net, sinks, of_nets, share, side)
        side[len(n.pin_net) :] = of_nets[n.port_net]
    return _at_macros(n, side) if n.macros else side


def _at_macros(n: Netlist, side: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same with macros' pins, and what they drive, where the macros have them."""
    assert n.macros is not None
    first = len(n.pin_net) + n.block_ports
    ends = [pin for _, pin in n.macros.pins]
    forced = np.full(n.nets, -1, np.int64)
    for pin, net in zip(ends, n.port_net[n.block_ports :]):
        if pin.output and not pin.both_sides:
            forced[net] = pin.side
    wanted = forced[np.concatenate([n.pin_net, n.port_net])]
    side = np.where(wanted >= 0, wanted, side)
    side[first:] = [pin.side for pin in ends]  # another macro's pin cannot move
    return side


def macro_fault(netlist: Netlist, vdd: float, back_layers: int) -> str:
    """Why a netlist's macros cannot be used in a design.

    Args:
        netlist: the netlist.
        vdd: supply of the design in V.
        back_layers: signal layers at the back.

    Returns:
        A sentence; empty where they can be used.
    """
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
