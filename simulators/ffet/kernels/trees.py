"""Rectilinear Steiner trees a side: Prim's tree, then the best medians (Borah, Owens and Irwin, 1994)."""

import numpy as np

from .compiled import compiled, inlined


@inlined
def _prim(x, y, parent, best, n):
    """Parents (n,) of a least spanning tree rooted at 0, in place."""
    for i in range(n):
        best[i] = 1e30
        parent[i] = 0
    best[0] = -1.0
    last = 0
    for _ in range(1, n):
        pick, least = -1, 1e30
        for i in range(1, n):
            if best[i] < 0.0:
                continue
            d = abs(x[i] - x[last]) + abs(y[i] - y[last])
            if d < best[i]:
                best[i], parent[i] = d, last
            if best[i] < least:
                pick, least = i, best[i]
        best[pick] = -1.0
        last = pick


@inlined
def _middle(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@inlined
def _refine(x, y, parent, near, kids, n, room):
    """Insert medians where they save wire; returns the number of nodes.

    ``near`` and ``kids`` are room: neighbours of a node, and how many children each node has.
    """
    kids[:room] = 0
    for a in range(1, n):
        kids[parent[a]] += 1
    limit = n
    for _ in range(2):
        for u in range(limit):
            if n >= room:
                return n
            all_near = kids[u] + (1 if u != 0 else 0)
            if all_near < 2:
                continue
            count, a = 0, 0  # neighbours of u: its parent and its children
            while count < all_near:
                if (parent[a] == u and a != 0) or (u != 0 and a == parent[u]):
                    near[count] = a
                    count += 1
                a += 1
            gain, first, second = 1e-9, -1, -1
            for i in range(count):
                a = near[i]
                for j in range(i + 1, count):
                    b = near[j]
                    sx, sy = _middle(x[u], x[a], x[b]), _middle(y[u], y[a], y[b])
                    saved = (
                        abs(x[u] - x[a]) + abs(y[u] - y[a]) + abs(x[u] - x[b]) + abs(y[u] - y[b])
                        - abs(sx - x[a]) - abs(sy - y[a]) - abs(sx - x[b]) - abs(sy - y[b])
                        - abs(sx - x[u]) - abs(sy - y[u])
                    )  # fmt: skip
                    if saved > gain:
                        gain, first, second = saved, a, b
            if first < 0:
                continue
            s = n
            n += 1
            kids[s] = 2
            kids[u] -= 1
            x[s] = _middle(x[u], x[first], x[second])
            y[s] = _middle(y[u], y[first], y[second])
            if u != 0 and (first == parent[u] or second == parent[u]):
                child = second if first == parent[u] else first
                parent[s] = parent[u]
                parent[u] = s
                parent[child] = s
            else:
                parent[s] = u
                parent[first] = s
                parent[second] = s
        limit = n
    return n


def grow(start, pins, driver_pin, back, px, py, side, most, known, old):
    """Trees of all nets on one side.

    A driver reaches both sides.

    Args:
        start: (nets + 1,) where each net's pins begin.
        pins: pins and ports by net.
        driver_pin: (nets,) pin that drives, -1 for none.
        back: (pins + ports,) side of every sink.
        px: (pins + ports,) um.
        py: (pins + ports,) um.
        side: 0 front, 1 back.
        most: pins of the largest net.
        known: (nets,) bool, nets whose trees are taken from ``old``.
        old: an earlier result.

    Returns:
        First nodes of the nets (nets + 1,), and of each node x, y, parent (node number, -1 at the root)
        and pin (-1 at Steiner points), parents before children.
    """
    room = 2 * len(pins)
    first = np.zeros(len(start), np.int64)
    nx, ny, up, pin = *np.empty((2, room)), *np.empty((2, room), np.int64)
    floats, ints = np.empty((3, 2 * most)), np.empty((5, 2 * most), np.int64)
    _grow(
        start, pins, driver_pin, back, px, py, side, known, old, (first, nx, ny, up, pin), floats, ints
    )  # fmt: skip
    total = first[-1]
    return first, nx[:total], ny[:total], up[:total], pin[:total]


@compiled
def _grow(start, pins, driver_pin, back, px, py, side, known, old, new, floats, ints):
    """As :func:`grow`; fills ``new``. ``floats`` (3, ...) and ``ints`` (5, ...) are room for a tree."""
    first, nx, ny, up, pin = new
    x, y, best = floats
    parent, near, kids, which, place = ints
    nets, total, one = len(start) - 1, 0, np.int64(1)
    for n in range(nets):
        first[n] = total
        if known[n]:
            moved = total - old[0][n]
            for i in range(old[0][n], old[0][n + 1]):
                nx[total], ny[total], pin[total] = old[1][i], old[2][i], old[4][i]
                up[total] = old[3][i] + moved if old[3][i] >= 0 else -1
                total += 1
            continue
        d = driver_pin[n]
        if d < 0:
            continue
        k = one  # a literal would compile what it is handed to once more
        x[0], y[0], which[0] = px[d], py[d], d
        for i in range(start[n], start[n + 1]):
            p = pins[i]
            if p != d and back[p] == side:
                x[k], y[k], which[k] = px[p], py[p], p
                k += 1
        if k == 1:
            continue
        nx[total], ny[total], up[total], pin[total] = x[0], y[0], -1, d
        place[0] = total
        total += 1
        if k == 2:  # most nets
            nx[total], ny[total], up[total], pin[total] = x[1], y[1], total - 1, which[1]
            total += 1
            continue
        _prim(x, y, parent, best, k)
        n2 = _refine(x, y, parent, near, kids, k, 2 * k)
        for i in range(1, n2):
            place[i] = -1
        left = n2 - 1
        while left > 0:  # parents before children
            for i in range(1, n2):
                if place[i] < 0 and place[parent[i]] >= 0:
                    place[i] = total
                    nx[total], ny[total] = x[i], y[i]
                    up[total] = place[parent[i]]
                    pin[total] = which[i] if i < k else -1
                    total += 1
                    left -= 1
    first[nets] = total
