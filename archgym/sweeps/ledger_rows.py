"""A run as a row of the ledger: its plan and its result, each with a checksum."""

from __future__ import annotations

import json
from typing import Any

from ..files.sqlite import checksum
from .plan import RunSpec
from .result import Result

SPEC = "id, scenario, agent, hyperparameters, seed, budget, panel, phase"
RESULT = (
    "charged, computed, different, feasible, satisfied, best, design, metrics, curve, front, "
    "agent_seconds, simulator_seconds, seconds, error, status"
)
# what a run is, and what came of it, are written at different times: each has its checksum
PLAN = f"{SPEC}, position, plan_crc"
PLANS = len(PLAN.split(", "))
_REALS = ("best", "agent_seconds", "simulator_seconds", "seconds")


def plan_row(s: RunSpec) -> tuple[Any, ...]:
    """What a run is, its place in the order, and a checksum.

    Args:
        s: the run.

    Returns:
        Values of the columns :data:`PLAN`.
    """
    hyperparameters = json.dumps(dict(s.hyperparameters), default=str)
    row = (
        s.id,
        s.scenario,
        s.agent,
        hyperparameters,
        s.seed,
        s.budget,
        s.panel,
        s.phase,
        int(s.id[:15], 16),
    )
    return (*row, checksum(*row))


def result_row(r: Result) -> tuple[Any, ...]:
    """What came of a run, as SQLite gives it back: real numbers are floats, NaN is NULL.

    Args:
        r: the result.

    Returns:
        Values of the columns :data:`RESULT`.
    """
    row: dict[str, Any] = {
        "charged": int(r.charged), "computed": int(r.computed), "different": int(r.different),
        "feasible": int(r.feasible), "satisfied": int(r.satisfied), "best": r.best,
        "design": json.dumps(list(r.design)), "metrics": json.dumps(dict(r.metrics)),
        "curve": json.dumps(list(r.curve)), "front": json.dumps(list(r.front)),
        "agent_seconds": r.agent_seconds, "simulator_seconds": r.simulator_seconds,
        "seconds": r.seconds, "error": r.error, "status": r.status,
    }  # fmt: skip
    for name in _REALS:
        value = float(row[name])
        row[name] = None if value != value else value
    return tuple(row[name] for name in RESULT.split(", "))


def whole_plan(row: tuple[Any, ...]) -> bool:
    """Whether the plan of a run is what was written.

    Args:
        row: values of the columns :data:`PLAN`, as they were read.

    Returns:
        Whether its checksum agrees.
    """
    return bool(checksum(*row[:-1]) == row[-1])


def whole(row: tuple[Any, ...]) -> bool:
    """Whether plan and result of a run are what was written.

    Args:
        row: values of the columns :data:`PLAN` and :data:`RESULT`, then the result's checksum.

    Returns:
        Whether both checksums agree.
    """
    plan, result = row[:PLANS], row[PLANS:]
    return whole_plan(plan) and bool(checksum(plan[0], *result[:-1]) == result[-1])
