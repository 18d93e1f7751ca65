"""A scenario's designs answered: one kind of answers a workload, combined and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..contracts.evaluation import Evaluation
from ..contracts.fidelity import used
from ..errors import DesignError
from ..goals.scenario import Scenario
from ..space import Designs, design_keys
from .answers import Answers
from .store import EvaluationStore


class Evaluator:
    """Combined answers for designs of a scenario's space.

    ``charged`` counts the designs asked for, ``computed`` the simulator evaluations that were new
    (one per design and workload), ``exact`` says whether all answers are the simulators' own.
    """

    def __init__(
        self,
        scenario: Scenario,
        answers: Sequence[Answers],
        store: EvaluationStore | None = None,
    ) -> None:
        self.scenario = scenario
        self.answers = [a.fresh() for a in answers]
        self.store = store
        self.charged = 0

    @property
    def exact(self) -> bool:
        """Whether every answer is the simulator's own, to the last bit."""
        return all(a.exact for a in self.answers)

    @property
    def computed(self) -> int:
        """Simulator evaluations that were new."""
        return sum(a.computed for a in self.answers)

    @property
    def glances(self) -> list[dict[str, Any]]:
        """What stands behind the answers below full fidelity, by its name.

        A trial is charged in full whoever answered it, so nothing is charged for these.
        """
        found: dict[str, tuple[float, int]] = {}
        for name, (cost, count) in (g for a in self.answers for g in a.glances.items()):
            most, before = found.get(name, (cost, 0))
            found[name] = max(most, cost), before + count
        return used(found, charged=False)

    def prepare(self) -> None:
        """Compile and load what the first call would."""
        for answers in self.answers:
            answers.prepare()

    def __call__(self, x: Designs) -> Evaluation:
        """Combined metrics of designs (n, d) of the scenario's space."""
        inner = self.scenario.to_simulator(self.scenario.space.check(x))
        self.charged += len(x)
        return self.scenario.combine([answers(inner) for answers in self.answers])

    def simulated(self, x: Designs) -> NDArray[np.bool_]:
        """Which designs (n, d) the simulators have answered on every workload, (n,).

        Args:
            x: designs (n, d) of the scenario's space.

        Returns:
            (n,) bool.
        """
        inner = self.scenario.to_simulator(x)
        each = [a.simulated(a.simulator.canonical(inner)) for a in self.answers]
        return np.asarray(np.logical_and.reduce(each), np.bool_)

    def known_designs(self, most: int) -> Designs:
        """The best designs that the answers were learnt from, at most ``most``, best first, (n, d).

        Of several workloads, those that were evaluated on all of them.

        Args:
            most: how many designs at most.

        Returns:
            (n, d) value indices of the scenario's space; infeasible designs are not among them.
        """
        whole, e = self._learnt_everywhere()
        cost = self.scenario.costs(e)[:, 0]
        found = [np.empty((0, len(self.scenario.space)), np.int64)]
        for i in np.argsort(cost, kind="stable").tolist():
            if len(found) > most or not np.isfinite(cost[i]):
                break
            try:
                found.append(self.scenario.from_simulator(whole[i : i + 1]))
            except DesignError:  # outside what the scenario narrows its knobs to
                continue
        return np.concatenate(found)

    def _learnt_everywhere(self) -> tuple[Designs, Evaluation]:
        """Designs (n, d) of the simulators' space that all answers were learnt from, combined."""
        learnt = [a.learnt() for a in self.answers]
        names = [m.name for m in self.scenario.simulators[0].metrics]
        nothing = np.empty((0, len(self.scenario.simulators[0].space)), np.int64)
        rows = [part for part in learnt if part is not None and len(part[0])]
        if len(rows) < len(learnt):
            return nothing, Evaluation.empty(names, 0)
        places = [{k: i for i, k in enumerate(design_keys(x))} for x, _ in rows]
        shared = [k for k in places[0] if all(k in place for place in places)]
        index = [[place[k] for k in shared] for place in places]
        e = self.scenario.combine([part[1].take(i) for part, i in zip(rows, index)])
        return rows[0][0][index[0]].reshape(len(shared), -1), e


def make_evaluator(
    scenario: Scenario, by: str = "", store: EvaluationStore | None = None
) -> Evaluator:
    """Who answers for a scenario.

    Args:
        scenario: whose designs are asked for.
        by: ``exact`` (the default), ``table[:FOLDER]``, ``proxy:FOLDER`` or
            ``escalating[:FOLDER][,SETTING=VALUE…]``.
        store: keeps every evaluation of the simulators.

    Returns:
        The evaluator, which counts what it computes.

    Raises:
        UnknownNameError: no such kind of answers; ArchgymError: a table or proxy that does not fit.
    """
    kind, _, argument = (by or "exact").partition(":")
    made: Evaluator = registry.load("answers", kind, registered_only=True)(
        scenario, argument, store
    )
    return made


def settle_reference(scenario: Scenario, by: str, store: EvaluationStore | None) -> None:
    """Evaluate a scenario's reference design once: by its answers where they are exact, else by the simulator.

    Args:
        scenario: its reference design becomes known.
        by: who answers, as of :func:`make_evaluator`.
        store: keeps the evaluation.
    """
    answers = make_evaluator(scenario, by, store)
    scenario.settle_reference(
        answers if answers.exact else make_evaluator(scenario, "exact", store)
    )
