"""Global routing of one side: patterns with negotiated detours (PathFinder's costs), then layer pairs."""

import numpy as np

from .compiled import compiled

HISTORY, OVERUSE = 0.5, 4.0


@compiled
def _cost(usage, cap, history, i, j):
    over = usage[i, j] + 1.0 - cap[i, j]
    return 1.0 + history[i, j] + (OVERUSE * over if over > 0.0 else 0.0)


@compiled
def _along(horizontal, use_h, cap_h, hist_h, use_v, cap_v, hist_v, a, b, at):
    """Cost of a straight run from gcell a to b in row (or column) ``at``."""
    s = 0.0
    for k in range(min(a, b), max(a, b)):
        if horizontal:
            s += _cost(use_h, cap_h, hist_h, k, at)
        else:
            s += _cost(use_v, cap_v, hist_v, at, k)
    return s


@compiled
def _add(use_h, use_v, x0, y0, x1, y1, kind, mid, amount):
    """Put a path on the grid: kind 0 runs along x to ``mid``, then y, then x; kind 1 the other way."""
    if kind == 0:
        for k in range(min(x0, mid), max(x0, mid)):
            use_h[k, y0] += amount
        for k in range(min(y0, y1), max(y0, y1)):
            use_v[mid, k] += amount
        for k in range(min(mid, x1), max(mid, x1)):
            use_h[k, y1] += amount
    else:
        for k in range(min(y0, mid), max(y0, mid)):
            use_v[x0, k] += amount
        for k in range(min(x0, x1), max(x0, x1)):
            use_h[k, mid] += amount
        for k in range(min(mid, y1), max(mid, y1)):
            use_v[x1, k] += amount


