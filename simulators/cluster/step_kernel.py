"""Compiled: the nodes of one NPU per pipeline stage, in the order of time; ns throughout.

The rules are those of :mod:`~.message_kernel`, with collectives as wholes: an NPU has one in flight, so each
takes what it takes alone (:mod:`~.chunk_kernel`). What happens in one nanosecond happens in the order in
which it was scheduled. The end of a collective is scheduled when its last phase begins. Where that leaves
an order open, ``UNSURE`` says so, and the caller simulates chunk by chunk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import inlined, part

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
COMPUTE, COLLECTIVE, SEND, RECEIVE = range(4)
COMM, RECV = 1, 2  # queues of ready nodes beside that of computations, 0
ARRIVAL = 4  # of a message; other events are the end of a node
NOTHING = -1  # ns of a computation without operations: it is over where it would begin
SURE, UNSURE = 0, 1
# columns of State.events and State.running
TIME, MADE, ORDER, NODE, KIND, BEGUN = range(6)
FIELDS = 6


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
    last: Ints  # (c,) ns until its last phase begins
    chunks: Ints  # (c,)
    phases: Ints  # (c,)
    dimension: Ints  # (c, p)
    least: Floats  # (c, p) ns


class State(NamedTuple):
    """What goes on, by stage; queues of ready nodes and the queue of events are binary heaps."""

    ready: Ints  # (s, 3, n) computations, communication, receives
    readies: Ints  # (s, 3)
    busy: Ints  # (s, 2) computation, communication
    running: (
        Ints  # (s, 2, FIELDS) the event that ends the computation, the collective; node -1 for none
    )
    events: (
        Ints  # (m, FIELDS) time, when it was scheduled, which of all, node, kind, begin of its node
    )
    clock: Ints  # (5,) now, events scheduled, events waiting, SURE or UNSURE, stage whose work ends, or -1
    finish: Ints  # (s,)
    left: Ints  # (s,)
    computed: Ints  # (s,)
    communicated: Ints  # (s,)
    least: Floats  # (s, d)
    arrived: Ints  # (messages,) 1 where it is there
    receiver: Ints  # (messages,) node that waits for it, -1 for none


@part
def _earlier(a: Ints, b: Ints) -> bool:
    if a[TIME] != b[TIME]:
        return a[TIME] < b[TIME]
    if a[MADE] != b[MADE]:
        return a[MADE] < b[MADE]
    return a[ORDER] < b[ORDER]


@part
def _exchange(events: Ints, a: int, b: int) -> None:
    for k in range(FIELDS):
        events[a, k], events[b, k] = events[b, k], events[a, k]


@part
def _schedule(state: State, time: int, made: int, kind: int, node: int) -> None:
    events, clock = state.events, state.clock
    i = clock[2]
    clock[2] += 1
    events[i, TIME], events[i, MADE], events[i, ORDER] = time, made, clock[1]
    events[i, NODE], events[i, KIND], events[i, BEGUN] = node, kind, clock[0]
    clock[1] += 1
    while i > 0 and _earlier(events[i], events[(i - 1) // 2]):
        _exchange(events, i, (i - 1) // 2)
        i = (i - 1) // 2


@part
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
            if _earlier(events[child], events[least]):
                least = child
        if least == i:
            return
        _exchange(events, i, least)
        i = least


@part
def put(heap: Ints, n: int, node: int) -> None:
    """Add a node to a heap.

    Args:
        heap: the least first.
        n: how many nodes it has.
        node: its number.
    """
    heap[n] = node
    i = n
    while i > 0 and heap[i] < heap[(i - 1) // 2]:
        heap[i], heap[(i - 1) // 2] = heap[(i - 1) // 2], heap[i]
        i = (i - 1) // 2


@part
def take(heap: Ints, n: int) -> None:
    """Remove the first node of a heap.

    Args:
        heap: the least first.
        n: how many nodes it has.
    """
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


@part
def _queue(op: int) -> int:
    return COMM if op in (COLLECTIVE, SEND) else (RECV if op == RECEIVE else 0)


@part
def _release(nodes: Nodes, state: State, node: int) -> None:
    """A node has ended."""
    s, op = nodes.stage[node], nodes.op[node]
    if op != RECEIVE:
        state.busy[s, _queue(op)] = 0
        state.running[s, _queue(op), NODE] = -1
    state.finish[s] = state.clock[0]
    state.left[s] -= 1
    edge = nodes.first[node]
    while edge >= 0:
        child = nodes.to[edge]
        nodes.waits[child] -= 1
        if nodes.waits[child] == 0:
            _make_ready(nodes, state, child)
        edge = nodes.following[edge]


@part
def _make_ready(nodes: Nodes, state: State, node: int) -> None:
    s, q = nodes.stage[node], _queue(nodes.op[node])
    put(state.ready[s, q], state.readies[s, q], node)
    state.readies[s, q] += 1


@part
def _run_until(state: State, time: int, made: int, node: int, s: int, q: int, op: int) -> None:
    running = state.running[s, q]
    running[TIME], running[MADE], running[ORDER] = time, made, state.clock[1]
    running[NODE], running[KIND], running[BEGUN] = node, op, state.clock[0]
    if time == state.clock[0] and s == state.clock[4]:
        state.clock[1] += 1  # it is looked at before the next event is
    else:
        _schedule(state, time, made, op, node)


@part
def _start(nodes: Nodes, classes: Classes, delays: Ints, state: State, node: int) -> None:
    s, op, value, now = nodes.stage[node], nodes.op[node], nodes.value[node], state.clock[0]
    if op == RECEIVE:
        if state.arrived[value]:
            _schedule(state, now, now, op, node)
        else:
            state.receiver[value] = node
        return
    q = _queue(op)
    state.busy[s, q] = 1
    if op == COMPUTE:
        if value == NOTHING:
            _release(nodes, state, node)
            return
        state.computed[s] += value
        _run_until(state, now + value, now, node, s, q, op)
    elif op == COLLECTIVE:
        for _ in range(classes.chunks[value]):
            for p in range(classes.phases[value]):
                state.least[s, classes.dimension[value, p]] += classes.least[value, p]
        state.communicated[s] += classes.time[value]
        _run_until(state, now + classes.time[value], now + classes.last[value], node, s, q, op)
    else:
        _schedule(state, now + delays[value], now, ARRIVAL, node)


@part
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
        take(state.ready[s, chosen], state.readies[s, chosen])
        state.readies[s, chosen] -= 1
        _start(nodes, classes, delays, state, node)


@part
def _open(nodes: Nodes, a: Ints, b: Ints) -> bool:
    """Whether the order of two events is open: they were scheduled in one nanosecond, inside a collective.

    Equal collectives that began together go through their phases in the order in which they began.
    """
    if a[TIME] != b[TIME] or a[MADE] != b[MADE]:
        return False
    inside_a = a[KIND] == COLLECTIVE and a[MADE] > a[BEGUN]
    inside_b = b[KIND] == COLLECTIVE and b[MADE] > b[BEGUN]
    if not (inside_a or inside_b):
        return False
    alike = inside_a and inside_b and a[BEGUN] == b[BEGUN]
    return not (alike and nodes.value[a[NODE]] == nodes.value[b[NODE]])


@part
def _next_end(nodes: Nodes, state: State, s: int) -> int:
    """The node of a stage's own work that is the next to end in this nanosecond, -1 for none."""
    a, b = state.running[s, 0], state.running[s, COMM]
    ends_a = a[NODE] >= 0 and a[TIME] == state.clock[0]
    ends_b = b[NODE] >= 0 and b[TIME] == state.clock[0]
    if ends_a and ends_b:
        if _open(nodes, a, b):
            state.clock[3] = UNSURE
        return a[NODE] if _earlier(a, b) else b[NODE]
    if ends_a:
        return a[NODE]
    return b[NODE] if ends_b else -1


