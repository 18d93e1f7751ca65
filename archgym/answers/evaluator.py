"""Between a scenario and its simulators: what is known is looked up, the rest is computed and kept."""

from __future__ import annotations

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..goals.scenario import Scenario
from ..space import Designs
from .store import EvaluationStore


class Evaluator:
    """Evaluates designs of a scenario through a store.

    ``charged`` counts the designs asked for, ``computed`` the simulator evaluations that were new.
    """

    def __init__(self, scenario: Scenario, store: EvaluationStore | None = None) -> None:
        self.scenario = scenario
        self.store = store
        self.charged = 0
        self.computed = 0

    def __call__(self, x: Designs) -> Evaluation:
        """Combined metrics of designs (n, d) of the scenario's space."""
        inner = self.scenario.to_simulator(self.scenario.space.check(x))
        parts = [self.single(simulator, inner) for simulator in self.scenario.simulators]
        self.charged += len(x)
        return self.scenario.combine(parts)

    def single(self, simulator: Simulator, x: Designs) -> Evaluation:
        """One simulator's answers for designs (n, d) of its space, looked up where they are known."""
        if self.store is None and not simulator.computes:
            return simulator.evaluate(x)
        unique, back = np.unique(simulator.canonical(x), axis=0, return_inverse=True)
        back = back.reshape(-1)
        if self.store is None:
            self.computed += len(unique) * simulator.computes
            return simulator.evaluate(unique).take(back)
        known, old = self.store.get(simulator, unique)
        parts = [(np.flatnonzero(known), old)]
        fresh = np.flatnonzero(~known)
        if len(fresh):
            new = simulator.evaluate(unique[fresh])
            self.store.put(simulator, unique[fresh], new)
            self.computed += len(fresh) * simulator.computes
            parts.append((fresh, new))
        names = [m.name for m in simulator.metrics]
        return Evaluation.scatter(parts, names, len(unique)).take(back)


def make_evaluator(scenario: Scenario, store: EvaluationStore | None = None) -> Evaluator:
    """The evaluator that a scenario's simulators call for: some learn while they are asked."""
    if any(s.recorded is not s for s in scenario.simulators):
        from .escalating_evaluator import EscalatingEvaluator

        return EscalatingEvaluator(scenario, store)
    return Evaluator(scenario, store)
