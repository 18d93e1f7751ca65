"""Global routing of one side: patterns with negotiated detours (PathFinder's costs), then layer pairs."""

import numpy as np

from .compiled import compiled
from .paths import lay, price, share
from .state import Path, Tracks

HISTORY, OVERUSE = 0.5, 4.0
LEAST = 1e-6  # of a net's urgency


@compiled
def _best(across, up, hist_h, hist_v, x0, y0, x1, y1, reach):
    """The cheapest path within the box widened by ``reach``; ``across`` and ``up`` are :class:`Tracks`."""
    use_h, cap_h, use_v, cap_v = across.use, across.cap, up.use, up.cap
    least, best_kind, best_mid = 1e30, 0, x1
    for kind in range(2):
        a, b = (x0, x1) if kind == 0 else (y0, y1)
        end = use_v.shape[0] if kind == 0 else use_h.shape[1]
        low, high = max(min(a, b) - reach, 0), min(max(a, b) + reach, end - 1)
        step = max(1, (high - low) // 12)
        for mid in range(low, high + 1, step):
            path = Path(x0, y0, x1, y1, kind, mid)
            s = price(True, use_h, cap_h, hist_h, path, OVERUSE)
            s += price(False, use_v, cap_v, hist_v, path, OVERUSE)
            if s < least:
                least, best_kind, best_mid = s, kind, mid
    return best_kind, best_mid


@compiled
def _both(use_h, cap_h, use_v, cap_v, path, amount):
    """Put ``amount`` tracks on both directions of a path; returns the tracks above capacity."""
    over = lay(True, use_h, cap_h, path, amount, 0.0)
    over += lay(False, use_v, cap_v, path, amount, 0.0)
    return over


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
    h, v = Tracks(use_h, cap_h), Tracks(use_v, cap_v)
    hist_h, hist_v = np.zeros(cap_h.shape), np.zeros(cap_v.shape)
    for i in range(len(up)):
        kind[i], mid[i] = 0, 0
        if up[i] < 0:
            continue
        x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
        if x0 == x1 and y0 == y1:
            kind[i] = -1
            continue
        kind[i], mid[i] = _best(h, v, hist_h, hist_v, x0, y0, x1, y1, 0)
        _both(use_h, cap_h, use_v, cap_v, Path(x0, y0, x1, y1, kind[i], mid[i]), 1.0)
    for turn in range(rounds):
        if _remember(use_h, cap_h, hist_h) + _remember(use_v, cap_v, hist_v) == 0.0:
            break
        for i in range(len(up)):
            if up[i] < 0 or kind[i] < 0:
                continue
            x0, y0, x1, y1 = gx[up[i]], gy[up[i]], gx[i], gy[i]
            path = Path(x0, y0, x1, y1, kind[i], mid[i])
            if _both(use_h, cap_h, use_v, cap_v, path, 0.0) == 0.0:
                continue
            _both(use_h, cap_h, use_v, cap_v, path, -1.0)
            kind[i], mid[i] = _best(h, v, hist_h, hist_v, x0, y0, x1, y1, 2 + 2 * turn)
            _both(use_h, cap_h, use_v, cap_v, Path(x0, y0, x1, y1, kind[i], mid[i]), 1.0)


@compiled
def _pick(horizontal, tracks, layer, path, length, below, ohm, via, wire, toll):
    """The pair of those least exceeded with the least delay and toll; its layer is ``layer[pair]``.

    ``tracks`` of all layers; ``ohm`` (pairs,) kohm/um, ``via`` (pairs,) kohm, ``wire`` fF/um;
    ``toll`` (pairs,) ps is the price of the climb over the net's urgency.
    """
    pick, least, least_over, last = 0, 1e30, 1e30, -1.0
    for _ in range(len(ohm)):
        cheapest, at = 1e30, 0  # the next in the order of costs
        for t in range(len(ohm)):
            d = 2.0 * via[t] * below + ohm[t] * length * (0.5 * wire * length + below) + toll[t]
            if last < d < cheapest:
                cheapest, at = d, t
        if cheapest == 1e30:
            break
        last = cheapest
        over = lay(horizontal, tracks.use[layer[at]], tracks.cap[layer[at]], path, 0.0, 1.0)
        if over < 1e-9:
            return at
        if over < least_over - 1e-9 or (over < least_over + 1e-9 and cheapest < least):
            pick, least, least_over = at, cheapest, over
    return pick


@compiled
def _on(horizontal, tracks, layer, path, amount, extra):
    """As :func:`lay`, on one layer of all."""
    return lay(horizontal, tracks.use[layer], tracks.cap[layer], path, amount, extra)


@compiled
def assign(nodes, order, below, urgent, price, metals, wire, h, v, rounds):
    """Layer pairs of both directions of every tree edge in ``order``, in place: the best with room.

    ``below`` (nodes,) fF at and behind a node, ``urgent`` (nodes,) what a picosecond there counts,
    ``price`` ps a via; ``wire`` fF/um; ``h`` and ``v`` are tracks of all layers.
    Without room anywhere, the layer that is exceeded least.  What crosses an exceeded border is taken
    up and laid again.
    """
    h_layer, v_layer, h_ohm, via, v_ohm = (
        metals.h_layer,
        metals.v_layer,
        metals.h_ohm,
        metals.via,
        metals.v_ohm,
    )
    gx, gy, up, kind, mid, h_tier, v_tier, length = nodes
    toll = np.empty(len(via))
    for turn in range(rounds):
        again = turn == 0
        for i in order:
            if kind[i] < 0:
                h_tier[i] = v_tier[i] = 0
                continue
            path = Path(gx[up[i]], gy[up[i]], gx[i], gy[i], kind[i], mid[i])
            if turn > 0:  # its own track counts in what is used
                a, b = h_layer[h_tier[i]], v_layer[v_tier[i]]
                over = _on(True, h, a, path, 0.0, 0.0) + _on(False, v, b, path, 0.0, 0.0)
                if over == 0.0:
                    continue
                _on(True, h, a, path, -1.0, 0.0)
                _on(False, v, b, path, -1.0, 0.0)
                again = True
            for t in range(len(via)):
                toll[t] = 2.0 * price * metals.climb[t] / max(urgent[i], LEAST)
            h_tier[i] = _pick(True, h, h_layer, path, length[i], below[i], h_ohm, via, wire, toll)
            v_tier[i] = _pick(False, v, v_layer, path, length[i], below[i], v_ohm, via, wire, toll)
            _on(True, h, h_layer[h_tier[i]], path, 1.0, 0.0)
            _on(False, v, v_layer[v_tier[i]], path, 1.0, 0.0)
        if not again:
            break


@compiled
def extract(x, y, pin, nodes, metals, h, v, res, capacitance):
    """Resistance (kohm) and capacitance (fF) of every tree edge (nodes,) from its route, in place.

    ``x``, ``y`` um and ``pin`` of nodes.
    """
    gx, gy, up, kind, mid, h_tier, v_tier, length = nodes
    via = metals.via
    for i in range(len(up)):
        res[i] = capacitance[i] = 0.0
        u = up[i]
        if u < 0:
            continue
        s, t = h_tier[i], v_tier[i]
        dx, dy = abs(x[i] - x[u]), abs(y[i] - y[u])
        part = dx / (dx + dy) if dx + dy > 0 else 0.5
        crowd = 0.5
        if kind[i] >= 0:
            path = Path(gx[u], gy[u], gx[i], gy[i], kind[i], mid[i])
            on_h, on_v = metals.h_layer[s], metals.v_layer[t]
            a, m = share(True, h.use[on_h], h.cap[on_h], path)
            b, n = share(False, v.use[on_v], v.cap[on_v], path)
            crowd = (a + b) / max(1, m + n)
        res[i] = length[i] * (part * metals.h_ohm[s] + (1.0 - part) * metals.v_ohm[t]) + abs(
            via[s] - via[t]
        )
        wire = metals.wire
        across = wire[0, s] + (wire[1, s] - wire[0, s]) * crowd
        along = wire[2, t] + (wire[3, t] - wire[2, t]) * crowd
        capacitance[i] = (part * across + (1.0 - part) * along) * length[i]
        if up[u] >= 0:  # from the layers of the edge above, or from the driver's pin
            res[i] += min(abs(via[s] - via[h_tier[u]]), abs(via[s] - via[v_tier[u]]))
        else:
            res[i] += via[s]
        if pin[i] >= 0:
            res[i] += via[s]


@compiled
def lengths(x, y, nodes, gcell):
    """Routed length (nodes,) in um, in place: pin to pin, and the detour of its path in gcells."""
    gx, gy, up, kind, mid, _, _, length = nodes
    for i in range(len(up)):
        length[i] = 0.0
        u = up[i]
        if u < 0:
            continue
        d = abs(x[i] - x[u]) + abs(y[i] - y[u])
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
