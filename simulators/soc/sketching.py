"""A sketch of a design's run, for models to learn from: lists in place of phases.

Tasks are listed as the simulator launches them, each as long as it would take alone.  Where listed tasks run
together and share buses or memories, they last longer (:mod:`.sketch_shares`), and are listed again.  Sizes
of memories, energy and windows of power follow from the last list.
"""

from __future__ import annotations

import math

import numpy as np

from .accounts import QUANTUM, SMALLEST
from .batch import build
from .compiled import compiled, inlined
from .kernel import rank_tasks
from .layout import READ, WRITE
from .power import window_power
from .room import chip_room, room
from .sketch_shares import stretch, times_alone, together
from .topology import bus_routes, connect, cut_idle_links, prune_buses, walk
from .traffic import load_carriers, trace_hops

PER_TASK = ("alone", "arithmetic", "finish")  # s
PER_CARRIER = ("reading", "writing")  # s at its peak rate
PER_MEMORY = ("bytes", "area")  # the most that is live, B; m2
OVERALL = (
    "longest path", "listed", "stretched", "busiest element", "elements", "element energy",
    "carried energy", "element area", "bus area",
)  # fmt: skip
ROUGH = ("latency", "energy", "power", "mean_power", "area")
NOTHING = 1e-300
# lists, each with the lengths that the one before leads to, until these stay within a share
STILL = 1e-6
ROUNDS = 4


@inlined
def list_tasks(graph, chip, alone, run):
    """List the tasks as the simulator would launch them, each of a given length.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        alone: (T,) s that each task takes.
        run: gets start and finish; ``rank`` breaks ties.

    Returns:
        Seconds of the whole list, and of the longest path.
    """
    n_tasks = alone.shape[0]
    start, finish, due, left, listed = run.start, run.finish, run.due, run.open_inputs, run.complete
    free, path, rank = run.busy, run.left, run.rank
    for p in range(chip.pe_bus.shape[0]):
        free[p] = 0.0
    for t in range(n_tasks):
        due[t] = path[t] = 0.0
        left[t] = graph.n_in[t]
        listed[t] = False
    end = longest = 0.0
    for _ in range(n_tasks):
        best, when = -1, np.inf
        for t in range(n_tasks):
            if listed[t] or left[t] > 0:
                continue
            at = max(due[t], free[chip.task_pe[t]]) if alone[t] > 0 else due[t]
            if at > when:
                continue
            # of those that wait for an element who came last is first; what takes no time goes before
            later = alone[t] == 0 or due[t] > due[best]
            if at < when or later or (due[t] == due[best] and rank[t] < rank[best]):
                best, when = t, at
        if best < 0:
            break
        t = best
        listed[t] = True
        p = chip.task_pe[t]
        start[t] = max(due[t], free[p]) if alone[t] > 0 else due[t]
        finish[t] = start[t] + alone[t]
        path[t] += alone[t]
        if alone[t] > 0:
            free[p] = finish[t]
        end, longest = max(end, finish[t]), max(longest, path[t])
        for i in range(graph.out_start[t], graph.out_start[t + 1]):
            c = graph.child[graph.out_edge[i]]
            left[c] -= 1
            due[c] = max(due[c], finish[t])
            path[c] = max(path[c], path[t])
    return end, longest


@inlined
def lives(graph, run):
    """From when to when each task's outputs are kept.

    Memory is taken as soon as all inputs are there, while the task may wait for its element, and freed once
    all readers are done.

    Args:
        graph: :class:`.state.Graph`.
        run: start and finish; ``left`` gets s from which on, ``rate`` s until which, (T,).
    """
    since, until, finish = run.left, run.rate, run.finish
    for t in range(until.shape[0]):
        since[t] = 0.0
    for t in range(until.shape[0]):
        until[t] = finish[t]
        for i in range(graph.out_start[t], graph.out_start[t + 1]):
            c = graph.child[graph.out_edge[i]]
            until[t] = max(until[t], finish[c])
            since[c] = max(since[c], finish[t])
        if graph.is_source[t]:
            until[t] = np.inf


