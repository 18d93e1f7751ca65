"""Features of blocks for proxies: what sizing says before cells are legalised and routed.

Cells are sized and timed on wires that are estimated from the first placement. That is the first step of the
flow on one placement; what the other steps add is left to a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.features import Features
from archgym.kernels.threads import map_rows

from .analysis import estimates, time
from .calibration import Calibration
from .choices import Choices
from .estimates import pin_places_of, size, trees_of
from .floorplan import core_area
from .functions import CLOCKED, REGISTER
from .kernels.state import Nets
from .library import Library, library
from .metal import Metal, metal
from .metrics import running_at
from .netlist import Ints
from .placed import Placed
from .placements import Placements
from .power import energy_fj, leakage_nw
from .routing import Trees
from .sides import pin_sides
from .technology import stack

VERSION = "sized 1"
NAMES = (
    "cells", "pins per net", "register share", "sinks of the largest net", "area of X1 cells", "sized up",
    "wire per cell", "wire at the back", "demand at the front", "demand at the back", "target over reached",
    "rows", "sites per cell", "resistance of an inverter", "load of an inverter", "wire share of energy",
    "energy of clocks", "front_layers", "back_layers", "back_pin_share", "utilization", "aspect_ratio", "vdd",
    "overlay",
)  # fmt: skip
NO_WIRE = 1e-9  # m: what a side without wires is said to have, for estimates are positive


@dataclass(frozen=True)
class Sketch:
    """A block whose cells are sized and timed on estimated wires."""

    library: Library
    placed: Placed
    kind: Ints
    nets: Nets
    period_ps: float
    area_um2: float
    lengths: tuple[float, float]  # um, front and back
    metals: tuple[Metal, ...]


def sketch(placed: Placed, choices: Choices, stack_name: str, fitted: Calibration) -> Sketch:
    """The first step of the flow.

    Args:
        placed: the placed netlist.
        choices: the design.
        stack_name: the metal stack's name or CSV file.
        fitted: the fitted constants.

    Returns:
        Cells with sizes, times and lengths of estimated wires.
    """
    lib = library(choices.technology, choices.vdd, stack_name, fitted, choices.overlay_nm)
    n, sides = placed.netlist, pin_sides(placed, choices.back_pin_share)
    layers = choices.front_layers, choices.back_layers if sides.any() else 0
    metals = tuple(metal(stack(stack_name), count) for count in layers)
    kind = size(placed, lib, sides, choices, metals, fitted)
    area = core_area(float(lib.area_um2[kind].sum()), choices.utilization, n.block_ports)
    wide, high = (area / choices.aspect_ratio) ** 0.5, (area * choices.aspect_ratio) ** 0.5
    x, y, none = placed.x * wide, placed.y * high, np.zeros((0, 4))
    trees = trees_of(placed, sides, *pin_places_of(placed, lib, kind, x, y, wide, high, none))
    wires = [(t, *estimates(t, m, fitted.climb_ps)) for t, m in zip(trees, metals)]
    loads = np.concatenate([lib.load[kind][n.pin_cell], placed.graph.macro.load])
    nets, period, _ = time(placed, lib, kind, wires, loads)
    front, back = (_length(t) for t in trees)
    return Sketch(lib, placed, kind, nets, period, area, (front, back), metals)


def _length(trees: Trees) -> float:
    """Of all edges of trees, in um."""
    below = np.flatnonzero(trees.up >= 0)
    above = trees.up[below]
    return float(
        np.abs(trees.x[below] - trees.x[above]).sum()
        + np.abs(trees.y[below] - trees.y[above]).sum()
    )


def described(
    s: Sketch, choices: Choices, activity: Floats
) -> tuple[list[float], dict[str, float]]:
    """Features of one design, and estimates of its metrics.

    Args:
        s: of the design.
        choices: the design.
        activity: (nets,) toggles per cycle.

    Returns:
        Numbers in the order of ``NAMES``, and metrics by name in SI units.
    """
    n, lib = s.placed.netlist, s.library
    cells = len(s.kind)
    first = lib.first[n.function]
    small, grown = float(lib.area_um2[first].sum()), float(lib.area_um2[s.kind].sum())
    reached = 1e12 / s.period_ps
    block: Any = s  # power reads library, placed, kind and nets of a block, which a sketch has too
    energy, leakage = energy_fj(block, activity) * 1e-15, leakage_nw(block) * 1e-9
    front, back = s.lengths
    wires = 0.5e-15 * lib.vdd**2 * float((activity * s.nets.load).sum())
    clocks = lib.vdd**2 * 1e-15 * lib.clock_load * float(CLOCKED[n.function].sum())
    side = s.area_um2**0.5
    room = [side * max(m.pairs, 0.5) for m in s.metals]
    values = [
        cells, len(n.pin_net) / n.nets, float(REGISTER[n.function].mean()),
        float(np.diff(s.placed.pins_by_net[0]).max()), small, grown / small,
        (front + back) / cells / (grown / cells) ** 0.5, back / (front + back),
        front / (side * room[0]), back / (side * room[1]), choices.target_ghz * 1e9 / reached,
        side / lib.height_um, grown / cells / (lib.height_um * lib.cpp_um),
        float(lib.resistance[0]), float(lib.load[0]), wires / energy, clocks / energy,
        choices.front_layers, choices.back_layers, choices.back_pin_share, choices.utilization,
        choices.aspect_ratio, choices.vdd, choices.overlay_nm,
    ]  # fmt: skip
    return values, {
        "core_area": s.area_um2 * 1e-12,
        "frequency": reached,
        **running_at(choices.target_ghz, reached, energy, leakage),
        "wirelength_front": max(front * 1e-6, NO_WIRE),
        "wirelength_back": max(back * 1e-6, NO_WIRE),
        "critical_path": 1 / reached,
    }


def features(
    placements: Placements, seed: int, designs: Sequence[Choices], threads: int | None
) -> Features:
    """Features of designs, on the first placement of each.

    Args:
        placements: of the netlist.
        seed: of the first placement.
        designs: the designs.
        threads: how many work; None for all.

    Returns:
        Columns ``NAMES``, and estimates of metrics.
    """

    def one(choices: Choices) -> tuple[list[float], dict[str, float]]:
        placed, activity = placements.get(
            choices.technology, choices.aspect_ratio, seed, choices.utilization
        )
        found = sketch(placed, choices, placements.stack, placements.fitted)
        return described(found, choices, activity)

    if not designs:
        return Features(NAMES, np.zeros((0, len(NAMES))))
    rows = map_rows(lambda i: one(designs[i]), np.arange(len(designs)), threads)
    values = np.array([row for row, _ in rows], np.float64)
    return Features(NAMES, values, {k: np.array([e[k] for _, e in rows]) for k in rows[0][1]})
