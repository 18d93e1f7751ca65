"""Trees with one word a node, so that a step reads one place, and all trees of a row go down together.

A word holds a threshold (32 bits), a feature (10) and the left child's place in its tree (22). Thresholds and
features are compared as whole numbers in the order of the numbers of single precision that they stand for.
A step waits for memory, so a row's trees take each step side by side, and so do many rows of one tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays
from archgym.contracts.evaluation import Floats

FEATURE_BITS, CHILD_BITS = 10, 22
FEW = 8  # rows, up to which each goes down all trees at once


@dataclass(frozen=True)
class PackedTrees:
    """An ensemble with a word a node.

    Attributes:
        words: (nodes,) int64.
        roots: first node of each tree, (trees,) int64.
        depth: of each tree, (trees,) int64.
        column: first target of each tree, (trees,) int64.
        value: (nodes, k) of leaves.
        kernels: for few rows and for many.
    """

    words: NDArray[np.int64]
    roots: NDArray[np.int64]
    depth: NDArray[np.int64]
    column: NDArray[np.int64]
    value: Floats
    kernels: tuple[Any, Any]

    @classmethod
    def of(cls, arrays: Arrays) -> PackedTrees | None:
        """The ensemble of flat arrays.

        Args:
            arrays: nodes, as :func:`~.forest_arrays.stack` lays them.

        Returns:
            None where a feature or a child does not fit into its bits.
        """
        from .trees import down_by_row, down_by_tree

        roots, child = arrays["roots"].astype(np.int64), arrays["child"]
        sizes = np.diff(np.append(roots, len(child)))
        within = child - np.repeat(roots, sizes)
        feature = arrays["feature"].astype(np.int64)
        fits = within.min() >= 0 and max(within.max(), sizes.max()) < 1 << CHILD_BITS
        if not fits or feature.max() >= 1 << FEATURE_BITS:
            return None
        words = ranks(arrays["threshold"]).astype(np.int64) << (FEATURE_BITS + CHILD_BITS)
        words |= (feature << CHILD_BITS) | within
        depth, column = (arrays[n].astype(np.int64) for n in ("depth", "column"))
        return cls(
            words,
            roots,
            depth,
            column,
            np.ascontiguousarray(arrays["value"], np.float64),
            (down_by_row, down_by_tree),
        )

    def sums(self, features: Floats, targets: int, squares: bool = False) -> tuple[Floats, Floats]:
        """What :func:`~.forest_arrays.predict` gives, to the last bit.

        Args:
            features: (n, p), finite.
            targets: columns of the result.
            squares: whether squares are added up too.

        Returns:
            Sums (n, targets) over trees, and sums of squares (n, targets) or (0, targets).
        """
        seen = np.ascontiguousarray(features, np.float32)
        total = np.zeros((len(features), targets))
        second = np.zeros((len(features) if squares else 0, targets))
        go = self.kernels[len(features) > FEW]
        go(
            seen.view(np.int32),
            self.words,
            self.roots,
            self.depth,
            self.column,
            self.value,
            total,
            second,
        )
        return total, second


def ranks(numbers: NDArray[np.floating]) -> NDArray[np.int32]:
    """Whole numbers in the order of numbers of single precision.

    Args:
        numbers: any shape, none is NaN.

    Returns:
        Of the same shape, negative ones of negative numbers; -0 and 0 are both 0.
    """
    bits = np.ascontiguousarray(numbers, np.float32).view(np.int32)
    return np.where(bits < 0, -(bits & np.int32(0x7FFFFFFF)), bits)
