"""A Gaussian process over value indices, which learns how far apart the values of each knob are.

Kriging with a Matérn kernel, one length per knob by likelihood (Jones et al., 1998, "Efficient global
optimization of expensive black-box functions"), on normal scores of costs, so that their scale does not
matter.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import log_ndtr, ndtri
from scipy.stats import rankdata

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace, Parameter

MOST = 160  # designs that are learnt from: the best half of them, and the latest
NOISE = 1e-3  # of the variance
LEAST, LARGEST = 1e-3, 1e2  # squared inverse lengths, the range of a knob being 1
TUNED = 12  # knobs whose lengths are looked at at once
FACTOR = 4.0  # by which one is tried smaller and larger
AGAIN = 1.15  # growth of what is known, after which lengths are looked for again


def _coordinates(p: Parameter) -> Floats:
    """Values of a knob as points (size, c), the squared distance of any two of which is at most 1."""
    if p.kind == "categorical":
        return np.asarray(np.eye(len(p)) * np.sqrt(0.5))
    return np.asarray(np.arange(len(p))[:, None] / max(1, len(p) - 1))


class Kriging:
    """Costs of designs as a Gaussian process.

    Args:
        space: of the designs.
    """

    def __init__(self, space: DesignSpace) -> None:
        # values as coordinates: squared differences of a knob's are at most 1
        self._places = [_coordinates(p) for p in space.parameters]
        self._owners = np.repeat(np.arange(len(space)), [c.shape[1] for c in self._places])
        self._wide = np.flatnonzero(space.nvec > 1)
        self._inverse = np.ones(len(space))
        self._next = 0  # knobs whose length was looked at
        self._tuned_at = 0  # designs known when that was done last
        self.x = np.empty((0, len(space)), np.int64)

    def fit(self, x: Designs, costs: Floats) -> None:
        """Learn.

        Args:
            x: designs (n, d), in the order of their coming; at least two.
            costs: (n,), +inf where infeasible.
        """
        n = len(x)
        if n > MOST:
            late = np.arange(n - MOST // 2, n)
            order = np.argsort(costs, kind="stable")
            best = order[order < late[0]][: MOST - len(late)]
            keep = np.concatenate([best, late])
            x, costs = x[keep], costs[keep]
        self.x = x
        self.y = ndtri((rankdata(costs) - 0.5) / len(costs))
        self._at = self._coordinates(x)
        if n >= AGAIN * self._tuned_at and len(self._wide):
            self._tuned_at = n
            self._tune()
        self._factor, self._weights, _ = self._solved(self._apart(self._at, self._at))
        self._variance = max(float(self.y @ self._weights) / len(x), 1e-6)

    def _coordinates(self, x: Designs) -> Floats:
        """Designs as points, (n, c)."""
        return np.concatenate([c[x[:, j]] for j, c in enumerate(self._places)], axis=1)

    def _apart(self, here: Floats, there: Floats) -> Floats:
        """Squared distances of points by the lengths of their knobs, (n, m)."""
        scale = np.sqrt(self._inverse[self._owners])
        a, b = here * scale, there * scale
        squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)
        return np.asarray(np.maximum(squares - 2.0 * (a @ b.T), 0.0))

    @staticmethod
    def _kernel(squared: Floats) -> Floats:
        """Matérn 5/2 of squared distances."""
        root = np.sqrt(5.0 * np.maximum(squared, 0.0))
        return np.asarray((1.0 + root + root * root / 3.0) * np.exp(-root))

    def _solved(self, squared: Floats) -> tuple[Floats, Floats, float]:
        """Of what is known: the kernel's Cholesky factor, weights, and the log likelihood."""
        kernel = self._kernel(squared)
        kernel[np.diag_indices_from(kernel)] += NOISE
        factor = cholesky(kernel, lower=True, check_finite=False)
        weights = cho_solve((factor, True), self.y, check_finite=False)
        variance = max(float(self.y @ weights) / len(self.y), 1e-12)
        likely = -0.5 * len(self.y) * np.log(variance) - float(np.log(np.diag(factor)).sum())
        return factor, weights, likely

    def _tune(self) -> None:
        """Some knobs, in turn: a length is made shorter or longer where that is likelier."""
        squared = self._apart(self._at, self._at)
        most = self._solved(squared)[2]
        for _ in range(min(TUNED, len(self._wide))):
            j = int(self._wide[self._next % len(self._wide)])
            self._next += 1
            mine = self._at[:, self._owners == j]
            apart = ((mine[:, None] - mine[None]) ** 2).sum(axis=2)
            for factor in (FACTOR, 1 / FACTOR):
                value = float(np.clip(self._inverse[j] * factor, LEAST, LARGEST))
                trial = squared + (value - self._inverse[j]) * apart
                likely = self._solved(trial)[2]
                if likely > most:
                    most, squared, self._inverse[j] = likely, trial, value
                    break

    def promise(self, x: Designs) -> Floats:
        """The logarithm of how much each design is expected to improve on the best known.

        Args:
            x: designs (m, d).

        Returns:
            (m,); more is better.
        """
        k = self._kernel(self._apart(self._coordinates(x), self._at))
        mean = k @ self._weights
        v = solve_triangular(self._factor, k.T, lower=True, check_finite=False)
        spread = np.sqrt(self._variance * np.maximum(1.0 + NOISE - (v**2).sum(axis=0), 1e-9))
        z = (self.y.min() - mean) / spread
        # log of z Φ(z) + φ(z); far below, by its expansion
        density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
        with np.errstate(divide="ignore", invalid="ignore"):
            near = np.log(z * np.exp(log_ndtr(z)) + density)
            far = -0.5 * z * z - 0.5 * np.log(2 * np.pi) - 2 * np.log(np.abs(z))
        return np.asarray(np.log(spread) + np.where(z > -6, near, far))
