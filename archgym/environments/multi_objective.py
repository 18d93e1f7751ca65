"""One reward an objective, in the form of MO-Gymnasium (Felten et al., NeurIPS 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .. import trust
from ..contracts.evaluation import Evaluation, Floats
from ..goals.rewards import INFEASIBLE_REWARD, VIOLATED
from ..goals.scenario import Scenario
from ..goals.scenario_file import from_document, load_scenario
from .design import DesignEnv

SAMPLED = 16  # designs that tell the magnitude of an objective where no reference does


class MultiObjectiveDesignEnv(DesignEnv):
    """:class:`.design.DesignEnv` whose reward is a vector (k,) float32, one entry an objective.

    The reward of a design that meets every spec is minus the cost of each objective: the metric in
    its SI unit, negated where less is better.  ``reward_space`` and ``reward_dim`` say so, as
    MO-Gymnasium expects; make it with ``mo_gymnasium.make``, since Gymnasium's own checker of
    ``gymnasium.make`` wants one number.  ``objectives`` replaces the scenario's.

    Rewards are always finite.  With s the magnitude of an objective's reference (where one has none
    or 0, the largest magnitudes of 16 sampled designs), a design that violates specs loses
    (100 + sum of log(1 + violation)) · s in every entry, and an infeasible one is rewarded
    -1000 · s in each.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None = None,
        store: str | Path | None = None,
        cost_model: str | Path | None = None,
        actions: str = "index",
        objectives: Sequence[str | Mapping[str, object]] | None = None,
        render_mode: str | None = None,
    ) -> None:
        if objectives is not None:
            scenario, workload = _with_objectives(scenario, workload, objectives), None
        super().__init__(scenario, workload, store, cost_model, actions, render_mode)
        self.reward_dim = self.scenario.k
        self.reward_space = spaces.Box(-np.inf, np.inf, (self.reward_dim,), np.float32)
        self.objectives = [o.name for o in self.view.objectives]
        self._magnitudes = self._measure()

    def _reward(self, e: Evaluation) -> NDArray[np.float32]:
        if not e.feasible[0]:
            return (INFEASIBLE_REWARD * self._magnitudes).astype(np.float32)
        reward = -self._costs(e)[0]
        violation = sum(float(np.log1p(s.violation(e.metrics)[0])) for s in self.view.specs)
        if violation > 0:
            reward = reward - (VIOLATED + violation) * self._magnitudes
        return reward.astype(np.float32)

    def _costs(self, e: Evaluation) -> Floats:
        """Costs of the objectives, (n, k), whatever the specs say."""
        return np.stack([o.cost(e.metrics) for o in self.view.objectives], axis=1)

    def _measure(self) -> Floats:
        """A positive magnitude of every objective, (k,)."""
        known = [o.reference for o in self.view.objectives]
        if all(isinstance(v, float | int) and np.isfinite(v) and v != 0 for v in known):
            return np.abs(np.array(known, np.float64))
        e = self.view.evaluate(self.view.space.sample(SAMPLED, np.random.default_rng(0)))
        largest: Floats = np.abs(self._costs(e)[e.feasible]).max(axis=0, initial=0.0)
        return np.where(largest > 0, largest, 1.0)


def _with_objectives(
    scenario: str | Path | Scenario,
    workload: str | Sequence[str] | None,
    objectives: Sequence[str | Mapping[str, object]],
) -> Scenario:
    """The scenario with other objectives; how they were weighed into one no longer matters."""
    whole = load_scenario(scenario, workload)
    document = dict(whole.document)
    document["objectives"] = [o if isinstance(o, str) else dict(o) for o in objectives]
    document["reward"] = (
        "satisfy-then-improve" if document.get("reference") else "weighted-accuracy"
    )
    with trust.reading(whole.untrusted):
        return from_document(document)
