"""Space-filling designs of experiments: Latin hypercubes and Sobol sequences (scipy.stats.qmc)."""

from __future__ import annotations

import warnings

import numpy as np

from archgym.contracts.agent import Agent
from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal, powers_of_two


class LatinHypercube(Agent):
    """Blocks of designs in which every parameter's range is covered evenly (McKay et al., 1979)."""

    name = "latin_hypercube"
    adaptive = False
    hyperparameters = DesignSpace(
        (ordinal("block", powers_of_two(8, 512), "designs a hypercube", scale="log"),)
    )
    defaults = {"block": 64}

    def _start(self) -> None:
        self._waiting = np.empty((0, len(self.space)), np.int64)

    def _ask(self, n: int) -> Designs:
        from scipy.stats import qmc

        while len(self._waiting) < n:
            cube = qmc.LatinHypercube(len(self.space), rng=self.rng)
            block = self.space.from_unit(cube.random(self.hyper["block"]))
            self._waiting = np.concatenate([self._waiting, block])
        out, self._waiting = self._waiting[:n], self._waiting[n:]
        return out

    def _tell(self, x: Designs, costs: Floats) -> None:
        pass


class Sobol(Agent):
    """A scrambled Sobol sequence (Sobol, 1967; Owen, 1998), of low discrepancy at any length."""

    name = "sobol"
    adaptive = False

    def _start(self) -> None:
        from scipy.stats import qmc

        self._sequence = qmc.Sobol(len(self.space), scramble=True, rng=self.rng)

    def _ask(self, n: int) -> Designs:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # balance needs powers of two; batches need not be
            return self.space.from_unit(self._sequence.random(n))

    def _tell(self, x: Designs, costs: Floats) -> None:
        pass
