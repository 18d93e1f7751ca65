"""Legalisation: Abacus (Spindler, Schlichtmann and Johannes, ISPD 2008) in row segments between taps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled, inlined


@inlined
def _trial(seg, x, width, left, right, used, last, cq, cw, cx, prev):
    """Where a cell would lie at the end of a segment; 1e30 where it does not fit."""
    if used[seg] + width > right[seg] - left[seg] + 1e-9:
        return 1e30
    # a new cluster of one, its weight its width
    weight, sum_q, w = width, width * x, width
    at = min(max(sum_q / weight, left[seg]), right[seg] - w)
    c = last[seg]
    own = 0.0  # offset of the cell in the cluster
    while c >= 0 and cx[c] + cw[c] > at + 1e-12:
        sum_q = cq[c] + sum_q - weight * cw[c]
        weight += cw[c]
        own += cw[c]
        w += cw[c]
        at = min(max(sum_q / weight, left[seg]), right[seg] - w)
        c = prev[c]
    return at + own


class Clusters(NamedTuple):
    """Cells that touch, as Abacus moves them together: one potential cluster a cell (cells,)."""

    q: NDArray[np.float64]  # sum of width * (x - offset)
    width: NDArray[np.float64]
    x: NDArray[np.float64]
    before: NDArray[np.int64]  # the one before in the segment
    head: NDArray[np.int64]  # first and last cell
    tail: NDArray[np.int64]
    follow: NDArray[np.int64]  # the cell after a cell


def abacus(order, x, y, width, row_height, seg_left, seg_right, out_x, out_row):
    """Legal left edges and rows of cells.

    Args:
        order: (cells,) in which cells are placed.
        x: (cells,) wanted left edges in um.
        y: (cells,) wanted centres in um.
        width: (cells,) um.
        row_height: um.
        seg_left: (rows, s) left ends of segments in um, empty ones last at 1e30.
        seg_right: (rows, s) right ends.
        out_x: (cells,), filled with left edges.
        out_row: (cells,), filled with rows.

    Returns:
        How many cells found no room.
    """
    n, total = len(order), seg_left.size
    clusters = Clusters(*np.zeros((3, n)), *np.full((4, n), -1, np.int64))
    used, last = np.zeros(total), np.full(total, -1, np.int64)
    ends = seg_left, seg_right, seg_left.reshape(total), seg_right.reshape(total)
    return _abacus(order, x, y, width, row_height, ends, clusters, used, last, out_x, out_row)


@compiled
def _abacus(order, x, y, width, row_height, ends, clusters, used, last, out_x, out_row):
    """As :func:`abacus`; ``used`` um and the ``last`` cluster of every segment (rows * s,)."""
    seg_left, seg_right, left, right = ends
    cq, cw, cx, prev, head, tail, follow = clusters
    rows, segs = seg_left.shape
    total, n, lost = rows * segs, len(order), 0
    for k in range(n):
        c = order[k]
        # rows are tried from the wanted one outwards, until distance alone costs more than the best
        ideal = int(min(max(y[c] / row_height, 0.0), rows - 1.0))
        best, best_seg = 1e29, -1
        for away in range(2 * rows):
            r = ideal + (away + 1) // 2 if away % 2 else ideal - away // 2
            dy = abs((r + 0.5) * row_height - y[c])
            if dy >= best and away > 1 and (away + 1) // 2 * row_height - row_height >= best:
                break
            if r < 0 or r >= rows:
                continue
            near = 0
            while near < segs - 1 and x[c] + width[c] / 2 > seg_right[r, near]:
                near += 1
            for direction in range(2):
                s = near if direction == 0 else near - 1
                while 0 <= s < segs:
                    gap = max(0.0, max(seg_left[r, s] - x[c] - width[c], x[c] - seg_right[r, s]))
                    if gap + dy >= best:
                        break
                    at = _trial(
                        r * segs + s, x[c], width[c], left, right, used, last, cq, cw, cx, prev
                    )
                    cost = abs(at - x[c]) + dy
                    if cost < best:
                        best, best_seg = cost, r * segs + s
                    if at < 1e29 and direction == 0 and s > near:
                        break
                    s = s + 1 if direction == 0 else s - 1
        if best_seg < 0:
            lost += 1
            continue
        # a new cluster, collapsed with those before it
        s = best_seg
        used[s] += width[c]
        out_row[c] = s // segs
        head[k] = tail[k] = c
        cq[k], cw[k] = width[c] * x[c], width[c]
        prev[k] = last[s]
        cx[k] = min(max(x[c], left[s]), right[s] - width[c])
        last[s] = k
        now = k
        while prev[now] >= 0 and cx[prev[now]] + cw[prev[now]] > cx[now] + 1e-12:
            p = prev[now]
            # the cluster before takes over all cells, and moves to their weighted mean
            cq[p] += cq[now] - cw[now] * cw[p]
            cw[p] += cw[now]
            follow[tail[p]] = head[now]
            tail[p] = tail[now]
            cx[p] = min(max(cq[p] / cw[p], left[s]), right[s] - cw[p])
            last[s] = p
            now = p
    for s in range(total):
        c = last[s]
        while c >= 0:
            at, cell = cx[c], head[c]
            while cell >= 0:
                out_x[cell] = at
                at += width[cell]
                cell = -1 if cell == tail[c] else follow[cell]
            c = prev[c]
    return lost


@compiled
def snap(out_x, out_row, width, site, seg_left, seg_right, order):
    """Move left edges to sites.

    Cells of a row are pushed right, then left, by less than a site each.

    Args:
        out_x: (cells,) left edges in um, changed.
        out_row: (cells,) rows.
        width: (cells,) um.
        site: width of a site in um.
        seg_left: (rows, s) left ends of segments in um.
        seg_right: (rows, s) right ends.
        order: (cells,) by row and position.
    """
    n, segs = len(order), seg_left.shape[1]
    i = 0
    while i < n:
        r = out_row[order[i]]
        s = 0
        c = order[i]
        while s < segs - 1 and out_x[c] >= seg_right[r, s] - 1e-9:
            s += 1
        j = i
        while j < n and out_row[order[j]] == r and out_x[order[j]] < seg_right[r, s] - 1e-9:
            j += 1
        at = np.round(seg_left[r, s] / site)
        for k in range(i, j):
            c = order[k]
            at = max(at, np.floor(out_x[c] / site + 0.5))
            out_x[c] = at
            at += np.round(width[c] / site)
        at = np.round(seg_right[r, s] / site)
        for k in range(j - 1, i - 1, -1):
            c = order[k]
            at = min(at - np.round(width[c] / site), out_x[c])
            out_x[c] = at
            # the next one ends where this one begins
        for k in range(i, j):
            out_x[order[k]] *= site
        i = j
