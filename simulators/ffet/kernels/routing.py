"""Global routing of one side: patterns with negotiated detours (PathFinder's costs), then layer pairs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled, inlined
from .paths import above, lay, price, runs_h, runs_v, share
from .state import Borders, Path

HISTORY, OVERUSE = 0.5, 4.0
LEAST = 1e-6  # of a net's urgency


@inlined
def _best(cost_h, cost_v, nx, ny, ends, reach):
    """Kind and middle of the cheapest path within the box widened by ``reach``, the first among equals.

    ``ends`` are x and y of both gcells.  ``cost_h`` and ``cost_v`` are prices of borders, at least 1
    each: a path costs no less than the borders that it crosses, so that longer ones need not be summed,
    and one as short as the distance ends the search.
    """
    x0, y0, x1, y1 = ends
    across, along = abs(x1 - x0), abs(y1 - y0)
    least, best_kind, best_mid = 1e30, 0, x1
    for kind in range(2):
        a, b = (x0, x1) if kind == 0 else (y0, y1)
        end = nx if kind == 0 else ny
        low, high = max(min(a, b) - reach, 0), min(max(a, b) + reach, end - 1)
        step = max(1, (high - low) // 12)
        other = along if kind == 0 else across
        for mid in range(low, high + 1, step):
            if abs(a - mid) + abs(mid - b) + other >= least:
                continue
            path = Path(x0, y0, x1, y1, kind, mid)
            s = price(cost_h, runs_h(path, ny))
            if s >= least:
                continue
            s += price(cost_v, runs_v(path, ny))
            if s < least:
                least, best_kind, best_mid = s, kind, mid
                if least <= across + along:
                    return best_kind, best_mid
    return best_kind, best_mid


@inlined
def _priced(use, cap, history):
    """Price of a border: 1, its history, and ``OVERUSE`` a track above capacity with one more."""
    over = use + 1.0 - cap
    return 1.0 + history + (OVERUSE * over if over > 0.0 else 0.0)


@inlined
def _reprice(side, runs, amount):
    """Put ``amount`` tracks on what a path crosses, and price it anew."""
    at = runs.first
    for k in range(runs.count + runs.others):
        if k == runs.count:
            at = runs.second
        side.use[at] += amount
        side.cost[at] = _priced(side.use[at], side.cap[at], side.history[at])
        at += runs.step


@inlined
def _full(side, runs):
    """Whether a path crosses a border above capacity."""
    at = runs.first
    for k in range(runs.count + runs.others):
        if k == runs.count:
            at = runs.second
        if side.use[at] > side.cap[at]:
            return True
        at += runs.step
    return False


@inlined
def _remember(side):
    """Raise the price of every border above capacity; whether there is one."""
    found = False
    for i in range(len(side.use)):
        if side.use[i] > side.cap[i]:
            found = True
            side.history[i] += HISTORY
            side.cost[i] = _priced(side.use[i], side.cap[i], side.history[i])
    return found


def _borders(cap):
    """Nothing in use yet."""
    flat = cap.ravel()
    over = 1.0 - flat  # see _priced
    cost = 1.0 + np.where(over > 0.0, OVERUSE * over, 0.0)
    return Borders(np.zeros(len(flat)), flat, np.zeros(len(flat)), cost)


def route(gx, gy, up, cap_h, cap_v, rounds, kind, mid):
    """Route all tree edges; those over full borders are taken up and laid anew.

    Args:
        gx: (nodes,) gcells.
        gy: (nodes,) gcells.
        up: (nodes,) parents, -1 at roots.
        cap_h: (nx - 1, ny) tracks.
        cap_v: (nx, ny - 1) tracks.
        rounds: of taking up, at most.
        kind: (nodes,), filled; -1 within a gcell.
        mid: (nodes,), filled; see ``paths``.
    """
    inside = (gx[up] == gx) & (gy[up] == gy)
    kind[:] = np.where((up >= 0) & inside, -1, 0)
    mid[:] = 0
    long = np.flatnonzero((up >= 0) & ~inside)  # edges that leave their gcell
    shape = cap_v.shape[0], cap_h.shape[1]
    _route(gx, gy, up, long, _borders(cap_h), _borders(cap_v), shape, rounds, kind, mid)


@compiled
def _route(gx, gy, up, long, h, v, shape, rounds, kind, mid):
    """As :func:`route`, of the edges ``long``; ``shape`` are columns and rows of gcells."""
    nx, ny = shape
    for turn in range(-1, rounds):  # the first lays all
        if turn >= 0:
            above_h, above_v = _remember(h), _remember(v)
            if not (above_h or above_v):
                break
        for i in long:
            ends = gx[up[i]], gy[up[i]], gx[i], gy[i]
            if turn >= 0:
                path = Path(*ends, kind[i], mid[i])
                on_h, on_v = runs_h(path, ny), runs_v(path, ny)
                if not (_full(h, on_h) or _full(v, on_v)):
                    continue
                _reprice(h, on_h, -1.0)
                _reprice(v, on_v, -1.0)
            kind[i], mid[i] = _best(h.cost, v.cost, nx, ny, ends, 2 + 2 * turn)
            path = Path(*ends, kind[i], mid[i])
            _reprice(h, runs_h(path, ny), 1.0)
            _reprice(v, runs_v(path, ny), 1.0)


@inlined
def _pick(tracks, layer, runs, delay):
    """The pair of those least exceeded with the least ``delay``, see :func:`_delays`, and its layer's."""
    pick, least, least_over, last = 0, 1e30, 1e30, -1.0
    for _ in range(len(delay)):
        cheapest, at = 1e30, 0  # the next in the order of costs
        for t in range(len(delay)):
            if last < delay[t] < cheapest:
                cheapest, at = delay[t], t
        if cheapest == 1e30:
            break
        last = cheapest
        over = above(tracks.use, tracks.cap, layer[at], runs, 1.0)
        if over < 1e-9:
            return at
        if over < least_over - 1e-9 or (over < least_over + 1e-9 and cheapest < least):
            pick, least, least_over = at, cheapest, over
    return pick


