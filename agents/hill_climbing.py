"""Hill climbing with restarts: strong, simple, and without a schedule.

First-improvement local search with kicks (iterated local search; Lourenço, Martin and Stützle, 2003).
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, categorical, ordinal


class HillClimbing(Agent):
    """Tries the neighbours of the present design in random order and moves to any that is better.

    With no better neighbour left it is at a local optimum: a kick changes a few parameters of the
    best design, or a new random start is drawn.
    """

    name = "hill_climbing"
    hyperparameters = DesignSpace(
        (
            categorical("restart", ("kick", "random"), "where to go on from a local optimum"),
            ordinal("kick", (1, 2, 3, 4, 6, 8), "parameters that a kick changes"),
            ordinal("starts", (1, 4, 16, 64), "random designs before the first climb", scale="log"),
        )
    )
    defaults = {"restart": "kick", "kick": 3, "starts": 16}

    def _start(self) -> None:
        self._here = np.empty(0, np.int64)
        self._cost = np.inf
        self._best, self._best_cost = np.empty(0, np.int64), np.inf
        self._queue = np.empty((0, len(self.space)), np.int64)
        self._fresh = int(self.hyper["starts"])
        self._restarting = True

    def _ask(self, n: int) -> Designs:
        out: list[Designs] = []
        while len(out) < n:
            if self._fresh > 0 or not len(self._here):
                out.append(self.space.sample(1, self.rng)[0])
                self._fresh -= 1
                continue
            if not len(self._queue):
                self._climb_elsewhere()
            out.append(self._queue[0])
            self._queue = self._queue[1:]
        return np.array(out)

    def _climb_elsewhere(self) -> None:
        if self._restarting:  # every neighbour was tried: a local optimum
            base = self._best if len(self._best) else self._here
            if self.hyper["restart"] == "random":
                self._queue = self.space.sample(1, self.rng)
            else:
                self._queue = self.space.repair(self._kicked(base)[None], self.rng)
            self._here, self._cost = self._queue[0], np.inf
            self._restarting = False
            return
        near = self.space.neighbors(self._here)
        self._queue = near[self.rng.permutation(len(near))]
        self._restarting = True
        if not len(self._queue):
            self._queue = self.space.sample(1, self.rng)

    def _kicked(self, base: Designs) -> Designs:
        out = base.copy()
        columns = self.rng.permutation(len(self.space))[: self.hyper["kick"]]
        out[columns] = self.rng.integers(0, self.space.nvec[columns])
        return out

    def _tell(self, x: Designs, costs: Floats) -> None:
        leader = int(np.argmin(costs[:, 0]))
        cost = float(costs[leader, 0])
        if cost < self._best_cost or not len(self._best):
            self._best, self._best_cost = x[leader].copy(), cost
        if cost < self._cost or not len(self._here):
            self._here, self._cost = x[leader].copy(), cost
            near = self.space.neighbors(self._here)
            self._queue = near[self.rng.permutation(len(near))]
            self._restarting = True
