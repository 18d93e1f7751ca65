"""Words that windowed inputs bring at least, whatever the order of the loops further out."""

from __future__ import annotations

import numpy as np

from ..compiled import compiled
from ..layout import DILATION_H, INPUTS, P, R, STRIDE_H
from ..nest import AXIS

MOST_TIMES = 12  # iterations of merged loops of which every product of factors is tried


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
def runs(d, level, ns):
    """Whether a loop over a dimension runs at a level or further out.

    Args:
        d: the dimension.
        level: the innermost level whose loops are known.
        ns: (L, 8), how often each loop runs.

    Returns:
        Whether one does.
    """
    most = 1
    for outer in range(level + 1):
        most = max(most, ns[outer, d])
    return most > 1


@compiled
def least_step(axis, level, ns, rest, dims, conv, fan, outside, merged):
    """The least share of a tile that is new where a loop moves it along an axis.

    Args:
        axis: 0 for rows, 1 for columns.
        level: the level whose loops run.
        ns: (L, 8), how often each loop runs.
        rest: (8,) the tile's extents at least.
        dims: (8,) int64, the layer's extents.
        conv: (4,) int64, strides and dilations.
        fan: (L, 8) children of each level by dimension.
        outside: (L + 1, 8) unrolled factors outside each level.
        merged: whether the level's loops stand for those of more than one level.

    Returns:
        A share; 0 where two dimensions may cancel each other out, 2 where no loop runs.
    """
    p, r = P + axis, R + axis
    stride, dilation = conv[STRIDE_H + axis], conv[DILATION_H + axis]
    runs_p, runs_r = runs(p, level, ns), runs(r, level, ns)
    if not runs_p and not runs_r:
        return 2.0
    if runs_p and runs_r:
        return 0.0
    least = 1.0
    _, most_p = widest(p, level, ns, rest, dims, outside, merged)
    _, most_r = widest(r, level, ns, rest, dims, outside, merged)
    for e_p in (rest[p], most_p):
        for e_r in (rest[r], most_r):
            box = (e_p - 1) * stride + (e_r - 1) * dilation + 1
            step = e_p * fan[level, p] * stride if runs_p else e_r * fan[level, r] * dilation
            least = min(least, min(step, box) / box)
    return least


@compiled
def rows_a_step(step, box, innermost, carries, mixed, still, aside):
    """Rows of an axis that a step brings at least on average, by the loop that moves the inputs innermost.

    All but one in ``innermost`` steps are that loop's own. In the others a loop further out steps, and
    all inside of it begin again. If that is one of the same dimension, the tile goes on by a step. If it
    leaves the inputs in place, the tile jumps back; if it goes along the other axis, it does both.

    Args:
        step: rows that the loop goes in a step.
        box: rows of a tile.
        innermost: iterations of the loop.
        carries: whether another loop over its dimension may run further out.
        mixed: rows that a step of the other dimension of the axis goes at least.
        still: whether loops run that leave the inputs in place.
        aside: share that a step along the other axis brings at least, see :func:`least_step`.

    Returns:
        Rows.
    """
    own = min(step, box)
    back = own if carries else min((innermost - 1) * step, box)
    carry = min(box * 1.0, mixed)
    if still or carries:
        carry = min(carry, back)
    if aside <= 1.0:
        carry = min(carry, box - (box - back) * (1.0 - aside))
    return ((innermost - 1) * own + carry) / innermost


@compiled
def along(
    axis, d, innermost, times, most_times, carries, sides, conv, mixed, still, aside, fan, level
):
    """Visits along an axis in a sweep, where a loop over ``d`` moves the inputs innermost.

    Over each extent the rows of a step are a sum of the lesser ones of two linear functions, over a
    positive linear one, and over each product a quotient of linear functions: the least is at a corner.

    Args:
        axis: 0 for rows, 1 for columns.
        d: output rows or filter rows of that axis.
        innermost: iterations of the loop.
        times: iterations of all loops over ``d``, times children, at least.
        most_times: at most.
        carries: see :func:`rows_a_step`.
        sides: the least and most of output and filter rows of a tile, then the least and most
            iterations, times children, of the other dimension.
        conv: (4,) int64, strides and dilations.
        mixed: see :func:`rows_a_step`.
        still: see :func:`rows_a_step`.
        aside: see :func:`rows_a_step`.
        fan: (L, 8) children of each level by dimension.
        level: the level whose loops run.

    Returns:
        Visits.
    """
    low_p, most_p, low_r, most_r, around, far = sides
    stride, dilation = conv[STRIDE_H + axis], conv[DILATION_H + axis]
    least = np.inf
    for e_p in (low_p, most_p):
        for e_r in (low_r, most_r):
            box = (e_p - 1) * stride + (e_r - 1) * dilation + 1
            step = e_r * fan[level, d] * dilation if d >= R else e_p * fan[level, d] * stride
            rows = rows_a_step(step, box, innermost, carries, mixed, still, aside)
            for mine in (times, most_times):
                for its in (around, far):
                    a_p, a_r = (its, mine) if d >= R else (mine, its)
                    total = (e_p * a_p - 1) * stride + (e_r * a_r - 1) * dilation + 1
                    least = min(least, rows * a_p * a_r / total)
    return least


