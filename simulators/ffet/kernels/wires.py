"""Resistance and capacitance of trees, before and after routing, and Elmore's delay (1948)."""

from .compiled import compiled, inlined

TYPICAL_FF = 1.0  # load at the end of a wire for which its layer is chosen before routing


@inlined
def best_tier(length, below, ohm, via, toll, cap, last):
    """The layer pair on which a wire is fastest.

    Args:
        length: um.
        below: fF behind it.
        ohm: (t,) kohm/um by pair.
        via: (t,) kohm from a pin by pair.
        toll: (t,) ps that are added by pair.
        cap: fF/um.
        last: how many pairs may be used.

    Returns:
        The pair.
    """
    best, least = 0, 1e30
    for t in range(last):
        d = 2.0 * via[t] * below + ohm[t] * length * (0.5 * cap * length + below) + toll[t]
        if d < least:
            best, least = t, d
    return best


@compiled
def estimate(nx, ny, up, ohm, via, toll, cap, tiers, res, capacitance):
    """Resistance and capacitance of every tree edge from its length alone.

    Args:
        nx: (nodes,) um.
        ny: (nodes,) um.
        up: (nodes,) parents, -1 at roots.
        ohm: (t,) kohm/um by pair.
        via: (t,) kohm from a pin by pair.
        toll: (t,) ps that are added by pair.
        cap: fF/um.
        tiers: how many pairs may be used.
        res: (nodes,), filled: kohm.
        capacitance: (nodes,), filled: fF.
    """
    for i in range(len(up)):
        res[i] = capacitance[i] = 0.0
        if up[i] < 0:
            continue
        length = abs(nx[i] - nx[up[i]]) + abs(ny[i] - ny[up[i]])
        t = best_tier(length, TYPICAL_FF, ohm, via, toll, cap, tiers)
        res[i] = ohm[t] * length + via[t]
        capacitance[i] = cap * length


@compiled
def elmore(wires, stale, pin_load, net_load, delay, path, below, after):
    """Add one side's wires and pins to the nets' loads, and work out the delays to its sinks.

    Args:
        wires: the side's wires.
        stale: (nets,) bool, nets that are worked out.
        pin_load: (pins + ports,) fF.
        net_load: (nets,) fF, added to.
        delay: (pins + ports,) ps, filled at sinks: the sum over the path of R times the capacitance
            behind it.
        path: (pins + ports,) kohm, filled at sinks: the resistance itself.
        below: (nodes,), scratch.
        after: (nodes,), scratch.
    """
    first, up, pin, res, capacitance = wires
    for n in range(len(first) - 1):
        a, b = first[n], first[n + 1]
        if a == b or not stale[n]:
            continue
        if b - a == 2:  # most nets: a driver and a sink
            p, i = pin[a + 1], a + 1
            net_load[n] += pin_load[p] + capacitance[i]
            delay[p] = res[i] * (0.5 * capacitance[i] + pin_load[p])
            path[p] = res[i]
            continue
        for i in range(a, b):
            below[i] = 0.0
            if pin[i] >= 0 and i > a:
                below[i] = pin_load[pin[i]]
        # children come after their parents: from the end, capacitances add up
        for i in range(b - 1, a, -1):
            below[up[i]] += below[i] + capacitance[i]
        net_load[n] += below[a]
        after[a] = 0.0
        for i in range(a + 1, b):  # ``after`` holds the delay, ``res`` is summed in ``path``
            after[i] = after[up[i]] + res[i] * (0.5 * capacitance[i] + below[i])
            if pin[i] >= 0:
                delay[pin[i]] = after[i]
        below[a] = 0.0
        for i in range(a + 1, b):
            below[i] = below[up[i]] + res[i]
            if pin[i] >= 0:
                path[pin[i]] = below[i]


@compiled
def admittance(wires, pin_load, moments, lump, after, weight):
    """Add one side's first three moments of the admittance at each driver.

    Half of a wire's capacitance lies at either end.

    Args:
        wires: the side's wires.
        pin_load: (pins + ports,) fF.
        moments: (nets, 3), added to.
        lump: (nodes,), scratch.
        after: (nodes,), scratch.
        weight: (nodes,), scratch.
    """
    first, up, pin, res, capacitance = wires
    for n in range(len(first) - 1):
        a, b = first[n], first[n + 1]
        if a == b:
            continue
        if b - a == 2:
            half, ohm = 0.5 * capacitance[a + 1], res[a + 1]
            c = pin_load[pin[a + 1]] + half
            y1 = ohm * c
            y2 = ohm * (c * y1)
            moments[n, 0] = moments[n, 0] + half + c
            moments[n, 1] += c * y1
            moments[n, 2] += c * y2
            continue
        for i in range(a, b):
            lump[i] = pin_load[pin[i]] if pin[i] >= 0 and i > a else 0.0
        for i in range(a + 1, b):
            lump[i] += 0.5 * capacitance[i]
            lump[up[i]] += 0.5 * capacitance[i]
        for power in range(3):
            # weight: capacitance times the moment of the order before; after: this order's moment
            for i in range(a, b):
                weight[i] = lump[i] if power == 0 else lump[i] * after[i]
                moments[n, power] += weight[i]
            for i in range(b - 1, a, -1):
                weight[up[i]] += weight[i]
            after[a] = 0.0
            for i in range(a + 1, b):
                after[i] = after[up[i]] + res[i] * weight[i]


@compiled
def pi_models(moments, near, far, ohm):
    """O'Brien and Savarino's (1989) two capacitors and resistor of every net.

    Args:
        moments: (nets, 3) of the admittance.
        near: (nets,), filled: fF at the driver.
        far: (nets,), filled: fF at the far end.
        ohm: (nets,), filled: kohm between them.
    """
    for n in range(len(moments)):
        y1, y2, y3 = moments[n, 0], moments[n, 1], moments[n, 2]
        near[n], far[n], ohm[n] = y1, 0.0, 0.0
        if y2 > 1e-12 and y3 > 1e-12:
            far[n] = min(y2 * y2 / y3, y1)
            near[n] = y1 - far[n]
            ohm[n] = y2 / (far[n] * far[n])


@compiled
def behind(up, pin, length, cap, pin_load, out):
    """Capacitance at and below every node.

    Args:
        up: (nodes,) parents, -1 at roots.
        pin: (nodes,) pins, -1 at Steiner points.
        length: (nodes,) um.
        cap: fF/um of wire.
        pin_load: (pins + ports,) fF.
        out: (nodes,), filled: fF.
    """
    for i in range(len(up)):
        out[i] = pin_load[pin[i]] if pin[i] >= 0 and up[i] >= 0 else 0.0
    for i in range(len(up) - 1, -1, -1):
        if up[i] >= 0:
            out[up[i]] += out[i] + cap * length[i]


@compiled
def gains(up, net_of, urgency, length, below, ohm, via, cap, out):
    """What the best layer pair saves over the worst, times how urgent the net is.

    Args:
        up: (nodes,) parents.
        net_of: (nodes,) nets.
        urgency: (nets,).
        length: (nodes,) um.
        below: (nodes,) fF at and below.
        ohm: (t,) kohm/um by pair.
        via: (t,) kohm from a pin by pair.
        cap: fF/um.
        out: (nodes,), filled: ps times urgency.
    """
    for i in range(len(up)):
        least, most = 1e30, 0.0
        for t in range(len(ohm)):
            d = 2.0 * via[t] * below[i] + ohm[t] * length[i] * (0.5 * cap * length[i] + below[i])
            least, most = min(least, d), max(most, d)
        out[i] = (most - least) * urgency[net_of[i]]
