"""What a block's longest path, power and area are made of, as means over its placements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation, Floats
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from .flow import Block
from .functions import BUF, CLOCK_PIN, CLOCKED, FUNCTIONS, INV
from .kernels.timing import LN2, LN4, SLEW_SHARE
from .library import SHORT_CIRCUIT
from .longest import critical_path
from .power import energy_fj, leakage_nw
from .technology import THRESHOLD, VDD

Amounts = dict[Part, float]
CELLS, EDGES, ENDS = "cells", "slow edges", "setup"
WIRES = ("wires at the front", "wires at the back")


@dataclass
class Account:
    """One design's parts by metric, in SI units."""

    critical_path: Amounts = field(default_factory=dict)
    power: Amounts = field(default_factory=dict)
    core_area: Amounts = field(default_factory=dict)


def account(blocks: Sequence[Block], activities: Sequence[Floats]) -> Account:
    """The parts of one design, from its blocks and their nets' toggles per cycle.

    Args:
        blocks: of the design, one per placement.
        activities: toggles per cycle of the nets (nets,) of each block.

    Returns:
        Means of the parts over the blocks.
    """
    out = Account()
    for block, activity in zip(blocks, activities):
        for total, parts in (
            (out.critical_path, path_parts_s(block)),
            (out.power, power_parts_w(block, activity)),
            (out.core_area, area_parts_m2(block)),
        ):
            for part, amount in parts.items():
                total[part] = total.get(part, 0.0) + amount / len(blocks)
    return out


def path_parts_s(block: Block) -> Amounts:
    """The period by the cells and wires of the longest path, and the setup at its end.

    Args:
        block: the block.

    Returns:
        Seconds by part; they add up to the period.
    """
    n, placed, nets, lib = block.placed.netlist, block.placed, block.nets, block.library
    path, pins = critical_path(block), len(n.pin_net)
    times: dict[Part, float] = {}

    def add(part: Part, ps: float) -> None:
        times[part] = times.get(part, 0.0) + ps

    reached = 0.0  # ps at the input of the present cell, its slow edge included
    for pin in path.tolist():
        net = int(n.port_net[pin - pins] if pin >= pins else n.pin_net[pin])
        driver = int(placed.driver[net])
        if 0 <= driver < pins:
            name = FUNCTIONS[n.function[n.pin_cell[driver]]].name
            add(Part(f"cells: {name}", CELLS, name), float(nets.arrival[net]) - reached)
        elif driver >= 0:
            add(Part("cells: port or macro", CELLS, "port"), float(nets.arrival[net]) - reached)
        wire = LN2 * float(nets.delay[pin])
        side = int(block.sides[pin])
        add(Part(WIRES[side], WIRES[side]), wire)
        reached = float(nets.arrival[net]) + wire
        if pin != block.end:
            late = SLEW_SHARE * (float(nets.slew[net]) + LN4 * float(nets.delay[pin]))
            add(Part("slow edges into cells", EDGES), late)
            reached += late
    if block.end < pins:
        cell = int(n.pin_cell[block.end])
        margin = float(lib.margin[block.kind[cell]])
        add(Part("setup of the register", ENDS), margin)
        reached += margin
        if placed.graph.latch[cell]:  # a latch must be reached within half a period
            times = {part: 2.0 * ps for part, ps in times.items()}
            reached *= 2.0
    add(Part("setup of the macro or port", ENDS), block.period_ps - reached)
    return {part: ps * 1e-12 for part, ps in times.items()}


def power_parts_w(block: Block, activity: Floats) -> Amounts:
    """Power by what switches, and leakage.

    Args:
        block: the block.
        activity: (nets,) toggles per cycle.

    Returns:
        W by part.
    """
    n, lib = block.placed.netlist, block.library
    running = min(block.choices.target_ghz * 1e9, 1e12 / block.period_ps)
    square = lib.vdd**2
    load = np.bincount(
        n.pin_net, np.where(n.pin_output, 0.0, lib.load[block.kind][n.pin_cell]), n.nets
    )
    outputs = n.pin_net[n.cell_start[1:] - 1]
    inside = 0.5 * square * activity[outputs] * lib.parasitic[block.kind]
    clocked = np.flatnonzero(CLOCKED[n.function])
    pulses = float(activity[n.pin_net[n.cell_start[clocked] + CLOCK_PIN]].sum()) / 2.0
    through = max(0.0, (lib.vdd - 2 * THRESHOLD) / (VDD - 2 * THRESHOLD)) ** 3
    heated = 1.0 + SHORT_CIRCUIT * through
    fj = {
        Part("input pins", CELLS): 0.5 * square * float((activity * load).sum()),
        Part("wires", "wires"): 0.5 * square * float((activity * (block.nets.load - load)).sum()),
        Part("inside cells", CELLS): float(inside.sum()) * heated,
        Part("clock inside registers", "clock"): square * pulses * lib.clock_load * heated,
    }
    macros = energy_fj(block, activity) - sum(fj.values())
    if n.macros:
        fj[Part("macros", "macros")] = macros
    out = {part: value * 1e-15 * running for part, value in fj.items()}
    out[Part("leakage", "leakage")] = leakage_nw(block) * 1e-9
    return out


def area_parts_m2(block: Block) -> Amounts:
    """The core by what fills it.

    Args:
        block: the block.

    Returns:
        m2 by part; they add up to the core.
    """
    n, lib = block.placed.netlist, block.library
    area = lib.area_um2[block.kind]
    kinds: NDArray[np.bool_] = CLOCKED[n.function]
    repeaters = (n.function == BUF) | (n.function == INV)
    um2 = {
        Part("registers", CELLS): float(area[kinds].sum()),
        Part("buffers and inverters", CELLS): float(area[repeaters & ~kinds].sum()),
        Part("gates", CELLS): float(area[~repeaters & ~kinds].sum()),
    }
    if n.macros:
        um2[Part("macros", "macros")] = float(n.macro_area_um2)
    um2[Part("room", "room")] = block.plan.area_um2 - sum(um2.values())
    return {part: value * 1e-12 for part, value in um2.items()}


_FASTER = (
    Move("vdd", 1), Move("target_frequency", 1), Move("technology", 0), Move("overlay_nm", -1),
)  # fmt: skip
_WIRES = (
    Move("front_layers", 1), Move("back_layers", 1), Move("back_pin_share", 1), Move("back_pin_share", -1),
    Move("utilization", 1), Move("aspect_ratio", 0), *_FASTER,
)  # fmt: skip
_CALMER = (Move("target_frequency", -1), Move("vdd", -1), Move("technology", 0))
RELIEF: dict[str, dict[str, tuple[Move, ...]]] = {
    "critical_path": dict.fromkeys(WIRES, _WIRES) | dict.fromkeys((CELLS, EDGES, ENDS), _FASTER),
    "power": dict.fromkeys((CELLS, "wires", "clock", "leakage"), _CALMER),
    "core_area": {
        CELLS: (Move("target_frequency", -1), Move("technology", 0), Move("utilization", 1)),
        "room": (Move("utilization", 1),), "macros": (Move("utilization", 1),),
    },
}  # fmt: skip


def breakdowns(accounts: Sequence[Account], evaluation: Evaluation) -> Iterator[Breakdown]:
    """Break down critical path, power and core area.

    Args:
        accounts: one per design.
        evaluation: of the designs.

    Yields:
        One breakdown per metric.
    """
    for metric, relief in RELIEF.items():
        parts, values = columns([getattr(a, metric) for a in accounts])
        yield breakdown(metric, parts, values, evaluation, relief=relief)
