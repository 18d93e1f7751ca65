"""A study: one agent searches one scenario under one budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..answers.evaluator import make_evaluator
from ..answers.relatives import relatives
from ..answers.store import EvaluationStore
from ..contracts.agent import Agent
from ..contracts.anonymous import AnonymousAgent
from ..contracts.evaluation import Evaluation, Floats
from ..contracts.fidelity import FULL
from ..contracts.foreign import agent_class
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..goals.trials import Trials
from ..space import Designs, DesignSpace
from .callbacks import Callback, Ended, Progress, reason_to_end
from .ladder import SLACK, Ladder, affordable, whole
from .queries import Queries
from .screening import FACTOR, screened

STARTS = 8  # the best of what a proxy was trained on, evaluated first


class Study:
    """Ask, evaluate, tell, record, until the budget is spent.

    Args:
        scenario: what is searched and what for: a scenario, its name, or the path of its file.
        agent: a registered name, a class, or an instance made for the scenario's space.
        budget: designs to evaluate (default: the scenario's); a repeated design counts again.
        seed: of the agent.
        hyperparameters: of the agent, by name.
        batch: designs asked for at once (default: what the agent likes).
        answers: who answers, see :func:`archgym.answers.evaluator.make_evaluator`.
        store: keeps evaluations and looks them up.
        run: names the trials in the store, so that a study started again goes on where it stopped and
            ends as if it had never been interrupted; without a name no trials are recorded.
        from_reference: whether the first trials are designs that are known to work: the reference design,
            and the best of what a proxy was trained on.  They are charged like any other.
        screen: such as ``proxy:FOLDER``, looks at ``screen_factor`` times as many proposals as are
            evaluated.
        queries: the most costly parts of evaluations by name, such as ``{"accuracy": 500}``; the study ends
            before the design that would exceed one (:class:`archgym.search.queries.Queries`).
        anonymous: the agent searches a twin of the space without names
            (:class:`archgym.contracts.anonymous.Twin`), and is told costs alone.
        fidelities: whether an agent that uses cheaper fidelities is offered those of the scenario.

    ``queries.counts`` says how many were used.  ``agent_seconds`` and ``simulator_seconds`` say where the
    time went, ``starts`` how many of the first trials were known designs, ``ended`` why :meth:`run` came to its end.

    Raises:
        ArchgymError: a budget or batch below 1, or an agent of another space.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path,
        agent: str | type[Agent] | Agent = "genetic_algorithm",
        *,
        budget: int | None = None,
        seed: int = 0,
        hyperparameters: Mapping[str, Any] | None = None,
        batch: int | None = None,
        answers: str = "",
        store: EvaluationStore | None = None,
        run: str = "",
        from_reference: bool = True,
        screen: str = "",
        screen_factor: int | None = None,
        queries: Mapping[str, int] | None = None,
        anonymous: bool = False,
        fidelities: bool = True,
    ) -> None:
        scenario = load_scenario(scenario)
        self.scenario = scenario
        self.budget = scenario.budget if budget is None else budget
        for name, number in (("budget", self.budget), ("seed", seed)):
            if isinstance(number, bool) or not isinstance(number, int | np.integer):
                raise ArchgymError(f"{name} must be a whole number, got {number!r}")
        if self.budget < 1:
            raise ArchgymError(f"budget must be at least 1 evaluation, got {self.budget}")
        if batch is not None and batch < 1:
            raise ArchgymError(f"batch must be at least 1 design, got {batch}")
        make = anonymous_agent if anonymous else make_agent
        self.agent = make(
            agent, scenario, seed=seed, budget=self.budget, hyperparameters=hyperparameters or {}
        )
        if self.agent.inherits and store is not None:
            self.agent.inherit(relatives(scenario, store))
        if screen:
            factor = FACTOR if screen_factor is None else screen_factor
            self.agent = screened(self.agent, scenario, screen, factor)
        self.batch = batch or self.agent.batch
        self.queries = Queries(scenario, self.agent.costly_only_if_met, queries or {})
        self.store = store
        self.run_id = run
        self.evaluator = make_evaluator(scenario, answers, store)
        self.from_reference = from_reference
        self.agent_seconds = 0.0
        self.simulator_seconds = 0.0
        self.ladder = Ladder(scenario, self.agent, self.evaluator, store, fidelities)
        self._parts: list[tuple[Designs, Evaluation]] = []
        self._charged_at: list[Floats] = []  # after each trial, by parts
        self._done = 0  # trials
        self._recorded = 0  # trials that the store holds of this run already
        self.starts = 0
        self.ended: Ended | None = None

    def run(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        until_specs_met: bool = False,
        callbacks: Sequence[Callback] = (),
    ) -> Trials:
        """Spend the budget, or end earlier where something says so.

        Args:
            on_progress: called after every batch.
            until_specs_met: end at the first design that meets every spec.
            callbacks: told of the course of the study; each may end it after a batch.

        Returns:
            Every trial of the study.

        Raises:
            ArchgymError: the agent proposed something else than when the run was recorded.
        """
        self.ended = None
        started: list[Callback] = []
        try:
            for callback in callbacks:
                callback.on_start(self)
                started.append(callback)
            for progress in self.steps():
                if on_progress is not None:
                    on_progress(progress)
                reason = reason_to_end([c.on_batch(self, progress) for c in callbacks])
                if until_specs_met and progress.specs_met:
                    self.ended = Ended("specs", "a design meets every spec")
                elif (
                    reason is not None
                    and self._recorded <= self._answered
                    and self.done < self.budget
                ):
                    self.ended = reason
                if self.ended is not None:
                    break
            self.ended = self.ended or self._spent
        finally:
            for callback in started:
                callback.on_end(self)
        return self.trials

    @property
    def _spent(self) -> Ended:
        """Why there is nothing left to do."""
        if self.queries.spent and self.done < self.budget:
            return Ended("queries", "a limit of queries was reached")
        return Ended("budget", f"the budget of {self.budget:,} evaluations was spent")

    @property
    def done(self) -> int:
        """How many evaluations have been charged; rough ones by their cost, their sum rounded up."""
        return whole(self.charged)

    @property
    def charged(self) -> float:
        """What has been charged, in full evaluations."""
        return self._done + self.ladder.charged

    def steps(self) -> Iterator[Progress]:
        """Spend the budget, one batch at a time.

        Yields:
            What is known after each batch: the count, the best so far, its metrics.
        """
        best: tuple[bool, float] = (True, np.inf)  # (misses a spec, cost): the least is the best
        row: dict[str, float] | None = None
        improved = 0
        if self.store and self.run_id:
            recorded = self.store.trial_count(self.run_id)
            self._recorded = recorded + self.ladder.recorded(self.run_id)
        while self.charged < self.budget - SLACK and not self.queries.spent:
            start = time.perf_counter()
            fidelity, x = self._asked()
            if not len(x):  # what is left does not pay for what the agent asks for
                break
            asked = time.perf_counter()
            e = self._evaluated(x, fidelity)
            evaluated = time.perf_counter()
            if fidelity == FULL:
                x, e = self._taken(x, e)
                if not len(x):
                    break
            self.simulator_seconds += evaluated - asked
            told = time.perf_counter()
            cost = self._tell(x, e, fidelity)
            self.agent_seconds += asked - start + time.perf_counter() - told
            if fidelity == FULL:
                met = self.scenario.satisfied(e)
                leader = int(np.lexsort((cost[:, 0], ~met))[0])
                here = (not met[leader], float(cost[leader, 0]))
                if here < best:
                    best, row = here, e.row(leader)
                    improved = whole(self._charged_at[-1][leader])
            yield Progress(
                self.done, self.budget, self.evaluator.computed, row, not best[0], best[1], improved,
                replayed=self._answered <= self._recorded,
            )  # fmt: skip

    @property
    def _answered(self) -> int:
        """Designs that were answered, at whatever fidelity."""
        return self._done + sum(self.ladder.counts.values())

    def _asked(self) -> tuple[str, Designs]:
        """What to evaluate next: at which fidelity, and designs (n, d)."""
        known = self._known() if self._done == 0 else None
        if known is not None and len(known):
            self.starts = len(known)
            return FULL, known
        left = affordable(self.budget - self.charged, self.ladder.cost(self.agent))
        if not left:
            return FULL, np.empty((0, len(self.scenario.space)), np.int64)
        return self.agent.fidelity, self.agent.ask(min(self.batch, left))

    def _evaluated(self, x: Designs, fidelity: str) -> Evaluation:
        """Designs (n, d), answered at a fidelity."""
        if fidelity != FULL:
            return self.ladder.evaluate(fidelity, x, self._done, self.run_id)
        return self.evaluator(x)

    def _taken(self, x: Designs, e: Evaluation) -> tuple[Designs, Evaluation]:
        """The trials among answered designs, as far as queries allow: counted and recorded."""
        allowed = self.queries.take(x, e)
        if allowed < len(x):
            x, e = x[:allowed], e.take(slice(allowed))
        if len(x):
            if self.store is not None and self.run_id:
                self.store.record_trials(self.run_id, self._done, x)
            self._charged_at.append(self.charged + np.arange(1.0, len(x) + 1))
            self._parts.append((x, e))
            self._done += len(x)
        return x, e

    def _tell(self, x: Designs, e: Evaluation, fidelity: str) -> Floats:
        """Tell the agent what designs (n, d) cost, (n, 1)."""
        cost = self.scenario.costs(e)
        vector = self.agent.objectives > 1
        costs = self.scenario.costs(e, vector=True) if vector else cost
        shown, costs = self.queries.hide(e, costs)
        feedback = self.scenario.feedback(shown.copy())
        # copies: whatever an agent does to them, the record stays
        if fidelity != FULL:  # explanations are of the design in full, which was not paid for
            feedback = replace(feedback, fidelity=fidelity, _relief=None)
        self.agent.tell(x.copy(), costs.copy(), feedback)
        return cost

    def _known(self) -> Designs:
        """What the study starts from: designs (n, d) known to work, n at most the budget."""
        if not self.from_reference:
            return np.empty((0, len(self.scenario.space)), np.int64)
        parts = [self.evaluator.known_designs(STARTS)]
        if self.budget == 1 and len(parts[0]):
            return parts[0][:1]  # the reference design is simulated anyway
        if self.scenario.reference_design is not None:
            parts.insert(0, self.scenario.reference_design)
        x = np.concatenate(parts)
        _, first = np.unique(x, axis=0, return_index=True)
        return x[np.sort(first)][: self.budget]

    @property
    def trials(self) -> Trials:
        """What has been done so far."""
        names = [m.name for m in self.scenario.simulators[0].metrics]
        if not self._parts:
            x = np.empty((0, len(self.scenario.space)), np.int64)
            return Trials.of(self.scenario, x, Evaluation.empty(names, 0))
        e = Evaluation.joined([part for _, part in self._parts], names)
        made = Trials.of(self.scenario, np.concatenate([x for x, _ in self._parts]), e)
        if not self.ladder.batches:
            return made
        return replace(made, charged=np.concatenate(self._charged_at))


