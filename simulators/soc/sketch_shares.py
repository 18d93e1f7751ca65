"""How long tasks of a sketched run last: alone, and beside others on the same buses and memories."""

from __future__ import annotations

from .compiled import compiled, inlined
from .layout import (
    L_BUS_WEIGHT, L_FIRST, L_GATE, L_HOP, L_MEM, L_MEM_WEIGHT, S_BUS_PEAK, S_BUS_RATIO, S_MEM_PEAK,
    S_MEM_RATIO,
)  # fmt: skip

THROUGH, FROM_ELEMENTS, FROM_LINKS, INTO = range(4)  # who else asks: see :func:`company`


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


@inlined
def felt(asked, overlap):
    """How much longer a task takes for another that is there for part of its time.

    A task that gets ``1 / (1 + asked)`` of a carrier for a share of its time, and all of it for the rest,
    takes ``1 + felt`` times as long as alone.

    Args:
        asked: weight of the other over its own.
        overlap: the share of its time, 0 to 1.

    Returns:
        What to add to 1.
    """
    return overlap * asked / (1.0 + asked * (1.0 - overlap))


@compiled
def company(t, o, d, overlap, n_pes, legs, others):
    """Add to each hop of a task what another task asks of it.

    Args:
        t: the task.
        o: the other.
        d: READ or WRITE.
        overlap: the share of the task's time in which the other runs too.
        n_pes: elements; gates from there on are links.
        legs: :class:`.state.Legs`.
        others: (H, 4) by hop of the task, added to: weights through its gate over its own, elements and
            links that feed the hop besides, weights of its memory over its own.
    """
    for i in range(legs.hops[t, d]):
        mine = legs.what[t, d, i]
        for j in range(legs.hops[o, d]):
            theirs = legs.what[o, d, j]
            same = theirs[L_GATE] == mine[L_GATE]
            if mine[L_BUS_WEIGHT] > 0 and same and theirs[L_FIRST]:
                asked = theirs[L_BUS_WEIGHT] / mine[L_BUS_WEIGHT]
                others[i, THROUGH] += felt(asked, overlap)
            if theirs[L_HOP] == mine[L_HOP] and not same:
                if theirs[L_GATE] < n_pes:  # one task at a time
                    others[i, FROM_ELEMENTS] += felt(1.0, overlap)
                else:
                    others[i, FROM_LINKS] = max(others[i, FROM_LINKS], felt(1.0, overlap))
            if mine[L_MEM] >= 0 and mine[L_MEM_WEIGHT] > 0 and theirs[L_MEM] == mine[L_MEM]:
                asked = theirs[L_MEM_WEIGHT] / mine[L_MEM_WEIGHT]
                others[i, INTO] += felt(asked, overlap)


@compiled
def stretch(graph, alone, lasts, n_pes, legs, run, others):
    """How long each task lasts where tasks that run together share buses and memories.

    A hop's gates get an equal part each, a gate's tasks and a memory's share by weight, as in
    ``phases.set_rates``; who competes is averaged over the task's time.

    Args:
        graph: :class:`.state.Graph`.
        alone: (T,) s without company.
        lasts: (T,) gets s.
        n_pes: elements.
        legs: :class:`.state.Legs`.
        run: which tasks run together: start and finish.
        others: (H, 4), overwritten.
    """
    n_tasks = alone.shape[0]
    for t in range(n_tasks):
        if alone[t] <= 0:
            continue
        longer = alone[t]
        length = run.finish[t] - run.start[t]
        for d in range(2):
            hops = legs.hops[t, d]
            others[:hops] = 0.0
            for o in range(n_tasks):
                if o != t and alone[o] > 0:
                    both = min(run.finish[t], run.finish[o]) - max(run.start[t], run.start[o])
                    if both > 0:
                        company(t, o, d, both / length, n_pes, legs, others)
            for i in range(hops):
                what, speed = legs.what[t, d, i], legs.speed[t, d, i]
                if what[L_BUS_WEIGHT] > 0:
                    asked = 1.0 + others[i, FROM_ELEMENTS] + others[i, FROM_LINKS]
                    asked *= 1.0 + others[i, THROUGH]
                    seconds = graph.work[t] * speed[S_BUS_RATIO] / speed[S_BUS_PEAK]
                    longer = max(longer, seconds * asked)
                if what[L_MEM] >= 0 and what[L_MEM_WEIGHT] > 0:
                    seconds = graph.work[t] * speed[S_MEM_RATIO] / speed[S_MEM_PEAK]
                    longer = max(longer, seconds * (1.0 + others[i, INTO]))
        lasts[t] = longer
