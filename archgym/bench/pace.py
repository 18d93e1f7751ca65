"""How long the rest of the suite will take: by task, since one costs a thousand times another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

import numpy as np

from ..answers.evaluator import make_evaluator
from ..goals.scenario import Scenario
from ..sweeps.driver import SweepFolder
from ..sweeps.ledger import Ledger
from ..sweeps.plan import TUNING, Sweep
from ..sweeps.result import Result

LOOKED_UP = "table"  # the kind of answers
DRAWS, ENOUGH = 16, 0.2  # designs that a task is timed on, or so many CPU seconds
MOST_RUNS = 1_000_000


def looked_up(sweep: Sweep) -> list[str]:
    """The tasks whose designs stand in a table.

    Args:
        sweep: agents on the suite.

    Returns:
        Names of scenarios.
    """
    return [n for n in sweep.scenarios if sweep.answers[n].split(":")[0] == LOOKED_UP]


def waiting(folder: SweepFolder) -> Counter[str]:
    """How many runs of each task are not done.

    Args:
        folder: of a sweep.

    Returns:
        Runs by task; tasks that are done are not in it.
    """
    with Ledger(folder.path / "ledger.sqlite") as ledger:
        specs, _ = ledger.pending(TUNING, -1, MOST_RUNS)
    return Counter(s.scenario for s in specs)


def timed(scenario: Scenario) -> float:
    """What one evaluation costs, measured on random designs.

    Args:
        scenario: whose simulators are asked.

    Returns:
        CPU seconds per evaluation. Searches end among other designs, so it is a guess.
    """
    evaluate = make_evaluator(scenario)
    evaluate.prepare()
    x = scenario.space.sample(DRAWS + 1, np.random.default_rng(0))
    evaluate(x[:1])  # what is loaded and compiled once is not counted
    start, done = time.process_time(), 0
    while done < DRAWS and time.process_time() - start < ENOUGH:
        done += 1
        evaluate(x[done : done + 1])
    return (time.process_time() - start) / done


class Pace:
    """What is left, and what runs took so far.

    A task of which a run has ended takes what its runs took. Another takes what its evaluations were timed
    at, and what runs have needed besides answers.
    """

    def __init__(
        self, left: Mapping[str, int], answers_s: Mapping[str, float], workers: int
    ) -> None:
        """Begin.

        Args:
            left: runs that are not done, by task.
            answers_s: what answers of a run take, s, by task; 0 where there is none.
            workers: runs at the same time.
        """
        self._left, self._answers_s, self._workers = Counter(left), answers_s, workers
        self._runs: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._besides_s = 0.0

    def took(self, task: str, result: Result) -> None:
        """Take in a run that has ended.

        Args:
            task: its scenario.
            result: what came of it.
        """
        self._left[task] -= 1
        self._runs[task] += 1
        self._seconds[task] = self._seconds.get(task, 0.0) + result.seconds
        self._besides_s += result.seconds - result.simulator_seconds

    @property
    def rest_s(self) -> float:
        """Seconds until all is done, about."""
        besides_s = self._besides_s / max(self._runs.total(), 1)
        total, longest = 0.0, 0.0
        for task, runs in self._left.items():
            if runs <= 0:
                continue
            known = self._runs[task]
            each = (
                self._seconds[task] / known if known else self._answers_s.get(task, 0.0) + besides_s
            )
            total += runs * each
            longest = max(longest, each)
        return max(total / self._workers, longest)