def new_state(starts: Ints, messages: int, dimensions: int) -> State:
    """The state of stages that have not begun.

    Args:
        starts: (s + 1,) first node of each stage, and the number of all nodes.
        messages: how many there are.
        dimensions: of the network.

    Returns:
        Nothing is ready, runs or has arrived.
    """
    stages, left = len(starts) - 1, np.diff(starts)

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    return State(
        ready=np.empty((stages, 3, max(1, left.max())), np.int64), readies=zeros(stages, 3),
        busy=zeros(stages, 2), running=np.full((stages, 2, FIELDS), -1, np.int64),
        events=np.full((8 * stages + 2 * messages + 16, FIELDS), -1, np.int64),
        clock=np.array([0, 0, 0, SURE, -1], np.int64), finish=zeros(stages), left=left,
        computed=zeros(stages), communicated=zeros(stages), least=np.zeros((stages, dimensions)),
        arrived=zeros(messages), receiver=np.full(messages, -1, np.int64),
    )  # fmt: skip


@inlined
def run(
    nodes: Nodes, classes: Classes, delays: Ints, starts: Ints, receivers: Ints, state: State
) -> None:
    """Run the programs of all stages.

    Args:
        nodes: what they run; ``waits`` is counted down.
        classes: collectives that are alike.
        delays: (m,) ns of each message.
        starts: (s + 1,) first node of each stage, and the number of all nodes.
        receivers: (m,) stage that each message goes to.
        state: of stages that have not begun; holds the results.
    """
    clock, stages = state.clock, len(starts) - 1
    for node in range(starts[stages]):
        if nodes.waits[node] == 0:
            _make_ready(nodes, state, node)
    s = 0
    while s < stages or clock[2] > 0:
        node = second = -1
        if s < stages:  # at first every stage starts what is ready
            there = s
            s += 1
        else:
            _next_event(state)
            event = state.events[clock[2]]
            kind, node = event[KIND], event[NODE]
            clock[0] = event[TIME]
            if clock[2] > 0 and _open(nodes, event, state.events[0]):
                clock[3] = UNSURE
            there = nodes.stage[node]
            if kind < SEND:
                if state.running[there, _queue(kind), NODE] != node:
                    continue  # it ended with another
                clock[4] = there
                node = _next_end(nodes, state, there)
            elif kind == ARRIVAL:
                message = nodes.value[node]
                second = state.receiver[message]
                if second < 0:
                    state.arrived[message] = 1
        while True:
            if node >= 0:
                _release(nodes, state, node)
            _issue(nodes, classes, delays, state, there)
            if clock[4] >= 0:  # whatever an NPU's own work ends in this nanosecond ends together
                node = _next_end(nodes, state, there)
                if node < 0:
                    clock[4] = -1
                    break
            elif second >= 0:
                node, there, second = second, receivers[nodes.value[second]], -1
            else:
                break
