"""Simulators at a cheaper fidelity answer for a scenario: ``--answers fidelity:NAME``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..contracts.evaluation import Evaluation
from ..contracts.fidelity import FULL, Fidelity, Offer
from ..contracts.lowered import LowerFidelity, declared
from ..contracts.simulator import Simulator
from ..errors import ScenarioError, UnknownNameError
from ..goals.scenario import Scenario
from ..space import Designs
from .evaluator import Evaluator
from .exact import ExactAnswers
from .store import EvaluationStore


class RoughAnswers(ExactAnswers):
    """One simulator at a lower fidelity; the store keeps its evaluations under a key of their own.

    ``computed`` stays 0, since nothing is evaluated in full; ``rough`` counts designs that were new.
    """

    exact = False

    def __init__(self, simulator: LowerFidelity, store: EvaluationStore | None = None) -> None:
        super().__init__(simulator, store)
        self.fidelity = simulator.fidelity
        self.rough = 0

    def _answer(self, x: Designs) -> Evaluation:
        e = super()._answer(x)
        self.rough, self.computed = self.rough + self.computed, 0
        return e

    @property
    def glances(self) -> Mapping[str, tuple[float, int]]:
        """What was evaluated, by fidelity: cost and count."""
        return {self.fidelity.name: (self.fidelity.cost, self.rough)}

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which fidelity answers."""
        return {"fidelity": self.fidelity.name, "cost": self.fidelity.cost}


def offers_of(simulators: Sequence[Simulator]) -> tuple[Offer, ...]:
    """The cheaper fidelities that a scenario can offer.

    Args:
        simulators: of the scenario, one per workload.

    Returns:
        What all of them declare, cheapest first.
    """
    return _offers([declared(s) for s in simulators])


def _offers(each: Sequence[Mapping[str, Fidelity]]) -> tuple[Offer, ...]:
    shared = [n for n in each[0] if all(n in one for one in each)]
    made = [_offer(n, [one[n] for one in each]) for n in shared]
    return tuple(sorted(made, key=lambda o: o.cost))


def _offer(name: str, declared: list[Fidelity]) -> Offer:
    texts = dict.fromkeys(f.description for f in declared)
    return Offer(name, max(f.cost for f in declared), "; ".join(texts))


def rough_evaluator(scenario: Scenario, name: str, store: EvaluationStore | None) -> Evaluator:
    """The simulators of a scenario at a lower fidelity.

    Args:
        scenario: whose simulators answer.
        name: of a fidelity that all of them declare; '' for the cheapest.
        store: keeps every evaluation, under keys of the fidelity.

    Returns:
        The evaluator.

    Raises:
        ScenarioError: the scenario has no cheaper fidelity.
        UnknownNameError: it has others.
    """
    each = [declared(s) for s in scenario.simulators]
    known = [o.name for o in _offers(each)]
    if not known:
        raise ScenarioError(
            f"scenario {scenario.name!r}: its simulator declares no fidelity cheaper than {FULL!r}"
        )
    name = name or known[0]
    if name not in known:
        raise UnknownNameError(f"fidelity of scenario {scenario.name!r}", name, known)
    rough = [LowerFidelity(s, one[name]) for s, one in zip(scenario.simulators, each)]
    return Evaluator(scenario, [RoughAnswers(r, store) for r in rough], store)


def open_answers(scenario: Scenario, argument: str, store: EvaluationStore | None) -> Evaluator:
    """A fidelity in the place of the simulators: ``--answers fidelity:NAME``.

    Args:
        scenario: whose designs are asked for.
        argument: the name of the fidelity; '' for the cheapest.
        store: keeps every evaluation.

    Returns:
        The evaluator, which is not exact: the simulators evaluate a search's finalists.

    Raises:
        ScenarioError: the scenario has no cheaper fidelity.
        UnknownNameError: it has others.
    """
    return rough_evaluator(scenario, argument, store)
