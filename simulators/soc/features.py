"""Features of systems on chip: a sketch of the run, by task, bus and memory; areas and energies."""

from __future__ import annotations

import numpy as np

from archgym.contracts.features import Features
from archgym.space import Designs

from .space import FullSpace
from .technology import cacti

VERSION = "sketch 3"


def features(full: FullSpace, physical: bool, x: Designs) -> Features:
    """Features of designs of the full space.

    Args:
        full: the space.
        physical: whether width and frequency cost.
        x: designs (n, d).

    Returns:
        Seconds by task, bus and memory, sizes and areas of memories, areas and energies of a sketched run;
        estimates of latency, energy, power and area.
    """
    from .sketching import ROUGH, sketch_batch

    names = columns(full)
    values, rough = np.zeros((len(x), len(names))), np.zeros((len(x), len(ROUGH)))
    switches = np.full(3, int(not physical), np.int64)
    sketch_batch(
        np.ascontiguousarray(x), *full.tables(physical), full.workload.graph, switches, cacti(),
        values, rough,
    )  # type: ignore[call-arg]  # fmt: skip
    return Features(names, values, {m: rough[:, k].copy() for k, m in enumerate(ROUGH)})


def columns(full: FullSpace) -> tuple[str, ...]:
    """Names of the columns that ``sketching.sketch_batch`` fills.

    Args:
        full: the space.

    Returns:
        One name a column.
    """
    from .sketching import OVERALL, PER_CARRIER, PER_MEMORY, PER_TASK

    carriers = [f"bus{b}" for b in range(full.buses)] + [f"memory{m}" for m in range(full.memories)]
    return (
        *(f"{task.name}.{what}" for task in full.workload.tasks for what in PER_TASK),
        *(f"{carrier}.{what}" for carrier in carriers for what in PER_CARRIER),
        *(f"memory{m}.{what}" for m in range(full.memories) for what in PER_MEMORY),
        *OVERALL,
    )
