"""Boosted trees of one target, grown from histograms (Ke et al., LightGBM, NeurIPS 2017) without Python.

A row's residual is a whole number and shares one word with a count of 1, so that a histogram takes one
addition a row and column. Sums of whole numbers are exact: a child's histogram is its parent's less its
sibling's, and no order of additions changes a bit. Nodes are laid as ``forest_arrays.stack`` lays them: a
right child follows its left one, a leaf is its own child.
"""

from __future__ import annotations

import numpy as np

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
SIDE_BY_SIDE = 4  # columns whose codes lie in one word
NOTHING = 1e-280  # residuals that are all below are 0: a scale of them would not be finite
DIFFERENT = 1.0 + 1e-12  # a split must explain that many times what the whole node does


@compiled
def fill(codes, starts, alive, rows, words, histogram):
    """Histograms of all columns that may still be split, of a node's rows.

    Args:
        codes: (groups, n, SIDE_BY_SIDE) uint8, in which interval a value lies.
        starts: (columns,) first place of each column in a histogram, padded columns included.
        alive: (columns,) bool, which may be split.
        rows: (r,) int32, the node's.
        words: (r,) int64, residual and count of each of these rows.
        histogram: (places,) int64, overwritten.
    """
    histogram[:] = 0
    for group in range(codes.shape[0]):
        a = SIDE_BY_SIDE * group
        if not (alive[a] or alive[a + 1] or alive[a + 2] or alive[a + 3]):
            continue
        table = codes[group]
        s0, s1, s2, s3 = starts[a], starts[a + 1], starts[a + 2], starts[a + 3]
        for i in range(len(rows)):
            row, word = rows[i], words[i]
            histogram[s0 + table[row, 0]] += word
            histogram[s1 + table[row, 1]] += word
            histogram[s2 + table[row, 2]] += word
            histogram[s3 + table[row, 3]] += word


@compiled
def best_split(histogram, starts, bins, alive, total, bits, inverse, least):
    """The split of a node that explains most.

    Args:
        histogram: (places,) int64 of the node.
        starts: see :func:`fill`.
        bins: (columns,) intervals of each column.
        alive: (columns,) bool, changed: false where no split leaves ``least`` rows on both sides, which no
            split further down does either.
        total: the node's sum of words.
        bits: of a word that count.
        inverse: (n + 1,) float64, 1 over a count.
        least: rows on each side.

    Returns:
        (gain, column, interval): rows up to the interval go left; no gain where nothing explains more.
    """
    mask = (np.int64(1) << bits) - np.int64(1)
    many, whole = total & mask, total >> bits
    base = float(whole) * float(whole) * inverse[many]
    found, column, interval = base * DIFFERENT, -1, -1
    for c in range(len(bins)):
        if not alive[c]:
            continue
        legal = False
        left = np.int64(0)
        for b in range(bins[c] - 1):
            word = histogram[starts[c] + b]
            if word == 0:
                continue
            left += word
            before = left & mask
            if before < least:
                continue
            after = many - before
            if after < least:
                break
            legal = True
            of_left = float(left >> bits)
            of_right = float(whole) - of_left
            explained = of_left * of_left * inverse[before] + of_right * of_right * inverse[after]
            if explained > found:
                found, column, interval = explained, c, b
        alive[c] = legal
    return found - base if column >= 0 else 0.0, column, interval


@compiled
def part(table, place, interval, rows, words, aside, aside_words):
    """Put a node's rows that go left first; each side keeps its order.

    Args:
        table: (n, SIDE_BY_SIDE) codes of the group that the column lies in.
        place: of the column in it.
        interval: rows up to it go left.
        rows: (r,) int32, changed.
        words: (r,) int64, changed likewise.
        aside: (n,) int32, scratch.
        aside_words: (n,) int64, scratch.

    Returns:
        How many go left.
    """
    left, right = 0, 0
    for i in range(len(rows)):
        row, word = rows[i], words[i]
        if table[row, place] <= interval:
            rows[left], words[left] = row, word
            left += 1
        else:
            aside[right], aside_words[right] = row, word
            right += 1
    rows[left:], words[left:] = aside[:right], aside_words[:right]
    return left


@compiled
def to_words(residual, bits, words):
    """Residuals as whole numbers beside a count of 1.

    Args:
        residual: (n,).
        bits: of a word that count.
        words: (n,) int64, filled.
    """
    largest, most = np.abs(residual).max(), float((np.int64(1) << (np.int64(62) - 2 * bits)) - 1)
    scale = most / largest if largest > NOTHING else 0.0
    for i in range(len(residual)):
        words[i] = (np.int64(np.rint(residual[i] * scale)) << bits) + np.int64(1)


@compiled
def still(losses, count, patience, least):
    """Whether none of the last losses is below an earlier one by ``least``.

    Args:
        losses: one a round.
        count: rounds.
        patience: how many rounds must be worse.
        least: by how much a round must be better.

    Returns:
        Whether to stop.
    """
    if count <= patience:
        return False
    return losses[count - patience : count].min() >= losses[count - patience - 1] - least


