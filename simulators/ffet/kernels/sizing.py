"""Gate sizing by Lagrangian relaxation (Chen, Chu and Wong, TCAD 1999; Flach et al., TCAD 2014).

Every arc carries a multiplier, the price of its delay in area; prices flow from late ends back to
the cells that make them late, and each cell takes the size that is cheapest at these prices.
The last rounds mend what is still late: cells of the worst paths take the size that is fastest.
"""

from .compiled import compiled, inlined
from .timing import (
    CLOCK,
    LN2,
    LN4,
    SLEW_SHARE,
    arrivals,
    departures,
    needed,
    port_end,
    worst,
)
from .wires import elmore

EAGER = 0.85  # a target out of reach becomes this share of the best period so far
GAIN = 1e-3  # of period or area: a round that brings less is idle
NEAR = 0.985  # paths of at least this share of the worst are mended at the end
EDGE_FACTOR = 1.0 + SLEW_SHARE * LN4 / LN2  # a slow edge also delays what it drives


@inlined
def _changed(price, late):
    """The price of an end that takes ``late`` times its goal: it rises fast and falls slowly."""
    late = min(max(late, 0.3), 2.0)
    square = late * late
    factor = square * square * square if late > 1.0 else square
    return min(max(price * factor, 1e-12), 1e6)


@inlined
def _end_prices(graph, cells, kind, nets, goal, prices):
    """Update the prices of all ends, and start the flow with them."""
    order, edged, cell_start, pin_net, latch, port_net, port_input = (
        graph.order,
        graph.edged,
        graph.cell_start,
        graph.pin_net,
        graph.latch,
        graph.port_net,
        graph.port_input,
    )
    arrival, delay = nets.arrival, nets.delay
    flow, price, port_price = prices.flow, prices.pin, prices.port
    margin = cells.margin
    for c in order:
        if edged[c]:
            a = cell_start[c]
            for p in range(a, cell_start[c + 1] - 1):
                if p == a + CLOCK:
                    continue
                n = pin_net[p]
                late = (arrival[n] + LN2 * delay[p] + margin[kind[c]]) / goal
                price[p] = _changed(price[p], late)
                flow[n] += price[p]
        elif latch[c]:
            p = cell_start[c]
            late = needed(graph, cells, kind, nets, c, p) / goal
            price[p + CLOCK] = _changed(price[p + CLOCK], late)
            flow[pin_net[p]] += price[p + CLOCK]
    for i in range(len(port_net)):
        if not port_input[i]:
            t = port_end(graph, nets, i)
            if t < 0.0:
                continue  # a clock
            port_price[i] = _changed(port_price[i], t / goal)
            flow[port_net[i]] += port_price[i]


@inlined
def _prices(graph, cells, kind, nets, goal, prices):
    """Update prices at the ends, then let them flow back; ``goal`` is the period wanted, in ps."""
    edged, pin_net, cell_start = graph.edged, graph.pin_net, graph.cell_start
    intrinsic, resistance, latch = cells.intrinsic, cells.resistance, graph.latch
    arrival, late, net_load = nets.arrival, nets.late, nets.load
    price, flow = prices.pin, prices.flow
    flow[:] = 0.0
    _end_prices(graph, cells, kind, nets, goal, prices)
    for c in range(len(kind) - 1, -1, -1):
        if edged[c]:
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        if a == b:
            continue
        b = a + 1 if latch[c] else b
        if b - a == 1:  # all that flows goes on
            price[a] = max(flow[c], 1e-15)
            flow[pin_net[a]] += price[a]
            continue
        k = kind[c]
        own = intrinsic[k] + LN2 * resistance[k] * net_load[c]
        total, last = 0.0, max(arrival[c], 1e-9)
        for p in range(a, b):
            ratio = max((late[p] + own) / last, 0.2)
            r2 = ratio * ratio
            price[p] = price[p] * r2 * r2 * r2
            total += price[p]
        if total <= 0.0:
            continue
        for p in range(a, b):
            price[p] = max(price[p] / total * flow[c], 1e-15)
            flow[pin_net[p]] += price[p]


