"""Designs that no other beats in all of several costs, kept as they become known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.contracts.evaluation import Floats

AUGMENTED = 0.05  # of the sum of costs, beside the largest


class Front:
    """The undominated of the designs that were added.

    Attributes:
        rows: numbers of the designs, in the order of their coming.
        costs: theirs, (m, k).
    """

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.costs = np.empty((0, 0))

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: int, costs: Floats) -> bool:
        """Take a design in, unless another is at least as good in all costs.

        Args:
            row: its number.
            costs: (k,), less is better; a design with an infinite cost never joins.

        Returns:
            Whether it joined. Those that it beats leave.
        """
        if not np.isfinite(costs).all():
            return False
        if self.rows:
            if (self.costs <= costs).all(axis=1).any():
                return False
            stay = np.flatnonzero(~(costs <= self.costs).all(axis=1))
            self.rows = [self.rows[i] for i in stay]
            self.costs = np.concatenate([self.costs[stay], costs[None]])
        else:
            self.costs = np.array(costs, np.float64)[None]
        self.rows.append(row)
        return True

    def least(self, most: int) -> list[int]:
        """The designs that are best in the last cost.

        Args:
            most: how many at most.

        Returns:
            Their numbers, best first.
        """
        if not self.rows:
            return []
        return [self.rows[i] for i in np.argsort(self.costs[:, -1], kind="stable")[:most]]

    def blended(self, table: Sequence[Floats], instead: Floats, rng: np.random.Generator) -> Floats:
        """Several costs of designs as one, by random weights (augmented Chebyshev; Knowles, 2006).

        Args:
            table: costs (k,) of n designs, of which the front is; empty where they are not known.
            instead: one cost each, (n,).
            rng: draws the weights.

        Returns:
            (n,), as shares of the front's extent. Designs without finite costs are worse than all others,
            in the order of ``instead``. That itself where the front has less than two designs.
        """
        if len(self) < 2:
            return instead
        low, high = self.costs.min(axis=0), self.costs.max(axis=0)
        weights = rng.dirichlet(np.ones(len(low)))
        nothing = np.full(len(low), np.inf)
        rows = np.array([row if len(row) else nothing for row in table])
        with np.errstate(invalid="ignore"):
            parts = weights * (rows - low) / np.maximum(high - low, 1e-12)
            blend = parts.max(axis=1) + AUGMENTED * parts.sum(axis=1)
        met = np.isfinite(blend)
        worse = blend[met].max() + 1 + (instead - instead.min())
        return np.asarray(np.where(met, blend, worse))

    def spacing(self) -> Floats:
        """How far each design is from its neighbours on the front: crowding distance (Deb, 2002).

        Returns:
            (m,); the ends have twice the largest of the others. All alike where there are two or less.
        """
        m, k = self.costs.shape
        if m < 3:
            return np.ones(m)
        out, ends = np.zeros(m), np.zeros(m, np.bool_)
        for j in range(k):
            order = np.argsort(self.costs[:, j], kind="stable")
            column = self.costs[order, j]
            out[order[1:-1]] += (column[2:] - column[:-2]) / ((column[-1] - column[0]) or 1.0)
            ends[order[[0, -1]]] = True
        inner = out[~ends]
        out[ends] = 2 * inner.max() if len(inner) else 1.0
        return np.asarray(out + 1e-12)
