"""What a sweep will cost: counted exactly, timed on one short run of every agent."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import Any

from ..answers.evaluator import make_evaluator
from ..search.study import Study
from .plan import Entry, Sweep

_SHARE, _LEAST, _MOST = 0.1, 64, 128


def estimate(
    sweep: Sweep, workers: int | None = None, looked_up: Collection[str] = ()
) -> dict[str, Any]:
    """Runs, evaluations and seconds, per agent and in all.

    Each agent runs a tenth of its budget (64 to 128 evaluations) with its defaults on the first of
    its scenarios; the time is scaled to the budget.  Agents whose cost grows with what they know
    take longer than that.

    Args:
        sweep: what would be run.
        workers: processes.
        looked_up: scenarios that tables will answer which are not built yet; their evaluations count as
            free.

    Returns:
        Runs, evaluations and seconds, for each agent and in all.
    """
    workers = workers or os.cpu_count() or 1
    rows: list[dict[str, Any]] = []
    evaluation = {
        name: 0.0 if name in looked_up else _evaluation_seconds(sweep, name)
        for name in sweep.scenarios
    }
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for spec in sweep.runs():
        runs, total = counts.get((spec.agent, spec.panel), (0, 0))
        counts[spec.agent, spec.panel] = runs + 1, total + spec.budget
    for entry in sweep.entries:
        runs, total = counts.get((entry.agent, entry.panel), (0, 0))
        test_runs = len(entry.scenarios) * len(sweep.test_seeds) * entry.tested
        total += test_runs * entry.budget
        simulating = sum(evaluation[s] for s in entry.scenarios) / len(entry.scenarios)
        rows.append(
            {
                "panel": entry.panel,
                "agent": entry.agent,
                "points": len(entry.points),
                "runs": runs,
                "test_runs": test_runs,
                "evaluations": total,
                "seconds": total * (_agent_seconds(sweep, entry) + simulating),
            }
        )
    seconds = sum(r["seconds"] for r in rows)
    tuning, test = sum(r["runs"] for r in rows), sum(r["test_runs"] for r in rows)
    return {
        "sweep": sweep.name,
        "scenarios": list(sweep.scenarios),
        "agents": rows,
        "runs": tuning + test,
        "tuning_runs": tuning,
        "test_runs": test,
        "evaluations": sum(r["evaluations"] for r in rows),
        "workers": workers,
        "hours": seconds / workers / 3600,
    }


def _evaluation_seconds(sweep: Sweep, name: str) -> float:
    import numpy as np

    scenario = sweep.scenarios[name]
    evaluate = make_evaluator(scenario, sweep.answers[name])
    evaluate.prepare()
    x = scenario.space.sample(32, np.random.default_rng(0))
    evaluate(x[:2])
    start = time.perf_counter()
    evaluate(x)
    return (time.perf_counter() - start) / len(x)


def _agent_seconds(sweep: Sweep, entry: Entry) -> float:
    scenario = sweep.scenarios[entry.scenarios[0]]
    budget = int(min(entry.budget, max(_LEAST, min(_MOST, entry.budget * _SHARE))))
    study = Study(scenario, entry.agent, budget=budget)
    study.run()
    return study.agent_seconds / budget
