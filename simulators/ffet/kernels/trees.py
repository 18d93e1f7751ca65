"""Rectilinear Steiner trees a side: Prim's tree, then the best medians (Borah, Owens and Irwin, 1994)."""

import numpy as np

from .compiled import compiled


@compiled
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


@compiled
def _middle(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@compiled
def _refine(x, y, parent, n, room):
    """Insert medians where they save wire; returns the number of nodes."""
    limit = n
    for _ in range(2):
        for u in range(limit):
            if n >= room:
                return n
            gain, first, second = 1e-9, -1, -1
            for a in range(n):  # neighbours of u: its parent and its children
                if not (parent[a] == u and a != 0) and not (u != 0 and a == parent[u]):
                    continue
                for b in range(a + 1, n):
                    if not (parent[b] == u and b != 0) and not (u != 0 and b == parent[u]):
                        continue
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


@compiled
def grow(start, pins, driver_pin, back, px, py, side, most):
    """Trees of all nets on one side.

    ``back`` (pins,) is the side of every sink; a driver reaches both.  Returns first node (nets + 1,)
    and, a node: x, y, parent (node number, -1 at the root) and pin (-1 at Steiner points), parents
    before children.
    """
    nets = len(start) - 1
    room = 0
    for n in range(nets):
        room += 2 * (start[n + 1] - start[n])
    first = np.zeros(nets + 1, np.int64)
    nx, ny = np.empty(room), np.empty(room)
    up, pin = np.empty(room, np.int64), np.empty(room, np.int64)
    x, y, best = np.empty(2 * most), np.empty(2 * most), np.empty(2 * most)
    parent = np.empty(2 * most, np.int64)
    which, place = np.empty(2 * most, np.int64), np.empty(2 * most, np.int64)
    total = 0
    for n in range(nets):
        first[n] = total
        d = driver_pin[n]
        if d < 0:
            continue
        k = 1
        x[0], y[0], which[0] = px[d], py[d], d
        for i in range(start[n], start[n + 1]):
            p = pins[i]
            if p != d and back[p] == side:
                x[k], y[k], which[k] = px[p], py[p], p
                k += 1
        if k == 1:
            continue
        _prim(x, y, parent, best, k)
        n2 = _refine(x, y, parent, k, 2 * k)
        for i in range(n2):
            place[i] = -1
        place[0] = total
        nx[total], ny[total], up[total], pin[total] = x[0], y[0], -1, d
        total += 1
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
    return first, nx[:total], ny[:total], up[:total], pin[:total]
