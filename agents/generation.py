"""Bookkeeping for algorithms of other libraries that live by whole generations.

An algorithm proposes a generation and learns when all of it is evaluated; ``ask`` may want fewer or
more designs, and ``tell`` may bring designs from elsewhere.  This base keeps the two apart.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs


class GenerationAgent(Agent):
    """Subclasses write :meth:`_generation` and :meth:`_learn`; slots are matched by design."""

    def _start(self) -> None:
        self._slots = np.empty((0, len(self.space)), np.int64)
        self._slot_costs = np.empty((0, self.objectives))
        self._filled = np.empty(0, np.bool_)
        self._issued = 0
        self._set_up()

    def _set_up(self) -> None:
        """Make the library's optimiser."""

    @abstractmethod
    def _generation(self) -> Designs:
        """The next generation, (p, d) valid designs."""

    @abstractmethod
    def _learn(self, x: Designs, costs: Floats) -> None:
        """Costs (p, k), all finite, of the generation in the order proposed."""

    def _ask(self, n: int) -> Designs:
        if self._filled.all():
            # keep what the library is told equal to what is evaluated: repair here
            self._slots = self.space.repair(self._generation(), self.rng)
            self._slot_costs = np.full((len(self._slots), self.objectives), np.inf)
            self._filled = np.zeros(len(self._slots), np.bool_)
            self._issued = 0
        out = self._slots[self._issued : self._issued + n]
        self._issued += len(out)
        if len(out) < n:  # more than a generation at once: the rest explores
            out = np.concatenate([out, self.space.sample(n - len(out), self.rng)])
        return out

    def _tell(self, x: Designs, costs: Floats) -> None:
        for row, cost in zip(x, costs):
            same = ~self._filled & (self._slots == row).all(axis=1)
            if same.any():
                slot = int(np.argmax(same))
                self._slot_costs[slot], self._filled[slot] = cost, True
        if len(self._filled) and self._filled.all():
            self._learn(self._slots, finite(self._slot_costs))


def finite(costs: Floats) -> Floats:
    """Costs with infinities replaced by a value a spread above the worst finite one, column by column.

    Args:
        costs: (n, k).

    Returns:
        A copy, all finite.
    """
    out = costs.copy()
    for column in out.T:
        good = column[np.isfinite(column)]
        worst, best = (float(good.max()), float(good.min())) if len(good) else (0.0, 0.0)
        column[~np.isfinite(column)] = worst + max(worst - best, abs(worst), 1.0)
    return out
