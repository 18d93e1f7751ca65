"""Designs of the full space to systems, and whole batches, compiled.

The slow, readable way from a design to a system is ``FullSpace.system``; the tests hold both equal.
"""

from __future__ import annotations

from .compiled import compiled, inlined
from .kernel import simulate
from .room import chip_room, room
from .state import Chip


@inlined
def place_tasks(design, knobs, values, graph, chip):
    """Fill in the elements that the tasks of a design use.

    Args:
        design: (d,) int64, value indices.
        knobs: :class:`.state.Knobs`.
        values: :class:`.state.Values`.
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`, filled.

    Returns:
        How many elements there are.
    """
    task_pe, rate, energy = chip.task_pe, chip.rate, chip.energy
    pe_bus, pe_area, pe_cost = chip.pe_bus, chip.pe_area, chip.pe_cost
    host, cpu_bus, unroll, clock, task_bus = (
        knobs.host, knobs.cpu_bus, knobs.unroll, knobs.clock, knobs.task_bus,
    )  # fmt: skip
    unrolls, frequency, factor = values.unrolls, values.frequency, values.frequency_factor
    own_rate, own_energy, own_area = values.own_rate, values.own_energy, values.own_area
    work = graph.work
    n_cpus = cpu_bus.shape[0]
    n_pes = 0
    for c in range(n_cpus):
        used = False
        for t in range(task_pe.shape[0]):
            if host[t] < 0:  # nothing to do: it sits on the first CPU
                if c == 0:
                    task_pe[t], rate[t], energy[t] = 0, 1.0, 0.0
                    used = True
            elif design[host[t]] == c:
                task_pe[t], rate[t], energy[t] = n_pes, values.cpu_rate, values.cpu_energy
                used = True
        if used:
            pe_bus[n_pes] = design[cpu_bus[c]]
            pe_area[n_pes] = values.cpu_area
            pe_cost[n_pes] = values.cpu_cost
            n_pes += 1
    for t in range(task_pe.shape[0]):
        if host[t] >= 0 and design[host[t]] == n_cpus:  # an accelerator of its own
            u = unrolls[t, design[unroll[t]]] if unroll[t] >= 0 else 1
            f = design[clock[t]]
            task_pe[t] = n_pes
            rate[t] = u * (frequency[f] / 1e8) * own_rate[t]
            energy[t] = own_energy[t] * u / work[t] * factor[f]
            pe_bus[n_pes] = design[task_bus[t]]
            pe_area[n_pes] = own_area[t] * u
            pe_cost[n_pes] = values.own_cost
            n_pes += 1
    return n_pes


@inlined
def place_edges(design, knobs, values, graph, chip, place):
    """Fill in the memories that the edges of a design use.

    Args:
        design: (d,) int64, value indices.
        knobs: :class:`.state.Knobs`.
        values: :class:`.state.Values`.
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`, filled.
        place: (memories,), filled with the number of each memory of the space among those in use, or
            -1.

    Returns:
        How many memories there are.
    """
    parent, amount, memory_of, edge_mem = graph.parent, graph.amount, knobs.memory_of, chip.edge_mem
    n_edges = parent.shape[0]
    for m in range(place.shape[0]):
        place[m] = -1
    for e in range(n_edges):
        if amount[e] > 0:  # control edges go through no memory
            place[design[memory_of[parent[e]]]] = 0
    n_mems = 0
    for m in range(knobs.memory.shape[0]):
        if place[m] == 0:
            place[m] = n_mems
            w, f = design[knobs.memory[m, 1]], design[knobs.memory[m, 2]]
            chip.mem_type[n_mems] = design[knobs.memory[m, 0]]
            chip.mem_rate[n_mems] = values.width[w] * values.frequency[f]
            chip.mem_energy[n_mems] = values.mem_energy[w] * values.frequency_factor[f]
            chip.mem_area[n_mems] = values.mem_area[w]
            chip.mem_bus[n_mems] = design[knobs.memory[m, 3]]
            n_mems += 1
    for e in range(n_edges):
        edge_mem[e] = place[design[memory_of[parent[e]]]] if amount[e] > 0 else -1
    return n_mems


@compiled
def build(design, knobs, values, graph, chip, place):
    """The system of one design of the full space.

    Args:
        design: (d,) int64, value indices.
        knobs: :class:`.state.Knobs`.
        values: :class:`.state.Values`.
        graph: :class:`.state.Graph`.
        chip: room of ``room.chip_room``, overwritten.
        place: (memories,), scratch.

    Returns:
        :class:`.state.Chip`, whose arrays are views of ``chip``.
    """
    p = place_tasks(design, knobs, values, graph, chip)
    m = place_edges(design, knobs, values, graph, chip, place)
    for b in range(knobs.bus.shape[0]):
        w, f = design[knobs.bus[b, 0]], design[knobs.bus[b, 1]]
        chip.bus_rate[b] = values.width[w] * values.frequency[f]
        chip.bus_energy[b] = values.bus_energy[f]
        chip.bus_area[b] = values.bus_area[w]
        if b > 0:
            chip.links[b - 1, 0] = b
            chip.links[b - 1, 1] = design[knobs.bus[b, 2]]
    return Chip(
        chip.task_pe, chip.edge_mem, chip.pe_bus[:p], chip.mem_bus[:m], chip.links, chip.rate,
        chip.energy, chip.pe_area[:p], chip.pe_cost[:p], chip.mem_type[:m], chip.mem_rate[:m],
        chip.bus_rate, chip.mem_energy[:m], chip.mem_area[:m], chip.bus_energy, chip.bus_area,
    )  # fmt: skip


@compiled
def simulate_batch(x, knobs, values, graph, switches, cacti, ends, code, out, latency):
    """Simulate designs.

    Args:
        x: (n, d) designs of the full space.
        knobs: :class:`.state.Knobs`.
        values: :class:`.state.Values`.
        graph: :class:`.state.Graph`.
        switches: see ``kernel.simulate``.
        cacti: see ``kernel.simulate``.
        ends: (graphs + 1,) and tasks: graph k is done when all of the second's [first[k]:first[k+1]] are.
        code: (n,) gets ``layout``'s reasons.
        out: (n, results) zeros, gets the results.
        latency: (n, graphs) zeros, gets s.
    """
    end_start, end_task = ends
    n_tasks, n_edges = graph.work.shape[0], graph.parent.shape[0]
    n_buses, n_mems = knobs.bus.shape[0], knobs.memory.shape[0]
    n_pes = n_tasks + knobs.cpu_bus.shape[0]
    scratch = room(n_tasks, n_edges, n_pes, n_buses, n_mems)
    space = chip_room(n_tasks, n_edges, n_pes, n_buses, n_mems)
    finish, place = scratch.run.finish, scratch.traffic.place
    for i in range(x.shape[0]):
        chip = build(x[i], knobs, values, graph, space, place[:n_mems])
        code[i] = simulate(graph, chip, True, switches, cacti, scratch, out[i])
        for k in range(end_start.shape[0] - 1):
            for j in range(end_start[k], end_start[k + 1]):
                latency[i, k] = max(latency[i, k], finish[end_task[j]])