@inlined
def _delays(length, below, ohm, via, wire, toll, urgent, delay):
    """What every pair costs an edge (pairs,), in place: its delay and its share of ``toll``, in ps.

    ``ohm`` (pairs,) kohm/um, ``via`` (pairs,) kohm, ``wire`` fF/um; ``toll`` (pairs,) ps is the price of
    the climb of a net of urgency 1.
    """
    for t in range(len(ohm)):
        d = 2.0 * via[t] * below + ohm[t] * length * (0.5 * wire * length + below)
        delay[t] = d + toll[t] / urgent


class _Edges(NamedTuple):
    """The edges whose layers are chosen, the most urgent first (edges,) where nothing else is said."""

    route: NDArray[
        np.int64
    ]  # their paths, side by side, since they are looked up again and again (edges, 6)
    length: NDArray[np.float64]  # um
    below: NDArray[np.float64]  # fF at and behind
    urgent: NDArray[np.float64]  # what a picosecond counts
    h_tier: NDArray[np.int64]  # chosen
    v_tier: NDArray[np.int64]


def assign(nodes, order, below, urgent, price, metals, wire, ny, h, v, rounds):
    """Choose layer pairs for both directions of the tree edges: the best with room.

    Without room anywhere, it is the layer that is exceeded least. What crosses an exceeded border
    is taken up and laid again.

    Args:
        nodes: the trees; their tiers are filled.
        order: (edges,) tree edges, the most urgent first.
        below: (nodes,) fF at and behind a node.
        urgent: (edges,) what a picosecond there counts.
        price: ps per via.
        metals: layers, resistances and vias by pair.
        wire: fF/um.
        ny: rows of gcells.
        h: tracks of all horizontal layers, updated.
        v: tracks of all vertical layers, updated.
        rounds: of taking up, at most.
    """
    gx, gy, up, kind, mid, *_ = nodes
    u = up[order]
    route = np.stack([gx[u], gy[u], gx[order], gy[order], kind[order], mid[order]], axis=1)
    tiers = np.zeros((2, len(order)), np.int64)
    edges = _Edges(route, nodes.length[order], below[order], urgent, *tiers)
    toll = 2.0 * price * metals.climb
    _assign(edges, metals, wire, ny, h, v, rounds, toll, np.empty(len(toll)))
    for all_nodes, chosen in zip((nodes.h_tier, nodes.v_tier), tiers):
        all_nodes[:] = 0
        all_nodes[order] = chosen