@compiled
def spreads(level, ns, rest, dims, conv, fan, outside, merged, out):
    """Visits of the inputs in one sweep, by the loop that moves them innermost.

    Every step brings what :func:`rows_a_step` says, or more. Where both loops of an axis run, they may
    cancel each other out in part, but not in the innermost loop's own steps. Of tiles that tight factors
    can make, the one that brings least counts. Of merged loops the product of factors that does counts,
    and the innermost of these factors.

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
    still, whole, rows = False, 1.0, 1.0
    for d in range(8):
        out[d] = np.inf
        still = still or (AXIS[d] < 0 and runs(d, level, ns))
    for axis in range(2):
        p, r = P + axis, R + axis
        stride, dilation = conv[STRIDE_H + axis], conv[DILATION_H + axis]
        around_p, most_p = widest(p, level, ns, rest, dims, outside, merged)
        around_r, most_r = widest(r, level, ns, rest, dims, outside, merged)
        far_p, far_r = around_p, around_r
        if merged:
            far_p = farthest(p, level, around_p, rest, dims, outside)
            far_r = farthest(r, level, around_r, rest, dims, outside)
        full, mixed = np.inf, np.inf
        for e_p in (rest[p], most_p):
            for e_r in (rest[r], most_r):
                box = (e_p - 1) * stride + (e_r - 1) * dilation + 1
                for a_p in (around_p, far_p):
                    for a_r in (around_r, far_r):
                        total = (e_p * a_p - 1) * stride + (e_r * a_r - 1) * dilation + 1
                        full = min(full, box * a_p * a_r / total)
        if runs(p, level, ns) and runs(r, level, ns):
            mixed = 0.0
            if most_p == rest[p] and most_r == rest[r]:
                # loops of outer levels may go further by the children in between
                mixed = 1.0 * nearest(
                    rest[p] * fan[level, p] * stride, far_p,
                    rest[r] * fan[level, r] * dilation, far_r,
                )  # fmt: skip
        aside = 2.0
        if ns[level, p] > 1 or ns[level, r] > 1:
            aside = least_step(1 - axis, level, ns, rest, dims, conv, fan, outside, merged)
        for d, around, far in ((p, around_p, far_p), (r, around_r, far_r)):
            if ns[level, d] == 1:
                continue
            others, most_others = (around_r, far_r) if d == p else (around_p, far_p)
            sides = (rest[p], most_p, rest[r], most_r, others, most_others)
            unrolled = outside[level + 1, d]
            low, high = around // unrolled, far // unrolled
            if not merged:
                innermost = ns[level, d]
                out[d] = along(
                    axis, d, innermost, around, around, innermost < low, sides, conv, mixed, still,
                    aside, fan, level,
                )  # fmt: skip
                continue
            if high > MOST_TIMES:
                # of two factors or more, whose steps that carry bring no more than their own
                out[d] = along(
                    axis, d, 2, around, far, True, sides, conv, mixed, still, aside, fan, level
                )
                continue
            for times in range(low, high + 1):
                for innermost in range(2, times + 1):
                    # tight factors: one less would not do
                    if (
                        times % innermost == 0
                        and times * unrolled * rest[d] * (innermost - 1) < dims[d] * innermost
                    ):
                        mine = times * unrolled
                        new = along(
                            axis, d, innermost, mine, mine, innermost < times, sides, conv, mixed,
                            still, aside, fan, level,
                        )  # fmt: skip
                        out[d] = min(out[d], new)
        if axis == 0:
            rows = full
        else:
            for d in (P, R):
                out[d] *= full
            for d in (p, r):
                out[d] *= rows
        whole *= full
    for d in range(P):
        if ns[level, d] > 1 and AXIS[d] >= 0:
            out[d] = whole
