"""Paths of at most three straight runs over gcells, and what they take of the borders they cross.

A path is (x0, y0, x1, y1, kind, mid). Kind 0 runs along x to column ``mid``, then along y, then
along x; kind 1 the other way about. Borders of either direction lie in one flat array each, so that
both directions share the code that walks them.
"""

from .compiled import inlined
from .state import Runs


@inlined
def runs_h(path, ny):
    """Borders that a path crosses horizontally, among (nx - 1, ny).

    Args:
        path: the path.
        ny: rows of gcells.

    Returns:
        Both runs; the second may be empty.
    """
    x0, y0, x1, y1, kind, mid = path
    if kind == 0:
        a, b = min(x0, mid) * ny + y0, min(mid, x1) * ny + y1
        return Runs(a, abs(x0 - mid), b, abs(mid - x1), ny)
    return Runs(min(x0, x1) * ny + mid, abs(x0 - x1), 0, 0, ny)


@inlined
def runs_v(path, ny):
    """Borders that a path crosses vertically, among (nx, ny - 1).

    Args:
        path: the path.
        ny: rows of gcells.

    Returns:
        Both runs; the second may be empty.
    """
    x0, y0, x1, y1, kind, mid = path
    column = ny - 1
    if kind == 0:
        return Runs(mid * column + min(y0, y1), abs(y0 - y1), 0, 0, 1)
    a, b = x0 * column + min(y0, mid), x1 * column + min(mid, y1)
    return Runs(a, abs(y0 - mid), b, abs(mid - y1), 1)


@inlined
def lay(use, layer, runs, amount):
    """Put tracks of one layer on what a path crosses.

    Args:
        use: (layers, borders) tracks in use; added to.
        layer: the layer's place.
        runs: what the path crosses.
        amount: tracks to add.
    """
    at = runs.first
    for _ in range(runs.count):
        use[layer, at] += amount
        at += runs.step
    at = runs.second
    for _ in range(runs.others):
        use[layer, at] += amount
        at += runs.step


@inlined
def above(use, cap, layer, runs, extra):
    """How far one layer is above its capacity on what a path crosses.

    Args:
        use: (layers, borders) tracks in use.
        cap: (layers, borders) tracks that there are.
        layer: the layer's place.
        runs: what the path crosses.
        extra: tracks added to what is compared with the capacity.

    Returns:
        Tracks above capacity.
    """
    over = 0.0
    at = runs.first
    for _ in range(runs.count):
        over += max(0.0, use[layer, at] + extra - cap[layer, at])
        at += runs.step
    at = runs.second
    for _ in range(runs.others):
        over += max(0.0, use[layer, at] + extra - cap[layer, at])
        at += runs.step
    return over


@inlined
def share(use, cap, layer, runs):
    """How full one layer's borders are on what a path crosses.

    Args:
        use: (layers, borders) tracks in use.
        cap: (layers, borders) tracks that there are.
        layer: the layer's place.
        runs: what the path crosses.

    Returns:
        Sum of the shares in use.
    """
    s = 0.0
    at = runs.first
    for _ in range(runs.count):
        s += min(1.0, use[layer, at] / max(cap[layer, at], 1.0))
        at += runs.step
    at = runs.second
    for _ in range(runs.others):
        s += min(1.0, use[layer, at] / max(cap[layer, at], 1.0))
        at += runs.step
    return s


@inlined
def price(cost, runs):
    """Price of one direction of a path.

    Args:
        cost: (borders,) price of each border.
        runs: what the path crosses.

    Returns:
        The sum over the borders that it crosses.
    """
    s = 0.0
    at = runs.first
    for _ in range(runs.count):
        s += cost[at]
        at += runs.step
    at = runs.second
    for _ in range(runs.others):
        s += cost[at]
        at += runs.step
    return s