@inlined
def memories(graph, chip, traffic, cacti, place, run, row, at):
    """Sizes and areas of memories, and what their traffic costs.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        traffic: what carriers move.
        cacti: see ``kernel.simulate``.
        place: number among those in use of each memory of the space, or -1.
        run: what :func:`lives` fills; ``cost`` gets J, (T,), added to.
        row: gets ``PER_MEMORY``.
        at: first column of these.

    Returns:
        m2 of SRAM, and of DRAM.
    """
    n_buses, n_tasks = chip.bus_rate.shape[0], graph.work.shape[0]
    sram = dram = 0.0
    for m in range(place.shape[0]):
        k = place[m]
        if k < 0:
            continue
        top = 0.0
        for t in range(n_tasks):  # the most is live when some task has just asked for its element
            live = 0.0
            for e in range(graph.parent.shape[0]):
                p = graph.parent[e]
                if chip.edge_mem[e] == k and run.left[p] <= run.left[t] < run.rate[p]:
                    live += graph.amount[e]
            top = max(top, live)
        size = math.ceil(max(math.ceil(top - 1e-6), SMALLEST) / QUANTUM)
        kind = chip.mem_type[k]
        entry = min(size, cacti.shape[1]) - 1
        area = cacti[kind, entry, 2] * chip.mem_area[k]
        if kind == 0:
            sram += area
        else:
            dram += area
        row[at + 2 * m], row[at + 2 * m + 1] = top, area
        for t in range(n_tasks):
            for d in range(2):
                joules = cacti[kind, entry, d] * chip.mem_energy[k]
                run.cost[t] += traffic.moved[t, d, n_buses + k] * joules
    return sram, dram


@compiled
def intervals(graph, chip, alone, legs, shares, run, events):
    """Cut the list at its events.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        alone: (T,) s of each task without company.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`, overwritten.
        run: J by task, and see ``sketch_shares.together``; ``length`` gets s and ``energy`` J of each
            interval.
        events: (2 T,) s, overwritten.

    Returns:
        How many intervals there are.
    """
    n_tasks = alone.shape[0]
    events[:n_tasks] = run.start[:n_tasks]
    events[n_tasks:] = run.finish[:n_tasks]
    events.sort()
    n = 0
    for i in range(2 * n_tasks - 1):
        dt = events[i + 1] - events[i]
        if dt <= 0:
            continue
        energy = 0.0
        for r in range(together(graph, chip, alone, legs, shares, run, events[i])):
            t = run.running[r]
            energy += run.cost[t] * dt / run.due[t]
        run.length[n], run.energy[n] = dt, energy
        n += 1
    return n


