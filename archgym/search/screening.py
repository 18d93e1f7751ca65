"""An agent whose proposals a proxy looks at first: propose many, predict, evaluate few."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..answers.evaluator import make_evaluator
from ..contracts.agent import Agent
from ..contracts.evaluation import Floats
from ..contracts.feedback import Feedback
from ..errors import AgentError
from ..goals.scenario import Scenario
from ..space import Designs, design_keys

FACTOR = 8


class ScreenedAgent(Agent):
    """Asks another agent for ``factor`` times as many designs and passes on those that promise most.

    The agent is told the true costs of what was evaluated and the guesses of the rest, so it sees a
    cost for all it proposed.  No design is passed on twice while there are others.
    """

    name = "screened"

    def __init__(
        self,
        inner: Agent,
        guess: Callable[[Designs], tuple[Floats, Feedback]],
        factor: int = FACTOR,
    ) -> None:
        if factor < 2:
            raise AgentError(f"screening needs at least 2 proposals per design, not {factor}")
        self.multi_objective = inner.multi_objective  # type: ignore[misc]
        super().__init__(
            inner.space, seed=inner.seed, objectives=inner.objectives, budget=inner.budget
        )
        self.inner, self.guess, self.factor = inner, guess, factor
        self.hyper = inner.hyper
        self._passed: set[bytes] = set()
        self._rest = np.empty((0, len(inner.space)), np.int64)
        self._guessed = np.empty((0, inner.objectives))
        self._guessed_feedback: Feedback | None = None

    @property
    def batch(self) -> int:
        """The inner agent's, divided, so that it is asked for about what it likes."""
        return max(1, self.inner.batch // self.factor)

    def _ask(self, n: int) -> Designs:
        x = self.inner.ask(n * self.factor)
        costs, feedback = self.guess(x)
        keys = design_keys(x)
        rank = np.argsort(np.argsort(costs, axis=0, kind="stable"), axis=0).sum(axis=1)
        known = np.array([key in self._passed for key in keys])
        order = np.lexsort((np.arange(len(x)), rank, known))
        chosen: list[int] = []
        repeated: list[int] = []
        here: set[bytes] = set()
        for i in order.tolist():
            (repeated if keys[i] in here else chosen).append(i)
            here.add(keys[i])
        order = np.array(chosen + repeated)
        self._passed.update(keys[i] for i in order[:n])
        self._rest, self._guessed = x[order[n:]], costs[order[n:]]
        self._guessed_feedback = feedback.take(order[n:])
        return x[order[:n]]

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._tell_with(x, costs, None)

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        if feedback is not None and self._guessed_feedback is not None:
            feedback = feedback.joined(self._guessed_feedback)
        self.inner.tell(
            np.concatenate([x, self._rest]), np.concatenate([costs, self._guessed]), feedback
        )
        self._rest, self._guessed = self._rest[:0], self._guessed[:0]
        self._guessed_feedback = None


def screened(agent: Agent, scenario: Scenario, by: str, factor: int = FACTOR) -> ScreenedAgent:
    """Put a proxy before an agent, which guesses what is worth trying.

    Args:
        agent: who proposes.
        scenario: what is searched.
        by: the proxy, as ``proxy:FOLDER``.
        factor: proposals for each design that is evaluated.

    Returns:
        The agent with the proxy before it.
    """
    glance = make_evaluator(scenario, by)

    def guess(x: Designs) -> tuple[Floats, Feedback]:
        e = glance(x)
        return scenario.costs(e, vector=agent.objectives > 1), scenario.feedback(e)

    return ScreenedAgent(agent, guess, factor)
