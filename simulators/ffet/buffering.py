"""Buffer trees for nets of large fan-out: sinks in k-d order, a buffer in the middle of each group."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats

from .functions import BUF
from .netlist import Ints, Netlist

MOST_SINKS = 16


def buffered(netlist: Netlist, x: Floats, y: Floats) -> tuple[Netlist, Floats, Floats]:
    """Put buffer trees on nets of large fan-out.

    Output ports stay on the net that drove them.

    Args:
        netlist: the netlist.
        x: (cells,) centres.
        y: (cells,) centres.

    Returns:
        The netlist with buffers after the other cells, and centres of all cells.
    """
    cells = len(netlist.function)
    sinks: dict[int, list[int]] = {}
    fan_out = np.bincount(netlist.pin_net[~netlist.pin_output], minlength=netlist.nets)
    large = fan_out > MOST_SINKS
    for p in np.flatnonzero(large[netlist.pin_net] & ~netlist.pin_output):
        sinks.setdefault(int(netlist.pin_net[p]), []).append(int(p))
    pin_net = netlist.pin_net.copy()
    new_pins: list[int] = []
    bx: list[float] = []
    by: list[float] = []
    nets = netlist.nets
    for root in sorted(sinks):
        level = np.array(sinks[root], np.int64)
        px, py = x[netlist.pin_cell[level]], y[netlist.pin_cell[level]]
        fresh = False  # whether this level's sinks are buffers made here
        while len(level) > MOST_SINKS:
            above, ax, ay = [], [], []
            for group in _groups(px, py, np.arange(len(level))):
                if fresh:
                    for g in group:
                        new_pins[level[g]] = nets
                else:
                    pin_net[level[group]] = nets
                above.append(len(new_pins))
                new_pins += [root, nets]  # its input is moved when a level above is made
                nets += 1
                ax.append(float(px[group].mean()))
                ay.append(float(py[group].mean()))
            bx += ax
            by += ay
            level, px, py, fresh = np.array(above), np.array(ax), np.array(ay), True
    out = Netlist(
        netlist.name,
        np.concatenate([netlist.function, np.full(len(bx), BUF)]),
        np.concatenate([pin_net, np.array(new_pins, np.int64)]),
        netlist.port_net, netlist.port_input, netlist.port_names, netlist.origin, netlist.macros,
    )  # fmt: skip
    assert out.cell_start[cells] == len(pin_net)
    return out, np.concatenate([x, bx]), np.concatenate([y, by])


def _groups(x: Floats, y: Floats, members: Ints) -> list[Ints]:
    """Members in groups of at most ``MOST_SINKS``, by halving the longer side."""
    if len(members) <= MOST_SINKS:
        return [members]
    key = x if np.ptp(x[members]) >= np.ptp(y[members]) else y
    order = members[np.argsort(key[members], kind="stable")]
    # halves that fill whole groups, so that few are left half empty
    groups = -(-len(order) // MOST_SINKS)
    half = len(order) * (groups // 2) // groups
    return _groups(x, y, order[:half]) + _groups(x, y, order[half:])
