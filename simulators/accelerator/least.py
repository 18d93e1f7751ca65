"""What no mapping of a layer can cost less than, in microseconds: how far a mapping may be from the best.

Every product costs itself and its operands, every tensor leaves or enters DRAM once and enters each level
that must hold it once. A certificate (``optimal``) gives a closer bound and takes longer.
"""

from __future__ import annotations

from .architecture import LETTERS, Architecture
from .layers import Layer
from .mapping import Cost
from .optimal.certificate import SLACK
from .roofline import roofline
from .windows import inputs_are_read, share_read


def operand_energy(machine: Architecture) -> float:
    """Energy of a product's operands that come from an inner level of its own multiplier.

    Args:
        machine: the architecture.

    Returns:
        pJ per product.
    """
    total = 0.0
    for letter, stored in zip(LETTERS, machine.stored):
        for level in reversed(machine.levels[1:]):  # what DRAM hands out is counted by itself
            if level.fanout != (1, 1):
                break
            if letter in level.must_keep:
                pj = level.update_pj if letter == "O" else level.read_pj
                total += pj * stored / level.block
            if letter in level.must_keep + level.may_keep:
                break
    return total


def least_energy(layer: Layer, machine: Architecture, reuse: str = "physical") -> float:
    """A lower bound on the energy of a layer.

    Args:
        layer: its shape.
        machine: the architecture.
        reuse: one of ``layout.REUSE``.

    Returns:
        pJ.
    """
    total = layer.macs * (machine.mac_pj + operand_energy(machine))
    read = share_read(layer, reuse)
    for letter, words, stored in zip(LETTERS, layer.tensor_sizes(), machine.stored):
        moved = words * stored * (read if letter == "I" else 1.0)
        dram, *inner = machine.levels
        total += moved * (dram.update_pj if letter == "O" else dram.read_pj) / dram.block
        if letter != "O":
            total += sum(moved * x.write_pj / x.block for x in inner if letter in x.must_keep)
    return total * (1.0 - SLACK)


def most_above(
    layer: Layer, machine: Architecture, cost: Cost, objective: str, reuse: str = "physical"
) -> float | None:
    """How far a mapping may be above the best one.

    Args:
        layer: its shape.
        machine: the architecture.
        cost: of the mapping.
        objective: one of ``layout.OBJECTIVES``.
        reuse: one of ``layout.REUSE``, by which the cost was counted.

    Returns:
        A share of its own cost, as ``Certificate.gap``; None for ``dram-traffic``.
    """
    cycles = (
        roofline(layer, machine, inputs_read=inputs_are_read(layer, reuse)).seconds
        * machine.clock_hz
        * (1.0 - SLACK)
    )
    share = {
        "energy": least_energy(layer, machine, reuse) / cost.energy_pj,
        "delay": cycles / cost.cycles,
    }
    share["energy-delay"] = share["energy"] * share["delay"]
    return max(0.0, 1.0 - share[objective]) if objective in share else None