@inlined
def _copy(a, b):
    """Write ``a`` over ``b``; a slice would bring the code for shapes that do not fit."""
    for i in range(len(a)):
        b[i] = a[i]


@inlined
def _take(c, pick, graph, cells, kind, net_load, work):
    """Give cell ``c`` another size, and its nets the other load."""
    if pick == kind[c]:
        return
    change = cells.load[pick] - cells.load[kind[c]]
    kind[c] = pick
    work.drive[c] = cells.resistance[pick]
    for p in range(graph.cell_start[c], graph.cell_start[c + 1] - 1):
        work.pin_load[p] = cells.load[pick]
        net_load[graph.pin_net[p]] += change
        work.stale[graph.pin_net[p]] = True


@inlined
def _least_is_best(low, high, flow, net_load, own, drive, area, load):
    """Whether the first size costs no more than another at any price of the loads at its inputs."""
    least = area[low] + flow * (own[low] + drive[low] * net_load)
    for k in range(low + 1, high):
        if least > area[k] + flow * (own[k] + drive[k] * net_load) or load[low] > load[k]:
            return False
    return True


@inlined
def _resize(graph, cells, function, kind, net_load, path, prices, work):
    """The size of every cell that is cheapest at the present prices, in place, ends first.

    ``path`` (pins + ports,) is the resistance in kohm from the driver to a pin.
    """
    cell_start, pin_net, edged, latch = graph.cell_start, graph.pin_net, graph.edged, graph.latch
    first, area, load = cells.first, cells.area, cells.load
    price, flow = prices.pin, prices.flow
    own, drive = work.own, work.slope
    for c in range(len(kind) - 1, -1, -1):
        low, high = first[function[c]], first[function[c] + 1]
        if high - low < 2:
            continue
        if _least_is_best(low, high, flow[c], net_load[c], own, drive, area, load):
            _take(c, low, graph, cells, kind, net_load, work)
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        upstream = 0.0  # price of a femtofarad at this cell's inputs
        clock = a + CLOCK if edged[c] or latch[c] else -1
        for p in range(a, b):
            if p == clock:
                continue  # it is ideal
            n = pin_net[p]
            upstream += (flow[n] * work.drive[n] + price[p] * path[p]) * LN2 * EDGE_FACTOR
        if latch[c]:
            upstream += price[clock] * path[a] * LN2 * EDGE_FACTOR  # of its end
        cheapest, pick = 1e30, kind[c]
        for k in range(low, high):
            cost = area[k] + flow[c] * (own[k] + drive[k] * net_load[c]) + upstream * load[k]
            if cost < cheapest:
                cheapest, pick = cost, k
        _take(c, pick, graph, cells, kind, net_load, work)


@inlined
def _return(graph, cells, kind, chosen, work):
    """Take back every cell to its ``chosen`` size; whether any had another."""
    found = False
    for c in range(len(kind)):
        if kind[c] != chosen[c]:
            found = True
            kind[c] = chosen[c]
            work.drive[c] = cells.resistance[kind[c]]
            for p in range(graph.cell_start[c], graph.cell_start[c + 1] - 1):
                work.pin_load[p] = cells.load[kind[c]]
                work.stale[graph.pin_net[p]] = True
    return found


