"""Which task moves how much through which carrier, and over which hops; see :mod:`.state`."""

from __future__ import annotations

import numpy as np

from .compiled import inlined
from .layout import (
    L_BUS, L_BUS_WEIGHT, L_FIRST, L_GATE, L_HOP, L_MEM, L_MEM_WEIGHT, READ, S_BUS_PEAK, S_BUS_RATIO,
    S_MEM_PEAK, S_MEM_RATIO, WRITE,
)  # fmt: skip


@inlined
def carry(c, t, direction, amount, unit, moved, units, held, tasks, count):
    """A task moves bytes through a carrier, and joins its tasks if it is new there.

    Args:
        c: the carrier.
        t: the task.
        direction: READ or WRITE.
        amount: bytes.
        unit: the weight with which the bytes compete.
        moved: (T, 2, C) bytes, added to.
        units: (T, 2, C) weights, added to.
        held: (C, T) whether a carrier serves a task, updated.
        tasks: (C, T) the tasks it serves, appended to.
        count: (C,) how many, updated.
    """
    moved[t, direction, c] += amount
    units[t, direction, c] += unit
    if not held[c, t]:
        held[c, t] = True
        tasks[c, count[c]] = t
        count[c] += 1


@inlined
def load_carriers(graph, chip, topology, reached, traffic):
    """Fill the carriers' loads in FARSI's order: writes to memories, then a walk of the graph.

    The walk starts at the root tasks. At each task it loads the read that led there. At the first
    visit it also loads the task's writes on buses. It goes on to the tasks that read them, memory
    by memory in the blocks' depth-first ``order``. Control edges are walked, but move nothing.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        topology: :class:`.state.Topology`.
        reached: blocks that the walk over them reaches.
        traffic: :class:`.state.Traffic`, filled.

    Returns:
        False where a memory cannot be reached.
    """
    child, amount, unit_read, unit_write = (
        graph.child, graph.amount, graph.unit_read, graph.unit_write,
    )  # fmt: skip
    out_start, out_edge, n_in = graph.out_start, graph.out_edge, graph.n_in
    task_pe, edge_mem, pe_bus, mem_bus = chip.task_pe, chip.edge_mem, chip.pe_bus, chip.mem_bus
    moved, units, held = traffic.moved, traffic.units, traffic.held
    tasks, count, place = traffic.tasks, traffic.served, traffic.place
    hop, writes = topology.hop, traffic.writes
    seen, stack, step = traffic.seen, traffic.stack, traffic.step
    n_tasks, n_buses = n_in.shape[0], hop.shape[0]
    for c in range(count.shape[0]):
        count[c] = 0
        for t in range(n_tasks):
            held[c, t] = False
    for t in range(n_tasks):
        seen[t] = False
        for direction in range(2):
            for c in range(count.shape[0]):
                moved[t, direction, c] = 0.0
                units[t, direction, c] = 0
        for i in range(out_start[t], out_start[t + 1]):
            e = out_edge[i]
            if amount[e] > 0:
                c = n_buses + edge_mem[e]
                carry(c, t, WRITE, amount[e], unit_write[e], moved, units, held, tasks, count)
    first_mem = pe_bus.shape[0] + n_buses
    sort_writes(out_start, out_edge, edge_mem, topology.order, reached, first_mem, place, writes)
    for root in range(n_tasks):
        if n_in[root] > 0:
            continue
        depth = 0
        arriving = -1  # the edge that leads to the task on top of the stack
        stack[0] = root
        entering = True
        while depth >= 0:
            t = stack[depth]
            bus = pe_bus[task_pe[t]]
            if entering:
                if arriving >= 0 and amount[arriving] > 0:
                    m, size, unit = edge_mem[arriving], amount[arriving], unit_read[arriving]
                    carry(n_buses + m, t, READ, size, unit, moved, units, held, tasks, count)
                    b = mem_bus[m]
                    if hop[bus, b] < 0:
                        return False
                    while True:  # every bus of the way, from the memory's to the task's own
                        carry(b, t, READ, size, unit, moved, units, held, tasks, count)
                        if b == bus:
                            break
                        b = hop[bus, b]
                # a task that was met before: only the read that led here was new
                if seen[t]:
                    depth -= 1
                    entering = False
                    continue
                seen[t] = True
                for i in range(out_start[t], out_start[t + 1]):
                    e = writes[i]
                    if amount[e] == 0:
                        continue
                    m, size, unit = edge_mem[e], amount[e], unit_write[e]
                    b = mem_bus[m]
                    if place[m] < 0 or hop[bus, b] < 0:
                        return False
                    while True:
                        carry(b, t, WRITE, size, unit, moved, units, held, tasks, count)
                        if b == bus:
                            break
                        b = hop[bus, b]
                step[depth] = out_start[t]
                entering = False
            if step[depth] == out_start[t + 1]:
                depth -= 1
                continue
            arriving = writes[step[depth]]
            step[depth] += 1
            depth += 1
            stack[depth] = child[arriving]
            entering = True
    return True


