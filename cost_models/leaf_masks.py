"""Boosted trees of at most 64 leaves without a descent: QuickScorer (Lucchese et al., SIGIR 2015).

A tree's leaves are bits, from left to right.  A test that fails rules out the leaves on its left.  What is
left of all tests that look at one feature depends on the interval between thresholds alone that its value
lies in, so it is looked up: one word a feature.  The lowest bit of their conjunction is the leaf.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archgym.contracts.cost_model import Arrays
from archgym.contracts.evaluation import Floats

MOST_BYTES = 128 << 20  # of the table; larger ensembles descend
WORDS = 64  # trees whose words lie side by side are a multiple of this,
TOGETHER = (
    256  # and at most so many: what one row reads lies in long runs, and a block's table in L2
)


class LeafMasks:
    """Compiled inference of one ensemble.

    Args:
        arrays: nodes, as :func:`~.forest_arrays.stack` lays them; trees have one value a leaf.
        prefix: of their names.
    """

    def __init__(self, arrays: Arrays, prefix: str = "") -> None:
        feature, threshold, child = (arrays[prefix + n] for n in ("feature", "threshold", "child"))
        from .trees import LEAVES, leaf_masks, masked_sums

        inner = child != np.arange(len(child))
        self.features = np.unique(feature[inner])
        thresholds = [np.unique(threshold[inner & (feature == f)]) for f in self.features]
        self.starts = np.cumsum([0, *(len(t) + 1 for t in thresholds)])
        self.thresholds = np.concatenate([[], *thresholds]).astype(np.float32)
        trees = len(arrays[prefix + "roots"])
        together = min(max(-(-trees // WORDS), 1) * WORDS, TOGETHER)
        blocks = -(-trees // together)
        self.words = np.full((blocks, int(self.starts[-1]), together), ~np.uint64(0))
        self.values = np.zeros((trees, LEAVES))
        row = np.zeros(len(child), np.int64)  # of the table, from which on a node's test fails
        for start, f, found in zip(self.starts, self.features, thresholds):
            mine = inner & (feature == f)
            row[mine] = start + 1 + np.searchsorted(found, threshold[mine])
        self._kernel: Any = masked_sums  # to look it up takes as long as a small ensemble
        self.column = arrays[prefix + "column"]
        value = np.ascontiguousarray(arrays[prefix + "value"][:, 0])
        roots = arrays[prefix + "roots"]
        leaf_masks(roots, child, row, value, self.words, self.values)  # type: ignore[call-arg]
        for start, end in zip(self.starts[:-1], self.starts[1:]):
            np.bitwise_and.accumulate(
                self.words[:, start:end], axis=1, out=self.words[:, start:end]
            )

    def sums(self, features: Floats, targets: int) -> Floats:
        """Sums over trees of the values of the leaves (n, targets) that features (n, p) come to.

        Args:
            features: (n, p).
            targets: columns of the result.

        Returns:
            (n, targets).
        """
        seen = np.ascontiguousarray(features, np.float32)
        out = np.zeros((len(seen), targets))
        self._kernel(
            seen,
            self.features,
            self.thresholds,
            self.starts,
            self.words,
            self.values,
            self.column,
            out,
        )
        return out


def masks(arrays: Arrays, prefix: str = "") -> LeafMasks | None:
    """Compiled inference of an ensemble.

    Args:
        arrays: of an ensemble, each name after ``prefix``.
        prefix: of the names.

    Returns:
        None where a tree has too many leaves, nodes are not laid as trees, or the table would be too large.
    """
    from .trees import LEAVES

    roots, child = arrays[prefix + "roots"], arrays[prefix + "child"]
    sizes = np.diff(np.append(roots, len(child)))
    if sizes.min(initial=1) < 1 or sizes.max(initial=0) > 2 * LEAVES - 1:
        return None
    nodes = np.arange(len(child))
    inner = child != nodes
    below = np.concatenate([child[inner], child[inner] + 1])
    apart = len(np.unique(below)) == len(below) == len(child) - len(roots)
    own = np.repeat(roots + sizes, sizes)[inner]  # the end of a node's tree
    if not apart or (child[inner] <= nodes[inner]).any() or (child[inner] + 1 >= own).any():
        return None
    tests = np.stack([arrays[prefix + n][inner] for n in ("feature", "threshold")], axis=1)
    rows = len(np.unique(tests, axis=0)) + len(np.unique(tests[:, 0]))
    return LeafMasks(arrays, prefix) if 8 * rows * len(roots) <= MOST_BYTES else None
