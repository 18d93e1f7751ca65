"""What time and energy of an accelerator over a memory are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Explanation, Move, Part, breakdown, columns

from ...accelerator.explaining import account
from .explaining import ENERGY_RELIEF, RELIEF, TRACE, known

if TYPE_CHECKING:
    from .accelerated import Chip

COMPUTE = "computing"
AHEAD = Part("the machine computes and has asked for nothing", COMPUTE)
LAST = Part("the machine computes on after the last response", COMPUTE)
CHIP = (Move("architecture", 0), Move("mapped_for", 0))


class Asked(NamedTuple):
    """A design's chip, and why its memory has its metrics."""

    chip: Chip
    memory: Explanation


def time_parts(one: Asked) -> dict[Part, float]:
    """What the memory's oldest request waits for, and computing that nothing waits for.

    Args:
        one: the design.

    Returns:
        Seconds by part.
    """
    found = one.memory["total_time"]
    out = {
        AHEAD if p.resource == TRACE else Part(p.name, p.resource, "memory"): float(value)
        for p, value in zip(found.parts, found.values[0])
    }
    total = float(one.memory.evaluation.metrics["total_time"][0])
    out[LAST] = max(0.0, one.chip.compute_s - total)
    return out


def energy_parts(one: Asked) -> dict[Part, float]:
    """Energy of the chip by layer, level and tensor, and of the memory by command and state.

    Args:
        one: the design.

    Returns:
        Joules by part.
    """
    chip = account(one.chip.mapped, one.chip.machine, "physical").energy
    dram = one.chip.machine.levels[0].name
    out = {part: pj * 1e-12 for part, pj in chip.items() if part.resource != dram}
    return out | memory_parts(one)


def memory_parts(one: Asked) -> dict[Part, float]:
    """Energy of the memory by command and state.

    Args:
        one: the design.

    Returns:
        Joules by part.
    """
    found = one.memory["energy"]
    return {
        Part(f"memory: {p.name}", f"memory: {p.resource}", "memory"): float(value)
        for p, value in zip(found.parts, found.values[0])
    }


def breakdowns(
    asked: Sequence[Asked | None], evaluation: Evaluation, knobs: Sequence[str]
) -> Iterator[Breakdown]:
    """What total time and energies are made of, and which moves would relieve them.

    Args:
        asked: one per design; None where it is infeasible.
        evaluation: of the designs.
        knobs: of the space; moves of others are left out.

    Yields:
        A breakdown per metric.
    """
    times = known({k: (*v, *CHIP) for k, v in RELIEF.items()}, knobs)
    times[COMPUTE] = CHIP
    parts, seconds = columns([time_parts(a) if a else {} for a in asked])
    yield breakdown("total_time", parts, seconds, evaluation, relief=times)
    if "energy" not in evaluation.metrics:
        return
    memory = known({f"memory: {k}": (*v, *CHIP) for k, v in ENERGY_RELIEF.items()}, knobs)
    rows = [energy_parts(a) if a else {} for a in asked]
    levels = {p.resource for row in rows for p in row if p.group != "memory"}
    parts, joules = columns(rows)
    relief = memory | dict.fromkeys(levels, CHIP)
    yield breakdown("energy", parts, joules, evaluation, relief=relief)
    parts, joules = columns([memory_parts(a) if a else {} for a in asked])
    yield breakdown("memory_energy", parts, joules, evaluation, relief=relief)
