"""GAMMA: a genetic algorithm whose operators know what a mapping is.

Kao and Krishna, ICCAD 2020.  Besides crossover and mutation of tiles it reorders loops, grows a level of
parallelism and lets one age.  Mappings are recognised by their parameters' names, as the mapping spaces
give them: ``tile.*``, ``order.*``, ``parallel.*``, and ``num_pe``, the PEs of a cluster; in any other
space the operators find nothing to act on and a genetic algorithm is left.
"""

from __future__ import annotations

import numpy as np

from archgym.space import Designs, DesignSpace, ordinal

from .genetic_algorithm import GeneticAlgorithm

RATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Gamma(GeneticAlgorithm):
    """A genetic algorithm with GAMMA's reordering, growth and ageing."""

    name = "gamma"
    hyperparameters = DesignSpace(
        (
            *(
                p
                for p in GeneticAlgorithm.hyperparameters.parameters
                if p.name not in ("step", "mutation")
            ),
            ordinal("tiling", RATES, "probability that a child's tiles change"),
            ordinal("reordering", RATES, "probability that a child's loops are reordered"),
            ordinal("growth", RATES, "probability that parallelism grows"),
            ordinal("ageing", RATES, "probability that a level of parallelism is given up"),
        )
    )
    defaults = {
        "population": 32,
        "crossover": 0.5,
        "selection": "tournament",
        "elite": 4,
        "tiling": 0.7,
        "reordering": 0.3,
        "growth": 0.3,
        "ageing": 0.1,
    }
    grids = {  # ArchGym's 5,832 are these three off, or on at nine rates: 1,000 different ones
        "archgym-grid": {"reordering": RATES, "growth": RATES, "ageing": RATES}
    }

    def _start(self) -> None:
        super()._start()
        names = self.space.names
        self._tiles = self._columns("tile.")
        self._orders = self._columns("order.")
        self._parallel = self._columns("parallel.")
        self._clusters = np.array(
            [i for i, n in enumerate(names) if n.rpartition(".")[2] == "num_pe"], np.int64
        )
        known = {*self._tiles, *self._orders, *self._parallel, *self._clusters}
        self._others = np.array([i for i in range(len(names)) if i not in known], np.int64)
        self._none = {
            int(i): self.space.parameters[i].values.index("none")
            for i in self._parallel
            if "none" in self.space.parameters[i].values
        }

    def _columns(self, prefix: str) -> np.ndarray:
        return np.array(
            [i for i, n in enumerate(self.space.names) if n.startswith(prefix)], np.int64
        )

    def _mutate(self, x: Designs) -> Designs:
        out = x.copy()
        for row in out:
            if self._happens("tiling"):
                self._retile(row)
            if self._happens("reordering"):
                self._redraw(row, self._orders)
            if self._happens("growth"):
                self._grow(row)
            if self._happens("ageing"):
                self._age(row)
        return out

    def _happens(self, operator: str) -> bool:
        return bool(self.rng.random() < self.hyper[operator])

    def _redraw(self, row: Designs, columns: np.ndarray) -> None:
        if len(columns):
            i = int(self.rng.choice(columns))
            row[i] = self.rng.integers(self.space.nvec[i])

    def _retile(self, row: Designs) -> None:
        """Another size for one or two tiles; a parameter that is no part of a mapping, likewise."""
        columns = np.concatenate([self._tiles, self._others])
        for _ in range(1 + int(self.rng.integers(2))):
            self._redraw(row, columns)

    def _grow(self, row: Designs) -> None:
        """Clusters twice as large, or another dimension unrolled."""
        if len(self._clusters) and self.rng.random() < 0.5:
            i = int(self.rng.choice(self._clusters))
            row[i] = min(2 * int(row[i]) + 1, int(self.space.nvec[i]) - 1)
        else:
            self._redraw(row, self._parallel)

    def _age(self, row: Designs) -> None:
        """Clusters half as large, or an axis that is unrolled no more."""
        if len(self._clusters) and self.rng.random() < 0.5:
            i = int(self.rng.choice(self._clusters))
            row[i] = int(row[i]) // 2
        elif self._none:
            i = int(self.rng.choice(list(self._none)))
            row[i] = self._none[i]
