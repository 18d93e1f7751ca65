"""Phases: the tasks that run, their rates, and what happens when one completes."""

from __future__ import annotations

import numpy as np

from .compiled import inlined
from .layout import (
    KEEP_ONE_PERCENT, L_BUS, L_BUS_WEIGHT, L_FIRST, L_GATE, L_HOP, L_MEM, L_MEM_WEIGHT, LEAK_MEMORY,
    S_BUS_PEAK, S_BUS_RATIO, S_MEM_PEAK, S_MEM_RATIO,
)  # fmt: skip


@inlined
def run_phases(graph, chip, switches, legs, shares, run):
    """Run the tasks to their end.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        switches: (3,) of ``layout``, semantics.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`.
        run: :class:`.state.Run`, filled.

    Returns:
        The number of phases and the seconds they took; -1 phases where no task can make progress.
    """
    work, out_start, out_edge = graph.work, graph.out_start, graph.out_edge
    child, parent, amount, n_in = graph.child, graph.parent, graph.amount, graph.n_in
    in_start, in_edge, is_source = graph.in_start, graph.in_edge, graph.is_source
    task_pe, edge_mem, pe_rate = chip.task_pe, chip.edge_mem, chip.rate
    start, finish, left, rate, due = run.start, run.finish, run.left, run.rate, run.due
    open_inputs, rank, ready, completed = run.open_inputs, run.rank, run.ready, run.complete
    running, waiting, candidates, done = run.running, run.waiting, run.candidates, run.done
    taken, live, top, busy = run.taken, run.live, run.top, run.busy
    length, bound, did_start, did, who = run.length, run.bound, run.did_start, run.did, run.who
    n_tasks, n_pes, n_buses = work.shape[0], chip.pe_bus.shape[0], chip.bus_rate.shape[0]
    limit = length.shape[0]
    keep_one_percent, leak = switches[KEEP_ONE_PERCENT], switches[LEAK_MEMORY]
    n_ready = 0
    for t in range(n_tasks):
        left[t] = work[t]
        open_inputs[t] = n_in[t]
        completed[t] = False
        if open_inputs[t] == 0:
            n_ready = add_ranked(t, ready, n_ready, rank)
    for p in range(n_pes):
        taken[p] = -1
        busy[p] = 0.0
    for m in range(live.shape[0]):
        live[m] = top[m] = 0.0
    bound[0] = -1
    did_start[0] = 0
    n_running = n_waiting = n_launched = 0
    n_did = 0
    clock = old = step = 0.0
    phases = 0
    while True:
        if phases == limit:
            return -1, clock
        # ---- progress since the last event; the first phase has no length and nobody runs
        dt = clock - old
        old = clock
        length[phases] = dt
        n_done = kept = 0
        for r in range(n_running):
            t = running[r]
            amount_done = rate[t] * dt
            busy[task_pe[t]] += dt
            did[n_did], who[n_did] = amount_done, t
            n_did += 1
            left[t] -= amount_done
            complete = work[t] == 0 or due[t] <= step * (1 + 1e-12)
            if keep_one_percent and work[t] > 0:
                complete = 1 - left[t] / work[t] >= 0.99  # FARSI drops the last percent
            if complete:
                done[n_done] = t
                n_done += 1
            else:
                running[kept] = t
                kept += 1
        n_running = kept
        phases += 1
        did_start[phases] = n_did
        # ---- completions, in the order in which the tasks ran
        for d in range(n_done):
            t = done[d]
            finish[t] = clock
            completed[t] = True
            for i in range(out_start[t], out_start[t + 1]):
                c = child[out_edge[i]]
                open_inputs[c] -= 1
                if open_inputs[c] == 0:
                    n_ready = add_ranked(c, ready, n_ready, rank)
            free_inputs(
                t, in_start, in_edge, parent, child, amount, out_start, out_edge, is_source, edge_mem,
                completed, live, leak,
            )  # fmt: skip
        # ---- launches, by rank: a task allocates its outputs and asks for its element
        n_candidates = n_running
        for r in range(n_running):
            candidates[r] = running[r]
        for i in range(n_ready):
            t = ready[i]
            start[t] = clock
            for j in range(out_start[t], out_start[t + 1]):
                m = edge_mem[out_edge[j]]
                live[m] += amount[out_edge[j]]
                top[m] = max(top[m], live[m])
            candidates[n_candidates] = t
            n_candidates += 1
        n_launched += n_ready
        n_ready = 0
        for w in range(n_waiting):
            candidates[n_candidates] = waiting[w]
            n_candidates += 1
        # ---- one task an element: who has it, then who is new, then who waited
        n_running = n_waiting = 0
        at_once = False
        for i in range(n_candidates):
            t = candidates[i]
            if taken[task_pe[t]] == phases:
                waiting[n_waiting] = t
                n_waiting += 1
            else:
                taken[task_pe[t]] = phases
                running[n_running] = t
                n_running += 1
                rate[t], due[t] = 1.0, np.inf
                at_once = at_once or work[t] == 0
        if n_running == 0:
            return (phases if n_launched == n_tasks else -1), clock
        # ---- rates until the next completion; a task without work completes at once, nobody moves
        bound[phases] = -1
        step = 0.0
        if not at_once:
            if n_running > 1:
                count_traffic(n_running, running, legs, shares)
            step = set_rates(
                n_running, running, pe_rate, task_pe, left, n_pes, n_buses, legs, shares, rate, due,
                bound, phases,
            )  # fmt: skip
        clock += step


