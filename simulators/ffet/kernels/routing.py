"""Global routing of one side: patterns with negotiated detours (PathFinder's costs), then layer pairs."""

import numpy as np

from .compiled import compiled
from .paths import lay, price, share

HISTORY, OVERUSE = 0.5, 4.0


@compiled
def _best(use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, y0, x1, y1, reach):
    """The cheapest path within the box widened by ``reach``."""
    least, best_kind, best_mid = 1e30, 0, x1
    for kind in range(2):
        a, b = (x0, x1) if kind == 0 else (y0, y1)
        end = use_v.shape[0] if kind == 0 else use_h.shape[1]
        low, high = max(min(a, b) - reach, 0), min(max(a, b) + reach, end - 1)
        step = max(1, (high - low) // 12)
        for mid in range(low, high + 1, step):
            s = price(True, use_h, cap_h, hist_h, x0, y0, x1, y1, kind, mid, OVERUSE)
            s += price(False, use_v, cap_v, hist_v, x0, y0, x1, y1, kind, mid, OVERUSE)
            if s < least:
                least, best_kind, best_mid = s, kind, mid
    return best_kind, best_mid


@compiled
def _remember(use, cap, history):
    """Raise the price of every border above capacity; returns the tracks above it."""
    over = 0.0
    for i in range(use.shape[0]):
        for j in range(use.shape[1]):
            o = use[i, j] - cap[i, j]
            if o > 0:
                over += o
                history[i, j] += HISTORY
    return over


@compiled
def route(gx, gy, up, cap_h, cap_v, rounds, kind, mid):
    """Paths of all tree edges, in place: those over full borders are taken up and laid anew.

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
        lay(True, use_h, cap_h, x0, y0, x1, y1, kind[i], mid[i], 1.0, 0.0)
        lay(False, use_v, cap_v, x0, y0, x1, y1, kind[i], mid[i], 1.0, 0.0)
    for turn in range(rounds):
        if _remember(use_h, cap_h, hist_h) + _remember(use_v, cap_v, hist_v) == 0.0:
            break
        for i in range(len(up)):
            if up[i] < 0 or kind[i] < 0:
                continue
            x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
            over = lay(True, use_h, cap_h, x0, y0, x1, y1, kind[i], mid[i], 0.0, 0.0)
            over += lay(False, use_v, cap_v, x0, y0, x1, y1, kind[i], mid[i], 0.0, 0.0)
            if over == 0.0:
                continue
            lay(True, use_h, cap_h, x0, y0, x1, y1, kind[i], mid[i], -1.0, 0.0)
            lay(False, use_v, cap_v, x0, y0, x1, y1, kind[i], mid[i], -1.0, 0.0)
            kind[i], mid[i] = _best(
                use_h, cap_h, hist_h, use_v, cap_v, hist_v, x0, y0, x1, y1, 2 + 2 * turn
            )
            lay(True, use_h, cap_h, x0, y0, x1, y1, kind[i], mid[i], 1.0, 0.0)
            lay(False, use_v, cap_v, x0, y0, x1, y1, kind[i], mid[i], 1.0, 0.0)


@compiled
def _pick(horizontal, use, cap, layer, x0, y0, x1, y1, kind, mid, length, below, ohm, via, wire):
    """The fastest pair of those least exceeded; its layer is ``layer[pair]``."""
    pick, least, least_over = 0, 1e30, 1e30
    for t in range(len(ohm)):
        d = 2.0 * via[t] * below + ohm[t] * length * (0.5 * wire * length + below)
        over = lay(horizontal, use[layer[t]], cap[layer[t]], x0, y0, x1, y1, kind, mid, 0.0, 1.0)
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
                lay(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, -1.0, 0.0)
                over = lay(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 0.0, 1.0)
                lay(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, -1.0, 0.0)
                over += lay(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 0.0, 1.0)
                if over == 0.0:
                    lay(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 1.0, 0.0)
                    lay(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 1.0, 0.0)
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
            lay(True, use_h[h], cap_h[h], x0, y0, x1, y1, k, m, 1.0, 0.0)
            lay(False, use_v[v], cap_v[v], x0, y0, x1, y1, k, m, 1.0, 0.0)


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
        crowd = 0.5
        if kind[i] >= 0:
            x0, y0, x1, y1 = gx[u], gy[u], gx[i], gy[i]
            a, m = share(
                True, use_h[h_layer[h]], cap_h[h_layer[h]], x0, y0, x1, y1, kind[i], mid[i]
            )
            b, n = share(
                False, use_v[v_layer[v]], cap_v[v_layer[v]], x0, y0, x1, y1, kind[i], mid[i]
            )
            crowd = (a + b) / max(1, m + n)
        res[i] = length[i] * (part * h_ohm[h] + (1.0 - part) * v_ohm[v]) + abs(via[h] - via[v])
        capacitance[i] = (empty + (full - empty) * crowd) * length[i]
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