@inlined
def sort_writes(out_start, out_edge, edge_mem, order, reached, first_mem, place, writes):
    """Sort each task's outgoing edges by where their memories stand in depth-first order.

    The sort is stable.

    Args:
        out_start: (T + 1,) where each task's edges begin in ``out_edge``.
        out_edge: (E,) edges by task.
        edge_mem: (E,) memory of each edge.
        order: (blocks,) in depth-first order.
        reached: how many of them the walk reaches.
        first_mem: the number of block that the first memory has.
        place: (M + 1,), filled with where each memory stands, or -1.
        writes: (E,), filled with the sorted edges.
    """
    for m in range(place.shape[0]):
        place[m] = -1
    for k in range(reached):
        if order[k] >= first_mem:
            place[order[k] - first_mem] = k
    for t in range(out_start.shape[0] - 1):
        for i in range(out_start[t], out_start[t + 1]):
            e = out_edge[i]
            here = place[edge_mem[e]]
            # an insertion sort: a task has few edges
            j = i - 1
            while j >= out_start[t] and place[edge_mem[writes[j]]] > here:
                writes[j + 1] = writes[j]
                j -= 1
            writes[j + 1] = e


@inlined
def trace_hops(graph, chip, hop, traffic, legs):
    """Fill in every task's hops after pruning.

    A hop's weight is that of all of the task's traffic through the bus or memory in that direction,
    on whatever way it goes on. So are the bytes per instruction (FARSI's rule).

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        hop: (B, B) of :class:`.state.Topology`.
        traffic: :class:`.state.Traffic`.
        legs: :class:`.state.Legs`, filled.

    Returns:
        False where a memory cannot be reached.
    """
    parent, child, amount, work = graph.parent, graph.child, graph.amount, graph.work
    task_pe, edge_mem, pe_bus, mem_bus = chip.task_pe, chip.edge_mem, chip.pe_bus, chip.mem_bus
    bus_rate, mem_rate = chip.bus_rate, chip.mem_rate
    moved, units = traffic.moved, traffic.units
    count, what, speed = legs.hops, legs.what, legs.speed
    n_pes, n_buses = pe_bus.shape[0], hop.shape[0]
    for t in range(count.shape[0]):
        count[t, READ] = count[t, WRITE] = 0
    for e in range(parent.shape[0]):
        if amount[e] == 0:
            continue
        m = edge_mem[e]
        for direction in range(2):
            t = child[e] if direction == READ else parent[e]
            a, b = pe_bus[task_pe[t]], mem_bus[m]
            if hop[a, b] < 0:
                return False
            leaving, mem = n_buses * n_buses + m, np.int64(m)
            # back from the memory to the task's own bus; once a hop is known, so is the rest of the way
            while True:
                before = hop[a, b]
                gate = np.int64(task_pe[t]) if b == a else n_pes + before * n_buses + b
                n = count[t, direction]
                known, first = False, True
                for i in range(n):
                    known = known or what[t, direction, i, L_HOP] == leaving
                    first = first and what[t, direction, i, L_GATE] != gate
                if known:
                    break
                what[t, direction, n, L_GATE] = gate
                what[t, direction, n, L_HOP] = leaving
                what[t, direction, n, L_FIRST] = first
                what[t, direction, n, L_BUS] = b
                what[t, direction, n, L_BUS_WEIGHT] = units[t, direction, b]
                speed[t, direction, n, S_BUS_PEAK] = bus_rate[b]
                speed[t, direction, n, S_BUS_RATIO] = moved[t, direction, b] / work[t]
                what[t, direction, n, L_MEM] = mem
                if mem >= 0:
                    what[t, direction, n, L_MEM_WEIGHT] = units[t, direction, n_buses + mem]
                    speed[t, direction, n, S_MEM_PEAK] = mem_rate[mem]
                    speed[t, direction, n, S_MEM_RATIO] = (
                        moved[t, direction, n_buses + mem] / work[t]
                    )
                count[t, direction] = n + 1
                if b == a:
                    break
                leaving, mem = before * n_buses + b, np.int64(-1)
                b = before
    return True