@compiled
def sketch_batch(x, knobs, values, graph, switches, cacti, out, rough):
    """Sketch designs.

    Args:
        x: (n, d) designs of the full space.
        knobs: :class:`.state.Knobs`.
        values: :class:`.state.Values`.
        graph: :class:`.state.Graph`.
        switches: see ``kernel.simulate``.
        cacti: see ``kernel.simulate``.
        out: (n, p) zeros, gets ``PER_TASK`` by task, ``PER_CARRIER`` by bus and memory of the space,
            ``PER_MEMORY`` by memory, ``OVERALL``.
        rough: (n, len(ROUGH)) gets SI units.
    """
    n_tasks, n_edges = graph.work.shape[0], graph.parent.shape[0]
    n_buses, n_mems = knobs.bus.shape[0], knobs.memory.shape[0]
    n_pes = n_tasks + knobs.cpu_bus.shape[0]
    scratch = room(n_tasks, n_edges, n_pes, n_buses, n_mems)
    space = chip_room(n_tasks, n_edges, n_pes, n_buses, n_mems)
    place, alone, lasts = np.zeros(n_mems, np.int16), np.zeros(n_tasks), np.zeros(n_tasks)
    events, left = np.zeros(2 * n_tasks), np.zeros(n_tasks)
    for i in range(x.shape[0]):
        chip = build(x[i], knobs, values, graph, space, place)
        row, run, traffic, topology = out[i], scratch.run, scratch.traffic, scratch.topology
        legs, used = scratch.legs, chip.pe_bus.shape[0]
        connect(chip.pe_bus, chip.mem_bus, chip.links, topology)
        reached = walk(chip.pe_bus, chip.task_pe, graph.apart, topology)
        bus_routes(chip.pe_bus.shape[0], topology)
        load_carriers(graph, chip, topology, reached, traffic)
        # the links that are left, as in kernel.simulate
        changed = cut_idle_links(used, topology, traffic.held)
        if prune_buses(chip.pe_bus, chip.mem_bus, chip.task_pe, graph.apart, topology) or changed:
            reached = walk(chip.pe_bus, chip.task_pe, graph.apart, topology)
            bus_routes(used, topology)
        rank_tasks(chip.task_pe, chip.pe_bus.shape[0], topology.order, reached, traffic, run)
        trace_hops(graph, chip, topology.hop, traffic, legs)
        times_alone(graph, chip, legs, alone, row)
        listed, longest = list_tasks(graph, chip, alone, run)
        lasts[:] = alone
        total = listed
        for _ in range(ROUNDS):
            if stretch(graph, chip, alone, lasts, legs, scratch.shares, run, events, left) < STILL:
                break
            total, _ = list_tasks(graph, chip, lasts, run)
        lives(graph, run)
        at = 3 * n_tasks
        at_memories = at + 2 * (n_buses + n_mems)
        last = at_memories + 2 * n_mems
        own = carried = busiest = 0.0
        for t in range(n_tasks):
            row[3 * t + 2] = run.finish[t]
            run.cost[t] = 0.0
            own += graph.work[t] * chip.energy[t]
        for b in range(n_buses):
            for t in range(n_tasks):
                for d in range(2):
                    row[at + 2 * b + d] += traffic.moved[t, d, b] / chip.bus_rate[b]
                    run.cost[t] += traffic.moved[t, d, b] * chip.bus_energy[b]
        for m in range(n_mems):
            if place[m] >= 0:
                for t in range(n_tasks):
                    for d in range(2):
                        moved = traffic.moved[t, d, n_buses + place[m]]
                        row[at + 2 * (n_buses + m) + d] += moved / chip.mem_rate[place[m]]
        sram, _ = memories(graph, chip, traffic, cacti, place, run, row, at_memories)
        for t in range(n_tasks):
            carried += run.cost[t] if graph.work[t] > 0 else 0.0
            run.cost[t] += graph.work[t] * chip.energy[t]
        phases = intervals(graph, chip, alone, legs, scratch.shares, run, events)
        power, _, _ = window_power(run.length, run.energy, phases, False)
        elements = buses = 0.0
        count = 0.0
        for p in range(chip.pe_bus.shape[0]):
            busy, there = 0.0, False
            for t in range(n_tasks):
                if chip.task_pe[t] == p:
                    busy += alone[t]
                    there = there or graph.counts_area[t]
            busiest = max(busiest, busy)
            if there:
                elements += chip.pe_area[p]
                count += 1.0
        for b in range(n_buses):
            if row[at + 2 * b + READ] + row[at + 2 * b + WRITE] > 0:
                buses += chip.bus_area[b]
        row[last : last + 3] = (longest, listed, total)
        row[last + 3 : last + 6] = (busiest, count, own)
        row[last + 6 : last + 9] = (carried, elements, buses)
        energy = own + carried
        rough[i, 0] = max(total, NOTHING)
        rough[i, 1] = max(energy, NOTHING)
        rough[i, 2] = max(power, NOTHING)
        rough[i, 3] = max(energy / max(total, NOTHING), NOTHING)
        rough[i, 4] = max(elements + buses + sram, NOTHING)
