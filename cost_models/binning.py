"""Columns of numbers as the intervals they lie in, at most 255 a column, for boosted trees to grow from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from .forest_arrays import next_lower

INTERVALS = 255
MOST_ROWS = 200_000  # that quantiles are taken of


@dataclass(frozen=True)
class Binned:
    """A table of features and its codes.

    Attributes:
        features: (n, p) float32, as inference sees them.
        codes: (groups, n, columns of a group) uint8.
        starts: (columns,) first place of each column's intervals in an array of all, padding included.
        bins: (columns,) intervals of each column.
        thresholds: (places,) float32: upper ends of intervals; the last of each column is infinite.
    """

    features: NDArray[np.float32]
    codes: NDArray[np.uint8]
    starts: NDArray[np.int64]
    bins: NDArray[np.int64]
    thresholds: NDArray[np.float32]

    @classmethod
    def of(cls, features: Floats) -> Binned:
        """Sort the values of each column into intervals.

        Args:
            features: (n, p), finite.

        Returns:
            One interval a value where a column has few values, equally filled ones elsewhere.
        """
        from .boosting import SIDE_BY_SIDE

        seen = np.ascontiguousarray(features, np.float32)
        n, p = seen.shape
        groups = -(-p // SIDE_BY_SIDE)
        codes = np.zeros((groups, n, SIDE_BY_SIDE), np.uint8)
        bins = np.ones(groups * SIDE_BY_SIDE, np.int64)
        last = np.full(1, np.inf, np.float32)
        ends: list[NDArray[np.float32]] = []
        for c in range(p):
            found = _ends(seen[:, c])
            codes[c // SIDE_BY_SIDE, :, c % SIDE_BY_SIDE] = np.searchsorted(found, seen[:, c])
            bins[c] = len(found) + 1
            ends += [found, last]
        ends += [last] * (len(bins) - p)
        starts = np.cumsum(bins) - bins
        return cls(seen, codes, starts, bins, np.concatenate(ends))

    def take(self, rows: NDArray[Any]) -> Binned:
        """Some of the rows, in the same intervals.

        Args:
            rows: which, a mask (n,) or positions.

        Returns:
            The table of these rows.
        """
        codes = np.ascontiguousarray(self.codes[:, rows])
        return Binned(self.features[rows], codes, self.starts, self.bins, self.thresholds)


def _ends(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Upper ends of all intervals of a column but the last, rising; a value at an end lies below it."""
    different = np.unique(values).astype(np.float64)
    if len(different) <= INTERVALS:
        return next_lower(0.5 * (different[:-1] + different[1:]))
    if len(values) > MOST_ROWS:
        values = np.random.default_rng(0).choice(values, MOST_ROWS, replace=False)
    shares = np.linspace(0, 100, INTERVALS + 1)[1:-1]
    # in double precision, for numpy looks places up in the precision of the values
    doubles = values.astype(np.float64)
    return np.unique(next_lower(np.percentile(doubles, shares, method="averaged_inverted_cdf")))
