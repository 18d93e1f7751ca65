"""The simulator itself, through a store where there is one: what is known is looked up."""

from __future__ import annotations

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..goals.scenario import Scenario
from ..space import Designs
from .answers import Answers
from .evaluator import Evaluator
from .store import EvaluationStore


class ExactAnswers(Answers):
    """Looks evaluations up in ``store`` and computes the rest, which the store then keeps.

    Of an expensive simulator, a design is claimed in the store before it is computed, so that workers
    that meet the same design evaluate it once.
    """

    exact = True

    def __init__(self, simulator: Simulator, store: EvaluationStore | None = None) -> None:
        super().__init__(simulator)
        self.store = store

    def _answer(self, x: Designs) -> Evaluation:
        if self.store is None:
            self.computed += len(x)
            return self.simulator.evaluate(x)
        known, old = self.store.get(self.simulator, x)
        parts = [(np.flatnonzero(known), old)]
        missing = np.flatnonzero(~known)
        while len(missing):
            mine = np.ones(len(missing), np.bool_)
            if self.simulator.expensive:
                mine = self.store.claim(self.simulator, x[missing])
            rows = missing[mine]
            if len(rows):
                new = self._computed(x[rows])
                self.store.put(self.simulator, x[rows], new)
                self.computed += len(rows)
                parts.append((rows, new))
            missing = missing[~mine]
            if len(missing):  # somebody else computes them at this moment
                known, old = self.store.wait(self.simulator, x[missing])
                parts.append((missing[known], old))
                missing = missing[~known]
        names = [m.name for m in self.simulator.metrics]
        return Evaluation.scatter(parts, names, len(x))

    def _computed(self, x: Designs) -> Evaluation:
        """The simulator's evaluation; a claim is given back where it fails."""
        assert self.store is not None
        try:
            return self.simulator.evaluate(x)
        except BaseException:
            if self.simulator.expensive:
                self.store.release(self.simulator, x)
            raise


def open_answers(scenario: Scenario, argument: str, store: EvaluationStore | None) -> Evaluator:
    """The simulators of a scenario.

    Args:
        scenario: whose simulators answer.
        argument: nothing follows ``exact``, so it is not looked at.
        store: keeps every evaluation; None: none is kept.

    Returns:
        The evaluator.
    """
    return Evaluator(scenario, [ExactAnswers(s, store) for s in scenario.simulators], store)
