"""Static timing: a levelised pass of arrivals and edges, and the longest path through each net.

The clock is ideal: paths begin at every cell on its edge and end at that cell's other inputs.  A latch
opens with that edge: paths go through it, and must reach it before it closes, half a period later.
"""

from .compiled import compiled, inlined
from .wirelength import exp_below

LN2, LN4 = 0.6931471805599453, 1.3862943611198906  # 50 % point; 20 to 80 % of an exponential edge
SLEW_SHARE = 0.2  # of the input's edge (20 to 80 %) that delays a stage
NEVER = -1e30
CLOCK = 1  # place of the clock among a clocked cell's pins


@inlined
def seen(resistance, edge, near, far, ohm):
    """The capacitance that a driver sees of a net's pi model until it has crossed half the supply.

    Charge is matched over a ramp, as Qian, Pullela and Pillage (TCAD 1994) do.

    Args:
        resistance: of the driver, kohm.
        edge: of the driver's output without load, ps.
        near: the pi model's capacitance at the driver, fF.
        far: its capacitance at the far end, fF.
        ohm: its resistance, kohm.

    Returns:
        fF.
    """
    if far * ohm < 1e-3:
        return near + far
    c = near + far
    tau = far * ohm
    for _ in range(3):
        half = (edge + LN4 * resistance * c) / 1.2  # 20 to 80 % is 0.6 of the ramp
        c = near + far * (1.0 - tau / half * (1.0 - exp_below(-half / tau)))
    return c


@inlined
def needed(graph, cells, kind, nets, c, p):
    """The period that the path into one end needs.

    Args:
        graph: the netlist's graph.
        cells: figures of the library's cells.
        kind: (cells,) each cell's cell of the library.
        nets: times of the nets.
        c: the cell at the end.
        p: the input pin at the end.

    Returns:
        ps.
    """
    t = nets.arrival[graph.pin_net[p]] + LN2 * nets.delay[p] + cells.margin[kind[c]]
    return 2.0 * t if graph.latch[c] else t


@inlined
def looked_up(at, value, x):
    """A table's value at ``x``: linear between its points and beyond them.

    Args:
        at: (n,) points, rising.
        value: (n,) values.
        x: where it is wanted.

    Returns:
        The value.
    """
    i = 0
    while i < len(at) - 2 and x > at[i + 1]:
        i += 1
    return value[i] + (x - at[i]) / (at[i + 1] - at[i]) * (value[i + 1] - value[i])


@inlined
def _launches(graph, pi, nets):
    """Arrival and edge, in place, of every net that a macro drives."""
    m = graph.macro
    for k in range(len(m.start_net)):
        n = m.start_net[k]
        load = pi.near[n] + pi.far[n]
        bare = max(looked_up(m.start_at[k], m.start_edge[k], 0.0), 1e-3)
        sees = seen(m.source[n], bare, pi.near[n], pi.far[n], pi.ohm[n])
        nets.arrival[n] = looked_up(m.start_at[k], m.start_delay[k], load)
        nets.slew[n] = looked_up(m.start_at[k], m.start_edge[k], sees)


@inlined
def port_end(graph, nets, i):
    """The length of the path into an output port or macro's pin, its setup included.

    Args:
        graph: the netlist's graph.
        nets: times of the nets.
        i: the port.

    Returns:
        ps; below 0 where no path ends there.
    """
    n, p = graph.port_net[i], len(graph.pin_net) + i
    t = nets.arrival[n] + LN2 * nets.delay[p]
    k = graph.macro.end[i]
    if k >= 0:
        edge = nets.slew[n] + LN4 * nets.delay[p]
        t += looked_up(graph.macro.end_at[k], graph.macro.end_margin[k], edge)
    return t if k > -2 else -1.0


@compiled
def arrivals(graph, cells, kind, pi, nets):
    """Latest arrival and slowest edge at every driver; input ports are at 0.

    Args:
        graph: the netlist's graph.
        cells: figures of the library's cells.
        kind: (cells,) each cell's cell of the library.
        pi: pi models of the nets.
        nets: loads and delays of the nets; arrivals and edges are filled, in ps.
    """
    order, cell_start, pin_net, edged, latch = (
        graph.order,
        graph.cell_start,
        graph.pin_net,
        graph.edged,
        graph.latch,
    )
    resistance, edge, intrinsic = cells.resistance, cells.edge, cells.intrinsic
    arrival, slew, delay, late = nets.arrival, nets.slew, nets.delay, nets.late
    near, far, ohm = pi.near, pi.far, pi.ohm
    arrival[:] = 0.0
    slew[:] = 0.0
    _launches(graph, pi, nets)
    for c in order:
        a, b = cell_start[c], cell_start[c + 1] - 1
        k = kind[c]
        net = pin_net[b]
        r = resistance[k] * (near[net] + far[net])
        e = resistance[k] * seen(resistance[k], edge[k], near[net], far[net], ohm[net])
        slew[net] = edge[k] + LN4 * e
        latest = 0.0
        if not edged[c]:
            for p in range(a, a + 1 if latch[c] else b):
                n = pin_net[p]
                t = arrival[n] + LN2 * delay[p] + SLEW_SHARE * (slew[n] + LN4 * delay[p])
                late[p] = t
                latest = max(latest, t)
        if a < b:
            arrival[net] = latest + intrinsic[k] + LN2 * r
        else:
            slew[net] = 0.0  # a constant


