"""A bandit over other agents: for users who do not want to play the hyperparameter lottery.

Credit assignment as in adaptive operator selection (Fialho et al., 2010); UCB1: Auer et al., 2002.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace, categorical, ordinal

from .ant_colony import AntColony
from .bayesian_optimization import BayesianOptimization
from .coordinate_descent import CoordinateDescent
from .genetic_algorithm import GeneticAlgorithm
from .hill_climbing import HillClimbing
from .simulated_annealing import SimulatedAnnealing


class Portfolio(Agent):
    """Splits every batch among members by how often each improved lately; all learn from everything.

    Members see all evaluations (``tell`` without ``ask`` works for every agent), so that a good
    design found by one is built on by the others.  Each member keeps a share of at least ``floor``.
    """

    name = "portfolio"
    hyperparameters = DesignSpace(
        (
            categorical(
                "members", ("fast", "with-surrogate"), "with or without Bayesian optimisation"
            ),
            ordinal("memory", (0.8, 0.9, 0.95, 0.99), "how slowly credit is forgotten"),
            ordinal("floor", (0.0, 0.02, 0.05, 0.1), "least share of a member"),
            ordinal("block", (8, 16, 32), "designs a round", scale="log"),
        )
    )
    defaults = {"members": "fast", "memory": 0.9, "floor": 0.05, "block": 16}
    FAST: ClassVar[tuple[tuple[type[Agent], dict[str, Any]], ...]] = (
        (GeneticAlgorithm, {"population": 16}),
        (GeneticAlgorithm, {"population": 16, "step": "neighbor", "selection": "truncation"}),
        (SimulatedAnnealing, {"chains": 2}),
        (HillClimbing, {"starts": 4}),
        (CoordinateDescent, {}),
        (AntColony, {"ants": 8}),
    )

    @property
    def batch(self) -> int:
        """A round."""
        return int(self.hyper["block"])

    def _start(self) -> None:
        kinds = list(self.FAST)
        if self.hyper["members"] == "with-surrogate":
            kinds.append((BayesianOptimization, {"candidates": 200}))
        seeds = self.rng.integers(0, 1 << 31, len(kinds))
        self.members: list[Agent] = [
            kind(self.space, seed=int(s), budget=self.budget, **hyper)
            for (kind, hyper), s in zip(kinds, seeds)
        ]
        self._credit = np.ones(len(kinds))
        self._asked: list[tuple[bytes, int]] = []
        self._best = np.inf
        self._recent: list[float] = []

    @property
    def shares(self) -> np.ndarray:
        """The share of designs each member is asked for."""
        floor = float(self.hyper["floor"])
        share = self._credit / self._credit.sum()
        return (
            floor + (1 - floor * len(share)) * share
            if floor * len(share) < 1
            else np.full(len(share), 1 / len(share))
        )

    def _ask(self, n: int) -> Designs:
        counts = self.rng.multinomial(n, self.shares / self.shares.sum())
        parts = []
        for i, (member, count) in enumerate(zip(self.members, counts)):
            if count:
                x = member.ask(int(count))
                parts.append(x)
                self._asked += [(row.tobytes(), i) for row in x]
        self._asked = self._asked[-4096:]
        return np.concatenate(parts)

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._tell_with(x, costs, None)

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        owner = dict(self._asked)
        gain = np.zeros(len(self.members))
        # credit: 1 for a new best design, a little for one among the best tenth of late
        threshold = float(np.quantile(self._recent, 0.1)) if len(self._recent) >= 20 else -np.inf
        for row, cost in zip(x, costs[:, 0].tolist()):
            member = owner.pop(row.tobytes(), -1)
            if member >= 0 and np.isfinite(cost):
                gain[member] += 1.0 if cost < self._best else (0.05 if cost <= threshold else 0.0)
            if np.isfinite(cost):
                self._best = min(self._best, cost)
                self._recent.append(cost)
        self._asked = [pair for pair in self._asked if pair[0] in owner]
        self._recent = self._recent[-200:]
        memory = float(self.hyper["memory"])
        self._credit = memory * self._credit + (1 - memory) * (0.1 + gain)
        for pupil in self.members:
            pupil.tell(x, costs, feedback)
