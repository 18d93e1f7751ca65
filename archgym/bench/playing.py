"""An agent on the suite: one sweep, which can be interrupted and resumed."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..answers.evaluator import make_evaluator
from ..errors import ArchgymError, ScenarioError, UnknownNameError, WorkloadError
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from .suite import Suite

PANEL = "main"


def chosen(suite: Suite, patterns: Sequence[str], easy: bool) -> list[str]:
    """The tasks to play.

    Args:
        suite: the suite.
        patterns: names, or patterns such as ``serving/*``; all tasks where there are none.
        easy: play easy tasks too, where no pattern names them.

    Returns:
        Names of scenarios, in the suite's order.

    Raises:
        UnknownNameError: a pattern that no task fits.
    """
    if not patterns:
        return [n for n, t in suite.tasks.items() if easy or not t.easy]
    for pattern in patterns:
        if not fnmatch.filter(suite.tasks, pattern):
            raise UnknownNameError(f"task of {suite.title}:", pattern, suite.tasks)
    return [n for n in suite.tasks if any(fnmatch.fnmatch(n, p) for p in patterns)]


def sweep_document(
    suite: Suite,
    agents: Sequence[Mapping[str, Any]],
    tasks: Sequence[str],
    *,
    name: str,
    seeds: int,
    tables: Path | None = None,
    anonymous: bool = False,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The sweep that plays agents on tasks.

    Runs start from nothing: a reference design that is nearly the best would hide what an agent can do.

    Args:
        suite: the suite.
        agents: entries of a sweep's ``agents``.
        tasks: names of its scenarios.
        name: of the sweep.
        seeds: runs of each agent and task.
        tables: a folder of tables, which answer where they cover a task; figures are the same.
        anonymous: play the twins of the tasks, whose knobs and values have neutral names.

    Returns:
        The document, and for each task that cannot be played the reason.

    Raises:
        ArchgymError: a task is not what it was when the suite was recorded, or none can be played.
    """
    scenarios: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    for task in tasks:
        try:
            scenario = load_scenario(task)
        except ScenarioError as error:
            if not isinstance(error.__cause__, WorkloadError):
                raise
            skipped[task] = str(error.__cause__)
            continue
        if not suite.tasks[task].fits(scenario):
            raise ArchgymError(
                f"task {task} is not what {suite.title} was recorded with: its goal, simulator or workload "
                "has changed; use the version of archgym that the suite belongs to"
            )
        scenarios.append({"scenario": task, "answers": _answers(scenario, tables)})
    if not scenarios:
        raise ArchgymError("no task can be played: " + "; ".join(skipped.values()))
    return {
        "name": name,
        "description": f"{', '.join(str(a['agent']) for a in agents)} on {suite.title}",
        "scenarios": scenarios,
        "agents": [{"panel": PANEL, **a} for a in agents],
        "budget": suite.ladder[-1],
        "checkpoints": list(suite.ladder),
        "from_reference": False,
        "seeds": seeds,
        "store": "none",
        "anonymous": anonymous,
    }, skipped


def _answers(scenario: Scenario, tables: Path | None) -> str:
    """A table where the folder has one of the scenario, else the simulator."""
    if tables is None:
        return ""
    by = f"table:{tables.absolute()}"
    try:
        make_evaluator(scenario, by)
    except ArchgymError:
        return ""
    return by
