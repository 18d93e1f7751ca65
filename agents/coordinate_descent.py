"""Coordinate descent: one parameter at a time, all of its values, keep the best."""

from __future__ import annotations

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal


class CoordinateDescent(Agent):
    """Sweeps parameters in random order; a pass without improvement ends in a kick.

    Of a parameter with more than ``line`` values, that many are tried, spread evenly with a random
    offset, so that long knobs do not eat the budget.
    """

    name = "coordinate_descent"
    hyperparameters = DesignSpace(
        (
            ordinal("line", (2, 4, 8, 16, 32), "values tried on one parameter", scale="log"),
            ordinal("kick", (1, 2, 3, 4, 6, 8), "parameters that a kick changes"),
        )
    )
    defaults = {"line": 8, "kick": 3}

    def _start(self) -> None:
        self._here = self.space.sample(1, self.rng)[0]
        self._cost = np.inf
        self._best, self._best_cost = self._here.copy(), np.inf
        self._queue = self._here[None].copy()
        self._order: list[int] = []
        self._passes_since = 0

    def _ask(self, n: int) -> Designs:
        out: list[Designs] = []
        while len(out) < n:
            if not len(self._queue):
                self._next_line()
            out.append(self._queue[0])
            self._queue = self._queue[1:]
        return np.array(out)

    def _next_line(self) -> None:
        if not self._order:
            self._order = self.rng.permutation(len(self.space)).tolist()
            self._passes_since += 1
            if self._passes_since > 1:  # a whole pass without a better design
                base = self._best.copy()
                columns = self.rng.permutation(len(self.space))[: self.hyper["kick"]]
                base[columns] = self.rng.integers(0, self.space.nvec[columns])
                self._here = self.space.repair(base[None], self.rng)[0]
                self._cost, self._passes_since = np.inf, 0
                self._queue = self._here[None].copy()
                return
        column = self._order.pop()
        values = np.arange(self.space.nvec[column])
        values = values[values != self._here[column]]
        if len(values) > self.hyper["line"]:
            offset = self.rng.random()
            picks = (np.arange(self.hyper["line"]) + offset) * len(values) / self.hyper["line"]
            values = values[picks.astype(np.int64)]
        line = np.repeat(self._here[None], len(values), axis=0)
        line[:, column] = values
        line = line[self.space.is_valid(line)]
        self._queue = line if len(line) else self.space.sample(1, self.rng)

    def _tell(self, x: Designs, costs: Floats) -> None:
        leader = int(np.argmin(costs[:, 0]))
        cost = float(costs[leader, 0])
        if cost < self._best_cost:
            self._best, self._best_cost = x[leader].copy(), cost
        if cost < self._cost:
            # the rest of the line still stands on the old design: keep it, it is being tried
            self._here, self._cost, self._passes_since = x[leader].copy(), cost, 0
