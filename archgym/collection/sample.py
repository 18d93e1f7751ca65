"""A data set of uniformly drawn designs: what a proxy is trained on before any search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..answers.evaluator import make_evaluator
from ..datasets.blocks import hash_designs
from ..datasets.schema import Description
from ..datasets.writer import DatasetWriter
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..space import Designs
from .export import describe, fingerprints, per_workload

CHUNK = 1_024
PATIENCE = 20  # draws that bring nothing new before the space counts as exhausted


def sample(
    scenario: Scenario,
    rows: int,
    to: Path,
    *,
    answers: str = "",
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[int, Description]:
    """Evaluate designs drawn uniformly into a Parquet file; no two of them must behave alike.

    A scenario of several workloads gives a row per design and workload. Fewer rows come out where the space
    has no more designs.

    Args:
        scenario: what the designs are of.
        rows: designs to draw.
        to: the file to write.
        answers: who answers, where it is not the simulator (a table, for example).
        seed: for the draws.
        on_progress: called with the number of designs done.

    Returns:
        The number of rows, and the description of the data set.

    Raises:
        ArchgymError: fewer than one row asked for, or answers that are not the simulator's own.
    """
    if not make_evaluator(scenario, answers).exact:
        raise ArchgymError(f"a data set holds a simulator's own answers; {answers!r} guesses")
    if rows < 1:
        raise ArchgymError(f"ask for at least 1 row, not {rows}")
    rng = np.random.default_rng(seed)
    evaluator = make_evaluator(scenario, answers)
    evaluator.prepare()
    description = describe(scenario)
    facts = {"scenario": scenario.name, "agent": "uniform", "run": f"sample-{seed}"}
    seen: set[int] = set()
    idle = done = 0
    with DatasetWriter(to, description) as writer:
        writer.fingerprints |= fingerprints(scenario)
        writer.sources.append({"id": facts["run"], "agent": "uniform", "seed": seed})
        while done < rows and idle < PATIENCE:
            x = _fresh(scenario, min(CHUNK, rows - done), seen, rng)
            idle = 0 if len(x) else idle + 1
            step, new = done + np.arange(len(x)), np.ones(len(x), np.bool_)
            for block in per_workload(scenario, x, evaluator, facts, step, new, seed):
                writer.write(block)
            done += len(x)
            if on_progress is not None:
                on_progress(done)
        count = writer.rows
    return count, description


def _fresh(scenario: Scenario, n: int, seen: set[int], rng: np.random.Generator) -> Designs:
    """Up to n valid designs that behave unlike all seen."""
    x = scenario.space.repair(scenario.space.sample(n, rng), rng)
    keys = hash_designs(scenario.simulators[0].canonical(scenario.to_simulator(x))).tolist()
    kept = []
    for i, key in enumerate(keys):
        if key not in seen:
            seen.add(key)
            kept.append(i)
    return x[kept]
