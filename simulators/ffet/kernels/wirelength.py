"""Weighted-average wirelength and its gradient (Hsu, Balabanov and Chang, TCAD 2013)."""

import numpy as np

from .compiled import compiled

LOG2E = 1.4426950408889634
HALVES = 0.5 ** np.arange(64)
# 2^f on [0, 1), degree 6: the Taylor series of exp(f ln 2) about 1/2, to 3e-9
POLY = np.array(
    [1.4142135623730951, 0.9802581434685472, 0.3397319836999544, 0.0784948386580136,
     0.0136021235534654, 0.0018856549900353, 0.0002178394906]
)  # fmt: skip


@compiled
def exp_below(x):
    """exp(x) for x <= 0 without a library's: the same bits on every machine; 0 below -43."""
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
    """Half-perimeter wirelength of all nets; pins of fixed ports have owner beyond the cells."""
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


@compiled
def wirelength_gradient(start, pins, owner, x, y, off, wx, wy, gamma, most, gx, gy, work):
    """Add the gradient to (cells,) ``gx`` and ``gy``; nets of more than ``most`` pins are left out."""
    gx[:] = 0.0
    gy[:] = 0.0
    cells = len(gx)
    inv = 1.0 / gamma
    for n in range(len(start) - 1):
        a, b = start[n], start[n + 1]
        d = b - a
        if d < 2 or d > most:
            continue
        for axis in range(2):
            low, high = 1e30, -1e30
            for k in range(d):
                p = pins[a + k]
                c = owner[p]
                v = x[c] + off[p] if axis == 0 else y[c]
                work[0, k] = v
                low, high = min(low, v), max(high, v)
            if high <= low:
                continue
            s1 = s2 = t1 = t2 = 0.0
            for k in range(d):
                v = work[0, k]
                e1, e2 = exp_below((v - high) * inv), exp_below((low - v) * inv)
                work[1, k], work[2, k] = e1, e2
                s1 += e1
                s2 += e2
                t1 += e1 * (v - low)
                t2 += e2 * (v - low)
            most1, least1 = t1 / s1, t2 / s2
            for k in range(d):
                c = owner[pins[a + k]]
                if c >= cells:
                    continue
                v = work[0, k] - low
                g = work[1, k] / s1 * (1.0 + (v - most1) * inv)
                g -= work[2, k] / s2 * (1.0 - (v - least1) * inv)
                if axis == 0:
                    gx[c] += g * wx
                else:
                    gy[c] += g * wy
