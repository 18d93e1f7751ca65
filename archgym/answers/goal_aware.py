"""Evaluation by proxies that knows the goal: what might be the best is always checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..errors import ScenarioError
from ..goals.pareto import pareto_front
from ..goals.scenario import Scenario
from ..proxies.prediction import Prediction
from ..proxies.proxy import Proxy
from ..space import Designs
from .escalating import DOUBT, EscalatingAnswers
from .evaluator import Evaluator
from .store import EvaluationStore


class GoalAwareEvaluator(Evaluator):
    """Guesses where that cannot change what is best; asks the simulators elsewhere.

    A design is evaluated by the simulators of all workloads if one of their proxies is unsure of it
    and its optimistic guess beats the best evaluation so far by more than ``margin`` (a share of the
    objective), and always if its plain guess does.  Studies do not depend on one another: each starts
    from what the proxies knew at the start.
    """

    def __init__(
        self,
        scenario: Scenario,
        answers: Sequence[EscalatingAnswers],
        store: EvaluationStore | None = None,
    ) -> None:
        super().__init__(scenario, answers, store)
        self.guessed = 0
        self._learners = [a for a in self.answers if isinstance(a, EscalatingAnswers)]
        wanted = {n for o in scenario.objectives for n in o.metrics}
        wanted |= {s.metric for s in scenario.specs}
        for learner in self._learners:
            learner.watched = tuple(sorted(wanted))
        self._margin = max(a.settings["margin"] for a in self._learners)
        self._optimism = max(a.settings["optimism"] for a in self._learners)
        self._best = np.empty((0, scenario.k))

    def __call__(self, x: Designs) -> Evaluation:
        """Combined metrics of designs (n, d) of the scenario's space."""
        inner = self.scenario.to_simulator(self.scenario.space.check(x))
        self.charged += len(x)
        canonical = [a.simulator.canonical(inner) for a in self._learners]
        guesses = [a.guess(c) for a, c in zip(self._learners, canonical)]
        predictions = [p for p, _ in guesses if p is not None]
        if len(predictions) < len(guesses):
            return self._settle(self._true(canonical, np.arange(len(x))))
        unsure = np.stack([u for _, u in guesses]).any(axis=0)
        e = self.scenario.combine([p.evaluation() for p in predictions])
        hope = np.minimum(
            self._optimistic(predictions, "low"), self._optimistic(predictions, "high")
        )
        open_ = np.ones(len(x), np.bool_)
        asked = np.flatnonzero(unsure & self._promising(hope))
        while True:
            if len(asked):
                true = self._settle(self._true(canonical, asked))
                open_[asked] = False
                parts = [(np.arange(len(x)), e), (asked, true)]
                e = Evaluation.scatter(parts, list(e.metrics), len(x))
            costs = self._vector(e)
            left = np.flatnonzero(open_ & self._promising(costs))
            if not len(left):
                break
            asked = left[np.argsort(costs[left].sum(axis=1), kind="stable")[:1]]
        self.guessed += int(open_.sum())
        for learner in self._learners:
            learner.guessed += int(open_.sum())
        return e

    def _true(self, canonical: list[Designs], rows: NDArray[np.intp]) -> Evaluation:
        """The simulators' own answers, combined; every proxy learns."""
        parts = []
        for learner, x in zip(self._learners, canonical):
            answer = learner.true(x[rows])
            learner.observe(x[rows], answer)
            parts.append(answer)
        return self.scenario.combine(parts)

    def _settle(self, true: Evaluation) -> Evaluation:
        """Remember the best costs that are no guesses."""
        both = np.concatenate([self._best, self._vector(true)])
        self._best = both[pareto_front(both)]
        return true

    def _vector(self, e: Evaluation) -> Floats:
        return self.scenario.costs(e, vector=self.scenario.k > 1)

    def _optimistic(self, predictions: list[Prediction], towards: str) -> Floats:
        """Costs if all goes that way; a design that may work counts as one that does."""
        parts = [p.evaluation(towards, self._optimism, DOUBT) for p in predictions]
        return self._vector(self.scenario.combine(parts))

    def _promising(self, costs: Floats) -> NDArray[np.bool_]:
        """Which costs (n, k) are better by the margin than what is known, (n,)."""
        finite = np.asarray(np.isfinite(costs).all(axis=1), np.bool_)
        if not len(self._best):
            return finite
        if self.scenario.k == 1:
            gain = -self.scenario.gap(costs[:, 0], float(self._best[0, 0]))
            return np.asarray(finite & (gain > self._margin))
        limit = self._best - self._margin * np.abs(self._best)
        beaten = np.array([bool((limit <= row).all(axis=1).any()) for row in costs], np.bool_)
        return finite & ~beaten


def open_answers(
    scenario: Scenario, argument: str, store: EvaluationStore | None
) -> GoalAwareEvaluator:
    """Escalating answers for a scenario: ``[PROXY][,SETTING=VALUE…]``.

    Args:
        scenario: whose simulators answer where the proxy is unsure.
        argument: a folder of a proxy, or nothing, and settings after commas.
        store: keeps every evaluation of the simulators.

    Returns:
        The evaluator.

    Raises:
        UnknownNameError: no such setting; SettingError: a value that is not legal.
    """
    path, *pairs = argument.split(",")
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ScenarioError(f"escalating: expected SETTING=VALUE, got {pair!r}")
        settings[name] = value
    proxy = Proxy.load(Path(path)) if path else None
    made = [EscalatingAnswers(s, proxy, store, **settings) for s in scenario.simulators]
    return GoalAwareEvaluator(scenario, made, store)
