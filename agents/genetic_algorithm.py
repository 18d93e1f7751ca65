"""A generational genetic algorithm on value indices.

Holland, Adaptation in Natural and Artificial Systems (1975); operators as in Goldberg (1989).
ArchGym uses scikit-opt's GA; its population, mutation and crossover probabilities are here under
the same meaning, the number of generations follows from the budget.
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


class GeneticAlgorithm(Agent):
    """Select parents, cross them gene by gene, mutate, keep the best few."""

    name = "genetic_algorithm"
    hyperparameters = DesignSpace(
        (
            ordinal("population", powers_of_two(2, 256), "designs per generation", scale="log"),
            ordinal(
                "mutation",
                (0.001, 0.01, 0.03, 0.05, 0.1, 0.2, 0.4),
                "probability that a gene mutates",
                scale="log",
            ),
            ordinal(
                "crossover",
                (0.0, 0.25, 0.5, 0.75, 0.9, 1.0),
                "probability that two parents are crossed",
            ),
            categorical(
                "selection", ("tournament", "roulette", "truncation"), "how parents are chosen"
            ),
            ordinal("elite", (0, 1, 2, 4), "best designs that survive unchanged"),
            categorical(
                "step", ("uniform", "neighbor"), "a mutated ordinal jumps anywhere or one step"
            ),
        )
    )
    defaults = {
        "population": 32,
        "mutation": 0.1,
        "crossover": 0.9,
        "selection": "tournament",
        "elite": 2,
        "step": "uniform",
    }
    # ArchGym's 72 points
    grids = {
        "archgym-grid": {
            "population": (2, 4, 8, 16, 32, 64),
            "generations": (8, 16, 32, 64),
            "mutation": (0.01, 0.05, 0.001),
        }
    }

    @property
    def batch(self) -> int:
        """A generation."""
        return int(self.hyper["population"])

    def _start(self) -> None:
        self._parents = np.empty((0, len(self.space)), np.int64)
        self._fitness = np.empty(0)
        self._children = np.empty((0, len(self.space)), np.int64)
        self._costs = np.empty(0)
        knobs = self.space.parameters
        self._ordinal = np.array([p.kind == "ordinal" for p in knobs], np.bool_)
        self._permuted = np.array([exchanges(p) is not None for p in knobs], np.bool_)

    def _ask(self, n: int) -> Designs:
        if not len(self._parents):
            return self.space.sample(n, self.rng)
        first, second = self._select(n), self._select(n)
        crossed = self.rng.random((n, 1)) < self.hyper["crossover"]
        from_second = crossed & (self.rng.random((n, len(self.space))) < 0.5)
        return self._mutate(np.where(from_second, self._parents[second], self._parents[first]))

    def _select(self, n: int) -> np.ndarray:
        size = len(self._parents)
        kind = self.hyper["selection"]
        if kind == "truncation":
            return self.rng.integers(0, max(1, size // 2), n)
        if kind == "roulette":  # by rank: immune to the scale of costs and to infinities
            share = np.arange(size, 0, -1, dtype=float)
            return self.rng.choice(size, n, p=share / share.sum())
        # parents are sorted, so the fitter of two is the one with the smaller position
        return np.minimum(self.rng.integers(0, size, n), self.rng.integers(0, size, n))

    def _mutate(self, x: Designs) -> Designs:
        hit = self.rng.random(x.shape) < self.hyper["mutation"]
        fresh = self.rng.integers(0, self.space.nvec, x.shape)
        if self.hyper["step"] == "neighbor":
            moved = x + self.rng.choice((-1, 1), x.shape)
            fresh = np.where(self._ordinal, np.clip(moved, 0, self.space.nvec - 1), fresh)
        if self._permuted.any():  # two items exchanged: what a permutation's parents had is kept
            swapped = exchanged(x, self.space.parameters, self.rng)
            fresh = np.where(self._permuted, swapped, fresh)
        return np.where(hit, fresh, x)

    def _tell(self, x: Designs, costs: Floats) -> None:
        self._children = np.concatenate([self._children, x])
        self._costs = np.concatenate([self._costs, costs[:, 0]])
        population = self.hyper["population"]
        while len(self._children) >= population:
            self._generation(self._children[:population], self._costs[:population])
            self._children = self._children[population:]
            self._costs = self._costs[population:]

    def _generation(self, children: Designs, costs: np.ndarray) -> None:
        elite = min(self.hyper["elite"], len(self._parents))
        pool = np.concatenate([self._parents[:elite], children])
        fitness = np.concatenate([self._fitness[:elite], costs])
        order = np.argsort(fitness, kind="stable")[: self.hyper["population"]]
        self._parents, self._fitness = pool[order], fitness[order]
