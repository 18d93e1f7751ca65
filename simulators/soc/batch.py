"""Designs of the full space to systems, and whole batches, compiled.

The slow, readable way from a design to a system is ``FullSpace.system``; the tests hold both equal.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .kernel import simulate


@compiled
def build(design, columns, values, work, edge_parent):
    """The arrays ``kernel.simulate`` wants of one design (d,) of the full space.

    ``columns`` are where the knobs lie: host, unroll, clock, bus, memory by task (T,), -1 where there
    is none; cpu bus (C,); memory type, width, clock, bus (M, 4); bus width, clock, parent (B, 3).
    ``values`` are what they mean, and the costs: see ``FullSpace.tables``.
    """
    host, unroll, clock, task_bus, memory_of, cpu_bus, mem_columns, bus_columns = columns
    (
        unrolls, frequencies, widths, frequency_factors, base_rate, base_energy, base_area, cpu,
        mem_energy_by_width, mem_area_by_width, bus_energy_by_clock, bus_area_by_width,
    ) = values  # fmt: skip
    n_tasks, n_cpus = host.shape[0], cpu_bus.shape[0]
    n_mems, n_buses = mem_columns.shape[0], bus_columns.shape[0]
    task_pe = np.zeros(n_tasks, np.int16)
    pe_bus = np.zeros(n_cpus + n_tasks, np.int16)
    pe_area = np.zeros(n_cpus + n_tasks)
    pe_cost = np.zeros(n_cpus + n_tasks)
    rate, energy = np.ones(n_tasks), np.zeros(n_tasks)
    n_pes = 0
    for c in range(n_cpus):
        used = c == 0
        for t in range(n_tasks):
            if host[t] >= 0 and design[host[t]] == c:
                task_pe[t] = n_pes
                rate[t] = cpu[0]
                energy[t] = cpu[1]
                used = True
        if used:
            pe_bus[n_pes] = design[cpu_bus[c]]
            pe_area[n_pes] = cpu[2]
            pe_cost[n_pes] = cpu[3]
            n_pes += 1
    for t in range(n_tasks):
        if host[t] >= 0 and design[host[t]] == n_cpus:
            u = unrolls[t, design[unroll[t]]] if unroll[t] >= 0 else 1
            f = design[clock[t]]
            task_pe[t] = n_pes
            rate[t] = u * (frequencies[f] / 1e8) * base_rate[t]
            energy[t] = base_energy[t] * u / work[t] * frequency_factors[f]
            pe_bus[n_pes] = design[task_bus[t]]
            pe_area[n_pes] = base_area[t] * u
            pe_cost[n_pes] = cpu[4]
            n_pes += 1
    place = np.full(n_mems, -1, np.int16)
    for e in range(edge_parent.shape[0]):
        place[design[memory_of[edge_parent[e]]]] = 0
    used_mems = 0
    mem_bus, mem_type = np.zeros(n_mems, np.int16), np.zeros(n_mems, np.int16)
    mem_rate, mem_energy, mem_area = np.zeros(n_mems), np.zeros(n_mems), np.zeros(n_mems)
    for m in range(n_mems):
        if place[m] == 0:
            place[m] = used_mems
            w, f = design[mem_columns[m, 1]], design[mem_columns[m, 2]]
            mem_type[used_mems] = design[mem_columns[m, 0]]
            mem_rate[used_mems] = widths[w] * frequencies[f]
            mem_energy[used_mems] = mem_energy_by_width[w] * frequency_factors[f]
            mem_area[used_mems] = mem_area_by_width[w]
            mem_bus[used_mems] = design[mem_columns[m, 3]]
            used_mems += 1
    edge_mem = np.zeros(edge_parent.shape[0], np.int16)
    for e in range(edge_parent.shape[0]):
        edge_mem[e] = place[design[memory_of[edge_parent[e]]]]
    links = np.zeros((n_buses - 1, 2), np.int16)
    bus_rate, bus_energy, bus_area = np.zeros(n_buses), np.zeros(n_buses), np.zeros(n_buses)
    for b in range(n_buses):
        w, f = design[bus_columns[b, 0]], design[bus_columns[b, 1]]
        bus_rate[b] = widths[w] * frequencies[f]
        bus_energy[b] = bus_energy_by_clock[f]
        bus_area[b] = bus_area_by_width[w]
        if b > 0:
            links[b - 1, 0] = b
            links[b - 1, 1] = design[bus_columns[b, 2]]
    return (
        task_pe, edge_mem, pe_bus[:n_pes], mem_bus[:used_mems], links, rate, energy,
        pe_area[:n_pes], pe_cost[:n_pes], mem_type[:used_mems], mem_rate[:used_mems], bus_rate,
        mem_energy[:used_mems], mem_area[:used_mems], bus_energy, bus_area,
    )  # fmt: skip


@compiled
def simulate_batch(
    x, columns, values, flags, graph, work, switches, cacti, ends, code, out, latency
):
    """Simulate designs (n, d): ``code`` (n,), ``out`` (n, results), ``latency`` (n, workloads)."""
    is_source, is_dummy, counts_area = flags
    n_tasks = work.shape[0]
    most = n_tasks + columns[5].shape[0] + columns[6].shape[0] + columns[7].shape[0]
    phase_time = np.zeros(2 * n_tasks + 4)
    phase_block = np.zeros(2 * n_tasks + 4, np.int32)
    blocks = np.zeros((most, 3))
    for i in range(x.shape[0]):
        start, finish = np.zeros(n_tasks), np.zeros(n_tasks)
        system = build(x[i], columns, values, work, graph[0])
        code[i] = simulate(
            graph, work, is_source, is_dummy, counts_area, system, True, switches, cacti, start,
            finish, out[i], phase_time, phase_block, blocks,
        )  # fmt: skip
        for k in range(ends.shape[0]):
            latency[i, k] = finish[ends[k]]
