"""A study: one agent searches one scenario under one budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import registry
from ..answers.evaluator import make_evaluator
from ..answers.store import EvaluationStore
from ..contracts.agent import Agent
from ..contracts.evaluation import Evaluation, Floats
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs


@dataclass(frozen=True)
class Progress:
    """What a study reports after each batch."""

    done: int
    budget: int
    computed: int
    best_cost: float
    specs_met: bool


class Study:
    """Ask, evaluate, tell, record, until the budget is spent.

    ``agent`` is a name or an instance.  With a ``store``, evaluations are kept and looked up, and
    ``run`` names the trials in it, so that a study started again goes on where it stopped and ends
    as if it had never been interrupted; without a name no trials are recorded.  ``screen`` (such as
    ``proxy:FOLDER``) looks at ``screen_factor`` times as many proposals as are evaluated.

    ``agent_seconds`` and ``simulator_seconds`` say where the time went.
    """

    def __init__(
        self,
        scenario: Scenario,
        agent: str | Agent = "genetic_algorithm",
        *,
        budget: int | None = None,
        seed: int = 0,
        hyper: Mapping[str, Any] | None = None,
        batch: int | None = None,
        store: EvaluationStore | None = None,
        run: str = "",
        screen: str = "",
        screen_factor: int | None = None,
    ) -> None:
        self.scenario = scenario
        self.budget = scenario.budget if budget is None else budget
        if self.budget < 1:
            raise ArchgymError(f"budget must be at least 1 evaluation, got {self.budget}")
        if batch is not None and batch < 1:
            raise ArchgymError(f"batch must be at least 1 design, got {batch}")
        self.agent = make_agent(agent, scenario, seed=seed, budget=self.budget, hyper=hyper or {})
        if screen:
            from .screening import FACTOR, screened

            self.agent = screened(
                self.agent, scenario, screen, FACTOR if screen_factor is None else screen_factor
            )
        self.batch = batch or self.agent.batch
        self.store = store
        self.run_id = run
        self.evaluator = make_evaluator(scenario, store)
        self.agent_seconds = 0.0
        self.simulator_seconds = 0.0
        self._parts: list[tuple[Designs, Evaluation, Floats, Floats]] = []
        self._done = 0

    def run(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        until_specs_met: bool = False,
    ) -> Trials:
        """Spend the budget (or stop at the first design that meets every spec)."""
        for progress in self.steps():
            if on_progress is not None:
                on_progress(progress)
            if until_specs_met and progress.specs_met:
                break
        return self.trials

    def steps(self) -> Iterator[Progress]:
        """One batch at a time."""
        best, met = np.inf, False
        while self._done < self.budget:
            start = time.perf_counter()
            x = self.agent.ask(min(self.batch, self.budget - self._done))
            asked = time.perf_counter()
            e = self.evaluator(x)
            evaluated = time.perf_counter()
            if self.store is not None and self.run_id:
                self.store.record_trials(self.run_id, self._done, x)
            cost = self.scenario.costs(e)
            vector = self.scenario.costs(e, vector=True)
            told = time.perf_counter()
            self.agent.tell(x, vector if self.agent.objectives > 1 else cost)
            self.simulator_seconds += evaluated - asked
            self.agent_seconds += asked - start + time.perf_counter() - told
            self._parts.append((x, e, cost[:, 0], vector))
            self._done += len(x)
            best = min(best, float(cost.min()))
            met = met or bool(self.scenario.satisfied(e).any())
            yield Progress(self._done, self.budget, self.evaluator.computed, best, met)

    @property
    def trials(self) -> Trials:
        """What has been done so far."""
        space, scenario = self.scenario.space, self.scenario
        names = [m.name for m in scenario.simulators[0].metrics]
        if not self._parts:
            none = Evaluation.empty(names, 0)
            return Trials(
                np.empty((0, len(space)), np.int64),
                none,
                np.empty(0),
                np.empty((0, scenario.k)),
                none.feasible,
            )
        x, e, cost, objectives = zip(*self._parts)
        metrics = {n: np.concatenate([part.metrics[n] for part in e]) for n in names}
        reasons = [r for part in e for r in (part.reasons or [""] * len(part))]
        whole = Evaluation(
            metrics, np.concatenate([part.feasible for part in e]), reasons if any(reasons) else ()
        )
        return Trials(
            np.concatenate(x),
            whole,
            np.concatenate(cost),
            np.concatenate(objectives),
            scenario.satisfied(whole),
        )


def make_agent(
    agent: str | Agent, scenario: Scenario, *, seed: int, budget: int, hyper: Mapping[str, Any]
) -> Agent:
    """An agent for a scenario: an instance as it is, a name from the registry."""
    if isinstance(agent, Agent):
        if agent.space != scenario.space:
            raise ArchgymError(f"agent {agent.name!r} was made for another design space")
        return agent
    cls = registry.load("agents", agent)
    objectives = scenario.k if cls.multi_objective else 1
    made: Agent = cls(scenario.space, seed=seed, objectives=objectives, budget=budget, **hyper)
    made.advise, made.penalty = scenario.advise, scenario.penalty
    return made