@compiled
def worst(graph, cells, kind, nets):
    """The least period.

    Args:
        graph: the netlist's graph.
        cells: figures of the library's cells.
        kind: (cells,) each cell's cell of the library.
        nets: times of the nets.

    Returns:
        The period in ps, and the pin (or pins + port) at which the longest path ends.
    """
    edged, latch, cell_start, pin_net, port_input = (
        graph.edged,
        graph.latch,
        graph.cell_start,
        graph.pin_net,
        graph.port_input,
    )
    arrival, delay, margin = nets.arrival, nets.delay, cells.margin
    longest, at = 0.0, -1
    for c in range(len(edged)):
        if edged[c] or latch[c]:
            a = cell_start[c]
            for p in range(a, cell_start[c + 1] - 1):
                if p == a + CLOCK:
                    continue
                t = arrival[pin_net[p]] + LN2 * delay[p] + margin[kind[c]]
                if latch[c]:
                    t *= 2.0
                if t > longest:
                    longest, at = t, p
    pins = len(pin_net)
    for i in range(len(port_input)):
        if not port_input[i]:
            t = port_end(graph, nets, i)
            if t > longest:
                longest, at = t, pins + i
    return longest, at


@compiled
def departures(graph, cells, kind, nets, rest):
    """Longest way from every driver to an end, margin included.

    Arrival plus this is a whole path.

    Args:
        graph: the netlist's graph.
        cells: figures of the library's cells.
        kind: (cells,) each cell's cell of the library.
        nets: times of the nets.
        rest: (nets,), filled: ps.
    """
    pin_net, port_net, port_input, order, edged, cell_start, latch = (
        graph.pin_net,
        graph.port_net,
        graph.port_input,
        graph.order,
        graph.edged,
        graph.cell_start,
        graph.latch,
    )
    margin, intrinsic, resistance = cells.margin, cells.intrinsic, cells.resistance
    slew, delay, arrival, net_load = nets.slew, nets.delay, nets.arrival, nets.load
    rest[:] = NEVER
    pins = len(pin_net)
    for i in range(len(port_net)):
        if port_input[i]:
            continue
        n = port_net[i]
        if graph.macro.end[i] == -1:
            rest[n] = max(rest[n], LN2 * delay[pins + i])
        elif graph.macro.end[i] >= 0:
            rest[n] = max(rest[n], port_end(graph, nets, i) - arrival[n])
    for c in order:
        if edged[c]:
            a = cell_start[c]
            for p in range(a, cell_start[c + 1] - 1):
                if p == a + CLOCK:
                    continue
                n = pin_net[p]
                rest[n] = max(rest[n], LN2 * delay[p] + margin[kind[c]])
        elif latch[c]:  # so that arrival plus this is the period that the path needs
            p = cell_start[c]
            n = pin_net[p]
            rest[n] = max(rest[n], needed(graph, cells, kind, nets, c, p) - arrival[n])
    for i in range(len(order) - 1, -1, -1):
        c = order[i]
        if edged[c]:
            continue
        a, b = cell_start[c], cell_start[c + 1] - 1
        k, net = kind[c], pin_net[b]
        if rest[net] <= NEVER:
            continue
        own = intrinsic[k] + LN2 * resistance[k] * net_load[net] + rest[net]
        for p in range(a, a + 1 if latch[c] else b):
            n = pin_net[p]
            wire = LN2 * delay[p] + SLEW_SHARE * (slew[n] + LN4 * delay[p])
            rest[n] = max(rest[n], own + wire)


@compiled
def trace(end, graph, driver, owner, nets, path):
    """Follow the longest path that ends in one pin back to its beginning.

    Args:
        end: the pin, or pins + port.
        graph: the netlist's graph.
        driver: (nets,) pin or port that drives.
        owner: (pins,) cell of each pin.
        nets: times of the nets.
        path: filled with input pins, last first.

    Returns:
        How many pins the path has.
    """
    pin_net, port_net, edged, cell_start, latch = (
        graph.pin_net,
        graph.port_net,
        graph.edged,
        graph.cell_start,
        graph.latch,
    )
    arrival, delay, slew = nets.arrival, nets.delay, nets.slew
    pins = len(pin_net)
    n = 0
    p = end
    while n < len(path):
        path[n] = p
        n += 1
        net = port_net[p - pins] if p >= pins else pin_net[p]
        d = driver[net]
        if d < 0 or d >= pins:
            return n
        c = owner[d]
        if edged[c] or cell_start[c] == d:
            return n
        # go on at the input that arrives last
        latest = NEVER
        first = cell_start[c]
        for q in range(first, first + 1 if latch[c] else d):
            m = pin_net[q]
            t = arrival[m] + LN2 * delay[q]
            t += SLEW_SHARE * (slew[m] + LN4 * delay[q])
            if t > latest:
                latest, p = t, q
    return n
