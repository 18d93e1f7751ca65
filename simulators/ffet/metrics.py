"""What a block comes to: the metrics, and one block's figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Metric

from .flow import Block
from .power import energy_fj, leakage_nw

METRICS = (
    Metric("core_area", "m2", "of the core: cell area over utilisation"),
    Metric("frequency", "Hz", "reached: one over the least period, mean over placements"),
    Metric("frequency_stderr", "Hz", "standard error of that mean"),
    Metric("running_frequency", "Hz", "at which it runs: the lower of target and reached"),
    Metric("power", "W", "at the running frequency"),
    Metric("energy_per_cycle", "J", "power over that frequency"),
    Metric("energy_delay", "J s", "energy per cycle times the cycle"),
    Metric("leakage", "W", "part of power that does not go with frequency"),
    Metric("wirelength_front", "m", "routed at the front"),
    Metric("wirelength_back", "m", "routed at the back"),
    Metric("overflow_front", "", "tracks above capacity at the front"),
    Metric("overflow_back", "", "tracks above capacity at the back"),
    Metric("drv", "", "design-rule violations: borders of gcells where a layer is above capacity"),
    Metric("routing_layers", "", "signal layers on both sides, what the block costs"),
    Metric("critical_path", "s", "least period, mean over placements"),
    Metric("cells", "", "standard cells, buffers included"),
    Metric(
        "wire_per_cell", "", "routed wire per cell over the square root of the mean cell's area"
    ),
)


def running_at(
    target_ghz: float, reached: float, energy: float, leakage: float
) -> dict[str, float]:
    """Power and energy at the target's frequency, or the one that is reached if that is lower.

    Args:
        target_ghz: in GHz.
        reached: frequency, Hz.
        energy: switched per cycle, J.
        leakage: W.

    Returns:
        Metrics by name, in SI units.
    """
    running = min(target_ghz * 1e9, reached)
    power = energy * running + leakage
    return {
        "running_frequency": running,
        "power": power,
        "energy_per_cycle": power / running,
        "energy_delay": power / running**2,
        "leakage": leakage,
    }


def figures(block: Block, activity: NDArray[np.float64]) -> dict[str, float]:
    """Every metric of one block.

    Args:
        block: the block.
        activity: (nets,) toggles per cycle.

    Returns:
        Metrics by name, in SI units.
    """
    period = block.period_ps * 1e-12
    reached = 1.0 / period
    energy, leakage = energy_fj(block, activity) * 1e-15, leakage_nw(block) * 1e-9
    front, back = block.routed
    cells = len(block.kind)
    wire = front.length.sum() + back.length.sum()
    return {
        "core_area": block.plan.area_um2 * 1e-12,
        "frequency": reached,
        **running_at(block.choices.target_ghz, reached, energy, leakage),
        "wirelength_front": float(front.length.sum()) * 1e-6,
        "wirelength_back": float(back.length.sum()) * 1e-6,
        "overflow_front": front.overflow,
        "overflow_back": back.overflow,
        "drv": float(block.violations),
        "routing_layers": float(block.choices.front_layers + block.choices.back_layers),
        "critical_path": period,
        "cells": float(cells),
        "wire_per_cell": float(wire / cells / (block.cell_area_um2 / cells) ** 0.5),
    }