@compiled
def boost(
    codes, starts, bins, thresholds, target, limits, rate, stop,
    roots, depth, feature, threshold, child, value,
):  # fmt: skip
    """Grow trees one after the other, each of what the ones before leave.

    Args:
        codes: see :func:`fill`.
        starts: see :func:`fill`.
        bins: (columns,) intervals of each column.
        thresholds: (places,) float32: rows above it lie in a later interval.
        target: (n,).
        limits: (trees, leaves a tree, rows a leaf holds at least).
        rate: what a tree's values are multiplied by.
        stop: (patience, least): see :func:`still`; no patience: all trees are grown.
        roots: (trees,) int32, filled.
        depth: (trees,) int32, filled.
        feature: (nodes,) int32, filled; nodes are at most trees times (2 leaves - 1).
        threshold: (nodes,) float32, filled.
        child: (nodes,) int32, filled.
        value: (nodes,) float64, filled.

    Returns:
        (what the trees are added to, trees, nodes).
    """
    n, columns = len(target), len(bins)
    trees, leaves, least = limits
    bits = np.int64(1)
    while (np.int64(1) << bits) <= n:
        bits += 1
    inverse = 1.0 / np.maximum(np.arange(n + 1), 1)
    base = target.mean()
    residual = target - base
    histograms = np.empty((leaves + 1, len(thresholds)), np.int64)
    alive = np.empty((leaves + 1, columns), np.bool_)
    rows, aside = np.empty(n, np.int32), np.empty(n, np.int32)
    words, aside_words = np.empty(n, np.int64), np.empty(n, np.int64)
    # of each leaf: its rows, its node, how deep it lies, its best split
    first, end = np.empty(leaves, np.int64), np.empty(leaves, np.int64)
    node, deep = np.empty(leaves, np.int64), np.empty(leaves, np.int64)
    gain, sums = np.empty(leaves), np.empty(leaves, np.int64)
    column, interval = np.empty(leaves, np.int64), np.empty(leaves, np.int64)
    losses = np.empty(trees)
    used, grown = 0, 0
    while grown < trees:
        to_words(residual, bits, words)
        rows[:] = np.arange(n)
        first[0], end[0], node[0], deep[0] = 0, n, used, 0
        sums[0] = words.sum()
        alive[0] = bins > 1
        gain[0] = 0.0
        if n >= 2 * least:
            fill(codes, starts, alive[0], rows, words, histograms[0])
            gain[0], column[0], interval[0] = best_split(
                histograms[0], starts, bins, alive[0], sums[0], bits, inverse, least
            )
        roots[grown] = used
        used += 1
        many, deepest = 1, 0
        while many < leaves:
            k = int(np.argmax(gain[:many]))
            if gain[k] <= 0.0:
                break
            c, a, z = column[k], first[k], end[k]
            went = part(
                codes[c // SIDE_BY_SIDE], c % SIDE_BY_SIDE, interval[k], rows[a:z], words[a:z],
                aside, aside_words,
            )  # fmt: skip
            parent = node[k]
            feature[parent], threshold[parent] = c, thresholds[starts[c] + interval[k]]
            child[parent], value[parent] = used, 0.0
            # the left child takes its parent's place among the leaves, the right one a new place
            first[many], end[many], node[many], deep[many] = a + went, z, used + 1, deep[k] + 1
            end[k], node[k], deep[k] = a + went, used, deep[k] + 1
            deepest = max(deepest, deep[k])
            used += 2
            left_sum = words[a : a + went].sum()
            sums[many], sums[k] = sums[k] - left_sum, left_sum
            gain[k], gain[many] = 0.0, 0.0
            alive[many] = alive[k]
            many += 1
            larger = max(went, z - a - went)
            if many == leaves or larger < 2 * least:
                continue
            small, large = (k, many - 1) if went == z - a - larger else (many - 1, k)
            if small == k:  # the parent's histogram stays with the larger child
                histograms[large] = histograms[k]
            s, e = first[small], end[small]
            fill(codes, starts, alive[small], rows[s:e], words[s:e], histograms[small])
            histograms[large] -= histograms[small]
            for leaf in (small, large):
                if end[leaf] - first[leaf] >= 2 * least:
                    gain[leaf], column[leaf], interval[leaf] = best_split(
                        histograms[leaf],
                        starts,
                        bins,
                        alive[leaf],
                        sums[leaf],
                        bits,
                        inverse,
                        least,
                    )
        loss = 0.0
        for k in range(many):
            total = 0.0
            for i in range(first[k], end[k]):
                total += residual[rows[i]]
            step = rate * total / (end[k] - first[k])
            at = node[k]
            feature[at], threshold[at], child[at], value[at] = 0, np.inf, at, step
            for i in range(first[k], end[k]):
                residual[rows[i]] -= step
                loss += residual[rows[i]] ** 2
        depth[grown] = deepest
        losses[grown] = 0.5 * loss / n
        grown += 1
        if stop[0] and still(losses, grown, int(stop[0]), stop[1]):
            break
    return base, grown, used
