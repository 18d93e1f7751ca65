"""Final answers of a search that guessed: the simulators' own evaluations of its finalists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..goals.scenario import Scenario
from ..goals.trials import Trials
from .evaluator import Evaluator
from .store import EvaluationStore

FINALISTS = 16
MOST_OF_FRONT = 64


@dataclass(frozen=True)
class Confirmed:
    """Finalists of a search, evaluated by the simulators: ``trials`` of those alone.

    ``positions`` (n,) are theirs in the search, ``computed`` the simulator evaluations it took.
    """

    trials: Trials
    positions: NDArray[np.intp]
    computed: int


def guesses(scenario: Scenario) -> bool:
    """Whether something stands in for a simulator whose answers are not the simulator's."""
    return any(s.key != s.truth.key for s in scenario.simulators)


def confirm(scenario: Scenario, trials: Trials, store: EvaluationStore | None = None) -> Confirmed:
    """Evaluate the least costly 16 different designs, and the front (at most 64 of it), truly."""
    from ..goals.tradeoff import front_of

    order = np.argsort(trials.cost, kind="stable")
    order = order[np.isfinite(trials.cost[order])]
    _, first = np.unique(trials.x[order], axis=0, return_index=True)
    chosen = order[np.sort(first)[:FINALISTS]]
    front = front_of(scenario, trials)[:MOST_OF_FRONT]
    positions = np.unique(np.concatenate([chosen, front])).astype(np.intp)
    true = Evaluator(scenario, store)
    inner = scenario.to_simulator(trials.x[positions])
    e = scenario.combine([true.single(s.truth, inner) for s in scenario.simulators])
    answers = Trials(
        trials.x[positions],
        e,
        scenario.costs(e)[:, 0],
        scenario.costs(e, vector=True),
        scenario.satisfied(e),
    )
    return Confirmed(answers, positions, true.computed)
