"""Compiled: the nodes of one NPU a pipeline stage in the order of time; ns throughout.

The rules are those of :class:`~.npu.Npu`, with collectives as wholes: an NPU has one in flight, so each takes
what it takes alone (:mod:`~.chunk_kernel`).  What that cannot tell is in which order two things happen that
end in the same nanosecond on one NPU.  Where the order could matter, ``UNSURE`` says so, and the caller
simulates chunk by chunk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled, inlined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
COMPUTE, COLLECTIVE, SEND, RECEIVE = range(4)
COMM, RECV = 1, 2  # queues of ready nodes beside that of computations, 0
ARRIVAL = 4  # of a message; other events are the end of a node
NOTHING = -1  # ns of a computation without operations: it is over where it would begin
SURE, UNSURE = 0, 1


class Nodes(NamedTuple):
    """Programs of all stages, one after another; node numbers rise within a stage.

    ``value`` is the ns of a computation, the class of a collective, the message of a send or receive.
    """

    op: Ints  # (n,)
    value: Ints  # (n,)
    stage: Ints  # (n,)
    waits: Ints  # (n,) nodes that each waits for
    first: Ints  # (n,) its first edge, -1 for none
    following: Ints  # (e,) the next edge of the same node
    to: Ints  # (e,) the node that waits
    counts: Ints  # (2,) nodes and edges


class Classes(NamedTuple):
    """Collectives that are alike: time, and what ports of a dimension need for a phase of a chunk."""

    time: Ints  # (c,) ns
    chunks: Ints  # (c,)
    phases: Ints  # (c,)
    dimension: Ints  # (c, p)
    least: Floats  # (c, p) ns


class State(NamedTuple):
    """What goes on, by stage; queues of ready nodes and the queue of events are binary heaps."""

    ready: Ints  # (s, 3, n) computations, communication, receives
    readies: Ints  # (s, 3)
    busy: Ints  # (s, 2) computation, communication
    events: Ints  # (m, 5) time, order, kind, node, time of making
    clock: Ints  # (4,) now, events made, events waiting, SURE or UNSURE
    finish: Ints  # (s,)
    left: Ints  # (s,)
    computed: Ints  # (s,)
    communicated: Ints  # (s,)
    least: Floats  # (s, d)
    arrived: Ints  # (messages,) 1 where it is there
    receiver: Ints  # (messages,) node that waits for it, -1 for none
    tie: Ints  # (s, 7) time of the last event, events of that time, then for each resource: candidates now,
    #            most at once, started


@inlined
def _earlier(events: Ints, a: int, b: int) -> bool:
    return events[a, 0] < events[b, 0] or (
        events[a, 0] == events[b, 0] and events[a, 1] < events[b, 1]
    )


@inlined
def _exchange(events: Ints, a: int, b: int) -> None:
    for k in range(5):
        events[a, k], events[b, k] = events[b, k], events[a, k]


@compiled
def _schedule(state: State, time: int, kind: int, node: int) -> None:
    events, clock = state.events, state.clock
    i = clock[2]
    clock[2] += 1
    events[i, 0], events[i, 1], events[i, 2], events[i, 3] = time, clock[1], kind, node
    events[i, 4] = clock[0]
    clock[1] += 1
    while i > 0 and _earlier(events, i, (i - 1) // 2):
        _exchange(events, i, (i - 1) // 2)
        i = (i - 1) // 2


@compiled
def _next_event(state: State) -> None:
    """Move the next event behind the last that waits."""
    events, clock = state.events, state.clock
    clock[2] -= 1
    n = clock[2]
    _exchange(events, 0, n)
    i = 0
    while True:
        least = i
        for child in range(2 * i + 1, min(2 * i + 3, n)):
            if _earlier(events, child, least):
                least = child
        if least == i:
            return
        _exchange(events, i, least)
        i = least


@inlined
def _put(heap: Ints, n: int, node: int) -> None:
    heap[n] = node
    i = n
    while i > 0 and heap[i] < heap[(i - 1) // 2]:
        heap[i], heap[(i - 1) // 2] = heap[(i - 1) // 2], heap[i]
        i = (i - 1) // 2


@inlined
def _take(heap: Ints, n: int) -> None:
    """Remove the first of ``n``."""
    heap[0] = heap[n - 1]
    i, n = 0, n - 1
    while True:
        least = i
        for child in range(2 * i + 1, min(2 * i + 3, n)):
            if heap[child] < heap[least]:
                least = child
        if least == i:
            return
        heap[i], heap[least] = heap[least], heap[i]
        i = least


@inlined
def _queue(op: int) -> int:
    return COMM if op in (COLLECTIVE, SEND) else (RECV if op == RECEIVE else 0)


@compiled
def _make_ready(nodes: Nodes, state: State, node: int) -> None:
    s, q = nodes.stage[node], _queue(nodes.op[node])
    _put(state.ready[s, q], state.readies[s, q], node)
    state.readies[s, q] += 1
    if q < 2 and state.tie[s, 0] == state.clock[0]:
        state.tie[s, 2 + q] += 1
        state.tie[s, 4 + q] = max(state.tie[s, 4 + q], state.tie[s, 2 + q])


@compiled
def _release(nodes: Nodes, state: State, node: int) -> None:
    """A node has ended."""
    s, op = nodes.stage[node], nodes.op[node]
    if op != RECEIVE:
        state.busy[s, _queue(op)] = 0
    state.finish[s] = state.clock[0]
    state.left[s] -= 1
    edge = nodes.first[node]
    while edge >= 0:
        child = nodes.to[edge]
        nodes.waits[child] -= 1
        if nodes.waits[child] == 0:
            _make_ready(nodes, state, child)
        edge = nodes.following[edge]


@compiled
def _start(nodes: Nodes, classes: Classes, delays: Ints, state: State, node: int) -> None:
    s, op, value, now = nodes.stage[node], nodes.op[node], nodes.value[node], state.clock[0]
    if op == RECEIVE:
        if state.arrived[value]:
            _schedule(state, now, op, node)
        else:
            state.receiver[value] = node
        return
    q = _queue(op)
    state.busy[s, q] = 1
    if state.tie[s, 0] == now:
        state.tie[s, 6] |= 1 << q
    if op == COMPUTE:
        if value == NOTHING:
            if state.tie[s, 0] == now:
                state.tie[s, 2] -= 1
            _release(nodes, state, node)
            return
        state.computed[s] += value
        _schedule(state, now + value, op, node)
    elif op == COLLECTIVE:
        for _ in range(classes.chunks[value]):
            for p in range(classes.phases[value]):
                state.least[s, classes.dimension[value, p]] += classes.least[value, p]
        state.communicated[s] += classes.time[value]
        _schedule(state, now + classes.time[value], op, node)
    else:
        _schedule(state, now + delays[value], ARRIVAL, node)


@compiled
def _issue(nodes: Nodes, classes: Classes, delays: Ints, state: State, s: int) -> None:
    """Start every ready node whose resource is free, in order of number."""
    while True:
        chosen = -1
        for q in range(3):
            there = state.readies[s, q] > 0 and (q == RECV or state.busy[s, q] == 0)
            if there and (chosen < 0 or state.ready[s, q, 0] < state.ready[s, chosen, 0]):
                chosen = q
        if chosen < 0:
            return
        node = state.ready[s, chosen, 0]
        _take(state.ready[s, chosen], state.readies[s, chosen])
        state.readies[s, chosen] -= 1
        _start(nodes, classes, delays, state, node)


@compiled
def _mark(state: State, s: int, made: int) -> None:
    """Tell an event of a stage: whether two of one time could have been taken in the other order.

    Their order matters only where a resource was given to one of several nodes that could have had it.
    """
    tie, now = state.tie, state.clock[0]
    if made == now and tie[s, 0] == now:
        return  # it follows from another of this time
    if tie[s, 0] != now:
        _settle(state, s)
        tie[s, 0], tie[s, 1], tie[s, 6] = now, 0, 0
        for q in range(2):
            tie[s, 2 + q] = tie[s, 4 + q] = state.readies[s, q]
    tie[s, 1] += 1


@compiled
def _settle(state: State, s: int) -> None:
    tie = state.tie
    for q in range(2):
        if tie[s, 1] > 1 and tie[s, 6] >> q & 1 and tie[s, 4 + q] > 1:
            state.clock[3] = UNSURE


@compiled
def run(
    nodes: Nodes, classes: Classes, delays: Ints, starts: Ints, receivers: Ints, dimensions: int
) -> State:
    """Run the programs of all stages.

    Args:
        nodes: what they run; ``waits`` is counted down.
        classes: collectives that are alike.
        delays: (m,) ns of each message.
        starts: (s + 1,) first node of each stage, and the number of all nodes.
        receivers: (m,) stage that each message goes to.
        dimensions: of the network.
    """
    stages, messages = len(starts) - 1, len(delays)
    longest = 1
    for s in range(stages):
        longest = max(longest, starts[s + 1] - starts[s])
    state = State(
        np.empty((stages, 3, longest), np.int64), np.zeros((stages, 3), np.int64),
        np.zeros((stages, 2), np.int64), np.empty((4 * stages + messages + 1, 5), np.int64),
        np.zeros(4, np.int64), np.zeros(stages, np.int64), starts[1:] - starts[:-1],
        np.zeros(stages, np.int64), np.zeros(stages, np.int64), np.zeros((stages, dimensions)),
        np.zeros(messages, np.int64), np.full(messages, -1, np.int64),
        np.zeros((stages, 7), np.int64),
    )  # fmt: skip
    state.tie[:, 0] = -1
    for s in range(stages):
        for node in range(starts[s], starts[s + 1]):
            if nodes.waits[node] == 0:
                _make_ready(nodes, state, node)
    for s in range(stages):
        _issue(nodes, classes, delays, state, s)
    events, clock = state.events, state.clock
    while clock[2] > 0:
        _next_event(state)
        i = clock[2]
        kind, node, made = events[i, 2], events[i, 3], events[i, 4]
        clock[0] = events[i, 0]
        s = nodes.stage[node]
        _mark(state, s, made)
        if kind == COMPUTE and made == clock[0]:
            state.tie[s, 2] -= 1  # it began and ended in this nanosecond
        if kind == ARRIVAL:
            message = nodes.value[node]
            there = receivers[message]
            _mark(state, there, made)
            waiting = state.receiver[message]
            _release(nodes, state, node)
            _issue(nodes, classes, delays, state, s)
            if waiting < 0:
                state.arrived[message] = 1
                continue
            node, s = waiting, there
        _release(nodes, state, node)
        _issue(nodes, classes, delays, state, s)
    for s in range(stages):
        _settle(state, s)
    return state
