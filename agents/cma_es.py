"""Covariance matrix adaptation with handling of integers.

Hansen, arXiv 1604.00772; integer variables keep a lower bound on their spread (Hamano et al., CMA-ES
with Margin, GECCO 2022, arXiv 2205.13482), as implemented by the package ``cma``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cma
import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, ordinal

from .generation import GenerationAgent


class CmaEs(GenerationAgent):
    """CMA-ES over value indices as integer variables; restarts with twice the population when stuck."""

    name = "cma_es"
    hyperparameters = DesignSpace(
        (
            ordinal(
                "population", (4, 8, 12, 16, 24, 32, 64), "designs per generation", scale="log"
            ),
            ordinal("sigma", (0.1, 0.2, 0.3, 0.5), "initial spread over a parameter's range"),
        )
    )
    defaults = {"population": 16, "sigma": 0.3}

    @property
    def batch(self) -> int:
        """A generation."""
        return int(self.hyper["population"])

    # the library draws from numpy's global state: each agent has its own, swapped in while it works
    _state: Any = None

    @contextmanager
    def _own_state(self) -> Iterator[None]:
        outside = np.random.get_state()  # noqa: NPY002
        if self._state is not None:
            np.random.set_state(self._state)  # noqa: NPY002
        try:
            yield
        finally:
            self._state = np.random.get_state()  # noqa: NPY002
            np.random.set_state(outside)  # noqa: NPY002

    def _set_up(self) -> None:
        # the library refuses one-dimensional problems and fixed variables: a dummy one joins in
        self._free = np.flatnonzero(self.space.nvec > 1)
        self._pad = max(0, 2 - len(self._free))
        self._population = int(self.hyper["population"])
        with self._own_state():
            self._restart()

    def _restart(self) -> None:
        nvec = np.concatenate([self.space.nvec[self._free], np.full(self._pad, 4)])
        d = len(nvec)
        options = {
            "bounds": [[-0.49] * d, (nvec - 0.51).tolist()],
            "integer_variables": list(range(d)),
            "CMA_stds": nvec.astype(float).tolist(),
            "popsize": self._population,
            "seed": int(self.rng.integers(1, 1 << 31)),
            "verbose": -9,
            "tolfun": 0,
            "tolfunhist": 0,
            "tolstagnation": 200,
        }
        start = self.rng.random(d) * (nvec - 1)
        self._strategy = cma.CMAEvolutionStrategy(start, self.hyper["sigma"], options)

    def _generation(self) -> Designs:
        with self._own_state():
            if self._strategy.stop():
                self._population = min(2 * self._population, 256)
                self._restart()
            self._points = self._strategy.ask()
        values = np.array(self._points)[:, : len(self._free)]
        x = np.zeros((len(values), len(self.space)), np.int64)
        x[:, self._free] = np.rint(values)
        return np.clip(x, 0, self.space.nvec - 1)

    def _learn(self, x: Designs, costs: Floats) -> None:
        with self._own_state():
            self._strategy.tell(self._points, costs[:, 0].tolist())
