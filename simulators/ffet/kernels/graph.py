"""The netlist as a graph: who drives and who hangs on each net, and the order of evaluation."""

import numpy as np

from .compiled import compiled


def pins_by_net(pin_net, nets):
    """The pins of every net, in the order of pins.

    Args:
        pin_net: (pins,) net of each pin.
        nets: how many nets there are.

    Returns:
        Starts (nets + 1,) and pins (pins,).
    """
    start = np.zeros(nets + 1, np.int64)
    np.cumsum(np.bincount(pin_net, minlength=nets), out=start[1:])
    return start, np.argsort(pin_net, kind="stable")


def levelise(flop, cell_start, pin_net, nets):
    """Levels of the cells, and their order of evaluation.

    Flip-flops come first, at level 0.

    Args:
        flop: (cells,) bool, cells that break paths.
        cell_start: (cells + 1,) where each cell's pins begin.
        pin_net: (pins,) net of each pin.
        nets: how many nets there are.

    Returns:
        Levels (cells,), -1 in a loop, and cells by level (those that are in no loop).
    """
    cells = len(flop)
    start, pins = pins_by_net(pin_net, nets)
    owner = np.repeat(np.arange(cells), np.diff(cell_start))
    driver = np.full(nets, -1, np.int64)
    driver[pin_net[cell_start[1:] - 1]] = np.arange(cells)
    level, order = np.full(cells, -1, np.int64), np.empty(cells, np.int64)
    waits = np.zeros(cells, np.int64)
    n = _levelise(flop, cell_start, pin_net, (start, pins, owner, driver), waits, level, order)
    return level, order[:n]


@compiled
def _levelise(flop, cell_start, pin_net, table, waits, level, order):
    """As :func:`levelise`; fills ``level`` and ``order``, and returns how many cells are in no loop."""
    start, pins, owner, driver = table
    cells = len(flop)
    for c in range(cells):
        if not flop[c]:
            for p in range(cell_start[c], cell_start[c + 1] - 1):
                d = driver[pin_net[p]]
                if d >= 0 and not flop[d]:
                    waits[c] += 1
    n = 0
    for c in range(cells):
        if flop[c]:
            level[c], order[n] = 0, c
            n += 1
    for c in range(cells):
        if not flop[c] and waits[c] == 0:
            level[c], order[n] = 0, c
            n += 1
    # a cell follows when all cells that it waits for have been taken (Kahn's algorithm)
    i = 0
    while i < n:
        c = order[i]
        i += 1
        if flop[c]:
            continue
        net = pin_net[cell_start[c + 1] - 1]
        for k in range(start[net], start[net + 1]):
            p = pins[k]
            d = owner[p]
            if p == cell_start[d + 1] - 1 or flop[d]:
                continue
            waits[d] -= 1
            if waits[d] == 0:
                level[d], order[n] = level[c] + 1, d
                n += 1
    return n
