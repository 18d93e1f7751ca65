"""Gate sizing by Lagrangian relaxation (Chen, Chu and Wong, TCAD 1999; Flach et al., TCAD 2014).

Every arc carries a multiplier, the price of its delay in area; prices flow from late ends back to
the cells that make them late, and each cell takes the size that is cheapest at these prices.
The last rounds mend what is still late: cells of the worst paths take the size that is fastest.
"""

import numpy as np

from .compiled import compiled
from .timing import LN2, LN4, SLEW_SHARE, arrivals, departures, worst
from .wires import elmore

EAGER = 0.85  # a target out of reach becomes this share of the best period so far
NEAR = 0.985  # paths of at least this share of the worst are mended at the end
EDGE_FACTOR = 1.0 + SLEW_SHARE * LN4 / LN2  # a slow edge also delays what it drives


@compiled
def _loads(cell_start, kind, load, pin_load):
    """Capacitance (pins,) of every input pin, in place."""
    for c in range(len(kind)):
        for p in range(cell_start[c], cell_start[c + 1] - 1):
            pin_load[p] = load[kind[c]]


@compiled
def _changed(price, late):
    """The price of an end that takes ``late`` times its goal: it rises fast and falls slowly."""
    late = min(max(late, 0.3), 2.0)
    square = late * late
    factor = square * square * square if late > 1.0 else square
    return min(max(price * factor, 1e-12), 1e6)


@compiled
def _prices(
    order, flop, cell_start, pin_net, arrival, slew, delay, intrinsic, resistance, net_load, kind,
    setup, goal, price, flow, port_net, port_input, port_delay, port_price,
):  # fmt: skip
    """Update prices at the ends, then let them flow back; ``flow`` (nets,) is what each net carries."""
    flow[:] = 0.0
    for c in order:
        if flop[c]:
            p = cell_start[c]
            late = (arrival[pin_net[p]] + LN2 * delay[p] + setup) / goal
            price[p] = _changed(price[p], late)
            flow[pin_net[p]] += price[p]
    for i in range(len(port_net)):
        if not port_input[i]:
            late = (arrival[port_net[i]] + LN2 * port_delay[i]) / goal
            port_price[i] = _changed(port_price[i], late)
            flow[port_net[i]] += port_price[i]
    for i in range(len(order) - 1, -1, -1):
        c = order[i]
        if flop[c]:
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        if a == b:
            continue
        net = pin_net[b]
        k = kind[c]
        own = intrinsic[k] + LN2 * resistance[k] * net_load[net]
        total = 0.0
        for p in range(a, b):
            n = pin_net[p]
            t = arrival[n] + LN2 * delay[p] + SLEW_SHARE * (slew[n] + LN4 * delay[p]) + own
            ratio = max(t / max(arrival[net], 1e-9), 0.2)
            r2 = ratio * ratio
            price[p] = price[p] * r2 * r2 * r2
            total += price[p]
        if total <= 0.0:
            continue
        for p in range(a, b):
            price[p] = max(price[p] / total * flow[net], 1e-15)
            flow[pin_net[p]] += price[p]


@compiled
def _take(c, pick, cell_start, pin_net, kind, load, net_load):
    """Give cell ``c`` another size, and its nets the other load."""
    if pick == kind[c]:
        return
    change = load[pick] - load[kind[c]]
    kind[c] = pick
    for p in range(cell_start[c], cell_start[c + 1] - 1):
        net_load[pin_net[p]] += change


@compiled
def _resize(
    order, flop, cell_start, pin_net, function, first, kind, area, resistance, intrinsic, edge,
    load, driver, path, net_load, flow, price,
):  # fmt: skip
    """The size of every cell that is cheapest at the present prices, in place, ends first."""
    for i in range(len(order) - 1, -1, -1):
        c = order[i]
        low, high = first[function[c]], first[function[c] + 1]
        if high - low < 2:
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        net = pin_net[b]
        upstream = 0.0  # price of a femtofarad at this cell's inputs
        for p in range(a, b):
            if flop[c] and p > a:
                continue  # the clock is ideal
            n = pin_net[p]
            r = resistance[kind[driver[n]]] if driver[n] >= 0 else 0.0
            upstream += (flow[n] * r + price[p] * path[p]) * LN2 * EDGE_FACTOR
        cheapest, pick = 1e30, kind[c]
        for k in range(low, high):
            own = intrinsic[k] + SLEW_SHARE * edge[k]
            own += LN2 * EDGE_FACTOR * resistance[k] * net_load[net]
            cost = area[k] + flow[net] * own + upstream * load[k]
            if cost < cheapest:
                cheapest, pick = cost, k
        _take(c, pick, cell_start, pin_net, kind, load, net_load)


@compiled
def _differ(a, b):
    """Whether two arrays differ anywhere."""
    for i in range(len(a)):
        if a[i] != b[i]:
            return True
    return False


