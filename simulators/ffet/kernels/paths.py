"""Paths of at most three straight runs over gcells, and what they take of the borders they cross.

A path is (x0, y0, x1, y1, kind, mid). Kind 0 runs along x to column ``mid``, then along y, then
along x; kind 1 the other way about.
"""

from .compiled import inlined


@inlined
def runs(horizontal, path):
    """Both runs of one direction of a path; the second may be empty.

    Args:
        horizontal: whether the runs along x are meant.
        path: the path.

    Returns:
        From, to, and row (or column), twice.
    """
    x0, y0, x1, y1, kind, mid = path
    if horizontal:
        if kind == 0:
            return x0, mid, y0, mid, x1, y1
        return x0, x1, mid, 0, 0, 0
    if kind == 0:
        return y0, y1, mid, 0, 0, 0
    return y0, mid, x0, mid, y1, x1


@inlined
def _run(horizontal, use, cap, a, b, at, amount, extra, over):
    """Put ``amount`` tracks on one run; returns ``over`` and the tracks above capacity."""
    if horizontal:
        for k in range(min(a, b), max(a, b)):
            use[k, at] += amount
            over += max(0.0, use[k, at] + extra - cap[k, at])
    else:
        for k in range(min(a, b), max(a, b)):
            use[at, k] += amount
            over += max(0.0, use[at, k] + extra - cap[at, k])
    return over


@inlined
def lay(horizontal, use, cap, path, amount, extra):
    """Put tracks on one direction of a path.

    Args:
        horizontal: whether the runs along x are meant.
        use: tracks in use at every border of that direction, (nx - 1, ny) or (nx, ny - 1); added to.
        cap: tracks that there are, of the same shape.
        path: the path.
        amount: tracks to add.
        extra: added to what is compared with the capacity.

    Returns:
        Tracks above capacity.
    """
    a, b, at, c, d, on = runs(horizontal, path)
    over = _run(horizontal, use, cap, a, b, at, amount, extra, 0.0)
    return _run(horizontal, use, cap, c, d, on, amount, extra, over)


@inlined
def share(horizontal, use, cap, path):
    """How full the borders along one direction of a path are.

    Args:
        horizontal: whether the runs along x are meant.
        use: tracks in use at every border.
        cap: tracks that there are.
        path: the path.

    Returns:
        Sum of the shares in use, and how many borders.
    """
    s, n = 0.0, 0
    a, b, at, c, d, on = runs(horizontal, path)
    for part in range(2):
        if part:
            a, b, at = c, d, on
        for k in range(min(a, b), max(a, b)):
            i, j = (k, at) if horizontal else (at, k)
            s += min(1.0, use[i, j] / max(cap[i, j], 1.0))
            n += 1
    return s, n


@inlined
def price(horizontal, cost, path):
    """Price of one direction of a path.

    Args:
        horizontal: whether the runs along x are meant.
        cost: price of each border.
        path: the path.

    Returns:
        The sum over the borders that it crosses.
    """
    s = 0.0
    a, b, at, c, d, on = runs(horizontal, path)
    for part in range(2):
        if part:
            a, b, at = c, d, on
        for k in range(min(a, b), max(a, b)):
            s += cost[k, at] if horizontal else cost[at, k]
    return s
