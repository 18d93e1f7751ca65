"""Weighted-average wirelength and its gradient (Hsu, Balabanov and Chang, TCAD 2013)."""

import numpy as np

from .compiled import compiled, inlined

LOG2E = 1.4426950408889634
HALVES = 0.5 ** np.arange(64)
# 2^f on [0, 1), degree 6: the Taylor series of exp(f ln 2) about 1/2, to 3e-9
POLY = np.array(
    [1.4142135623730951, 0.9802581434685472, 0.3397319836999544, 0.0784948386580136,
     0.0136021235534654, 0.0018856549900353, 0.0002178394906]
)  # fmt: skip


@inlined
def exp_below(x):
    """exp(x) for x <= 0 without a library's, so that the bits are the same on every machine.

    Args:
        x: at most 0.

    Returns:
        exp(x); 0 below -43.
    """
    t = -x * LOG2E
    k = int(t)
    if k > 62:
        return 0.0
    f = (k + 1) - t - 0.5  # x = (f + 1/2 - (k + 1)) ln 2
    y = POLY[6]
    for i in range(5, -1, -1):
        y = y * f + POLY[i]
    return y * HALVES[k + 1]


@compiled
def hpwl(start, pins, owner, x, y, off, wx, wy):
    """Half-perimeter wirelength of all nets.

    Args:
        start: (nets + 1,) where each net's pins begin.
        pins: pins by net.
        owner: (pins,) cell of each pin; fixed ports have owners beyond the cells.
        x: (cells + ports,) centres.
        y: (cells + ports,) centres.
        off: (pins,) offset of each pin along x.
        wx: weight of lengths along x.
        wy: weight of lengths along y.

    Returns:
        The weighted sum.
    """
    total = 0.0
    for n in range(len(start) - 1):
        if start[n + 1] - start[n] < 2:
            continue
        x0 = y0 = 1e30
        x1 = y1 = -1e30
        for k in range(start[n], start[n + 1]):
            c = owner[pins[k]]
            px, py = x[c] + off[pins[k]], y[c]
            x0, x1 = min(x0, px), max(x1, px)
            y0, y1 = min(y0, py), max(y1, py)
        total += (x1 - x0) * wx + (y1 - y0) * wy
    return total


@inlined
def _pull(values, gamma, one, v, d, low, high):
    """Gradients (d,) of a net's span in one direction, in place of ``values``' second row.

    An exponential is worked out once where it is asked for twice: at the ends of the span one is of
    nothing, which is ``one``, and the other of the whole.
    """
    inv = 1.0 / gamma
    whole = exp_below((low - high) * inv)
    s1 = s2 = t1 = t2 = 0.0
    for k in range(d):
        x = v[k]
        if x == high:
            e1, e2 = one, whole
        elif x == low:
            e1, e2 = whole, one
        else:
            e1, e2 = exp_below((x - high) * inv), exp_below((low - x) * inv)
        values[1, k], values[2, k] = e1, e2
        s1 += e1
        s2 += e2
        t1 += e1 * (x - low)
        t2 += e2 * (x - low)
    most, least = t1 / s1, t2 / s2
    for k in range(d):
        x = v[k] - low
        g = values[1, k] / s1 * (1.0 + (x - most) * inv)
        values[1, k] = g - values[2, k] / s2 * (1.0 - (x - least) * inv)


@inlined
def _pull_two(gamma, one, first, second):
    """As :func:`_pull` for a net of two pins, which most nets are: of the first and of the second."""
    wide = abs(second - first)
    if wide == 0.0:
        return 0.0, 0.0
    inv = 1.0 / gamma
    whole = exp_below(-wide * inv)
    s = one + whole
    near, far = one / s, whole / s
    most, least = one * wide / s, whole * wide / s
    upper = near * (1.0 + (wide - most) * inv)
    upper -= far * (1.0 - (wide - least) * inv)
    lower = far * (1.0 + (0.0 - most) * inv)
    lower -= near * (1.0 - (0.0 - least) * inv)
    return (upper, lower) if first > second else (lower, upper)


@compiled
def wirelength_gradient(start, owner, x, y, off, wx, wy, pull, gamma, most, gx, gy, work):
    """The gradient of the weighted-average wirelength.

    Args:
        start: (nets + 1,) where each net's pins begin.
        owner: (pins,) cell of each pin, net by net; fixed ports have owners beyond the cells.
        x: (cells + ports,) centres.
        y: (cells + ports,) centres.
        off: (pins,) offset of each pin along x, net by net.
        wx: weight of lengths along x.
        wy: weight of lengths along y.
        pull: (nets,) weight of each net.
        gamma: length over which the average is smoothed.
        most: pins of the largest net that pulls.
        gx: (cells,), filled.
        gy: (cells,), filled.
        work: (5, most), scratch.

    Returns:
        The half-perimeter wirelength of all nets, weighted.
    """
    gx[:] = 0.0
    gy[:] = 0.0
    cells, total = len(gx), 0.0
    one = exp_below(0.0)
    across, along = work[3], work[4]
    for n in range(len(start) - 1):
        a, b = start[n], start[n + 1]
        d = b - a
        if d < 2:
            continue
        x0 = y0 = 1e30
        x1 = y1 = -1e30
        for k in range(d):
            c = owner[a + k]
            px, py = x[c] + off[a + k], y[c]
            if d <= most:
                across[k], along[k] = px, py
            x0, x1 = min(x0, px), max(x1, px)
            y0, y1 = min(y0, py), max(y1, py)
        vx, vy = wx * pull[n], wy * pull[n]
        total += (x1 - x0) * vx + (y1 - y0) * vy
        if d > most:
            continue
        if d == 2:
            ax, bx = _pull_two(gamma, one, across[0], across[1])
            ay, by = _pull_two(gamma, one, along[0], along[1])
            c = owner[a]
            if c < cells:
                gx[c] += ax * vx
                gy[c] += ay * vy
            c = owner[a + 1]
            if c < cells:
                gx[c] += bx * vx
                gy[c] += by * vy
            continue
        if x1 > x0:
            _pull(work, gamma, one, across, d, x0, x1)
            for k in range(d):
                c = owner[a + k]
                if c < cells:
                    gx[c] += work[1, k] * vx
        if y1 > y0:
            _pull(work, gamma, one, along, d, y0, y1)
            for k in range(d):
                c = owner[a + k]
                if c < cells:
                    gy[c] += work[1, k] * vy
    return total
