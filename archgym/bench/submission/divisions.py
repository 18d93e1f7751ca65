"""The three ways to enter the benchmark, and what an entry of each may use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from ...goals.scenario import Scenario
from ...goals.trials import Trials
from ...space import design_keys
from ..suite import Suite

CLOSED, OPEN, OFFLINE = "closed", "open", "offline"
DATA = 1000  # designs drawn for the data of an offline task
RULES = {
    CLOSED: "Only the budgeted evaluations. The agent is played again in a process that holds no answers.",
    OPEN: "Anything but the answer: transfer, pretrained models, language models. What was used is told. "
    "Recorded designs are evaluated again; the agent is not played again.",
    OFFLINE: "Data without the better half of its designs, then a few evaluations. Played again as closed.",
}
REPLAYED = (CLOSED, OFFLINE)


@dataclass(frozen=True)
class Division:
    """How the tasks of a suite are played in a division.

    Attributes:
        name: ``closed``, ``open`` or ``offline``.
        suite: with the ladder that counts here; its last rung is the budget of a run.
    """

    name: str
    suite: Suite

    @property
    def budget(self) -> int:
        """Evaluations that a run may be charged."""
        return self.suite.ladder[-1]

    @property
    def replayed(self) -> bool:
        """Whether a judge plays the agent again."""
        return self.name in REPLAYED


def division(name: str, suite: Suite) -> Division:
    """A division of a suite.

    Args:
        name: a key of :data:`RULES`.
        suite: the suite.

    Returns:
        The division. Offline, the budget is the first rung of the suite's ladder.
    """
    if name != OFFLINE:
        return Division(name, suite)
    k = suite.ladder[0]
    return Division(name, replace(suite, ladder=tuple(sorted({max(1, k // 4), max(1, k // 2), k}))))


def offline_data(scenario: Scenario, suite: Suite) -> Trials:
    """What an offline agent is given of a task: the same designs for everybody, and no good ones.

    Args:
        scenario: of the task.
        suite: names the draw.

    Returns:
        Different designs with their evaluation, infeasible ones with their reasons. Of those that meet the
        specs, the better half is left out.
    """
    text = f"{suite.title} {scenario.name} offline"
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    x = scenario.space.sample(DATA, np.random.default_rng(seed))
    keys = design_keys(x)
    x = x[np.sort([keys.index(k) for k in dict.fromkeys(keys)])]
    trials = Trials.of(scenario, x, scenario.evaluate(x))
    met = np.flatnonzero(trials.satisfied)
    best = met[np.argsort(trials.cost[met], kind="stable")[: len(met) // 2]]
    kept = np.setdiff1d(np.arange(len(x)), best)
    return Trials.of(scenario, x[kept], trials.evaluation.take(kept))
