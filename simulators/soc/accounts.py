"""What a run took: energy, power, area, development cost."""

from __future__ import annotations

import math

from .compiled import inlined
from .layout import (
    R_BUS_AREA, R_COST, R_DRAM_AREA, R_DURATION, R_ENERGY, R_MEAN_POWER, R_PE_AREA, R_PHASES, R_POWER,
    R_SRAM_AREA, READ, SLIP_WINDOWS, WRITE,
)  # fmt: skip
from .power import window_power

QUANTUM, SMALLEST, BANK = 256000.0, 2048.0, 1048576.0  # bytes


@inlined
def account(graph, chip, switches, cacti, topology, reached, traffic, run, phases, clock, out):
    """Fill the results from a run.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        switches: (3,) of ``layout``, semantics.
        cacti: (2, sizes, 3) read and write J per byte, m2.
        topology: :class:`.state.Topology`.
        reached: blocks that the walk over them reaches.
        traffic: :class:`.state.Traffic`.
        run: :class:`.state.Run`; ``cost``, ``energy`` and ``window`` are filled.
        phases: how many there were.
        clock: seconds they took.
        out: (``layout.N_RESULTS``,), zeros before.
    """
    work, cost, bus_energy = graph.work, run.cost, chip.bus_energy
    moved, tasks, count = traffic.moved, traffic.tasks, traffic.served
    did_start, did, who, energy = run.did_start, run.did, run.who, run.energy
    cost_memories(work, chip, cacti, traffic, run, out)
    for b in range(bus_energy.shape[0]):
        for i in range(count[b]):
            t = tasks[b, i]
            if work[t] > 0:
                carried = moved[t, READ, b] + moved[t, WRITE, b]
                cost[t] += carried / work[t] * bus_energy[b]
    # a memory's energy a byte is known only now that its peak is: so phases kept what was done
    for i in range(phases):
        energy[i] = 0.0
        for k in range(did_start[i], did_start[i + 1]):
            if work[who[k]] > 0:
                energy[i] += did[k] * cost[who[k]]
        out[R_ENERGY] += energy[i]
    out[R_POWER], run.window[0], run.window[1] = window_power(
        run.length, energy, phases, switches[SLIP_WINDOWS]
    )
    out[R_DURATION] = clock
    out[R_MEAN_POWER] = out[R_ENERGY] / clock if clock > 0 else 0.0
    out[R_PHASES] = phases
    cost_blocks(graph, chip, topology, reached, traffic, run, out)


@inlined
def cost_memories(work, chip, cacti, traffic, run, out):
    """Areas of memories by their peaks, and what elements and memories cost per instruction.

    Args:
        work: (T,) instructions.
        chip: :class:`.state.Chip`.
        cacti: (2, sizes, 3) read and write J per byte, m2.
        traffic: :class:`.state.Traffic`.
        run: :class:`.state.Run`; ``cost`` is filled with J per instruction.
        out: (``layout.N_RESULTS``,); areas and development cost are added to.
    """
    cost, top, pe_energy = run.cost, run.top, chip.energy
    mem_type, mem_energy, mem_area = chip.mem_type, chip.mem_energy, chip.mem_area
    moved, tasks, count = traffic.moved, traffic.tasks, traffic.served
    n_buses = chip.bus_rate.shape[0]
    for t in range(work.shape[0]):
        cost[t] = pe_energy[t]
    for m in range(mem_type.shape[0]):
        if top[m] > 0:
            kind, c = mem_type[m], n_buses + m
            size = math.ceil(max(math.ceil(top[m] - 1e-6), SMALLEST) / QUANTUM)
            row = min(size, cacti.shape[1]) - 1
            out[R_SRAM_AREA if kind == 0 else R_DRAM_AREA] += cacti[kind, row, 2] * mem_area[m]
            read, write = cacti[kind, row, 0], cacti[kind, row, 1]
            for i in range(count[c]):
                t = tasks[c, i]
                if work[t] > 0:
                    cost[t] += moved[t, READ, c] / work[t] * read * mem_energy[m]
                    cost[t] += moved[t, WRITE, c] / work[t] * write * mem_energy[m]
        out[R_COST] += 0.1 * math.ceil(top[m] / BANK)


@inlined
def cost_blocks(graph, chip, topology, reached, traffic, run, out):
    """Areas of elements and buses, and FARSI's development cost of all but memories' banks.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        topology: :class:`.state.Topology`.
        reached: blocks that the walk over them reaches.
        traffic: :class:`.state.Traffic`.
        run: :class:`.state.Run`; ``used`` is filled.
        out: (``layout.N_RESULTS``,); areas and development cost are added to.
    """
    task_pe, pe_bus, mem_bus, used = chip.task_pe, chip.pe_bus, chip.mem_bus, run.used
    pe_area, pe_cost, bus_area = chip.pe_area, chip.pe_cost, chip.bus_area
    work, counts_area, least = graph.work, graph.counts_area, graph.least
    order, hop, tasks, count = topology.order, topology.hop, traffic.tasks, traffic.served
    n_pes, n_buses = pe_bus.shape[0], bus_area.shape[0]
    for p in range(n_pes):
        used[p] = False
    for t in range(task_pe.shape[0]):
        used[task_pe[t]] = used[task_pe[t]] or counts_area[t]
        out[R_COST] += pe_cost[task_pe[t]] * work[t] / least
    for p in range(n_pes):
        if used[p]:
            out[R_PE_AREA] += pe_area[p]
    for k in range(reached):
        bus = order[k] - n_pes
        if 0 <= bus < n_buses:
            out[R_COST] += 0.1
            out[R_BUS_AREA] += bus_area[bus]
    # every task and memory it uses: the blocks between them
    for m in range(mem_bus.shape[0]):
        for i in range(count[n_buses + m]):
            first = pe_bus[task_pe[tasks[n_buses + m, i]]]
            steps = 3
            b = mem_bus[m]
            while b != first:
                b = hop[first, b]
                steps += 1
            out[R_COST] += 0.1 * steps
