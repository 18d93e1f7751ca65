"""What a worker does: one run after another, scenarios and store opened once."""

from __future__ import annotations

import contextlib
import os
import time
import traceback

import numpy as np

from .. import trust
from ..answers.collecting import CollectingStore
from ..answers.confirm import confirm
from ..answers.evaluator import make_evaluator, settle_reference
from ..answers.opened_store import Batch
from ..answers.store import EvaluationStore
from ..contracts.evaluation import Floats
from ..errors import disk_fault
from ..goals.pareto import pareto_front
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document
from ..goals.trials import Trials
from ..runs.summary import different
from ..search.ladder import whole
from ..search.study import Study
from .plan import RunSpec
from .result import DONE, FAILED, HALTED, Result, Setup
from .trials_file import trials_bytes

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARCHGYM_THREADS")


class Worker:
    """Carries out runs in this process."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._scenarios: dict[str, Scenario] = {}
        self._store: EvaluationStore | None = None

    def __call__(self, spec: RunSpec) -> Result:
        """One run; an exception becomes a failed result with its traceback.

        A disk that is full or cannot be written is nobody's result: the sweep is to stop.
        """
        start = time.perf_counter()
        try:
            with trust.reading(self.setup.untrusted):
                return self._run(spec, start)
        except Exception as error:
            if disk_fault(error):  # not this run's fault: every other run would meet it too
                return Result(spec.id, HALTED, error=str(error))
            return Result(
                spec.id,
                FAILED,
                seconds=time.perf_counter() - start,
                error=traceback.format_exc(limit=-12),
            )

    def is_open(self, scenario: str) -> bool:
        """Whether a scenario is ready for its runs.

        Args:
            scenario: its name.

        Returns:
            Whether it is.
        """
        return scenario in self._scenarios

    def open(self, scenario: str) -> None:
        """Open a scenario ahead of its first run; where it cannot be, its runs will say why.

        Args:
            scenario: its name.
        """
        with contextlib.suppress(Exception), trust.reading(self.setup.untrusted):
            self._scenario(scenario)

    def _run(self, spec: RunSpec, start: float) -> Result:
        scenario = self._scenario(spec.scenario)
        study = Study(
            scenario,
            spec.agent,
            budget=spec.budget,
            seed=spec.seed,
            hyperparameters=spec.hyperparameters,
            answers=self.setup.answers.get(spec.scenario, ""),
            from_reference=self.setup.from_reference,
            store=self._evaluations(),
            queries=self.setup.queries,
            anonymous=self.setup.anonymous,
        )
        trials = study.run()
        answers, computed = trials, study.evaluator.computed
        curve = improvements(trials.cost, trials.spent)
        if not study.evaluator.exact:
            simulated = study.evaluator.simulated(trials.x)
            confirmed = confirm(scenario, trials, study.store, study.starts, simulated)
            answers, computed = confirmed.trials, computed + confirmed.computed
            lowest = float(answers.cost.min(initial=np.inf))
            curve = [(len(trials), lowest)] if np.isfinite(lowest) else []
        best = answers.best
        return Result(
            id=spec.id,
            status=DONE,
            charged=study.done,
            computed=computed,
            different=different(scenario, trials),
            feasible=int(trials.evaluation.feasible.sum()),
            satisfied=int(trials.satisfied.sum()),
            best=float(answers.cost[best]) if best >= 0 else float("inf"),
            design=tuple(answers.x[best].tolist()) if best >= 0 else (),
            metrics=answers.evaluation.row(best) if best >= 0 else {},
            queries=study.queries.counts,
            curve=curve,
            front=joined_front(answers) if scenario.k > 1 else (),
            agent_seconds=study.agent_seconds,
            simulator_seconds=study.simulator_seconds,
            seconds=time.perf_counter() - start,
            trials=trials_bytes(spec, scenario, trials) if self.setup.trials else b"",
            evaluations=self._collected(),
        )

    def _scenario(self, name: str) -> Scenario:
        if name not in self._scenarios:
            scenario = from_document(self.setup.documents[name], name)
            by = self.setup.answers.get(name, "")
            make_evaluator(scenario, by).prepare()
            settle_reference(scenario, by, self._evaluations())
            self._scenarios[name] = scenario
        return self._scenarios[name]

    def _evaluations(self) -> EvaluationStore | None:
        """The shared store."""
        if self.setup.store is not None and self._store is None:
            by_value = self.setup.by_value
            self._store = CollectingStore() if by_value else EvaluationStore(self.setup.store)
        return self._store

    def _collected(self) -> list[Batch]:
        """What was computed since the last run, where somebody else has to keep it."""
        return self._store.drain() if isinstance(self._store, CollectingStore) else []


def single_threaded() -> None:
    """Let each worker use one core: the sweep itself is what runs in parallel."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


def improvements(cost: Floats, spent: Floats | None = None) -> list[tuple[int, float]]:
    """When the best cost of a run fell.

    Args:
        cost: (n,) costs in order, +inf where infeasible.
        spent: (n,) what had been charged after each, in full evaluations; rounded up. None: one each.

    Returns:
        (evaluations, best cost) each time the best cost fell.
    """
    if not len(cost):
        return []
    spent = np.arange(1.0, len(cost) + 1) if spent is None else spent
    best = np.minimum.accumulate(cost)
    fell = np.isfinite(best) & (best < np.concatenate([[np.inf], best[:-1]]))
    return [(whole(spent[i]), float(best[i])) for i in np.flatnonzero(fell)]


def joined_front(trials: Trials) -> list[tuple[int, tuple[float, ...]]]:
    """When each trial joined the front: those that nothing before them dominates.

    Args:
        trials: of a run, in order.

    Returns:
        (evaluations, objective costs) of each of them; infeasible trials are left out.
    """
    out: list[tuple[int, tuple[float, ...]]] = []
    front = np.empty((0, trials.objectives.shape[1]))
    for i in np.flatnonzero(np.isfinite(trials.objectives).all(axis=1)).tolist():
        point = trials.objectives[i]
        if len(front) and bool((front <= point).all(axis=1).any()):
            continue
        front = np.concatenate([front, point[None]])
        front = front[pareto_front(front)]
        out.append((whole(trials.spent[i]), tuple(point.tolist())))
    return out