def make_agent(
    agent: str | type[Agent] | Agent,
    scenario: Scenario,
    *,
    seed: int,
    budget: int,
    hyperparameters: Mapping[str, Any],
) -> Agent:
    """An agent for a scenario.

    Args:
        agent: an instance, which is taken as it is, a class, a registered name, ``module:Class`` or
            ``FILE.py:Class``.
        scenario: what will be searched.
        seed: of the agent's generator.
        budget: evaluations that it will be charged for.
        hyperparameters: by name.

    Returns:
        The agent, of the scenario's design space.

    Raises:
        ArchgymError: an instance of another design space.
        UnknownNameError: no such agent or hyperparameter.
    """
    if isinstance(agent, Agent):
        if agent.space != scenario.space:
            raise ArchgymError(f"agent {agent.name!r} was made for another design space")
        return agent
    if isinstance(agent, type) and not issubclass(agent, Agent):
        raise ArchgymError(
            f"agent {agent.__name__} is no archgym.Agent: inherit from it, or give a registered name"
        )
    cls = agent if isinstance(agent, type) else agent_class(agent)
    return _made(cls, scenario.space, scenario, seed, budget, hyperparameters)


def _made(
    cls: type[Agent],
    space: DesignSpace,
    scenario: Scenario,
    seed: int,
    budget: int,
    hyperparameters: Mapping[str, Any],
) -> Agent:
    objectives = scenario.k if cls.multi_objective else 1
    return cls(space, seed=seed, objectives=objectives, budget=budget, **hyperparameters)


def anonymous_agent(
    agent: str | type[Agent] | Agent,
    scenario: Scenario,
    *,
    seed: int,
    budget: int,
    hyperparameters: Mapping[str, Any],
) -> Agent:
    """An agent that searches the anonymous twin of a scenario's space.

    Args:
        agent: a class, a registered name, ``module:Class`` or ``FILE.py:Class``.
        scenario: what will be searched.
        seed: of the agent's generator.
        budget: evaluations that it will be charged for.
        hyperparameters: by name.

    Returns:
        The agent, of the scenario's design space; the one inside sees the twin.

    Raises:
        ArchgymError: an instance, which knows the names already.
        UnknownNameError: no such agent or hyperparameter.
    """
    if isinstance(agent, Agent):
        raise ArchgymError(
            f"agent {agent.name!r} was made for the space with its names: for an anonymous study give its "
            "class or its name"
        )
    cls = agent if isinstance(agent, type) else agent_class(agent)
    return AnonymousAgent(
        scenario.space, lambda s: _made(cls, s, scenario, seed, budget, hyperparameters)
    )