@compiled
def _best(use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, y0, x1, y1, reach):
    """The cheapest pattern within the box widened by ``reach``."""
    nx, ny = use_v.shape[0], use_h.shape[1]
    least, kind, mid = 1e30, 0, x1
    low, high = max(min(x0, x1) - reach, 0), min(max(x0, x1) + reach, nx - 1)
    step = max(1, (high - low) // 12)
    m = low
    while m <= high:
        s = _along(True, use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, m, y0)
        s += _along(False, use_h, cap_h, hist_h, use_v, cap_v, hist_v, y0, y1, m)
        s += _along(True, use_h, cap_h, hist_h, use_v, cap_v, hist_v, m, x1, y1)
        if s < least:
            least, kind, mid = s, 0, m
        m += step
    low, high = max(min(y0, y1) - reach, 0), min(max(y0, y1) + reach, ny - 1)
    step = max(1, (high - low) // 12)
    m = low
    while m <= high:
        s = _along(False, use_h, cap_h, hist_h, use_v, cap_v, hist_v, y0, m, x0)
        s += _along(True, use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, x1, m)
        s += _along(False, use_h, cap_h, hist_h, use_v, cap_v, hist_v, m, y1, x1)
        if s < least:
            least, kind, mid = s, 1, m
        m += step
    return kind, mid


@compiled
def _crowded(use_h, cap_h, use_v, cap_v, x0, y0, x1, y1, kind, mid):
    """Whether a path crosses an edge above its capacity."""
    if kind == 0:
        for k in range(min(x0, mid), max(x0, mid)):
            if use_h[k, y0] > cap_h[k, y0]:
                return True
        for k in range(min(y0, y1), max(y0, y1)):
            if use_v[mid, k] > cap_v[mid, k]:
                return True
        for k in range(min(mid, x1), max(mid, x1)):
            if use_h[k, y1] > cap_h[k, y1]:
                return True
    else:
        for k in range(min(y0, mid), max(y0, mid)):
            if use_v[x0, k] > cap_v[x0, k]:
                return True
        for k in range(min(x0, x1), max(x0, x1)):
            if use_h[k, mid] > cap_h[k, mid]:
                return True
        for k in range(min(mid, y1), max(mid, y1)):
            if use_v[x1, k] > cap_v[x1, k]:
                return True
    return False


@compiled
def route(gx, gy, up, cap_h, cap_v, rounds, kind, mid):
    """Patterns of all tree edges, in place; returns how many tracks are above capacity.

    ``gx``, ``gy`` gcells of nodes; ``cap_h`` (nx - 1, ny) and ``cap_v`` (nx, ny - 1) tracks.
    """
    use_h, use_v = np.zeros(cap_h.shape), np.zeros(cap_v.shape)
    hist_h, hist_v = np.zeros(cap_h.shape), np.zeros(cap_v.shape)
    for i in range(len(up)):
        kind[i], mid[i] = 0, 0
        if up[i] < 0:
            continue
        x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
        if x0 == x1 and y0 == y1:
            kind[i] = -1
            continue
        kind[i], mid[i] = _best(use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, y0, x1, y1, 0)
        _add(use_h, use_v, x0, y0, x1, y1, kind[i], mid[i], 1.0)
    for turn in range(rounds):
        over = 0.0
        for i in range(cap_h.shape[0]):
            for j in range(cap_h.shape[1]):
                o = use_h[i, j] - cap_h[i, j]
                if o > 0:
                    over += o
                    hist_h[i, j] += HISTORY
        for i in range(cap_v.shape[0]):
            for j in range(cap_v.shape[1]):
                o = use_v[i, j] - cap_v[i, j]
                if o > 0:
                    over += o
                    hist_v[i, j] += HISTORY
        if over == 0.0:
            break
        for i in range(len(up)):
            if up[i] < 0 or kind[i] < 0:
                continue
            x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
            if not _crowded(use_h, cap_h, use_v, cap_v, x0, y0, x1, y1, kind[i], mid[i]):
                continue
            _add(use_h, use_v, x0, y0, x1, y1, kind[i], mid[i], -1.0)
            kind[i], mid[i] = _best(
                use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, y0, x1, y1, 2 + 2 * turn
            )
            _add(use_h, use_v, x0, y0, x1, y1, kind[i], mid[i], 1.0)


@compiled
def _excess(horizontal, use, cap, x0, y0, x1, y1, kind, mid, amount):
    """Put ``amount`` on one direction of a path on one layer; returns tracks above capacity.

    They are counted with the path on it; ``amount`` 0 only asks.
    """
    over = 0.0
    extra = 1.0 if amount == 0.0 else 0.0
    if (kind == 0) == horizontal:  # the two outer runs
        ends = (y0, y1) if horizontal else (x0, x1)
        for part in range(2):
            low, high = (x0, mid) if horizontal else (y0, mid)
            if part == 1:
                low, high = (mid, x1) if horizontal else (mid, y1)
            at = ends[part]
            for k in range(min(low, high), max(low, high)):
                i, j = (k, at) if horizontal else (at, k)
                use[i, j] += amount
                over += max(0.0, use[i, j] + extra - cap[i, j])
    else:  # the run in the middle
        low, high = (x0, x1) if horizontal else (y0, y1)
        for k in range(min(low, high), max(low, high)):
            i, j = (k, mid) if horizontal else (mid, k)
            use[i, j] += amount
            over += max(0.0, use[i, j] + extra - cap[i, j])
    return over


@compiled
def _pick(horizontal, use, cap, layer, x0, y0, x1, y1, kind, mid, length, below, ohm, via, wire):
    """The fastest pair of those least exceeded; its layer is ``layer[pair]``."""
    pick, least, least_over = 0, 1e30, 1e30
    for t in range(len(ohm)):
        d = 2.0 * via[t] * below + ohm[t] * length * (0.5 * wire * length + below)
        over = _excess(horizontal, use[layer[t]], cap[layer[t]], x0, y0, x1, y1, kind, mid, 0.0)
        if over < least_over - 1e-9 or (over < least_over + 1e-9 and d < least):
            pick, least, least_over = t, d, over
    return pick


@compiled
def assign(
    gx, gy, up, kind, mid, order, length, below, h_ohm, v_ohm, via, wire, cap_h, cap_v, h_layer,
    v_layer, rounds, use_h, use_v, h_tier, v_tier,
):  # fmt: skip
    """Layer pairs of both directions of every tree edge in ``order``, in place: the fastest with room.

    ``cap_h`` (layers, nx - 1, ny), ``cap_v`` (layers, nx, ny - 1); without room anywhere, the layer
    that is exceeded least.  What crosses an exceeded border is taken up and laid again.
    """
    for turn in range(rounds):
        for i in order:
            x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
            if kind[i] < 0:
                h_tier[i] = v_tier[i] = 0
                continue
            k, m = kind[i], mid[i]
            if turn > 0:
                h, v = h_layer[h_tier[i]], v_layer[v_tier[i]]
                over = _excess(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, -1.0)
                over = _excess(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 0.0)
                _excess(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, -1.0)
                over += _excess(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 0.0)
                if over == 0.0:
                    _excess(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 1.0)
                    _excess(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 1.0)
                    continue
            h_tier[i] = _pick(
                True, use_h, cap_h, h_layer, x0, y0, x1, y1, k, m, length[i], below[i], h_ohm, via,
                wire,
            )  # fmt: skip
            v_tier[i] = _pick(
                False, use_v, cap_v, v_layer, x0, y0, x1, y1, k, m, length[i], below[i], v_ohm,
                via, wire,
            )  # fmt: skip
            h, v = h_layer[h_tier[i]], v_layer[v_tier[i]]
            _excess(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 1.0)
            _excess(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 1.0)


@compiled
def _share(horizontal, use, cap, x0, y0, x1, y1, kind, mid):
    """Sum of the shares of tracks in use along one direction of a path, and how many borders."""
    s, n = 0.0, 0
    if (kind == 0) == horizontal:
        for part in range(2):
            at = (y0 if part == 0 else y1) if horizontal else (x0 if part == 0 else x1)
            low, high = (x0, mid) if horizontal else (y0, mid)
            if part == 1:
                low, high = (mid, x1) if horizontal else (mid, y1)
            for k in range(min(low, high), max(low, high)):
                i, j = (k, at) if horizontal else (at, k)
                s += min(1.0, use[i, j] / max(cap[i, j], 1.0))
                n += 1
    else:
        low, high = (x0, x1) if horizontal else (y0, y1)
        for k in range(min(low, high), max(low, high)):
            i, j = (k, mid) if horizontal else (mid, k)
            s += min(1.0, use[i, j] / max(cap[i, j], 1.0))
            n += 1
    return s, n


@compiled
def extract(
    nx, ny, gx, gy, up, pin, kind, mid, h_tier, v_tier, h_layer, v_layer, use_h, cap_h, use_v,
    cap_v, h_ohm, v_ohm, via, empty, full, length, res, capacitance,
):  # fmt: skip
    """Resistance (kohm) and capacitance (fF) of every tree edge from its route, in place."""
    for i in range(len(up)):
        res[i] = capacitance[i] = 0.0
        u = up[i]
        if u < 0:
            continue
        h, v = h_tier[i], v_tier[i]
        dx, dy = abs(nx[i] - nx[u]), abs(ny[i] - ny[u])
        part = dx / (dx + dy) if dx + dy > 0 else 0.5
        share = 0.5
        if kind[i] >= 0:
            x0, y0, x1, y1 = gx[u], gy[u], gx[i], gy[i]
            a, m = _share(
                True, use_h[h_layer[h]], cap_h[h_layer[h]], x0, y0, x1, y1, kind[i], mid[i]
            )
            b, n = _share(
                False, use_v[v_layer[v]], cap_v[v_layer[v]], x0, y0, x1, y1, kind[i], mid[i]
            )
            share = (a + b) / max(1, m + n)
        res[i] = length[i] * (part * h_ohm[h] + (1.0 - part) * v_ohm[v]) + abs(via[h] - via[v])
        capacitance[i] = (empty + (full - empty) * share) * length[i]
        if up[u] >= 0:  # from the layers of the edge above, or from the driver's pin
            res[i] += min(abs(via[h] - via[h_tier[u]]), abs(via[h] - via[v_tier[u]]))
        else:
            res[i] += via[h]
        if pin[i] >= 0:
            res[i] += via[h]


@compiled
def lengths(nx, ny, gx, gy, up, kind, mid, gcell, length):
    """Routed length (nodes,): pin to pin, and the detour of its path in gcells."""
    for i in range(len(up)):
        length[i] = 0.0
        u = up[i]
        if u < 0:
            continue
        d = abs(nx[i] - nx[u]) + abs(ny[i] - ny[u])
        if kind[i] == 0:
            extra = abs(gx[u] - mid[i]) + abs(mid[i] - gx[i]) - abs(gx[u] - gx[i])
            d += extra * gcell
        elif kind[i] == 1:
            extra = abs(gy[u] - mid[i]) + abs(mid[i] - gy[i]) - abs(gy[u] - gy[i])
            d += extra * gcell
        length[i] = d


@compiled
def exceeded(use, cap):
    """Tracks above capacity, and at how many borders of a layer."""
    total, count = 0.0, 0
    for t in range(use.shape[0]):
        for i in range(use.shape[1]):
            for j in range(use.shape[2]):
                o = use[t, i, j] - cap[t, i, j]
                if o > 1e-9:
                    total += o
                    count += 1
    return total, count
