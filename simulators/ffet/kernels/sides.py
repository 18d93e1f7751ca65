"""Sides of the wafer: nets kept whole and both sides evenly crowded, then variants of cells."""

import numpy as np

from .compiled import compiled, inlined

FRONT, BACK = 0, 1
SINGLE = 1e-3  # weight of a net of one sink, which either side takes whole
TILT, MOST = 1e-4, 0.4  # weight of a pin at the back for each pin owed to it, and its limit


@inlined
def _span(start, pins, n, gx, gy):
    """The gcells that a net's box covers."""
    x0, x1, y0, y1 = 1 << 30, -1, 1 << 30, -1
    for i in range(start[n], start[n + 1]):
        p = pins[i]
        x0, x1 = min(x0, gx[p]), max(x1, gx[p])
        y0, y1 = min(y0, gy[p]), max(y1, gy[p])
    return x0, x1, y0, y1


def whole_nets(order, start, pins, sinks, gx, gy, cells, share, side):
    """Choose a side for every net: the one that its neighbourhood has too little of.

    Args:
        order: (nets,) in which nets choose.
        start: (nets + 1,) where each net's pins begin.
        pins: (pins,) pins by net.
        sinks: (nets,) how many sinks each has.
        gx: (pins,) places on a grid.
        gy: (pins,) places on a grid.
        cells: squares per side of the grid.
        share: of the demand (wires and pins) that is to lie at the back.
        side: (nets,), filled.
    """
    _whole_nets(order, start, pins, sinks, gx, gy, np.zeros((cells, cells)), share, side)


@compiled
def _whole_nets(order, start, pins, sinks, gx, gy, lack, share, side):
    """As :func:`whole_nets`; ``lack`` (cells, cells) is demand that the back should have more of."""
    for n in order:
        if sinks[n] == 0:
            continue
        x0, x1, y0, y1 = _span(start, pins, n, gx, gy)
        count = (x1 - x0 + 1) * (y1 - y0 + 1)
        found = 0.0
        for i in range(x0, x1 + 1):
            for j in range(y0, y1 + 1):
                found += lack[i, j]
        demand = (1.0 + sinks[n] + (x1 - x0) + (y1 - y0)) / count
        at_back = found + share * demand * count > 0.5 * demand * count
        side[n] = BACK if at_back else FRONT
        for i in range(x0, x1 + 1):
            for j in range(y0, y1 + 1):
                lack[i, j] += share * demand - (demand if at_back else 0.0)


@compiled
def variants(cell_start, pin_net, sinks, net_side, share, side):
    """Choose sides of input pins, by the variant of each cell that splits the fewest nets.

    A cell has four variants: all inputs at the front, all at the back, the first half at the front,
    the first half at the back. Among near equals it is the one that brings the back's share of pins
    to ``share``.

    Args:
        cell_start: (cells + 1,) where each cell's pins begin.
        pin_net: (pins,) net of each pin.
        sinks: (nets,) how many sinks each has.
        net_side: (nets,) sides of whole nets.
        share: of the pins that is to lie at the back.
        side: (pins,), filled at input pins.
    """
    owed = 0.0  # pins that the back should have more of
    for c in range(len(cell_start) - 1):
        a, b = cell_start[c], cell_start[c + 1] - 1
        half = (b - a + 1) // 2
        most, best = -1e30, 0
        tilt = min(max(TILT * owed, -MOST), MOST)
        for k in range(4):
            fits = 0.0
            for p in range(a, b):
                low = k % 2 if p - a < half else k // 2
                fits += tilt * low
                if low == net_side[pin_net[p]]:
                    fits += 1.0 if sinks[pin_net[p]] > 1 else SINGLE
            if fits > most:
                most, best = fits, k
        for p in range(a, b):
            side[p] = best % 2 if p - a < half else best // 2
            owed += share - side[p]


@inlined
def _may(cell_start, c, side, p):
    """Whether cell ``c`` has a variant that differs in pin ``p`` alone."""
    a, b = cell_start[c], cell_start[c + 1] - 1
    half = (b - a + 1) // 2
    low, high = (a, a + half) if p < a + half else (a + half, b)
    return high - low == 1


@compiled
def split(
    graph, owner, start, pins, driver, sinks, late, least, delay, ohm, ff, drive, px, py, load, side
):  # fmt: skip
    """Give the latest sink of critical nets the other side to itself where it comes sooner.

    Args:
        graph: the netlist's graph.
        owner: (pins,) cell of each pin.
        start: (nets + 1,) where each net's pins begin.
        pins: (pins,) pins by net.
        driver: (nets,) pin or port that drives.
        sinks: (nets,) how many sinks each has.
        late: (pins,) how near the path through a pin comes to the worst.
        least: from where on that is critical.
        delay: (pins,) Elmore's to each, in ps.
        ohm: kohm/um of the wire that the sink would get.
        ff: fF/um of that wire.
        drive: (nets,) kohm of the driver.
        px: (pins,) um.
        py: (pins,) um.
        load: (pins,) fF.
        side: (pins,), changed.

    Returns:
        How many sinks were moved.
    """
    moved, none = 0, np.int64(-1)  # a literal would compile what it is handed to once more
    for n in range(len(start) - 1):
        if sinks[n] < 2 or driver[n] < 0 or driver[n] >= len(graph.pin_net):
            continue
        latest, at, near, same = least, none, 1e30, True
        for i in range(start[n], start[n + 1]):
            p = pins[i]
            if p < len(graph.pin_net) and p != driver[n] and late[p] >= latest:
                latest, at = late[p], p
        if at < 0 or not _may(graph.cell_start, owner[at], side, at):
            continue
        for i in range(start[n], start[n + 1]):  # the wire that it leaves
            p = pins[i]
            if p != at and side[p] != side[at] and p != driver[n]:
                same = False
            if p != at:
                near = min(near, abs(px[p] - px[at]) + abs(py[p] - py[at]))
        if not same:
            continue
        d = driver[n]
        length = abs(px[d] - px[at]) + abs(py[d] - py[at])
        alone = ohm * length * (0.5 * ff * length + load[at])
        if delay[at] - alone > drive[n] * ff * max(0.0, length - near):
            side[at] = 1 - side[at]
            moved += 1
    return moved
