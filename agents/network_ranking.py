"""Which of some networks should score best, by those whose scores are known."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, Parameter

from .surrogate import Features

FEWEST = 10  # known networks, of which something is learned
PENALTY = 0.1  # of a coefficient's square, against the sum of squared errors


class NetworkRanking:
    """A ridge regression on a network's choices and their squares.

    On the trained networks of ``codesign/measured-joint``, choices tell more than metrics that are computed
    from them (``benchmarks/cheap_metrics.py``).

    Args:
        parameters: the choices of a network, at least one.
    """

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        self._features = Features(DesignSpace(parameters))
        self._weights: Floats | None = None
        self.known: dict[tuple[int, ...], float] = {}

    def learn(self, network: tuple[int, ...], value: float) -> None:
        """Take in what a network scored.

        Args:
            network: its choices.
            value: its score; more is better.
        """
        self.known[network] = value
        self._weights = None

    def __bool__(self) -> bool:
        return len(self.known) >= FEWEST

    def __call__(self, networks: Designs) -> Floats:
        """Expected values (n,) of networks (n, k), less the mean of the known ones."""
        if self._weights is None:
            x = self._terms(np.array(list(self.known), np.int64))
            y = np.array(list(self.known.values()))
            gram = x.T @ x + PENALTY * np.eye(x.shape[1])
            self._weights = np.linalg.solve(gram, x.T @ (y - y.mean()))
        return np.asarray(self._terms(networks) @ self._weights)

    def _terms(self, networks: Designs) -> Floats:
        u = self._features(networks)
        return np.concatenate([np.ones((len(u), 1)), u, u * u], axis=1)
