"""Blocks and their neighbours: processing elements, buses, memories, in that order of numbers.

Neighbour lists are ordered (FARSI's launch priorities follow from it): ``near`` (blocks, width) int16
with ``degree`` (blocks,) int16.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled


@compiled
def append(near, degree, block, other):
    """Make ``other`` the last neighbour of ``block``."""
    near[block, degree[block]] = other
    degree[block] += 1


@compiled
def remove(near, degree, block, other):
    """Take ``other`` out of the neighbours of ``block``, keeping the order of the rest."""
    k = 0
    while near[block, k] != other:
        k += 1
    for i in range(k, degree[block] - 1):
        near[block, i] = near[block, i + 1]
    degree[block] -= 1


@compiled
def link(near, degree, a, b):
    """Connect two blocks."""
    append(near, degree, a, b)
    append(near, degree, b, a)


@compiled
def unlink(near, degree, a, b):
    """Disconnect two blocks."""
    remove(near, degree, a, b)
    remove(near, degree, b, a)


@compiled
def depth_first(near, degree, order):
    """Blocks in depth-first order from block 0 into ``order``; returns how many are reached."""
    n = degree.shape[0]
    seen = np.zeros(n, np.bool_)
    stack = np.zeros(n, np.int16)
    step = np.zeros(n, np.int16)
    depth, count = 0, 1
    order[0] = 0
    seen[0] = True
    while depth >= 0:
        block = stack[depth]
        if step[depth] == degree[block]:
            depth -= 1
            continue
        other = near[block, step[depth]]
        step[depth] += 1
        if not seen[other]:
            seen[other] = True
            order[count] = other
            count += 1
            depth += 1
            stack[depth] = other
            step[depth] = 0
    return count


@compiled
def bus_routes(near, degree, first_bus, n_buses, hop):
    """``hop[a, b]``: the bus before ``b`` on the shortest way from bus ``a``; -1 where there is none."""
    queue = np.zeros(n_buses, np.int16)
    for a in range(n_buses):
        hop[a, :] = -1
        hop[a, a] = a
        queue[0] = a
        head, tail = 0, 1
        while head < tail:
            bus = queue[head]
            head += 1
            block = first_bus + bus
            for i in range(degree[block]):
                other = near[block, i] - first_bus
                if 0 <= other < n_buses and hop[a, other] < 0:
                    hop[a, other] = bus
                    queue[tail] = other
                    tail += 1


@compiled
def cut_idle_links(near, degree, first_bus, n_buses, on_bus):
    """Disconnect buses that share no task; ``on_bus`` (buses, tasks) bool."""
    for a in range(n_buses):
        i = 0
        while i < degree[first_bus + a]:
            b = near[first_bus + a, i] - first_bus
            if 0 <= b < n_buses:
                shared = False
                for t in range(on_bus.shape[1]):
                    if on_bus[a, t] and on_bus[b, t]:
                        shared = True
                        break
                if not shared:
                    unlink(near, degree, first_bus + a, first_bus + b)
                    continue
            i += 1


@compiled
def prune_buses(near, degree, first_bus, n_buses, pe_bus, mem_bus):
    """Remove buses without memories or without elements, as ArchGym does before it simulates.

    Blocks that lose their bus move to its one neighbour; ``pe_bus`` and ``mem_bus`` follow.
    """
    n = degree.shape[0]
    order = np.zeros(n, np.int16)
    count = depth_first(near, degree, order)
    moved = np.zeros(n, np.int16)
    others = np.zeros(n, np.int16)
    for k in range(count):
        bus = order[k]
        if not first_bus <= bus < first_bus + n_buses:
            continue
        mems = pes = links = 0
        for i in range(degree[bus]):
            other = near[bus, i]
            if other < first_bus:
                pes += 1
            elif other < first_bus + n_buses:
                others[links] = other
                links += 1
            else:
                mems += 1
        if not (
            (mems == 0 and links == 1) or (pes == 0 and links == 1) or (mems == 0 and pes == 0)
        ):
            continue
        take = 0
        if mems > 0 or pes > 0:
            for i in range(degree[bus]):
                other = near[bus, i]
                is_pe = other < first_bus
                is_mem = other >= first_bus + n_buses
                if (is_pe and mems == 0) or (is_mem and mems > 0):
                    moved[take] = other
                    take += 1
        for i in range(1, links):
            link(near, degree, others[0], others[i])
        for i in range(take):
            unlink(near, degree, moved[i], bus)
            link(near, degree, moved[i], others[0])
            if moved[i] < first_bus:
                pe_bus[moved[i]] = others[0] - first_bus
            else:
                mem_bus[moved[i] - first_bus - n_buses] = others[0] - first_bus
        for i in range(links):
            unlink(near, degree, bus, others[i])
