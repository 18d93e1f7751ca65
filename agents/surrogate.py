"""What model-based agents share: features of designs, known designs, candidates."""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace


class Features:
    """Designs as numbers: ordinals on [0, 1] (logarithmic where declared), categoricals one-hot."""

    def __init__(self, space: DesignSpace) -> None:
        self._tables = []
        for p in space.parameters:
            if p.kind == "categorical" and len(p) > 2:
                self._tables.append(np.eye(len(p)))
                continue
            scale = np.arange(len(p), dtype=float)
            if p.numeric:
                scale = np.array(p.values, dtype=float)
                if p.scale == "log":
                    scale = np.log(scale)
            span = scale.max() - scale.min()
            self._tables.append(((scale - scale.min()) / (span or 1.0))[:, None])

    def __call__(self, x: Designs) -> Floats:
        """(n, features) float64."""
        return np.concatenate([table[x[:, i]] for i, table in enumerate(self._tables)], axis=1)


class History:
    """Every design told, once, with its costs; knows which designs are known."""

    def __init__(self, d: int, k: int) -> None:
        self.x = np.empty((0, d), np.int64)
        self.costs = np.empty((0, k))
        self._known: set[bytes] = set()

    def __len__(self) -> int:
        return len(self.x)

    def add(self, x: Designs, costs: Floats) -> None:
        """Add designs that are new.

        Args:
            x: designs (n, d), value indices.
            costs: (n, k).
        """
        fresh = []
        for i, row in enumerate(x):
            key = row.tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(i)
        self.x = np.concatenate([self.x, x[fresh]])
        self.costs = np.concatenate([self.costs, costs[fresh]])

    def unknown(self, x: Designs) -> Designs:
        """The distinct rows that were never told, in order.

        Args:
            x: designs (n, d), value indices.

        Returns:
            Designs (m, d), each once.
        """
        seen: set[bytes] = set()
        keep = []
        for i, row in enumerate(x):
            key = row.tobytes()
            if key not in self._known and key not in seen:
                seen.add(key)
                keep.append(i)
        return x[keep]


def fresh_designs(
    space: DesignSpace, history: History, n: int, rng: np.random.Generator
) -> Designs:
    """``n`` random designs, unknown ones first; once all are known, any.

    Args:
        space: to draw from.
        history: what was told.
        n: number of designs.
        rng: draws.

    Returns:
        Designs (n, d), value indices.
    """
    pool = history.unknown(space.sample(4 * n + 16, rng))
    if len(pool) < n and space.cardinality <= 1 << 16:
        everything = np.concatenate(list(space.grid()))
        rest = history.unknown(everything)
        pool = rest[rng.permutation(len(rest))]
    if len(pool) < n:
        pool = np.concatenate([pool, space.sample(n - len(pool), rng)])
    return pool[:n]


def candidates(
    space: DesignSpace, history: History, best: Designs, count: int, rng: np.random.Generator
) -> Designs:
    """Unknown designs to rank: random ones, neighbours of the best, and mutations of them.

    Args:
        space: to draw from.
        history: what was told.
        best: the best designs (k, d).
        count: random designs, and mutations by a quarter of that.
        rng: draws.

    Returns:
        Designs (n, d), each once, none of them told.
    """
    parts = [space.sample(count, rng)]
    for row in best:
        parts.append(space.neighbors(row))
        mutated = np.repeat(row[None], count // (4 * len(best)) + 1, axis=0)
        hit = rng.random(mutated.shape) < 2.0 / max(2, len(space))
        mutated = np.where(hit, rng.integers(0, space.nvec, mutated.shape), mutated)
        parts.append(mutated[space.is_valid(mutated)])
    return history.unknown(np.concatenate(parts))
