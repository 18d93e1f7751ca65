"""Simulated annealing on the neighbourhood of the design space.

Kirkpatrick, Gelatt and Vecchi (Science 1983, doi 10.1126/science.220.4598.671).
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import (
    Designs,
    DesignSpace,
    categorical,
    exchanged,
    exchanges,
    ordinal,
    powers_of_two,
)

from .cooling import Cooling, accepts


class SimulatedAnnealing(Agent):
    """Several chains, each a Metropolis walk that cools geometrically over the budget.

    A move changes one or two parameters: an ordinal by a step of geometric length, a permutation by an
    exchange of two items, another categorical to any other value.

    Temperatures are in units of the spread of the first costs seen, so that no
    scale has to be guessed.
    """

    name = "simulated_annealing"
    hyperparameters = DesignSpace(
        (
            ordinal("chains", powers_of_two(1, 64), "walks side by side", scale="log"),
            ordinal(
                "hot",
                (0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
                "first temperature over the costs' spread",
                scale="log",
            ),
            ordinal(
                "cold",
                (0.0001, 0.001, 0.01, 0.05),
                "last temperature over the costs' spread",
                scale="log",
            ),
            categorical("moves", ("one", "one-or-two"), "parameters changed by a move"),
            ordinal(
                "restart",
                (0.0, 0.01, 0.05, 0.1),
                "probability that a chain goes back to the best design",
            ),
        )
    )
    defaults = {"chains": 8, "hot": 0.2, "cold": 0.001, "moves": "one-or-two", "restart": 0.05}
    default_budget = 1000

    @property
    def batch(self) -> int:
        """One move a chain."""
        return int(self.hyper["chains"])

    def _start(self) -> None:
        chains = self.hyper["chains"]
        self._here = self.space.sample(chains, self.rng)
        self._cost = np.full(chains, np.inf)
        self._visited = np.zeros(chains, np.bool_)
        self._turn = 0
        self._asked: list[tuple[bytes, int]] = []
        budget = self.budget or self.default_budget
        self._cooling = Cooling(self.hyper["hot"], self.hyper["cold"], budget)
        self._best, self._best_cost = self._here[0].copy(), np.inf
        knobs = self.space.parameters
        self._ordinal = np.array([p.kind == "ordinal" for p in knobs], np.bool_)
        self._permuted = np.array([exchanges(p) is not None for p in knobs], np.bool_)

    @property
    def temperature(self) -> float:
        """The present temperature, in the costs' unit."""
        return self._cooling.temperature

    def _ask(self, n: int) -> Designs:
        chains = (self._turn + np.arange(n)) % len(self._here)
        self._turn = int((self._turn + n) % len(self._here))
        first_visit = ~self._visited[chains] & (np.arange(n) < len(self._here))
        x = np.where(first_visit[:, None], self._here[chains], self._moved(self._here[chains]))
        self._visited[chains] = True
        x = self.space.repair(x, self.rng)
        self._asked = (self._asked + [(row.tobytes(), int(c)) for row, c in zip(x, chains)])[-4096:]
        return x

    def _moved(self, x: Designs) -> Designs:
        n = len(x)
        out = x.copy()
        twice = (
            self.rng.random(n) < 0.5
            if self.hyper["moves"] == "one-or-two"
            else np.zeros(n, np.bool_)
        )
        rows = np.arange(n)
        for again in (False, True):
            column = self.rng.integers(0, len(self.space), n)
            here, size = out[rows, column], self.space.nvec[column]
            step = self.rng.geometric(0.5, n) * self.rng.choice((-1, 1), n)
            ordinal_ = here + step
            # reflect at the ends, then clip what is still outside
            ordinal_ = np.where(ordinal_ < 0, -ordinal_, ordinal_)
            ordinal_ = np.clip(
                np.where(ordinal_ >= size, 2 * (size - 1) - ordinal_, ordinal_), 0, size - 1
            )
            other = (here + self.rng.integers(1, np.maximum(size, 2), n)) % size
            value = np.where(self._ordinal[column], ordinal_, other)
            if self._permuted.any():
                swapped = exchanged(out, self.space.parameters, self.rng)[rows, column]
                value = np.where(self._permuted[column], swapped, value)
            use = twice if again else np.ones(n, np.bool_)
            out[rows[use], column[use]] = value[use]
        return out

    def _tell(self, x: Designs, costs: Floats) -> None:
        owner = dict(self._asked)
        temperature = self.temperature
        for row, cost in zip(x, costs[:, 0]):
            chain = owner.pop(row.tobytes(), -1)
            self._cooling.note(cost)
            if cost < self._best_cost:
                self._best, self._best_cost = row.copy(), float(cost)
            if chain < 0:  # recorded elsewhere: let it replace the worst chain if better
                chain = int(np.argmax(self._cost))
                accept = cost < self._cost[chain]
            else:
                accept = self.accepts(float(self._cost[chain]), float(cost), temperature)
            if accept:
                self._here[chain], self._cost[chain], self._visited[chain] = row, cost, True
            elif self._best_cost < np.inf and self.rng.random() < self.hyper["restart"]:
                self._here[chain], self._cost[chain] = self._best, self._best_cost
        self._asked = [pair for pair in self._asked if pair[0] in owner]
        self._cooling.told += len(x)

    def accepts(self, here: float, there: float, temperature: float) -> bool:
        """Metropolis' test: always downhill, uphill with probability exp(-difference / T).

        Args:
            here: cost of the design at hand.
            there: cost of the proposed one.
            temperature: in units of the cost.

        Returns:
            Whether to move there.
        """
        return accepts(here, there, temperature, self.rng)
