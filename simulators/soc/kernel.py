"""The phase-driven simulation of one design; seconds, joules, bytes, instructions.

FARSI (Boroujerdian et al., ACM TECS 2023, doi 10.1145/3544016): in each phase a block's bandwidth is
shared among the tasks on it, the slowest block sets a task's rate, and the phase ends when the next
task completes.
"""

from __future__ import annotations

from .accounts import account
from .compiled import compiled, inlined
from .layout import CUT_OFF, OK, STALLED, UNREACHABLE
from .phases import run_phases
from .topology import bus_routes, connect, cut_idle_links, prune_buses, walk
from .traffic import load_carriers, trace_hops


@compiled
def simulate(graph, chip, prune, switches, cacti, scratch, out):
    """Simulate one design.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`; its ``pe_bus`` and ``mem_bus`` are moved by pruning.
        prune: whether buses without memories or elements are removed first.
        switches: (3,) of ``layout``, semantics.
        cacti: (2, sizes, 3) read and write J a byte, m2.
        scratch: :class:`.state.Scratch`; its ``run`` holds starts, finishes and phases afterwards.
        out: (``layout.N_RESULTS``,) zeros, filled with the results.

    Returns:
        Why the design is infeasible, or OK; see ``layout.REASONS``.
    """
    topology, traffic, legs, run = scratch.topology, scratch.traffic, scratch.legs, scratch.run
    task_pe, pe_bus, mem_bus, apart = chip.task_pe, chip.pe_bus, chip.mem_bus, graph.apart
    n_pes = pe_bus.shape[0]
    run.start[:] = 0.0
    run.finish[:] = 0.0
    # ---- what the carriers move, over the links as designed
    connect(pe_bus, mem_bus, chip.links, topology)
    reached = walk(pe_bus, task_pe, apart, topology)
    bus_routes(n_pes, topology)
    if not load_carriers(graph, chip, topology, reached, traffic):
        return UNREACHABLE
    # ---- the links that are left
    changed = cut_idle_links(n_pes, topology, traffic.held)
    if prune:
        changed = prune_buses(pe_bus, mem_bus, task_pe, apart, topology) or changed
    if changed:
        reached = walk(pe_bus, task_pe, apart, topology)
        bus_routes(n_pes, topology)
    if not rank_tasks(task_pe, n_pes, topology.order, reached, traffic, run):
        return CUT_OFF
    if not trace_hops(graph, chip, topology.hop, traffic, legs):
        return UNREACHABLE
    # ---- who runs when
    phases, clock = run_phases(graph, chip, switches, legs, scratch.shares, run)
    if phases < 0:
        return STALLED
    # ---- what it took
    account(graph, chip, switches, cacti, topology, reached, traffic, run, phases, clock, out)
    return OK


@inlined
def rank_tasks(task_pe, n_pes, order, reached, traffic, run):
    """Note when a walk over the blocks first meets each task.

    Args:
        task_pe: (T,) element of each task.
        n_pes: how many elements there are.
        order: (blocks,) in depth-first order.
        reached: how many of them the walk reaches.
        traffic: :class:`.state.Traffic`.
        run: :class:`.state.Run`; ``rank`` is filled, ``taken`` and ``candidates`` are overwritten.

    Returns:
        False if the walk misses a task.
    """
    rank, count, tasks = run.rank, traffic.served, traffic.tasks
    n_tasks = task_pe.shape[0]
    # each element's tasks as a list: the first, and by task the next
    first, following = run.taken, run.candidates
    for p in range(n_pes):
        first[p] = -1
    for t in range(n_tasks - 1, -1, -1):
        rank[t] = -1
        following[t] = first[task_pe[t]]
        first[task_pe[t]] = t
    n = 0
    for k in range(reached):
        block = order[k]
        if block < n_pes:
            t = first[block]
            while t >= 0:
                if rank[t] < 0:
                    rank[t] = n
                    n += 1
                t = following[t]
        else:
            for i in range(count[block - n_pes]):
                t = tasks[block - n_pes, i]
                if rank[t] < 0:
                    rank[t] = n
                    n += 1
        if n == n_tasks:
            return True
    return False
