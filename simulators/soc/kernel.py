"""The phase-driven simulation of one design; seconds, joules, bytes, instructions.

FARSI (Boroujerdian et al., ACM TECS 2023, doi 10.1145/3544016): in each phase a block's bandwidth is
shared among the tasks on it, the slowest block sets a task's rate, and the phase ends when the next
task completes.
"""

from __future__ import annotations

import math

import numpy as np

from .compiled import compiled
from .layout import (
    CUT_OFF, KEEP_ONE_PERCENT, LEAK_MEMORY, OK, R_BUS_AREA, R_COST, R_DRAM_AREA, R_DURATION,
    R_ENERGY, R_MEAN_POWER, R_PE_AREA, R_PHASES, R_POWER, R_SRAM_AREA, READ, SLIP_WINDOWS, STALLED,
    UNREACHABLE, WRITE,
)  # fmt: skip
from .power import window_power
from .topology import bus_routes, cut_idle_links, depth_first, link, prune_buses
from .traffic import load_blocks, trace_hops

QUANTUM, SMALLEST, BANK = 256000.0, 2048.0, 1048576.0


@compiled
def task_rate(
    t,
    running,
    n_running,
    work,
    pe_rate,
    bus_rate,
    mem_rate,
    mem_bus,
    task_pe,
    sizes,
    load,
    routes,
    limiting,
):
    """Instructions a second of a task among those that run; 1 for a task without work.

    ``limiting`` (T,) gets the block that sets the rate.
    """
    if work[t] == 0:
        return 1.0
    n_pes, n_buses, n_mems = sizes
    bytes_on, units_on, held, tasks_on, count_on = load
    on, hops, n_hops, entries, n_entries = routes
    into_mem = n_pes + n_buses * n_buses
    best = pe_rate[t]
    limiting[t] = task_pe[t]
    for direction in range(2):
        for i in range(n_hops[t, direction]):
            h = hops[t, direction, i]
            bus = mem_bus[h - into_mem] if h >= into_mem else (h - n_pes) // n_buses
            # the bus it leaves: each way in gets an equal part, split by traffic
            active = 0
            share = 0.0
            for j in range(n_entries[h, direction]):
                k = entries[h, direction, j]
                used = False
                total = 0
                for r in range(n_running):
                    x = running[r]
                    if on[k, direction, x]:
                        total += units_on[n_pes + bus, x, direction]
                        used = used or on[h, direction, x]
                if used:
                    active += 1
                    if on[k, direction, t] and units_on[n_pes + bus, t, direction] > 0:
                        share += units_on[n_pes + bus, t, direction] / total
            if share > 0:
                ratio = bytes_on[n_pes + bus, t, direction] / work[t]
                offered = bus_rate[bus] * (share / active) / ratio
                if offered < best:
                    best = offered
                    limiting[t] = n_pes + bus
            # the memory it enters
            if h >= into_mem:
                block = n_pes + n_buses + h - into_mem
                total = 0
                for r in range(n_running):
                    if on[h, direction, running[r]]:
                        total += units_on[block, running[r], direction]
                mine = units_on[block, t, direction]
                if mine > 0:
                    ratio = bytes_on[block, t, direction] / work[t]
                    offered = mem_rate[h - into_mem] * (mine / total) / ratio
                    if offered < best:
                        best = offered
                        limiting[t] = block
    return best


