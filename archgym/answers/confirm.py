"""Final answers of a search that guessed: the simulators' own evaluations of its finalists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
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


def confirm(
    scenario: Scenario,
    trials: Trials,
    store: EvaluationStore | None = None,
    starts: int = 0,
    simulated: NDArray[np.bool_] | None = None,
) -> Confirmed:
    """Evaluate the finalists of a search truly.

    They are the least costly 16 different designs, the front (at most 64 of it), the first ``starts``
    trials, with which the search began because they were known to be good, and the least costly 16
    of the ``simulated`` (n,) ones, which a simulator has answered already.  So a search never ends
    worse than what was known when it started.

    Args:
        scenario: what was searched.
        trials: everything that was tried, as a proxy guessed it.
        store: where evaluations of the simulator are looked up and kept.
        starts: how many of the first trials were known to be good.
        simulated: which trials a simulator has answered already, (n,) bool.

    Returns:
        The finalists as the simulator evaluated them, and how many evaluations that took.
    """
    parts = [
        _least(trials.x, trials.cost),
        front_of(scenario, trials)[:MOST_OF_FRONT],
        np.arange(min(starts, len(trials))),
    ]
    if simulated is not None:
        parts.append(_least(trials.x, np.where(simulated, trials.cost, np.inf)))
    positions = _first_of_each(trials, np.concatenate(parts))
    exact = make_evaluator(scenario, "exact", store)
    x = trials.x[positions]
    answers = Trials.of(scenario, x, exact(x))
    return Confirmed(answers, positions, exact.computed)


def _least(x: NDArray[np.int64], cost: Floats) -> NDArray[np.intp]:
    """Positions of the least costly different designs among x (n, d), at most 16."""
    order = np.argsort(cost, kind="stable")
    order = order[np.isfinite(cost[order])]
    _, first = np.unique(x[order], axis=0, return_index=True)
    return order[np.sort(first)[:FINALISTS]]


def _first_of_each(trials: Trials, positions: NDArray[np.intp]) -> NDArray[np.intp]:
    """Positions in order, of equal designs the first."""
    ordered = np.unique(positions).astype(np.intp)
    _, first = np.unique(trials.x[ordered], axis=0, return_index=True)
    return ordered[np.sort(first)]
