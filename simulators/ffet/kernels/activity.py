"""How often nets toggle: 64 random programs at a time, by logic simulation."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled, inlined


@inlined
def _bits(x):
    n = 0
    while x:
        x &= x - np.uint64(1)
        n += 1
    return n


class Logic(NamedTuple):
    """A netlist as logic simulation walks it."""

    order: NDArray[np.int64]  # cells by level, flip-flops first (cells,)
    function: NDArray[np.int64]  # numbers as in functions.py (cells,)
    flop: NDArray[np.bool_]  # (cells,)
    latch: NDArray[np.bool_]  # (cells,)
    cell_start: NDArray[np.int64]  # (cells + 1,)
    pin_net: NDArray[np.int64]  # (pins,)
    clock: NDArray[np.bool_]  # nets that carry the clock (nets,)
    held: NDArray[np.int64]  # pins of set and of reset, active low, -1 for none (cells, 2)


@inlined
def _logic(f, p, q, r, s):
    """A function's value of its four inputs; ``f`` numbers as in functions.py."""
    if f == 0:
        return ~p
    if f == 1:
        return p
    if f == 2:
        return ~(p & q)
    if f == 3:
        return ~(p & q & r)
    if f == 4:
        return ~(p & q & r & s)
    if f == 5:
        return ~(p | q)
    if f == 6:
        return ~(p | q | r)
    if f == 7:
        return ~(p | q | r | s)
    if f == 8:
        return p & q
    if f == 9:
        return p & q & r
    if f == 10:
        return p | q
    if f == 11:
        return p | q | r
    if f == 12:
        return p ^ q
    if f == 13:
        return ~(p ^ q)
    if f == 14:
        return ~((p & q) | r)
    if f == 15:
        return ~((p | q) & r)
    if f == 16:
        return ~((p & q) | (r & s))
    if f == 17:
        return ~((p | q) & (r | s))
    if f == 18:
        return ~((p & q) | r | s)
    if f == 19:
        return ~((p | q) & r & s)
    if f == 20:
        return (p & ~r) | (q & r)
    if f == 22:
        return ~np.uint64(0)
    return np.uint64(0)


@inlined
def _evaluate(net, state, value):
    """All nets' values of one cycle, in place; on the clock's nets, where it pulses."""
    zero = np.uint64(0)
    for c in net.order:
        a, b = net.cell_start[c], net.cell_start[c + 1] - 1
        out = net.pin_net[b]
        if net.flop[c]:
            value[out] = state[c]
            continue
        if net.latch[c]:
            opened = value[net.pin_net[a + 1]]
            value[out] = (value[net.pin_net[a]] & opened) | (state[c] & ~opened)
            continue
        n = b - a
        p = value[net.pin_net[a]] if n > 0 else zero
        if net.clock[out]:  # a buffer or inverter passes the pulse on, a gate where it is enabled
            value[out] = p & value[net.pin_net[a + 1]] if n > 1 else p
            continue
        q = value[net.pin_net[a + 1]] if n > 1 else zero
        r = value[net.pin_net[a + 2]] if n > 2 else zero
        s = value[net.pin_net[a + 3]] if n > 3 else zero
        value[out] = _logic(net.function[c], p, q, r, s)


@inlined
def _step(net, value, state):
    """States (cells,) after the clock's edge, in place."""
    for c in range(len(net.function)):
        if net.latch[c]:
            state[c] = value[net.pin_net[net.cell_start[c + 1] - 1]]
        elif net.flop[c]:
            a = net.cell_start[c]
            clock = value[net.pin_net[a + 1]]
            new = (value[net.pin_net[a]] & clock) | (state[c] & ~clock)
            if net.held[c, 0] >= 0:
                new |= ~value[net.pin_net[net.held[c, 0]]]
            if net.held[c, 1] >= 0:
                new &= value[net.pin_net[net.held[c, 1]]]
            state[c] = new


def simulate(net, stimulus, warm):
    """Simulate 64 streams of a netlist's logic.

    Args:
        net: :class:`Logic`.
        stimulus: (cycles, nets) uint64, one bit per stream; used on nets that no cell drives.
        warm: the first cycles, which are not counted.

    Returns:
        Toggles per cycle (nets,). A clock toggles twice in every cycle that it pulses.
    """
    cycles, nets = stimulus.shape
    value, before = np.zeros((2, nets), np.uint64)
    state, count = np.zeros(len(net.function), np.uint64), np.zeros(nets)
    driven = np.zeros(nets, np.bool_)
    driven[net.pin_net[net.cell_start[1:] - 1]] = True
    _simulate(net, stimulus, warm, driven, value, before, state, count)
    return count / (64.0 * max(1, cycles - warm))


@compiled
def _simulate(net, stimulus, warm, driven, value, before, state, count):
    """As :func:`simulate`; counts toggles (nets,) over the 64 streams."""
    cycles, nets = stimulus.shape
    for cycle in range(cycles):
        for n in range(nets):
            if not driven[n]:
                value[n] = stimulus[cycle, n]
        _evaluate(net, state, value)
        if cycle >= warm:
            for n in range(nets):
                if net.clock[n]:
                    count[n] += 2 * _bits(value[n])
                else:
                    count[n] += _bits(value[n] ^ before[n])
        for n in range(nets):
            before[n] = value[n]
        _step(net, value, state)
