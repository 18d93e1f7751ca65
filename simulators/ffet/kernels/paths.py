"""Paths of at most three straight runs over gcells, and what they take of the borders they cross.

Kind 0 runs along x to column ``mid``, then along y, then along x; kind 1 the other way about.
"""

from .compiled import compiled


@compiled
def runs(horizontal, path):
    """Both runs of one direction: from, to, row (or column), twice; the second may be empty."""
    x0, y0, x1, y1, kind, mid = path
    if horizontal:
        if kind == 0:
            return x0, mid, y0, mid, x1, y1
        return x0, x1, mid, 0, 0, 0
    if kind == 0:
        return y0, y1, mid, 0, 0, 0
    return y0, mid, x0, mid, y1, x1


@compiled
def lay(horizontal, use, cap, path, amount, extra):
    """Put ``amount`` tracks on one direction of a path; returns tracks above capacity, ``extra`` added.

    ``use`` and ``cap`` are tracks at every border of that direction: (nx - 1, ny) or (nx, ny - 1).
    """
    over = 0.0
    r = runs(horizontal, path)
    for part in range(2):
        a, b, at = r[3 * part], r[3 * part + 1], r[3 * part + 2]
        for k in range(min(a, b), max(a, b)):
            i, j = (k, at) if horizontal else (at, k)
            use[i, j] += amount
            over += max(0.0, use[i, j] + extra - cap[i, j])
    return over


@compiled
def share(horizontal, use, cap, path):
    """Sum of the shares of tracks in use along one direction of a path, and how many borders."""
    s, n = 0.0, 0
    r = runs(horizontal, path)
    for part in range(2):
        a, b, at = r[3 * part], r[3 * part + 1], r[3 * part + 2]
        for k in range(min(a, b), max(a, b)):
            i, j = (k, at) if horizontal else (at, k)
            s += min(1.0, use[i, j] / max(cap[i, j], 1.0))
            n += 1
    return s, n


@compiled
def price(horizontal, use, cap, history, path, overuse):
    """Cost of one direction of a path: a border is 1, its history, and ``overuse`` a track above capacity."""
    s = 0.0
    r = runs(horizontal, path)
    for part in range(2):
        a, b, at = r[3 * part], r[3 * part + 1], r[3 * part + 2]
        for k in range(min(a, b), max(a, b)):
            i, j = (k, at) if horizontal else (at, k)
            over = use[i, j] + 1.0 - cap[i, j]
            s += 1.0 + history[i, j] + (overuse * over if over > 0.0 else 0.0)
    return s
