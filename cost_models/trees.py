"""Compiled inference of tree ensembles: by descent, a block of rows a tree, or by masks of leaves."""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler, kernel_part

from .packed_trees import CHILD_BITS, FEATURE_BITS

compiled = kernel_compiler(__file__)
BLOCK = 128
LEAVES = 64  # bits of a word
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # times one bit: its place in the upper six bits
SHIFT = np.uint64(58)
# of a word of ``packed_trees``: left child, feature, threshold
ABOVE = np.int64(FEATURE_BITS + CHILD_BITS)
CHILD = np.int64((1 << CHILD_BITS) - 1)
FEATURE = np.int64((1 << FEATURE_BITS) - 1)
INFINITE = np.int32(0x7F800000)  # bits of infinity in single precision; of NaN more


@compiled
def ensemble(features, roots, depth, column, feature, threshold, child, value, total, squares):
    """Add up every tree's leaf values per row: ``total`` (n, m) and, of squares, ``squares`` (n, m).

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


@kernel_part
def step(word, rank):
    """The node after one that ``word`` stands for; a leaf, whose threshold is infinite, is its own.

    Args:
        word: threshold, feature and left child of a node.
        rank: of the row's features, (p,) int32.

    Returns:
        The next node, counted from the tree's root.
    """
    return (word & CHILD) + np.int64(rank[(word >> CHILD_BITS) & FEATURE] > (word >> ABOVE))


@kernel_part
def to_ranks(bits, ranks):
    """What ``packed_trees.ranks`` gives of the bits (p,) of numbers of single precision, into (p,) int32.

    NaN is below all: it fails every comparison, as in ``ensemble``, and above all it would step off a leaf.

    Args:
        bits: (p,) int32.
        ranks: (p,) int32, filled.
    """
    for j in range(len(bits)):
        magnitude = bits[j] & np.int32(0x7FFFFFFF)
        ranks[j] = -magnitude if bits[j] < 0 or magnitude > INFINITE else magnitude


@kernel_part
def add(value, first, i, total, squares, both):
    """Add a leaf's values (k,) to row i from column ``first`` on.

    Args:
        value: of a leaf, (k,).
        first: target of its first value.
        i: the row.
        total: (n, m), added to.
        squares: (n, m) or empty, added to.
        both: whether squares are added up.
    """
    for j in range(len(value)):
        v = value[j]
        total[i, first + j] += v
        if both:
            squares[i, first + j] += v * v


@compiled
def down_by_row(bits, words, roots, depth, column, value, total, squares):
    """What ``ensemble`` does, of trees with a word a node: all trees of a row take each step together.

    Args:
        bits: of the features in single precision, (n, p) int32; see ``packed_trees``.
        words: threshold, feature and left child of each node, (nodes,) int64.
        roots: first node of each tree, (trees,).
        depth: of each tree, (trees,).
        column: first target of each tree, (trees,).
        value: (nodes, k).
        total: (n, m), added to.
        squares: (n, m) or empty, added to.
    """
    trees, both = len(roots), squares.shape[0] > 0
    deepest = depth.max()
    node, rank = np.empty(trees, np.int64), np.empty(bits.shape[1], np.int32)
    for i in range(bits.shape[0]):
        to_ranks(bits[i], rank)
        node[:] = 0
        for _ in range(deepest):
            for t in range(trees):
                node[t] = step(words[roots[t] + node[t]], rank)
        for t in range(trees):
            add(value[roots[t] + node[t]], column[t], i, total, squares, both)


@compiled
def down_by_tree(bits, words, roots, depth, column, value, total, squares):
    """What ``down_by_row`` does: a block of rows takes each step of a tree together.

    Args:
        bits: of the features in single precision, (n, p) int32.
        words: threshold, feature and left child of each node, (nodes,) int64.
        roots: first node of each tree, (trees,).
        depth: of each tree, (trees,).
        column: first target of each tree, (trees,).
        value: (nodes, k).
        total: (n, m), added to.
        squares: (n, m) or empty, added to.
    """
    n, both = bits.shape[0], squares.shape[0] > 0
    node, ranks = np.empty(BLOCK, np.int64), np.empty((BLOCK, bits.shape[1]), np.int32)
    for start in range(0, n, BLOCK):
        rows = min(BLOCK, n - start)
        for i in range(rows):
            to_ranks(bits[start + i], ranks[i])
        for t in range(len(roots)):
            node[:rows] = 0
            tree = words[roots[t] :]
            for _ in range(depth[t]):
                for i in range(rows):
                    node[i] = step(tree[node[i]], ranks[i])
            for i in range(rows):
                add(value[roots[t] + node[i]], column[t], start + i, total, squares, both)


@compiled
def leaf_masks(roots, child, row, value, words, values):
    """Number the leaves of every tree, and keep what each failed test leaves of them.

    Args:
        roots: first node of each tree, (trees,).
        child: left child, (nodes,).
        row: of the table, the first in which a node's test fails, (nodes,).
        value: of a leaf, (nodes,).
        words: (blocks, rows, trees of a block) uint64, changed: a bit per leaf that is left.
        values: (trees, slots), changed: a leaf's value at the hash of its bit.
    """
    stack = np.empty(4 * LEAVES, np.int64)
    first = np.empty(2 * LEAVES, np.int64)  # leaves before a node's left side
    one, together = np.uint64(1), words.shape[2]
    for t in range(len(roots)):
        root, leaves, top = roots[t], 0, 1
        stack[0] = root
        while top:
            top -= 1
            node = stack[top]
            if node < 0:  # the left side of ~node is done
                done = ~node
                before = first[done - root]
                ruled_out = np.uint64(0)
                for leaf in range(before, leaves):
                    ruled_out |= one << np.uint64(leaf)
                words[t // together, row[done], t % together] &= ~ruled_out
            elif child[node] == node:
                bit = one << np.uint64(leaves)
                values[t, (bit * DE_BRUIJN) >> SHIFT] = value[node]
                leaves += 1
            else:
                first[node - root] = leaves
                stack[top] = child[node] + 1
                stack[top + 1] = ~node
                stack[top + 2] = child[node]
                top += 3


@compiled
def intervals(seen, features, thresholds, starts, rows, count):
    """In which interval of its thresholds each feature of each row lies, as a row of the table.

    A value below all thresholds fails no test, so its row of the table rules out nothing and is left away.

    Args:
        seen: features (n, p) float32.
        features: columns of ``seen`` that trees look at, (k,).
        thresholds: of all these features, ascending within each.
        starts: first row of each feature in the table, (k + 1,).
        rows: (n, k), filled from the left.
        count: (n,), how many rows of the table that are.
    """
    count[:] = 0
    for k in range(len(features)):
        first, many = starts[k] - k, starts[k + 1] - starts[k] - 1
        for i in range(len(seen)):
            value, low, high = seen[i, features[k]], 0, many
            while low < high:
                middle = (low + high) // 2
                if thresholds[first + middle] < value:
                    low = middle + 1
                else:
                    high = middle
            if low > 0:
                rows[i, count[i]] = starts[k] + low
                count[i] += 1


@compiled
def leaf_sums(rows, count, words, values, column, out):
    """Add up leaves' values: rows of the table say in which interval each feature lies.

    Args:
        rows: (n, features), see :func:`intervals`.
        count: (n,), how many of them.
        words: (blocks, rows of the table, trees of a block) uint64.
        values: (trees, slots) of leaves.
        column: target of each tree, (trees,).
        out: (n, targets), added to.
    """
    n, trees, together = len(rows), len(column), words.shape[2]
    left = np.empty(together, np.uint64)
    for block in range(words.shape[0]):
        first = block * together
        here = min(together, trees - first)
        table = words[block]
        for i in range(n):
            left[:] = ~np.uint64(0)
            features = count[i]
            fours = features - features % 4
            for f in range(
                0, fours, 4
            ):  # four at a time, so that ``left`` is read and written less
                a, b = table[rows[i, f]], table[rows[i, f + 1]]
                c, d = table[rows[i, f + 2]], table[rows[i, f + 3]]
                for t in range(together):
                    left[t] &= a[t] & b[t] & c[t] & d[t]
            for f in range(fours, features):
                a = table[rows[i, f]]
                for t in range(together):
                    left[t] &= a[t]
            for t in range(together):
                left[t] = ((left[t] & (~left[t] + np.uint64(1))) * DE_BRUIJN) >> SHIFT
            target = column[first]
            total = out[i, target]  # in the order of the trees, as ``ensemble`` adds
            for t in range(here):
                if column[first + t] != target:
                    out[i, target] = total
                    target = column[first + t]
                    total = out[i, target]
                total += values[first + t, left[t]]
            out[i, target] = total


@compiled
def masked_sums(seen, features, thresholds, starts, words, values, column, out):
    """``intervals``, then ``leaf_sums``.

    Args:
        seen: features (n, p) float32.
        features: columns of ``seen`` that trees look at, (k,).
        thresholds: of all these features, ascending within each.
        starts: first row of each feature in the table, (k + 1,).
        words: (blocks, rows of the table, trees of a block) uint64.
        values: (trees, slots) of leaves.
        column: target of each tree, (trees,).
        out: (n, targets), added to.
    """
    rows, count = np.empty((len(seen), len(features)), np.int64), np.empty(len(seen), np.int64)
    intervals(seen, features, thresholds, starts, rows, count)
    leaf_sums(rows, count, words, values, column, out)
