"""What a study evaluates below full fidelity: charged by its cost, recorded, never a trial."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..answers.evaluator import Evaluator
from ..answers.exact import ExactAnswers
from ..answers.fidelity import offers_of, rough_evaluator
from ..answers.store import EvaluationStore
from ..contracts.agent import Agent
from ..contracts.evaluation import Evaluation
from ..contracts.fidelity import FULL, Offer, used
from ..errors import AgentError
from ..goals.scenario import Scenario
from ..space import Designs

SLACK = 1e-9  # a budget is not refused for the rounding of sums of shares


@dataclass(frozen=True)
class Rough:
    """A batch that was evaluated at a lower fidelity.

    Attributes:
        fidelity: its name.
        cost: of each design, as a share of a full evaluation.
        before: how many trials there were when it was asked for.
        x: designs (n, d) of the scenario's space.
        evaluation: at that fidelity.
    """

    fidelity: str
    cost: float
    before: int
    x: Designs
    evaluation: Evaluation


class Ladder:
    """The cheaper fidelities that a study offers its agent, and what it used of them.

    None are offered where something else than the simulator answers, or where parts of an evaluation are
    costly by themselves: what a rough answer would have to be charged for is not known there.

    Args:
        scenario: what is searched.
        agent: is offered them if it declares ``uses_fidelities``.
        evaluator: of the study.
        store: keeps evaluations, each fidelity's under its own key.
        allowed: whether any may be offered.
    """

    def __init__(
        self,
        scenario: Scenario,
        agent: Agent,
        evaluator: Evaluator,
        store: EvaluationStore | None,
        allowed: bool = True,
    ) -> None:
        self.scenario, self.store = scenario, store
        simulated = evaluator.exact and all(isinstance(a, ExactAnswers) for a in evaluator.answers)
        costly = any(s.queries() for s in scenario.simulators)
        usable = allowed and agent.uses_fidelities and simulated and not costly
        self.offers: dict[str, Offer] = (
            {o.name: o for o in offers_of(scenario.simulators)} if usable else {}
        )
        if agent.uses_fidelities:
            agent.offer(tuple(self.offers.values()))
        self._evaluators: dict[str, Evaluator] = {}
        self.batches: list[Rough] = []
        self.counts = dict.fromkeys(self.offers, 0)

    @property
    def charged(self) -> float:
        """What was charged for rough answers, in full evaluations."""
        return float(sum(n * self.offers[name].cost for name, n in self.counts.items()))

    def cost(self, agent: Agent) -> float:
        """What one design costs that an agent asks for next.

        Args:
            agent: of the study.

        Returns:
            A share of a full evaluation; 1 at full fidelity.

        Raises:
            AgentError: it asks for a fidelity that it was not offered.
        """
        name = agent.fidelity
        if name == FULL:
            return 1.0
        if name not in self.offers:
            told = ", ".join([*self.offers, FULL])
            raise AgentError(
                f"agent {agent.name!r} asks for fidelity {name!r}; it was offered: {told}"
            )
        return self.offers[name].cost

    def recorded(self, run: str) -> int:
        """How many rough evaluations the store holds of a run.

        Args:
            run: its id.

        Returns:
            The number over all fidelities.
        """
        if self.store is None or not run:
            return 0
        return sum(self.store.trial_count(_record(run, name)) for name in self.offers)

    def evaluate(self, name: str, x: Designs, before: int, run: str) -> Evaluation:
        """Evaluate designs at a lower fidelity, charge and record them.

        Args:
            name: of the fidelity.
            x: designs (n, d) of the scenario's space.
            before: how many trials there are.
            run: the study's name in the store; '' for none.

        Returns:
            The evaluation, combined over workloads.

        Raises:
            StoreError: an earlier attempt of the same run asked for something else.
        """
        if name not in self._evaluators:
            self._evaluators[name] = rough_evaluator(self.scenario, name, self.store)
        e = self._evaluators[name](x)
        if self.store is not None and run:
            self.store.record_trials(_record(run, name), self.counts[name], x)
        self.counts[name] += len(x)
        self.batches.append(Rough(name, self.offers[name].cost, before, x, e))
        return e

    def __iter__(self) -> Iterator[Rough]:
        return iter(self.batches)

    @property
    def told(self) -> list[dict[str, Any]]:
        """By fidelity that was used: name, cost, evaluations, what was charged for them."""
        return used({n: (self.offers[n].cost, c) for n, c in self.counts.items()}, charged=True)


def _record(run: str, name: str) -> str:
    """Under what a run's proposals at a fidelity are recorded."""
    return f"{run}@{name}"


def whole(charged: float) -> int:
    """What was charged, rounded up to whole evaluations.

    Args:
        charged: a sum of shares.

    Returns:
        A count.
    """
    return math.ceil(charged - SLACK)


def affordable(left: float, cost: float) -> int:
    """How many designs a budget still pays for.

    Args:
        left: full evaluations.
        cost: of each design, as a share of one.

    Returns:
        A count.
    """
    return math.floor(left / cost + SLACK)
