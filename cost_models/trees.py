"""Compiled inference of tree ensembles: a block of rows goes down one tree at a time."""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
BLOCK = 128


@compiled
def ensemble(features, roots, depth, column, feature, threshold, child, value, total, squares):
    """Add up every tree's leaf values a row: ``total`` (n, m) and, of squares, ``squares`` (n, m).

    ``child`` is a node's left one, the right one follows it; a leaf is its own left child and has an
    infinite threshold, so all rows of a block make ``depth`` steps without a branch.  ``value``
    (nodes, k) goes to the columns from the tree's ``column`` on.  Empty ``squares`` are not filled.

    Args:
        features: (n, k) float32.
        roots: first node of each tree, (trees,).
        depth: of each tree, (trees,).
        column: first target of each tree, (trees,).
        feature: column of the features that a node looks at, (nodes,).
        threshold: rows above it go right, (nodes,).
        child: left child, (nodes,).
        value: (nodes, k).
        total: (n, m), added to.
        squares: (n, m) or empty, added to.
    """
    n, k = features.shape[0], value.shape[1]
    both = squares.shape[0] > 0
    node = np.empty(BLOCK, np.int32)
    for start in range(0, n, BLOCK):
        rows = min(BLOCK, n - start)
        for t in range(roots.shape[0]):
            node[:rows] = roots[t]
            for _ in range(depth[t]):
                for i in range(rows):
                    at = node[i]
                    right = features[start + i, feature[at]] > threshold[at]
                    node[i] = child[at] + np.int32(right)
            first = column[t]
            for i in range(rows):
                for j in range(k):
                    v = value[node[i], j]
                    total[start + i, first + j] += v
                    if both:
                        squares[start + i, first + j] += v * v
