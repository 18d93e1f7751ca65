"""Switching, internal and leakage power, from activities that logic simulation gives."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats

from .flow import Block
from .functions import BUF, DFF
from .kernels.activity import simulate
from .kernels.graph import levelise
from .library import SHORT_CIRCUIT
from .netlist import Netlist
from .technology import THRESHOLD, VDD

CYCLES, WARM, RESET_CYCLES = 96, 32, 8
INPUT_ACTIVITY = 0.2  # toggles a cycle of an input port


def activities(netlist: Netlist, seed: int = 0) -> Floats:
    """Toggles a cycle (nets,) over 64 random streams; the clock and its buffers toggle twice.

    Input ports toggle with probability 0.2 a cycle; ports named ``reset`` (or ``resetn``) are
    released after eight cycles.  A zero-delay simulation: glitches are not counted.
    """
    rng = np.random.default_rng(seed)
    stimulus = np.zeros((CYCLES, netlist.nets), np.uint64)
    for port, net, given in zip(netlist.port_names, netlist.port_net, netlist.port_input):
        if not given:
            continue
        name = port.lower()
        if "reset" in name or name.startswith("rst"):
            low = name.rstrip("]0123456789[").endswith(("n", "_b"))
            level = np.arange(CYCLES) < RESET_CYCLES
            stimulus[:, net] = np.where(level != low, ~np.uint64(0), np.uint64(0))
            continue
        flips = np.zeros(CYCLES, np.uint64)
        for bit in range(64):
            flips |= (rng.random(CYCLES) < INPUT_ACTIVITY).astype(np.uint64) << np.uint64(bit)
        stimulus[:, net] = np.bitwise_xor.accumulate(flips)
    flop = netlist.function == DFF
    _, order = levelise(flop, netlist.cell_start, netlist.pin_net, netlist.nets)
    out = simulate(
        order, netlist.function, flop, netlist.cell_start, netlist.pin_net, stimulus, netlist.nets,
        WARM,
    )  # fmt: skip
    out[clock_nets(netlist)] = 2.0
    return np.asarray(out)


def clock_nets(netlist: Netlist) -> list[int]:
    """The clock's net and those of its buffers."""
    if netlist.clock < 0:
        return []
    found, fresh = {netlist.clock}, True
    buffers = np.flatnonzero(netlist.function == BUF)
    into = netlist.pin_net[netlist.cell_start[buffers]]
    out = netlist.pin_net[netlist.cell_start[buffers] + 1]
    while fresh:
        more = set(out[np.isin(into, list(found))].tolist()) - found
        found |= more
        fresh = bool(more)
    return sorted(found)


def energy_fj(block: Block, activity: Floats) -> float:
    """Dynamic energy of one cycle in fJ: wires, pins, and what switches inside the cells."""
    lib, n = block.library, block.placed.netlist
    square = lib.vdd**2
    wires = 0.5 * square * float((activity * block.net_load).sum())
    outputs = n.pin_net[n.cell_start[1:] - 1]
    inside = 0.5 * square * float((activity[outputs] * lib.parasitic[block.kind]).sum())
    flops = float((n.function == DFF).sum())
    inside += square * flops * lib.clock_load
    through = max(0.0, (lib.vdd - 2 * THRESHOLD) / (VDD - 2 * THRESHOLD)) ** 3
    return wires + inside * (1.0 + SHORT_CIRCUIT * through)


def leakage_nw(block: Block) -> float:
    """Of all cells, in nW."""
    return float(block.library.leakage[block.kind].sum())
