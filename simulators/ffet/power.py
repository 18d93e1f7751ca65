"""Switching, internal and leakage power, from activities that logic simulation gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .flow import Block
from .functions import BUF, CLOCK_PIN, CLOCKED, FUNCTIONS, INV, LATCH, REGISTER
from .kernels.activity import Logic, simulate
from .kernels.graph import levelise
from .library import SHORT_CIRCUIT
from .netlist import Netlist
from .technology import THRESHOLD, VDD

CYCLES, WARM, RESET_CYCLES = 96, 32, 8
INPUT_ACTIVITY = 0.2  # toggles a cycle of an input port


def activities(netlist: Netlist, seed: int = 0) -> Floats:
    """Toggles per cycle of every net, over 64 random streams.

    A clock toggles twice where it is not gated. Input ports and outputs of macros toggle with
    probability 0.2 per cycle. Ports that reach asynchronous pins, or are named ``reset`` (or
    ``resetn``), are released after eight cycles. The simulation has no delays: glitches are not
    counted.

    Args:
        netlist: the netlist.
        seed: of the streams.

    Returns:
        (nets,).
    """
    rng = np.random.default_rng(seed)
    stimulus = np.zeros((CYCLES, netlist.nets), np.uint64)
    resets = _resets(netlist)
    names = zip(netlist.port_names, netlist.port_net, netlist.port_input)
    for i, (port, net, given) in enumerate(names):
        if not given:
            continue
        name = port.lower() if i < netlist.block_ports else ""  # a macro's output is no reset
        if "reset" in name or name.startswith("rst") or (name and int(net) in resets):
            low = resets.get(int(net), name.rstrip("]0123456789[").endswith(("n", "_b")))
            level = np.arange(CYCLES) < RESET_CYCLES
            stimulus[:, net] = np.where(level != low, ~np.uint64(0), np.uint64(0))
            continue
        flips = np.zeros(CYCLES, np.uint64)
        for bit in range(64):
            flips |= (rng.random(CYCLES) < INPUT_ACTIVITY).astype(np.uint64) << np.uint64(bit)
        stimulus[:, net] = np.bitwise_xor.accumulate(flips)
    clock = np.zeros(netlist.nets, np.bool_)
    clock[netlist.clock_nets] = True
    stimulus[:, clock] = ~np.uint64(0)  # a clock's value is where it pulses
    latch = netlist.function == LATCH
    flop = REGISTER[netlist.function] & ~latch
    _, order = levelise(flop, netlist.cell_start, netlist.pin_net, netlist.nets)
    logic = Logic(
        order, netlist.function, flop, latch, netlist.cell_start, netlist.pin_net, clock,
        asynchronous(netlist),
    )  # fmt: skip
    return np.asarray(simulate(logic, stimulus, WARM))


def asynchronous(netlist: Netlist) -> NDArray[np.int64]:
    """Pins of set and of reset of every cell, active low.

    Args:
        netlist: the netlist.

    Returns:
        (cells, 2) pins; -1 where a cell has none.
    """
    place = np.full((len(FUNCTIONS), 2), -1, np.int64)
    for i, f in enumerate(FUNCTIONS):
        for k, pin in enumerate(("SN", "RN")):
            if pin in f.inputs:
                place[i, k] = f.inputs.index(pin)
    out = place[netlist.function]
    return np.where(out >= 0, out + netlist.cell_start[:-1, None], -1)


def _resets(netlist: Netlist) -> dict[int, bool]:
    """Nets of ports that reach set or reset pins through buffers and inverters: active low or not."""
    pins = asynchronous(netlist)
    todo = {int(netlist.pin_net[p]): True for p in pins[pins >= 0]}
    chain = np.isin(netlist.function, (BUF, INV))
    first = netlist.cell_start[:-1][chain]
    above = dict(
        zip(
            netlist.pin_net[first + 1].tolist(),
            zip(netlist.pin_net[first].tolist(), (netlist.function[chain] == INV).tolist()),
        )
    )
    found = {}
    for net, low in todo.items():
        while net in above:
            net, inverts = above[net]
            low ^= inverts
        found[net] = low
    return found


def energy_fj(block: Block, activity: Floats) -> float:
    """Dynamic energy of one cycle in fJ: wires, pins, and what switches inside the cells.

    Args:
        block: the block.
        activity: (nets,) toggles per cycle.

    Returns:
        fJ per cycle.
    """
    lib, n = block.library, block.placed.netlist
    square = lib.vdd**2
    wires = 0.5 * square * float((activity * block.nets.load).sum())
    outputs = n.pin_net[n.cell_start[1:] - 1]
    inside = 0.5 * square * float((activity[outputs] * lib.parasitic[block.kind]).sum())
    clocked = np.flatnonzero(CLOCKED[n.function])
    pulses = float(activity[n.pin_net[n.cell_start[clocked] + CLOCK_PIN]].sum()) / 2.0
    inside += square * pulses * lib.clock_load
    if n.macros:  # at their own supply, which is the block's
        ports = n.port_net[n.block_ports :]
        for i, abstract in enumerate(n.macros.abstracts):
            clocks = ports[n.macros.clocked & (n.macros.owner == i)]
            wires += abstract.clock_fj * float(activity[clocks].mean()) / 2.0
    through = max(0.0, (lib.vdd - 2 * THRESHOLD) / (VDD - 2 * THRESHOLD)) ** 3
    return wires + inside * (1.0 + SHORT_CIRCUIT * through)


def leakage_nw(block: Block) -> float:
    """Leakage of all cells and macros.

    Args:
        block: the block.

    Returns:
        nW.
    """
    macros = block.placed.netlist.macros
    own = sum(a.leakage_nw for a in macros.abstracts) if macros else 0.0
    return float(block.library.leakage[block.kind].sum()) + own
