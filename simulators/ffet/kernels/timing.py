"""Static timing: a levelised pass of arrivals and edges, and the longest path through each net."""

from .compiled import compiled
from .wirelength import exp_below

LN2, LN4 = 0.6931471805599453, 1.3862943611198906  # 50 % point; 20 to 80 % of an exponential edge
SLEW_SHARE = 0.2  # of the input's edge (20 to 80 %) that delays a stage
NEVER = -1e30


@compiled
def seen(resistance, edge, near, far, ohm):
    """The capacitance that a driver sees of a net's pi model until it has crossed half the supply.

    Charge is matched over a ramp, as Qian, Pullela and Pillage (TCAD 1994) do.
    """
    if far * ohm < 1e-3:
        return near + far
    c = near + far
    tau = far * ohm
    for _ in range(3):
        half = (edge + LN4 * resistance * c) / 1.2  # 20 to 80 % is 0.6 of the ramp
        c = near + far * (1.0 - tau / half * (1.0 - exp_below(-half / tau)))
    return c


@compiled
def arrivals(
    order, flop, cell_start, pin_net, kind, resistance, intrinsic, edge, near, far, ohm, delay,
    arrival, slew,
):  # fmt: skip
    """Latest arrival and slowest edge (nets,) at every driver; input ports are at 0.

    ``near`` and ``far`` fF, ``ohm`` kohm between them, are the nets as drivers see them.
    """
    arrival[:] = 0.0
    slew[:] = 0.0
    for c in order:
        a, b = cell_start[c], cell_start[c + 1] - 1
        k = kind[c]
        net = pin_net[b]
        r = resistance[k] * (near[net] + far[net])
        e = resistance[k] * seen(resistance[k], edge[k], near[net], far[net], ohm[net])
        slew[net] = edge[k] + LN4 * e
        latest = 0.0
        if not flop[c]:
            for p in range(a, b):
                n = pin_net[p]
                t = arrival[n] + LN2 * delay[p] + SLEW_SHARE * (slew[n] + LN4 * delay[p])
                latest = max(latest, t)
        if a < b:
            arrival[net] = latest + intrinsic[k] + LN2 * r
        else:
            slew[net] = 0.0  # a constant


@compiled
def worst(flop, cell_start, pin_net, delay, arrival, setup, port_net, port_input, port_delay):
    """The least period, and the pin (or pins + port) at which the longest path ends."""
    longest, at = 0.0, -1
    for c in range(len(flop)):
        if flop[c]:
            p = cell_start[c]
            t = arrival[pin_net[p]] + LN2 * delay[p] + setup
            if t > longest:
                longest, at = t, p
    for i in range(len(port_net)):
        if not port_input[i]:
            t = arrival[port_net[i]] + LN2 * port_delay[i]
            if t > longest:
                longest, at = t, len(pin_net) + i
    return longest, at


@compiled
def departures(
    order, flop, cell_start, pin_net, kind, resistance, intrinsic, net_load, delay, slew, setup,
    port_net, port_input, port_delay, rest,
):  # fmt: skip
    """Longest way (nets,) from every driver to an end, setup included: arrival plus this is a path."""
    rest[:] = NEVER
    for i in range(len(port_net)):
        if not port_input[i]:
            n = port_net[i]
            rest[n] = max(rest[n], LN2 * port_delay[i])
    for c in order:
        if flop[c]:
            p = cell_start[c]
            rest[pin_net[p]] = max(rest[pin_net[p]], LN2 * delay[p] + setup)
    for i in range(len(order) - 1, -1, -1):
        c = order[i]
        if flop[c]:
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        k, net = kind[c], pin_net[cell_start[c + 1] - 1]
        if rest[net] <= NEVER:
            continue
        own = intrinsic[k] + LN2 * resistance[k] * net_load[net] + rest[net]
        for p in range(a, b):
            n = pin_net[p]
            wire = LN2 * delay[p] + SLEW_SHARE * (slew[n] + LN4 * delay[p])
            rest[n] = max(rest[n], own + wire)


@compiled
def trace(end, flop, cell_start, pin_net, driver, owner, port_of, arrival, slew, delay, path):
    """Input pins of the longest path that ends in ``end``, last first; returns how many."""
    n = 0
    p = end
    while n < len(path):
        path[n] = p
        n += 1
        net = port_of[p - len(pin_net)] if p >= len(pin_net) else pin_net[p]
        d = driver[net]
        if d < 0:
            return n
        c = owner[d]
        if flop[c] or cell_start[c] == d:
            return n
        latest = NEVER
        for q in range(cell_start[c], d):
            m = pin_net[q]
            t = arrival[m] + LN2 * delay[q] + SLEW_SHARE * (slew[m] + LN4 * delay[q])
            if t > latest:
                latest, p = t, q
    return n
