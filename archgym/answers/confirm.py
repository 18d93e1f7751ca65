"""Final answers of a search that guessed: the simulators' own evaluations of its finalists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..goals.scenario import Scenario
from ..goals.tradeoff import front_of
from ..goals.trials import Trials
from .evaluator import make_evaluator
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


def confirm(scenario: Scenario, trials: Trials, store: EvaluationStore | None = None) -> Confirmed:
    """Evaluate the least costly 16 different designs, and the front (at most 64 of it), truly."""
    order = np.argsort(trials.cost, kind="stable")
    order = order[np.isfinite(trials.cost[order])]
    _, first = np.unique(trials.x[order], axis=0, return_index=True)
    chosen = order[np.sort(first)[:FINALISTS]]
    front = front_of(scenario, trials)[:MOST_OF_FRONT]
    positions = np.unique(np.concatenate([chosen, front])).astype(np.intp)
    exact = make_evaluator(scenario, "exact", store)
    x = trials.x[positions]
    answers = Trials.of(scenario, x, exact(x))
    return Confirmed(answers, positions, exact.computed)
