"""Which task moves how much through which block, and over which hops.

Blocks are numbered elements, buses, memories.  A *hop* leads from the element's side into a block:
``p`` from element p into its bus, ``P + i * B + j`` from bus i into bus j, ``P + B * B + m`` into
memory m; the same hop serves both directions of data, which never compete.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .layout import READ, WRITE


@compiled
def carry(block, t, direction, amount, unit, load):
    """Task ``t`` moves bytes through a block, and joins the block's list if it is new there.

    ``load`` is (bytes_on (blocks, T, 2), units_on (blocks, T, 2), held (blocks, T), tasks_on
    (blocks, T), count_on (blocks,)).
    """
    bytes_on, units_on, held, tasks_on, count_on = load
    bytes_on[block, t, direction] += amount
    units_on[block, t, direction] += unit
    if not held[block, t]:
        held[block, t] = True
        tasks_on[block, count_on[block]] = t
        count_on[block] += 1


@compiled
def carry_on_buses(first, last, hop, first_bus, t, direction, amount, unit, load):
    """:func:`carry` on every bus of a route; False where there is no route."""
    if hop[first, last] < 0:
        return False
    b = last
    while True:
        carry(first_bus + b, t, direction, amount, unit, load)
        if b == first:
            return True
        b = hop[first, b]


@compiled
def load_blocks(graph, task_pe, edge_mem, pe_bus, mem_bus, order, reached, hop, sizes, load):
    """Fill the blocks' loads in FARSI's order: elements, writes to memories, then a walk of the graph.

    The walk starts at the root tasks; at each task it loads the read that led there, at the first
    visit also the task's writes on buses, and goes on to the tasks that read them, memory by memory
    in the blocks' depth-first ``order``.  Returns False where a memory cannot be reached.
    """
    parent, child, amount, unit_read, unit_write, out_start, out_edge, in_start, in_edge, n_in = (
        graph
    )
    n_pes, n_buses, n_mems = sizes
    first_mem = n_pes + n_buses
    n_tasks = n_in.shape[0]
    for t in range(n_tasks):
        carry(task_pe[t], t, READ, 0.0, 0, load)
    for t in range(n_tasks):
        for i in range(out_start[t], out_start[t + 1]):
            e = out_edge[i]
            carry(first_mem + edge_mem[e], t, WRITE, amount[e], unit_write[e], load)
    place = np.full(n_mems, -1, np.int16)
    for k in range(reached):
        if order[k] >= first_mem:
            place[order[k] - first_mem] = k
    # each task's writes, by memory in depth-first order; stable insertion sort of short lists
    writes = out_edge.copy()
    for t in range(n_tasks):
        for i in range(out_start[t] + 1, out_start[t + 1]):
            e = writes[i]
            j = i - 1
            while j >= out_start[t] and place[edge_mem[writes[j]]] > place[edge_mem[e]]:
                writes[j + 1] = writes[j]
                j -= 1
            writes[j + 1] = e
    seen = np.zeros(n_tasks, np.bool_)
    stack = np.zeros(n_tasks + 1, np.int32)
    step = np.zeros(n_tasks + 1, np.int32)
    for root in range(n_tasks):
        if n_in[root] > 0:
            continue
        depth = 0
        arriving = -1  # the edge that leads to the task on top of the stack
        stack[0] = root
        entering = True
        while depth >= 0:
            t = stack[depth]
            if entering:
                if arriving >= 0:
                    mem = edge_mem[arriving]
                    carry(first_mem + mem, t, READ, amount[arriving], unit_read[arriving], load)
                    if not carry_on_buses(
                        pe_bus[task_pe[t]],
                        mem_bus[mem],
                        hop,
                        n_pes,
                        t,
                        READ,
                        amount[arriving],
                        unit_read[arriving],
                        load,
                    ):
                        return False
                if seen[t]:
                    depth -= 1
                    entering = False
                    continue
                seen[t] = True
                for i in range(out_start[t], out_start[t + 1]):
                    e = writes[i]
                    if place[edge_mem[e]] < 0:
                        return False
                    if not carry_on_buses(
                        pe_bus[task_pe[t]],
                        mem_bus[edge_mem[e]],
                        hop,
                        n_pes,
                        t,
                        WRITE,
                        amount[e],
                        unit_write[e],
                        load,
                    ):
                        return False
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


@compiled
def trace_hops(graph, task_pe, edge_mem, pe_bus, mem_bus, hop, sizes, routes):
    """Every task's hops after pruning, and for each hop out of a bus by which hops its data came.

    ``routes`` is (on (hops, 2, T) bool; hops (T, 2, hops) with n_hops (T, 2); entries (hops, 2,
    hops) with n_entries (hops, 2)).  Returns False where a memory cannot be reached.
    """
    on, hops, n_hops, entries, n_entries = routes
    parent, child, amount, unit_read, unit_write, out_start, out_edge, in_start, in_edge, n_in = (
        graph
    )
    n_pes, n_buses, n_mems = sizes
    for e in range(parent.shape[0]):
        mem = edge_mem[e]
        for direction in range(2):
            t = child[e] if direction == READ else parent[e]
            a = pe_bus[task_pe[t]]
            b = mem_bus[mem]
            if hop[a, b] < 0:
                return False
            leaving = n_pes + n_buses * n_buses + mem
            while True:
                # the hop into bus b
                entering = task_pe[t] if b == a else n_pes + hop[a, b] * n_buses + b
                if not on[leaving, direction, t]:
                    on[leaving, direction, t] = True
                    hops[t, direction, n_hops[t, direction]] = leaving
                    n_hops[t, direction] += 1
                known = False
                for i in range(n_entries[leaving, direction]):
                    known = known or entries[leaving, direction, i] == entering
                if not known:
                    entries[leaving, direction, n_entries[leaving, direction]] = entering
                    n_entries[leaving, direction] += 1
                leaving = entering
                if b == a:
                    on[leaving, direction, t] = True
                    break
                b = hop[a, b]
    return True
