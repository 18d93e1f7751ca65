"""How often nets toggle: 64 random programs at a time, by logic simulation."""

import numpy as np

from .compiled import compiled


@compiled
def _bits(x):
    n = 0
    while x:
        x &= x - np.uint64(1)
        n += 1
    return n


@compiled
def simulate(order, function, flop, cell_start, pin_net, stimulus, nets, warm):
    """Toggles a cycle (nets,) of 64 streams; ``stimulus`` (cycles, nets) uint64, used on input ports.

    ``function`` numbers as in functions.py; ports have ``stimulus`` masks, other nets are computed.
    """
    ones = ~np.uint64(0)
    value = np.zeros(nets, np.uint64)
    before = np.zeros(nets, np.uint64)
    state = np.zeros(len(function), np.uint64)
    count = np.zeros(nets)
    cycles = stimulus.shape[0]
    driven = np.zeros(nets, np.bool_)
    for c in range(len(function)):
        driven[pin_net[cell_start[c + 1] - 1]] = True
    for cycle in range(cycles):
        for n in range(nets):
            if not driven[n]:
                value[n] = stimulus[cycle, n]
        for c in order:
            a = cell_start[c]
            out = pin_net[cell_start[c + 1] - 1]
            f = function[c]
            if flop[c]:
                value[out] = state[c]
                continue
            p = value[pin_net[a]] if out != pin_net[a] else np.uint64(0)
            q = value[pin_net[a + 1]] if cell_start[c + 1] - a > 2 else np.uint64(0)
            r = value[pin_net[a + 2]] if cell_start[c + 1] - a > 3 else np.uint64(0)
            s = value[pin_net[a + 3]] if cell_start[c + 1] - a > 4 else np.uint64(0)
            v = np.uint64(0)
            if f == 0:
                v = ~p
            elif f == 1:
                v = p
            elif f == 2:
                v = ~(p & q)
            elif f == 3:
                v = ~(p & q & r)
            elif f == 4:
                v = ~(p & q & r & s)
            elif f == 5:
                v = ~(p | q)
            elif f == 6:
                v = ~(p | q | r)
            elif f == 7:
                v = ~(p | q | r | s)
            elif f == 8:
                v = p & q
            elif f == 9:
                v = p & q & r
            elif f == 10:
                v = p | q
            elif f == 11:
                v = p | q | r
            elif f == 12:
                v = p ^ q
            elif f == 13:
                v = ~(p ^ q)
            elif f == 14:
                v = ~((p & q) | r)
            elif f == 15:
                v = ~((p | q) & r)
            elif f == 16:
                v = ~((p & q) | (r & s))
            elif f == 17:
                v = ~((p | q) & (r | s))
            elif f == 18:
                v = ~((p & q) | r | s)
            elif f == 19:
                v = ~((p | q) & r & s)
            elif f == 20:
                v = (p & ~r) | (q & r)
            elif f == 22:
                v = ones
            value[out] = v
        if cycle >= warm:
            for n in range(nets):
                count[n] += _bits(value[n] ^ before[n])
        for n in range(nets):
            before[n] = value[n]
        for c in range(len(function)):
            if flop[c]:
                state[c] = value[pin_net[cell_start[c]]]
    return count / (64.0 * max(1, cycles - warm))
