"""Compiled inference of tree ensembles: flat arrays, one pass a row."""

from __future__ import annotations

from archgym.compilation import kernel_compiler

compiled = kernel_compiler(__file__)


@compiled
def ensemble(features, roots, feature, threshold, left, right, value, total, squares):
    """Add up every tree's leaf values a row: ``total`` (n, m) and, of squares, ``squares`` (n, m).

    A node's ``feature`` is -1 at a leaf; rows go left where feature <= threshold; ``value`` is
    (nodes, m).  Empty ``squares`` are not filled.
    """
    m = value.shape[1]
    both = squares.shape[0] > 0
    for i in range(features.shape[0]):
        for t in range(roots.shape[0]):
            node = roots[t]
            while feature[node] >= 0:
                goes_left = features[i, feature[node]] <= threshold[node]
                node = left[node] if goes_left else right[node]
            for k in range(m):
                total[i, k] += value[node, k]
                if both:
                    squares[i, k] += value[node, k] * value[node, k]
