"""Words that windowed inputs bring at least, whatever the order of the loops further out."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import DILATION_H, INPUTS, P, R, STRIDE_H
from ..nest import AXIS


@compiled
def swept(level, visits, reads, indexing, sweeps, fresh, spread, share, forms):
    """A bound on the visits of windowed inputs.

    Args:
        level: the level.
        visits: filled in at the level.
        reads: filled in at the level.
        indexing: iterations that move the inputs.
        sweeps: how often the inputs are gone through.
        fresh: share of the inputs that each sweep brings at least.
        spread: visits that one sweep makes at least, see :func:`spreads`.
        share: of the inputs that is read at all.
        forms: see the package.
    """
    again = share
    if indexing > 1:
        again = max(share, share * sweeps * fresh, sweeps * spread)
    visits[level, INPUTS] = again
    reads[level] = max(share, again * forms[6][level])


@compiled
def widest(d, level, ns, rest, dims, outside, merged):
    """How far a tile may reach along a dimension, its factors being tight.

    Args:
        d: the dimension.
        level: the innermost level whose loops are known.
        ns: (L, 8), how often each loop runs.
        rest: (8,) the tile's extents at least.
        dims: (8,) int64, the layer's extents.
        outside: (L + 1, 8) unrolled factors outside each level.
        merged: whether loops of one level stand for those of several, which are no factors then.

    Returns:
        (iterations and children outside, the extent at most).
    """
    around, largest = outside[level + 1, d], 2
    for outer in range(level + 1):
        around *= ns[outer, d]
        if not merged:
            largest = max(largest, ns[outer, d])
    # the padded extent times (f - 1) / f is below the layer's, for every factor f
    below = (dims[d] * largest + (largest - 1) * around - 1) // ((largest - 1) * around)
    return around, max(rest[d], below - 1)


@compiled
def farthest(d, level, around, rest, dims, outside):
    """How many iterations and children there may be outside, where loops stand for those of several levels.

    Of all products that leave ``rest``, the list of loops holds the least. Several factors of which
    none could be lower may have a larger product: 2 * 2 * 3 covers 9, though 3 * 3 leaves as much.

    Args:
        d: the dimension.
        level: the level whose loops stand for all further out.
        around: iterations and children outside at least.
        rest: (8,) the tile's extents at least.
        dims: (8,) int64, the layer's extents.
        outside: (L + 1, 8) unrolled factors outside each level.

    Returns:
        Iterations and children outside at most.
    """
    unrolled = outside[level + 1, d]
    if around == unrolled:
        return around  # every loop would leave less
    # the padded extent is below twice the layer's, the tile holds its rest or more
    most = (2 * dims[d] - 1) // rest[d]
    if rest[d] > 1:  # more loops would leave less
        left = (dims[d] + unrolled - 1) // unrolled
        most = min(most, unrolled * ((left + rest[d] - 2) // (rest[d] - 1) - 1))
    return max(around, most)


@compiled
def nearest(step_p, runs_p, step_r, runs_r):
    """How little two loops along one axis may move a tile together, if they move it at all.

    Args:
        step_p: how far the one goes in a step.
        runs_p: places that it may reach.
        step_r: how far the other goes.
        runs_r: places that it may reach.

    Returns:
        The least distance of two positions that differ in either loop; 0 where they cancel out.
    """
    least = step_p
    for j in range(1, runs_r):
        i = j * step_r // step_p
        away = j * step_r - min(i, runs_p - 1) * step_p
        least = min(least, away)
        if i + 1 < runs_p:
            least = min(least, (i + 1) * step_p - j * step_r)
    return least


@compiled
def spreads(level, ns, rest, dims, conv, fan, outside, merged, out):
    """Visits of the inputs in one sweep, by the loop that moves them innermost.

    Every step brings what that loop's steps bring, or more: the tile has moved by at least one of
    them along its axis. Where both loops of an axis run, they may cancel each other out in part,
    but not in its own steps. Of tiles that tight factors can make, the one that brings least counts,
    and of merged loops the product of factors that does. Over each extent and each product the bound is
    a linear function, or the lesser of two, over a positive linear one, so the least is at a corner.

    Args:
        level: the level whose loops run.
        ns: (L, 8), how often each loop runs.
        rest: (8,) the tile's extents at least.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        fan: (L, 8) children of each level by dimension.
        outside: (L + 1, 8) unrolled factors outside each level.
        merged: whether the level's loops stand for those of more than one level.
        out: (8,), filled; infinite for loops that do not run or do not move the inputs.
    """
    whole = 1.0
    for d in range(8):
        out[d] = np.inf
    for axis in range(2):
        p, r = P + axis, R + axis
        stride, dilation = conv[STRIDE_H + axis], conv[DILATION_H + axis]
        around_p, most_p = widest(p, level, ns, rest, dims, outside, merged)
        around_r, most_r = widest(r, level, ns, rest, dims, outside, merged)
        far_p, far_r = around_p, around_r
        if merged:
            far_p = farthest(p, level, around_p, rest, dims, outside)
            far_r = farthest(r, level, around_r, rest, dims, outside)
        full, by_p, by_r, mixed = np.inf, np.inf, np.inf, 0.0
        for e_p in (rest[p], most_p):
            for e_r in (rest[r], most_r):
                box = (e_p - 1) * stride + (e_r - 1) * dilation + 1
                for a_p in (around_p, far_p):
                    for a_r in (around_r, far_r):
                        total = (e_p * a_p - 1) * stride + (e_r * a_r - 1) * dilation + 1
                        often = a_p * a_r / total
                        full = min(full, box * often)
                        by_p = min(by_p, min(e_p * stride, box) * often)
                        by_r = min(by_r, min(e_r * dilation, box) * often)
        runs_p, runs_r = around_p > outside[level + 1, p], around_r > outside[level + 1, r]
        if runs_p and runs_r and most_p == rest[p] and most_r == rest[r]:
            # loops of outer levels may go further by the children in between
            step = nearest(
                rest[p] * fan[level, p] * stride, far_p,
                rest[r] * fan[level, r] * dilation, far_r,
            )  # fmt: skip
            box = (rest[p] - 1) * stride + (rest[r] - 1) * dilation + 1
            mixed = full * min(step, box) / box
        for d, new in ((p, by_p), (r, by_r)):
            if ns[level, d] > 1:
                if runs_p and runs_r:
                    steps = 2 if merged else ns[level, d]
                    new = ((steps - 1) * new + min(mixed, new)) / steps
                out[d] = new / full
        whole *= full
    for d in range(8):
        if ns[level, d] > 1 and AXIS[d] >= 0:
            out[d] = whole if d < P else out[d] * whole