@inlined
def add_ranked(t, ready, n, rank):
    """Put a task into a list that is sorted by rank.

    Args:
        t: the task.
        ready: (T,) the list.
        n: its length.
        rank: (T,) rank of each task.

    Returns:
        The new length.
    """
    i = n
    while i > 0 and rank[ready[i - 1]] > rank[t]:
        ready[i] = ready[i - 1]
        i -= 1
    ready[i] = t
    return n + 1


@inlined
def free_inputs(
    t, in_start, in_edge, parent, child, amount, out_start, out_edge, is_source, edge_mem, completed,
    live, leak,
):  # fmt: skip
    """Free the outputs of tasks all of whose readers are done. A source's are never freed.

    FARSI forgets the readers once one of their inputs is freed (``leak``), so that their other
    inputs often never are.

    Args:
        t: the task that is done.
        in_start: see :class:`.state.Graph`, as all down to ``is_source``.
        in_edge: as above.
        parent: as above.
        child: as above.
        amount: as above.
        out_start: as above.
        out_edge: as above.
        is_source: as above.
        edge_mem: (E,) memory of each edge.
        completed: (T,) which tasks are done.
        live: (M + 1,) bytes allocated, lowered.
        leak: whether readers are forgotten.
    """
    for k in range(in_start[t], in_start[t + 1]):
        p = parent[in_edge[k]]
        all_done = True
        for i in range(out_start[p], out_start[p + 1]):
            all_done = all_done and completed[child[out_edge[i]]]
        if all_done:
            for i in range(out_start[p], out_start[p + 1]):
                e = out_edge[i]
                if not is_source[p]:
                    live[edge_mem[e]] -= amount[e]
                if leak:
                    completed[child[e]] = False


@inlined
def set_rates(
    n_running,
    running,
    pe_rate,
    task_pe,
    left,
    n_pes,
    n_buses,
    legs,
    shares,
    rate,
    due,
    bound,
    phase,
):
    """Set the rates of the running tasks.

    A bus serves each hop at its full rate. A hop's gates get an equal part each, and a gate's tasks
    share by weight. A memory is shared by weight. A task runs at the rate of its slowest block.

    Args:
        n_running: how many tasks run.
        running: (T,) which.
        pe_rate: (T,) instructions per second on the task's element.
        task_pe: (T,) element of each task.
        left: (T,) instructions that are left.
        n_pes: how many elements there are.
        n_buses: how many buses.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`, filled for this phase.
        rate: (T,), filled: instructions per second.
        due: (T,), filled: seconds to completion.
        bound: by phase, the block that sets its length; filled.
        phase: which phase.

    Returns:
        The phase's length in seconds.
    """
    count, what, speed = legs.hops, legs.what, legs.speed
    through, into, feeds = shares.through, shares.into, shares.feeds
    alone = n_running == 1
    step = np.inf
    for r in range(n_running):
        t = running[r]
        best = pe_rate[t]
        block = np.int64(task_pe[t])
        for direction in range(2):
            for i in range(count[t, direction]):
                mine = what[t, direction, i, L_BUS_WEIGHT]
                if mine > 0:
                    share = 1.0
                    if not alone:
                        h, g = what[t, direction, i, L_HOP], what[t, direction, i, L_GATE]
                        share = mine / through[g, direction] / feeds[h, direction]
                    ratio = speed[t, direction, i, S_BUS_RATIO]
                    offered = speed[t, direction, i, S_BUS_PEAK] * share / ratio
                    if offered < best:
                        best = offered
                        block = n_pes + what[t, direction, i, L_BUS]
                m = what[t, direction, i, L_MEM]
                if m >= 0 and what[t, direction, i, L_MEM_WEIGHT] > 0:
                    share = 1.0
                    if not alone:
                        share = what[t, direction, i, L_MEM_WEIGHT] / into[m, direction]
                    ratio = speed[t, direction, i, S_MEM_RATIO]
                    offered = speed[t, direction, i, S_MEM_PEAK] * share / ratio
                    if offered < best:
                        best = offered
                        block = n_pes + n_buses + m
        rate[t] = best
        due[t] = left[t] / best
        if due[t] < step:
            step = due[t]
            bound[phase] = block
    return step


@inlined
def count_traffic(n_running, running, legs, shares):
    """Fill :class:`.state.Shares` for the tasks that run.

    Args:
        n_running: how many tasks run.
        running: (T,) which.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`, filled.
    """
    count, what = legs.hops, legs.what
    through, into, feeds, fed = shares.through, shares.into, shares.feeds, shares.fed
    shares.stamp[0] += 1
    stamp = shares.stamp[0]
    for r in range(n_running):  # forget the last phase, where this one looks
        t = running[r]
        for direction in range(2):
            for i in range(count[t, direction]):
                through[what[t, direction, i, L_GATE], direction] = 0
                feeds[what[t, direction, i, L_HOP], direction] = 0
                m = what[t, direction, i, L_MEM]
                if m >= 0:
                    into[m, direction] = 0
    for r in range(n_running):
        t = running[r]
        for direction in range(2):
            for i in range(count[t, direction]):
                h, g = what[t, direction, i, L_HOP], what[t, direction, i, L_GATE]
                if fed[h, direction, g] != stamp:
                    fed[h, direction, g] = stamp
                    feeds[h, direction] += 1
                if what[
                    t, direction, i, L_FIRST
                ]:  # all of a task's traffic to a bus comes by one gate
                    through[g, direction] += what[t, direction, i, L_BUS_WEIGHT]
                m = what[t, direction, i, L_MEM]
                if m >= 0:
                    into[m, direction] += what[t, direction, i, L_MEM_WEIGHT]
