"""One run of a submission, played by its maker and played again by a judge: the same function for both."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...contracts.evaluation import Evaluation
from ...errors import ArchgymError, StoreError
from ...files.cells import restored
from ...goals.scenario import Scenario
from ...goals.trials import Trials
from ...runs.summary import trials_csv
from ...search.study import Study
from ..isolated.host import Isolated
from .divisions import OFFLINE, Division, offline_data

PREDICTED = "predicted"  # the column of the costs that an agent expected


@dataclass(frozen=True)
class Played:
    """What came of a run.

    Attributes:
        trials: in order.
        predicted: (n,) costs that the agent expected of its proposals; () where it says nothing.
        agent_seconds: s in the agent.
        confined: whether the kernel kept the agent's process from files; None where it had none of its own.
    """

    trials: Trials
    predicted: Sequence[float]
    agent_seconds: float
    confined: bool | None = None


def play(
    division: Division,
    scenario: Scenario,
    agent: str,
    hyperparameters: Mapping[str, Any],
    seed: int,
    source: Path | None = None,
) -> Played:
    """Play one run. Where a judge will play it again, the agent has a process without answers.

    Args:
        division: whose rules hold.
        scenario: of the task.
        agent: a name for the registry.
        hyperparameters: of the agent, by name.
        seed: of the agent.
        source: the folder of its files, where it is not an installed one.

    Returns:
        The trials, and how it went.

    Raises:
        AgentError: the agent failed.
    """
    settings: dict[str, Any] = {"budget": division.budget, "seed": seed}
    # every evaluation of an entry is a trial, in full
    alone: dict[str, Any] = {"from_reference": False, "fidelities": False}
    if not division.replayed:
        study = Study(scenario, agent, hyperparameters=hyperparameters, **alone, **settings)
        trials = study.run()
        return Played(trials, (), study.agent_seconds)
    with Isolated(
        scenario, agent, hyperparameters=hyperparameters, source=source, **settings
    ) as player:
        if division.name == OFFLINE:
            data = offline_data(scenario, division.suite)
            costs = data.objectives if player.objectives > 1 else data.cost
            player.tell(data.x, costs, scenario.feedback(data.evaluation))
        study = Study(scenario, player, **alone, **settings)
        trials = study.run()
        expected = (
            player.predicted[: len(trials)] if any(map(np.isfinite, player.predicted)) else ()
        )
        return Played(trials, expected, study.agent_seconds, player.confined)


def text_of(scenario: Scenario, trials: Trials, predicted: Sequence[float] = ()) -> str:
    """The trials as a submission keeps them.

    Args:
        scenario: of the task.
        trials: in order.
        predicted: (n,) costs that the agent expected of its proposals, NaN where it did not; () for none.

    Returns:
        CSV: every design, its metrics in SI units with all digits, why it is infeasible.
    """
    text = trials_csv(scenario, trials)
    if not len(predicted):
        return text
    last = [PREDICTED, *(repr(float(p)) for p in predicted)]
    return "".join(f"{line},{cell}\n" for line, cell in zip(text.splitlines(), last, strict=True))


def recorded(
    scenario: Scenario, text: str, budget: int, replayed: bool = True
) -> tuple[Trials, list[float]]:
    """The trials that a text of :func:`text_of` holds, as they are said to be.

    Args:
        scenario: of the task.
        text: the file's content.
        budget: trials that there may be.
        replayed: whether a judge can play the run again. Where none can, predictions could be anything:
            they are refused.

    Returns:
        The trials, and predicted costs where there are some.

    Raises:
        StoreError: another header, steps out of order, too many trials, what is no design or no number.
    """
    names = scenario.columns
    metrics = list(names.metrics.values())
    head = trials_csv(scenario, no_trials(scenario)).splitlines()[0].split(",")
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise StoreError(f"no CSV: {error}") from error
    if not replayed and rows and rows[0] == [*head, PREDICTED]:
        raise StoreError(
            f"line 1: {PREDICTED}: nobody plays this run again to see who predicted it"
        )
    if not rows or rows[0] not in (head, [*head, PREDICTED]):
        raise StoreError(f"line 1: expected {','.join(head):.120}")
    body, knobs = rows[1:], len(scenario.space)
    if not 1 <= len(body) <= budget:
        raise StoreError(f"{len(body):,} trials, expected 1 to {budget:,}")
    for i, row in enumerate(body):
        if len(row) != len(rows[0]) or row[0] != str(i):
            raise StoreError(f"line {i + 2}: expected step {i} with {len(rows[0])} cells")
    try:
        x = scenario.space.encode(
            [dict(zip(scenario.space.names, map(restored, row[1 : knobs + 1]))) for row in body]
        )
        broken = np.flatnonzero(~scenario.space.is_valid(x))
        if len(broken):
            raise StoreError(f"line {broken[0] + 2}: {scenario.space.broken(x[broken[0]])}")
        cells = {n: [row[i] for row in body] for i, n in enumerate(rows[0])}
        figures = {
            m: np.array([float(c) for c in cells[n]]) for m, n in zip(names.metrics, metrics)
        }
        feasible = np.array([c == "1" for c in cells["feasible"]], np.bool_)
        predicted = [float(c) for c in cells.get(PREDICTED, ())]
    except (ArchgymError, ValueError) as error:
        raise StoreError(str(error)) from error
    e = Evaluation(figures, feasible, [restored(c) for c in cells["reason"]])
    if not all(np.isfinite(v[feasible]).all() for v in figures.values()):
        raise StoreError("a metric of a feasible design is no finite number")
    return Trials.of(scenario, x, e), predicted


def no_trials(scenario: Scenario) -> Trials:
    """No trial of a scenario.

    Args:
        scenario: of the task.

    Returns:
        Trials (0, d).
    """
    names = [m.name for m in scenario.simulators[0].metrics]
    empty = np.empty((0, len(scenario.space)), np.int64)
    return Trials.of(scenario, empty, Evaluation.empty(names, 0))


def difference(recorded: str, again: str) -> str:
    """Where recorded trials are not what came out again.

    Args:
        recorded: the file of the submission.
        again: what the judge found.

    Returns:
        A sentence; '' where they are the same, byte for byte.
    """
    if recorded == again:
        return ""
    ours, theirs = again.split("\n"), recorded.split("\n")
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            cells = zip(ours[0].split(","), a.split(","), b.split(","))
            name, right, said = next(((n, r, s) for n, r, s in cells if r != s), ("", a, b))
            return f"line {i + 1}, {name}: recorded {said!r:.60}, now {right!r:.60}"
    return f"{len(theirs) - 2:,} trials are recorded, {len(ours) - 2:,} came out again"
