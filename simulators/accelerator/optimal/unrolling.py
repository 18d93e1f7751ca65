"""Products of unrolled factors, listed dimension by dimension.

What an unrolling costs follows from the product of its factors along x and y, at each level and of each
dimension. So products are listed, and only those that some factors along x and y have. A *column* is one
dimension's products at all levels; its *splits* are the factors along x that go with them. While columns of
one dimension after another are picked, each level knows which products along its shorter side can be reached.
Where none is left that has room, no further column helps, as products only grow.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled


@compiled
def reached(level, rooms, whole, before, known, pair, after):
    """The products along the shorter side of a level that one more column can reach.

    Args:
        level: the level.
        rooms: (L, 2) children along x and y.
        whole: product of both sides, of the new column too.
        before: (most,) products so far.
        known: how many there are.
        pair: (product of the column at the level, its splits (s,) along x).
        after: (most,), filled.

    Returns:
        How many there are.
    """
    factor, splits = pair
    short = 0 if rooms[level, 0] <= rooms[level, 1] else 1
    narrow, wide = rooms[level, short], rooms[level, 1 - short]
    n = 0
    for k in range(splits.shape[0]):
        side = splits[k] if short == 0 else factor // splits[k]
        for i in range(known):
            product = before[i] * side
            if product > narrow or whole // product > wide:
                continue
            new = True
            for j in range(n):
                if after[j] == product:
                    new = False
                    break
            if new:
                after[n] = product
                n += 1
    return n


@compiled
def list_products(first, products, ends, splits, rooms, picks):
    """Every combination of columns that has room.

    Args:
        first: (D + 1,) where each dimension's columns begin.
        products: (m, L) by column.
        ends: (m L + 1,) where the splits of each column and level begin.
        splits: factors along x.
        rooms: (L, 2) children along x and y.
        picks: (most, D), filled with columns.

    Returns:
        How many there are; one more than ``most`` if there is no room for all.
    """
    dims, levels = first.shape[0] - 1, rooms.shape[0]
    most = 1
    for level in range(levels):
        most = max(most, min(rooms[level, 0], rooms[level, 1]))
    at = np.zeros(dims, np.int64)
    whole = np.ones((dims + 1, levels), np.int64)
    sides = np.ones((dims + 1, levels, most), np.int64)
    known = np.ones((dims + 1, levels), np.int64)
    n, d = 0, 0
    at[0] = first[0]
    while d >= 0:
        if at[d] == first[d + 1]:
            d -= 1
            if d >= 0:
                at[d] += 1
            continue
        column, fits = at[d], True
        for level in range(levels):
            factor = products[column, level]
            if factor > rooms[level, 0] * rooms[level, 1] // whole[d, level]:
                fits = False
                break
            whole[d + 1, level] = whole[d, level] * factor
            i = column * levels + level
            known[d + 1, level] = reached(
                level, rooms, whole[d + 1, level], sides[d, level], known[d, level],
                (factor, splits[ends[i] : ends[i + 1]]), sides[d + 1, level],
            )  # fmt: skip
            if known[d + 1, level] == 0:
                fits = False
                break
        if not fits:
            at[d] += 1
        elif d + 1 < dims:
            d += 1
            at[d] = first[d]
        else:
            if n == picks.shape[0]:
                return n + 1
            for k in range(dims):
                picks[n, k] = at[k]
            n += 1
            at[d] += 1
    return n


@compiled
def split_first(picks, products, ends, splits, rooms, place, across, down):
    """The factors along x and y of each combination, the first in the order of numbers along x.

    Args:
        picks: (n, D) columns.
        products: see :func:`list_products`.
        ends: likewise.
        splits: likewise, in rising order.
        rooms: likewise.
        place: (levels (L,), dimensions (D,)), where they stand in the arrays filled.
        across: (n, all levels, 8) ones, filled.
        down: likewise.
    """
    n, dims, levels = picks.shape[0], picks.shape[1], rooms.shape[0]
    at = np.zeros(dims, np.int64)
    x = np.ones(dims + 1, np.int64)
    y = np.ones(dims + 1, np.int64)
    for row in range(n):
        for level in range(levels):
            d = 0
            at[0] = ends[picks[row, 0] * levels + level]
            while d < dims:
                i = picks[row, d] * levels + level
                if at[d] == ends[i + 1]:  # a combination that was listed has some way back
                    d -= 1
                    at[d] += 1
                    continue
                factor = products[picks[row, d], level]
                x[d + 1] = x[d] * splits[at[d]]
                y[d + 1] = y[d] * (factor // splits[at[d]])
                if x[d + 1] > rooms[level, 0] or y[d + 1] > rooms[level, 1]:
                    at[d] += 1
                    continue
                across[row, place[0][level], place[1][d]] = splits[at[d]]
                down[row, place[0][level], place[1][d]] = factor // splits[at[d]]
                d += 1
                if d < dims:
                    at[d] = ends[picks[row, d] * levels + level]
