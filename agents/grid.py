"""Grid search: the space in even strides of its lexicographic order."""

from __future__ import annotations

import math

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, categorical


class GridSearch(Agent):
    """Visits every design once; ``even`` spreads the budget over the whole space.

    The stride is a step coprime to the number of designs near the golden section of it, so that any
    number of visits is spread out and none repeats before all are done.
    """

    name = "grid"
    adaptive = False
    hyperparameters = DesignSpace(
        (categorical("order", ("even", "lexicographic"), "how it is walked"),)
    )
    defaults = {"order": "even"}

    def _start(self) -> None:
        size = self.space.cardinality
        self._stride = 1
        self._next = 0
        if self.hyper["order"] == "even" and size > 2:
            self._stride = max(1, int(size * 0.6180339887498949))
            while math.gcd(self._stride, size) != 1:
                self._stride += 1
            self._next = int(self.rng.integers(0, min(size, 1 << 62)))

    def _ask(self, n: int) -> Designs:
        size = self.space.cardinality
        ranks = [(self._next + i * self._stride) % size for i in range(n)]
        self._next = (self._next + n * self._stride) % size
        return self.space.unrank(ranks)

    def _tell(self, x: Designs, costs: Floats) -> None:
        pass