@compiled
def _assign(edges, metals, wire, ny, h, v, rounds, toll, delay):
    """As :func:`assign`; ``toll`` ps a pair (pairs,), and room for delays (pairs,)."""
    h_layer, v_layer, via = metals.h_layer, metals.v_layer, metals.via
    routes, long, behind, urgent, h_tier, v_tier = edges
    for turn in range(rounds):
        again = turn == 0
        for q in range(len(long)):
            path = Path(
                routes[q, 0], routes[q, 1], routes[q, 2], routes[q, 3], routes[q, 4], routes[q, 5]
            )
            on_h, on_v = runs_h(path, ny), runs_v(path, ny)
            if turn > 0:  # its own track counts in what is used
                a, b = h_layer[h_tier[q]], v_layer[v_tier[q]]
                over = above(h.use, h.cap, a, on_h, 0.0) + above(v.use, v.cap, b, on_v, 0.0)
                if over == 0.0:
                    continue
                lay(h.use, a, on_h, -1.0)
                lay(v.use, b, on_v, -1.0)
                again = True
            counts = max(urgent[q], LEAST)
            _delays(long[q], behind[q], metals.h_ohm, via, wire, toll, counts, delay)
            h_tier[q] = _pick(h, h_layer, on_h, delay)
            _delays(long[q], behind[q], metals.v_ohm, via, wire, toll, counts, delay)
            v_tier[q] = _pick(v, v_layer, on_v, delay)
            lay(h.use, h_layer[h_tier[q]], on_h, 1.0)
            lay(v.use, v_layer[v_tier[q]], on_v, 1.0)
        if not again:
            break


@compiled
def extract(x, y, pin, nodes, metals, ny, h, v, res, capacitance):
    """Resistance and capacitance of every tree edge from its route.

    Args:
        x: (nodes,) um.
        y: (nodes,) um.
        pin: (nodes,) pins, -1 at Steiner points.
        nodes: the routed trees.
        metals: layers, resistances and vias by pair.
        ny: rows of gcells.
        h: tracks of all horizontal layers.
        v: tracks of all vertical layers.
        res: (nodes,), filled: kohm.
        capacitance: (nodes,), filled: fF.
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
            on_h, on_v = runs_h(path, ny), runs_v(path, ny)
            taken = share(h.use, h.cap, metals.h_layer[s], on_h)
            taken += share(v.use, v.cap, metals.v_layer[t], on_v)
            crowd = taken / max(1, on_h.count + on_h.others + on_v.count + on_v.others)
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
    """Routed lengths: pin to pin, and the detour of the path in gcells.

    Args:
        x: (nodes,) um.
        y: (nodes,) um.
        nodes: the routed trees; their lengths in um are filled.
        gcell: side of a gcell in um.
    """
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
    """Where layers hold more than they can.

    Args:
        use: (layers, borders) tracks in use.
        cap: (layers, borders) tracks that there are.

    Returns:
        Tracks above capacity, and at how many borders of a layer.
    """
    total, count = 0.0, 0
    for t in range(use.shape[0]):
        for i in range(use.shape[1]):
            o = use[t, i] - cap[t, i]
            if o > 1e-9:
                total += o
                count += 1
    return total, count