@compiled
def _mend(
    order, flop, cell_start, pin_net, function, first, kind, resistance, intrinsic, edge, load,
    driver, path, net_load, arrival, rest, limit,
):  # fmt: skip
    """The fastest size of every cell whose output lies on a path longer than ``limit`` ps, in place."""
    for i in range(len(order) - 1, -1, -1):
        c = order[i]
        a, b = cell_start[c], cell_start[c + 1] - 1
        net = pin_net[b]
        if a == b or arrival[net] + rest[net] < limit:
            continue
        before = 0.0  # of the worst driver, ps a femtofarad
        for p in range(a, b if not flop[c] else a):
            n = pin_net[p]
            if arrival[n] + rest[n] >= limit:
                r = path[p] + (resistance[kind[driver[n]]] if driver[n] >= 0 else 0.0)
                before = max(before, LN2 * EDGE_FACTOR * r)
        quickest, pick = 1e30, kind[c]
        for k in range(first[function[c]], first[function[c] + 1]):
            d = intrinsic[k] + SLEW_SHARE * edge[k] + before * load[k]
            d += LN2 * EDGE_FACTOR * resistance[k] * net_load[net]
            if d < quickest - 1e-6:
                quickest, pick = d, k
        _take(c, pick, cell_start, pin_net, kind, load, net_load)


@compiled
def optimise(
    order, flop, cell_start, pin_net, function, first, kind, area, resistance, intrinsic, edge,
    load, setup, driver, first_f, up_f, pin_f, res_f, cap_f, first_b, up_b, pin_b, res_b, cap_b,
    port_net, port_input, target, rounds, mends,
):  # fmt: skip
    """Sizes ``kind`` (cells,), in place, for a period of ``target`` ps; returns the period reached.

    The best of all rounds: the least area among those that meet the target, else the fastest.
    """
    cells, nets, pins = len(kind), len(driver), len(pin_net)
    ports = len(port_net)
    pin_load = np.zeros(pins + ports)
    delay, path = np.zeros(pins + ports), np.zeros(pins + ports)
    net_load = np.zeros(nets)
    arrival, slew, flow = np.zeros(nets), np.zeros(nets), np.zeros(nets)
    price = np.full(pins, 1e-3)
    port_price, port_delay = np.full(ports, 1e-3), np.zeros(ports)
    most = max(len(up_f), len(up_b))
    below, after = np.empty(most), np.empty(most)
    best, best_area, fastest = 1e30, 1e30, 1e30
    chosen = kind.copy()
    rest, nothing = np.empty(nets), np.zeros(nets)
    for turn in range(rounds + mends):
        _loads(cell_start, kind, load, pin_load)
        net_load[:] = 0.0
        elmore(first_f, up_f, pin_f, res_f, cap_f, pin_load, net_load, delay, path, below, after)
        elmore(first_b, up_b, pin_b, res_b, cap_b, pin_load, net_load, delay, path, below, after)
        arrivals(
            order, flop, cell_start, pin_net, kind, resistance, intrinsic, edge, net_load, nothing,
            nothing, delay, arrival, slew,
        )  # fmt: skip
        for i in range(ports):
            port_delay[i] = delay[pins + i]
        period, _ = worst(
            flop, cell_start, pin_net, delay, arrival, setup, port_net, port_input, port_delay
        )
        total = 0.0
        for c in range(cells):
            total += area[kind[c]]
        met, was_met = period <= target, best <= target
        if (met and (not was_met or total < best_area)) or (
            not met and not was_met and period < best
        ):
            best, best_area = period, total
            chosen[:] = kind
        fastest = min(fastest, period)
        if turn == rounds + mends - 1 or (turn >= rounds and best <= target):
            break
        if turn >= rounds - 1:
            if turn == rounds - 1 and _differ(kind, chosen):
                kind[:] = chosen  # mend the best of the rounds before
                continue
            departures(
                order, flop, cell_start, pin_net, kind, resistance, intrinsic, net_load, delay,
                slew, setup, port_net, port_input, port_delay, rest,
            )  # fmt: skip
            _mend(
                order, flop, cell_start, pin_net, function, first, kind, resistance, intrinsic,
                edge, load, driver, path, net_load, arrival, rest, max(target, NEAR * period),
            )  # fmt: skip
            continue
        goal = max(target, EAGER * fastest)
        _prices(
            order, flop, cell_start, pin_net, arrival, slew, delay, intrinsic, resistance, net_load,
            kind, setup, goal, price, flow, port_net, port_input, port_delay, port_price,
        )  # fmt: skip
        _resize(
            order, flop, cell_start, pin_net, function, first, kind, area, resistance, intrinsic,
            edge, load, driver, path, net_load, flow, price,
        )  # fmt: skip
    kind[:] = chosen
    return best