@inlined
def _mend(graph, cells, function, kind, nets, path, rest, limit, work):
    """The fastest size of every cell whose output lies on a path longer than ``limit`` ps, in place."""
    cell_start, pin_net, edged = graph.cell_start, graph.pin_net, graph.edged
    first, load = cells.first, cells.load
    own, drive = work.own, work.slope
    arrival, net_load = nets.arrival, nets.load
    for c in range(len(kind) - 1, -1, -1):
        a, b = cell_start[c], cell_start[c + 1] - 1
        if a == b or arrival[c] + rest[c] < limit:
            continue
        before = 0.0  # of the worst driver, ps a femtofarad
        last = a if edged[c] else a + 1 if graph.latch[c] else b
        for p in range(a, last):
            n = pin_net[p]
            if arrival[n] + rest[n] >= limit:
                before = max(before, LN2 * EDGE_FACTOR * (path[p] + work.drive[n]))
        quickest, pick = 1e30, kind[c]
        for k in range(first[function[c]], first[function[c] + 1]):
            d = own[k] + before * load[k] + drive[k] * net_load[c]
            if d < quickest - 1e-6:
                quickest, pick = d, k
        _take(c, pick, graph, cells, kind, net_load, work)


@inlined
def _time(graph, cells, kind, rank, sides, work, nets, pi, path):
    """Time the present sizes, in place; the period, its end and the cells' area in um2.

    ``sides`` are both sides' wires.  Only nets whose loads have changed are gone through.
    """
    for n in range(len(work.stale)):
        if work.stale[n]:
            nets.load[n] = 0.0
    for wires in sides:
        elmore(
            wires, work.stale, work.pin_load, nets.load, nets.delay, path, work.below, work.after
        )
    work.stale[:] = False
    arrivals(graph, cells, kind, pi, nets)
    period, end = worst(graph, cells, kind, nets)
    total = 0.0
    for c in rank:  # in the netlist's own order, on which a sum's last bits depend
        total += cells.area[kind[c]]
    return period, end, total


@compiled
def optimise(graph, cells, function, rank, kind, sides, room, target, rounds, mends, patience):
    """Size cells for a target period.

    The best of all rounds is kept: the least area among those that meet the target, else the
    fastest.

    Args:
        graph: the netlist's graph; cells are numbered by level, and cell ``i`` drives net ``i``.
        cells: figures of the library's cells.
        function: (cells,) functions.
        rank: (cells,) the cells' numbers in the netlist's own order.
        kind: (cells,) cells of the library, changed.
        sides: both sides' :class:`Wires` as estimated before routing.
        room: what is kept from one round to the next.
        target: period in ps.
        rounds: of sizing, at most.
        mends: rounds of mending, at most.
        patience: idle rounds that end either early.

    Returns:
        The period reached in ps.
    """
    nets, pi, prices, work, path, rest, chosen = room
    best, best_area, fastest = 1e30, 1e30, 1e30
    idle, turn, mending, judged = 0, 0, False, True
    while turn < rounds + mends:
        period, _, total = _time(graph, cells, kind, rank, sides, work, nets, pi, path)
        if judged:
            # a round is better if it meets the target in less area, or else if it is faster
            met, was_met = period <= target, best <= target
            idle += 1
            if (met and (not was_met or total < best_area)) or (
                not met and not was_met and period < best
            ):
                gain = best_area - total if was_met else best - period
                if gain > GAIN * (best_area if was_met else best) or (not was_met and met):
                    idle = 0
                best, best_area = period, total
                _copy(kind, chosen)
            fastest = min(fastest, period)
            turn += 1
            if turn == 1 and met:
                break  # every cell is at its least
            if mending:
                if best <= target or idle >= patience:
                    break
            elif turn >= rounds or idle >= patience:
                if best <= target:
                    break
                turn, idle, mending = rounds, 0, True
                if _return(graph, cells, kind, chosen, work):  # mend the best of the rounds before
                    judged = False  # it was, but must be timed
                    continue
        judged = True
        if mending:
            departures(graph, cells, kind, nets, rest)
            limit = max(target, NEAR * period)
            _mend(graph, cells, function, kind, nets, path, rest, limit, work)
            continue
        goal = max(target, EAGER * fastest)
        _prices(graph, cells, kind, nets, goal, prices)
        _resize(graph, cells, function, kind, nets.load, path, prices, work)
    _copy(chosen, kind)
    return best
