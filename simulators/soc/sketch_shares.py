"""How long tasks of a sketched run last: alone, and beside others on the same buses and memories."""

from __future__ import annotations

from .compiled import compiled, inlined
from .layout import (
    L_BUS_WEIGHT, L_MEM, L_MEM_WEIGHT, S_BUS_PEAK, S_BUS_RATIO, S_MEM_PEAK, S_MEM_RATIO,
)  # fmt: skip
from .phases import count_traffic, set_rates


@inlined
def times_alone(graph, chip, legs, alone, row):
    """What each task would take if it ran alone: the slowest of its element, buses and memories.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        legs: :class:`.state.Legs`, the hops that its data takes.
        alone: (T,) gets s.
        row: gets ``PER_TASK``'s first two.
    """
    for t in range(alone.shape[0]):
        alone[t] = 0.0
        if graph.work[t] <= 0:
            continue
        arithmetic = graph.work[t] / chip.rate[t]
        row[t * 3 + 1] = alone[t] = arithmetic
        for d in range(2):
            for i in range(legs.hops[t, d]):
                what, speed = legs.what[t, d, i], legs.speed[t, d, i]
                if what[L_BUS_WEIGHT] > 0:
                    seconds = graph.work[t] * speed[S_BUS_RATIO] / speed[S_BUS_PEAK]
                    alone[t] = max(alone[t], seconds)
                if what[L_MEM] >= 0 and what[L_MEM_WEIGHT] > 0:
                    seconds = graph.work[t] * speed[S_MEM_RATIO] / speed[S_MEM_PEAK]
                    alone[t] = max(alone[t], seconds)
        row[t * 3] = alone[t]


@compiled
def together(graph, chip, alone, legs, shares, run, now):
    """The tasks of a list that run from a moment on, at the rates that the simulator gives them.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        alone: (T,) s without company.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`, overwritten.
        run: start and finish; ``running`` gets the tasks, ``due`` the s that each would take at this rate;
            ``rate`` and ``bound`` are overwritten.
        now: s.

    Returns:
        How many run.
    """
    n = 0
    for t in range(alone.shape[0]):
        if alone[t] > 0 and run.start[t] <= now and run.finish[t] > now:
            run.running[n] = t
            n += 1
    if n > 1:
        count_traffic(n, run.running, legs, shares)
    set_rates(
        n, run.running, chip.rate, chip.task_pe, graph.work, chip.pe_bus.shape[0],
        chip.bus_rate.shape[0], legs, shares, run.rate, run.due, run.bound, 0,
    )  # fmt: skip
    return n


@compiled
def stretch(graph, chip, alone, lasts, legs, shares, run, events, left):
    """How long each task lasts where tasks that run together share elements, buses and memories.

    Between two events of the list the same tasks run. A task whose work is not done when the list ends it
    goes on at its last rate, for as long again at most: who slows it down may be gone by then.

    Args:
        graph: :class:`.state.Graph`.
        chip: :class:`.state.Chip`.
        alone: (T,) s without company.
        lasts: (T,) gets s.
        legs: :class:`.state.Legs`.
        shares: :class:`.state.Shares`, overwritten.
        run: which tasks run together; see :func:`together`.
        events: (2 T,) s, overwritten.
        left: (T,), overwritten: share of the task that is left.

    Returns:
        By which share some length differs from the list's at most.
    """
    many = 0
    for t in range(alone.shape[0]):
        left[t], lasts[t] = 1.0, alone[t]
        if alone[t] > 0:
            events[many], events[many + 1] = run.start[t], run.finish[t]
            many += 2
    events[:many].sort()
    change = 0.0
    for i in range(many - 1):
        now, after = events[i], events[i + 1]
        if after <= now:
            continue
        for r in range(together(graph, chip, alone, legs, shares, run, now)):
            t = run.running[r]
            rest = left[t] * run.due[t]
            if left[t] > 0 and (rest <= after - now or run.finish[t] <= after):
                listed = run.finish[t] - run.start[t]
                lasts[t] = min(now - run.start[t] + rest, 2.0 * listed)
                change = max(change, abs(lasts[t] / listed - 1.0))
            left[t] = max(0.0, left[t] - (after - now) / run.due[t])
    return change
