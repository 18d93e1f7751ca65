"""Ant colony system on value indices.

Dorigo and Gambardella, Ant Colony System (IEEE TEC 1997, doi 10.1109/4235.585892); knobs as in
DeepSwarm (Byla and Pang, arXiv 1905.07350), which ArchGym uses.
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal


class AntColony(Agent):
    """Ants choose each parameter's value by pheromone; the best path so far gains pheromone.

    Pheromone lies between 0 and 1.  A step along a value lets it fall towards ``start`` (local
    decay), which keeps ants apart; after each generation the best path rises towards 1 by
    ``evaporation``.  (ArchGym's public agent deposits 1 / cost with negative costs, so that the best
    path *loses* pheromone; a deposit that does not depend on the cost's scale cannot.)  After
    ``depth`` generations without a better path the trails start anew, the best one excepted.
    """

    name = "ant_colony"
    hyperparameters = DesignSpace(
        (
            ordinal("ants", (2, 4, 8, 16, 32, 64), "ants a generation", scale="log"),
            ordinal(
                "evaporation",
                (0.1, 0.25, 0.5, 0.75, 1.0),
                "how fast the best path's pheromone rises",
            ),
            ordinal(
                "greediness", (0.0, 0.25, 0.5, 0.75, 1.0), "probability of the strongest value"
            ),
            ordinal(
                "depth",
                (2, 4, 8, 16, 32, 64),
                "generations without success before trails start anew",
                scale="log",
            ),
            ordinal("start", (0.01, 0.05, 0.1, 0.2, 0.5), "initial pheromone", scale="log"),
            ordinal("decay", (0.0, 0.05, 0.1, 0.2, 0.5), "local decay where an ant walked"),
        )
    )
    defaults = {
        "ants": 16,
        "evaporation": 0.25,
        "greediness": 0.25,
        "depth": 16,
        "start": 0.1,
        "decay": 0.1,
    }
    # ArchGym's 600 points
    grids = {
        "archgym-grid": {
            "ants": (2, 4, 8, 16, 32, 64),
            "evaporation": (0.1, 0.25, 0.5, 0.75, 1.0),
            "greediness": (0.0, 0.25, 0.5, 0.75, 1.0),
            "depth": (2, 4, 8, 16),
        }
    }
    floor = 0.01  # no value's pheromone falls below this share of ``start``: every value stays reachable

    @property
    def batch(self) -> int:
        """A generation."""
        return int(self.hyper["ants"])

    def _start(self) -> None:
        self._width = int(self.space.nvec.max())
        self._legal = np.arange(self._width) < self.space.nvec[:, None]
        self._pheromone = self._fresh()
        self._best = np.empty(0, np.int64)
        self._best_cost = np.inf
        self._idle = 0
        self._told = 0

    def _fresh(self) -> np.ndarray:
        return np.where(self._legal, float(self.hyper["start"]), 0.0)

    @property
    def pheromone(self) -> np.ndarray:
        """Pheromone by parameter and value, (d, max(nvec))."""
        return self._pheromone

    def _ask(self, n: int) -> Designs:
        columns = np.arange(len(self.space))
        share = np.cumsum(self._pheromone, axis=1)
        share /= share[:, -1:]
        draws = self.rng.random((n, len(self.space)))
        x = (share[None, :, :] <= draws[:, :, None]).sum(axis=2)
        x = np.minimum(x, self.space.nvec - 1)
        # greedy ants break ties among the strongest values at random
        noise = self.rng.random(self._pheromone.shape) * 1e-12
        strongest = np.argmax(np.where(self._legal, self._pheromone + noise, -1), axis=1)
        greedy = self.rng.random(x.shape) < self.hyper["greediness"]
        return np.where(greedy & (self._best_cost < np.inf), strongest[columns], x)

    def _tell(self, x: Designs, costs: Floats) -> None:
        columns = np.arange(len(self.space))
        start, decay = self.hyper["start"], self.hyper["decay"]
        for row in x:  # local update
            trail = self._pheromone[columns, row]
            self._pheromone[columns, row] = (1 - decay) * trail + decay * start
        leader = int(np.argmin(costs[:, 0]))
        if costs[leader, 0] < self._best_cost:
            self._best, self._best_cost, self._idle = x[leader].copy(), float(costs[leader, 0]), 0
        self._told += len(x)
        if self._told < self.hyper["ants"]:
            return
        self._told = 0
        if len(self._best):
            self._idle += 1
            if self._idle > self.hyper["depth"]:
                self._pheromone, self._idle = self._fresh(), 0
            rate = self.hyper["evaporation"]
            trail = self._pheromone[columns, self._best]
            self._pheromone[columns, self._best] = (1 - rate) * trail + rate
        low = self.floor * start
        self._pheromone = np.where(self._legal, np.maximum(self._pheromone, low), 0.0)