@compiled
def simulate(
    graph,
    work,
    is_source,
    is_dummy,
    counts_area,
    design,
    prune,
    switches,
    cacti,
    start,
    finish,
    out,
    phase_time,
    phase_block,
    blocks,
):
    """Simulate one design; returns why it is infeasible, or OK.

    ``graph`` as in :class:`.workloads.Workload`; ``design`` is (task_pe (T,), edge_mem (E,), pe_bus
    (P,), mem_bus (M,), links (L, 2), pe_rate (T,), pe_energy (T,) J an instruction, pe_area (P,),
    pe_cost (P,), mem_type (M,), mem_rate (M,), bus_rate (B,),
    factors of mem_energy and mem_area (M,), bus_energy (B,) J a byte, bus_area (B,) m2);
    ``cacti`` (2, sizes, 3) read and write J a byte and m2.  Fills ``start``, ``finish`` (T,) s, ``out``,
    ``phase_time`` (2 T + 4,) s with the ``phase_block`` that set its length, and ``blocks`` (blocks,
    3): busy s of elements, bytes read and written.
    """
    parent, child, amount, unit_read, unit_write, out_start, out_edge, in_start, in_edge, n_in = (
        graph
    )
    (
        task_pe,
        edge_mem,
        pe_bus0,
        mem_bus0,
        links,
        pe_rate,
        pe_energy,
        pe_area,
        pe_cost,
        mem_type,
        mem_rate,
        bus_rate,
        mem_energy,
        mem_area,
        bus_energy,
        bus_area,
    ) = design
    n_tasks = work.shape[0]
    n_pes, n_mems, n_buses = pe_bus0.shape[0], mem_bus0.shape[0], bus_rate.shape[0]
    sizes = (n_pes, n_buses, n_mems)
    n = n_pes + n_buses + n_mems
    pe_bus, mem_bus = pe_bus0.copy(), mem_bus0.copy()

    # ---- the blocks and what they carry
    near = np.zeros((n, n + 4), np.int16)
    degree = np.zeros(n, np.int16)
    for p in range(n_pes):
        link(near, degree, p, n_pes + pe_bus[p])
    for i in range(links.shape[0]):
        link(near, degree, n_pes + links[i, 0], n_pes + links[i, 1])
    for m in range(n_mems):
        link(near, degree, n_pes + n_buses + m, n_pes + mem_bus[m])
    order = np.zeros(n, np.int16)
    reached = depth_first(near, degree, order)
    hop = np.zeros((n_buses, n_buses), np.int16)
    bus_routes(near, degree, n_pes, n_buses, hop)
    bytes_on = np.zeros((n, n_tasks, 2))
    units_on = np.zeros((n, n_tasks, 2), np.int64)
    held = np.zeros((n, n_tasks), np.bool_)
    tasks_on = np.zeros((n, n_tasks), np.int32)
    count_on = np.zeros(n, np.int32)
    load = (bytes_on, units_on, held, tasks_on, count_on)
    if not load_blocks(graph, task_pe, edge_mem, pe_bus, mem_bus, order, reached, hop, sizes, load):
        return UNREACHABLE
    cut_idle_links(near, degree, n_pes, n_buses, held[n_pes : n_pes + n_buses])
    if prune:
        prune_buses(near, degree, n_pes, n_buses, pe_bus, mem_bus)
    reached = depth_first(near, degree, order)
    priority = np.zeros(n_tasks, np.int32)
    ranked = np.zeros(n_tasks, np.bool_)
    n_ranked = 0
    for k in range(reached):
        for i in range(count_on[order[k]]):
            t = tasks_on[order[k], i]
            if not ranked[t]:
                ranked[t] = True
                priority[n_ranked] = t
                n_ranked += 1
    if n_ranked < n_tasks:
        return CUT_OFF
    bus_routes(near, degree, n_pes, n_buses, hop)
    total_hops = n_pes + n_buses * n_buses + n_mems
    on = np.zeros((total_hops, 2, n_tasks), np.bool_)
    hops = np.zeros((n_tasks, 2, total_hops), np.int16)
    n_hops = np.zeros((n_tasks, 2), np.int16)
    entries = np.zeros((total_hops, 2, n_pes + n_buses), np.int16)
    n_entries = np.zeros((total_hops, 2), np.int16)
    routes = (on, hops, n_hops, entries, n_entries)
    if not trace_hops(graph, task_pe, edge_mem, pe_bus, mem_bus, hop, sizes, routes):
        return UNREACHABLE

    # ---- the phases
    limiting = np.full(n_tasks, -1, np.int32)
    phase_block[:] = -1
    due = np.zeros(n_tasks)  # time to completion at the present rate
    step = 0.0
    left = work.copy()
    waiting_for = n_in.copy()
    launched = np.zeros(n_tasks, np.bool_)
    offspring_done = np.zeros(n_tasks, np.bool_)
    rate = np.zeros(n_tasks)
    live, top = np.zeros(n_mems), np.zeros(n_mems)
    running, waiting, candidates = (
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
        np.zeros(n_tasks, np.int32),
    )
    done = np.zeros(n_tasks, np.int32)
    taken = np.full(n_pes, -1, np.int32)
    n_running = n_waiting = 0
    limit = 2 * n_tasks + 4
    durations, energies = np.zeros(limit), np.zeros(limit)
    # instructions done: entries of phase i lie from phase_start[i] on, one a running task
    phase_start = np.zeros(limit + 1, np.int64)
    did, who = np.empty(limit * n_pes), np.empty(limit * n_pes, np.int32)
    n_did = 0
    clock = old = 0.0
    phases = 0
    while True:
        if phases == limit:
            return STALLED
        dt = clock - old
        old = clock
        durations[phases] = phase_time[phases] = dt
        n_done = 0
        kept = 0
        for r in range(n_running):
            t = running[r]
            amount_done = rate[t] * dt
            blocks[task_pe[t], 0] += dt
            did[n_did], who[n_did] = amount_done, t
            n_did += 1
            left[t] -= amount_done
            complete = work[t] == 0 or due[t] <= step * (1 + 1e-12)
            if switches[KEEP_ONE_PERCENT] and work[t] > 0:
                complete = 1 - left[t] / work[t] >= 0.99
            if complete:
                done[n_done] = t
                n_done += 1
            else:
                running[kept] = t
                kept += 1
        n_running = kept
        phases += 1
        phase_start[phases] = n_did
        for d in range(n_done):
            t = done[d]
            finish[t] = clock
            offspring_done[t] = True
            for i in range(out_start[t], out_start[t + 1]):
                waiting_for[child[out_edge[i]]] -= 1
            _free_inputs(t, graph, edge_mem, is_source, offspring_done, live, switches[LEAK_MEMORY])
        n_candidates = 0
        for r in range(n_running):
            candidates[n_candidates] = running[r]
            n_candidates += 1
        everything = True
        for i in range(n_tasks):
            t = priority[i]
            if not launched[t]:
                if waiting_for[t] == 0:
                    launched[t] = True
                    start[t] = clock
                    for j in range(out_start[t], out_start[t + 1]):
                        m = edge_mem[out_edge[j]]
                        live[m] += amount[out_edge[j]]
                        top[m] = max(top[m], live[m])
                    candidates[n_candidates] = t
                    n_candidates += 1
                else:
                    everything = False
        for w in range(n_waiting):
            candidates[n_candidates] = waiting[w]
            n_candidates += 1
        n_running = n_waiting = 0
        for i in range(n_candidates):
            t = candidates[i]
            if taken[task_pe[t]] == phases:
                waiting[n_waiting] = t
                n_waiting += 1
            else:
                taken[task_pe[t]] = phases
                running[n_running] = t
                n_running += 1
        if n_running == 0:
            if everything:
                break
            return STALLED
        step = np.inf
        for r in range(n_running):
            t = running[r]
            rate[t] = task_rate(
                t, running, n_running, work, pe_rate, bus_rate, mem_rate, mem_bus, task_pe, sizes,
                load, routes, limiting,
            )  # fmt: skip
            due[t] = 0.0 if work[t] == 0 else left[t] / rate[t]
            if due[t] < step:
                step = due[t]
                phase_block[phases] = limiting[t]
        clock += step

    for k in range(n_pes, n):
        for i in range(count_on[k]):
            t = tasks_on[k, i]
            if work[t] > 0:
                blocks[k, 1] += bytes_on[k, t, READ]
                blocks[k, 2] += bytes_on[k, t, WRITE]

    # ---- energy, power, area, cost
    per_instruction = pe_energy.copy()
    row = np.zeros((n_mems, 3))
    for m in range(n_mems):
        if top[m] > 0:
            size = math.ceil(max(math.ceil(top[m] - 1e-6), SMALLEST) / QUANTUM)
            row[m] = cacti[mem_type[m], min(size, cacti.shape[1]) - 1]
            out[R_SRAM_AREA if mem_type[m] == 0 else R_DRAM_AREA] += row[m, 2] * mem_area[m]
            block = n_pes + n_buses + m
            for t in range(n_tasks):
                if work[t] > 0:
                    per_instruction[t] += (
                        bytes_on[block, t, READ] / work[t] * row[m, 0] * mem_energy[m]
                    )
                    per_instruction[t] += (
                        bytes_on[block, t, WRITE] / work[t] * row[m, 1] * mem_energy[m]
                    )
        out[R_COST] += 0.1 * math.ceil(top[m] / BANK)
    for b in range(n_buses):
        for t in range(n_tasks):
            if work[t] > 0:
                moved = bytes_on[n_pes + b, t, READ] + bytes_on[n_pes + b, t, WRITE]
                per_instruction[t] += moved / work[t] * bus_energy[b]
    for i in range(phases):
        for k in range(phase_start[i], phase_start[i + 1]):
            if work[who[k]] > 0:
                energies[i] += did[k] * per_instruction[who[k]]
        out[R_ENERGY] += energies[i]
    out[R_POWER] = window_power(durations, energies, phases, switches[SLIP_WINDOWS])
    out[R_DURATION] = clock
    out[R_MEAN_POWER] = out[R_ENERGY] / clock if clock > 0 else 0.0
    out[R_PHASES] = phases
    least = np.inf
    for t in range(n_tasks):
        if not is_dummy[t]:
            least = min(least, work[t])
    used = np.zeros(n_pes, np.bool_)
    for t in range(n_tasks):
        used[task_pe[t]] = used[task_pe[t]] or counts_area[t]
        out[R_COST] += pe_cost[task_pe[t]] * work[t] / least
    for p in range(n_pes):
        if used[p]:
            out[R_PE_AREA] += pe_area[p]
    for k in range(reached):
        if n_pes <= order[k] < n_pes + n_buses:
            out[R_COST] += 0.1
            out[R_BUS_AREA] += bus_area[order[k] - n_pes]
    # every task and memory it uses: the blocks between them
    for m in range(n_mems):
        k = n_pes + n_buses + m
        for i in range(count_on[k]):
            first = pe_bus[task_pe[tasks_on[k, i]]]
            steps = 3
            b = mem_bus[m]
            while b != first:
                b = hop[first, b]
                steps += 1
            out[R_COST] += 0.1 * steps
    return OK


@compiled
def _free_inputs(t, graph, edge_mem, is_source, completed, live, leak):
    """Free the outputs of tasks all of whose readers are done; a source's are never freed.

    FARSI forgets the readers once one of their inputs is freed (``leak``), so that their other inputs
    often never are.
    """
    parent, child, amount, unit_read, unit_write, out_start, out_edge, in_start, in_edge, n_in = (
        graph
    )
    for k in range(in_start[t], in_start[t + 1]):
        p = parent[in_edge[k]]
        complete = True
        for i in range(out_start[p], out_start[p + 1]):
            complete = complete and completed[child[out_edge[i]]]
        if complete:
            for i in range(out_start[p], out_start[p + 1]):
                if not is_source[p]:
                    live[edge_mem[out_edge[i]]] -= amount[out_edge[i]]
                if leak:
                    completed[child[out_edge[i]]] = False
