"""Compiled: an NPU's nodes, its three resources, and the chunks that wait in the queues of its dimensions."""

from __future__ import annotations

from .compiled import part
from .message_phase import ask, start
from .message_state import (
    ALGORITHM,
    AT,
    BEGAN,
    BYTES,
    CHUNK_TAG,
    CHUNKS,
    CHUNKS_LEFT,
    CLASS,
    COLLECTIVE,
    COMMUNICATED,
    COMPUTE,
    COMPUTED,
    END_NODE,
    ENDED,
    FINISH,
    FIRST_EDGE,
    FIRST_PHASE,
    FOLLOWING,
    HEAD,
    KIND,
    LAST_EDGE,
    LATER,
    LEAST,
    LEFT,
    NODE_BASE,
    NONE,
    NOTHING,
    NOW,
    NUMBER,
    OP,
    PART,
    PEER,
    PHASES,
    QUEUE_OF,
    RECEIVE,
    RECEIVING,
    RUNNING,
    RUNNING_NODE,
    SENDING,
    STATE_BASE,
    TAG,
    TAGS,
    TAIL,
    TREE,
    TURN,
    VALUE,
    State,
    Tables,
)
from .step_kernel import put, take


@part
def end_node(t: Tables, s: State, i: int) -> None:
    """A node that ran has ended.

    Args:
        t: tables.
        s: state.
        i: the node.
    """
    row, now = s.npus[s.owner[i]], s.clock[NOW]
    s.spans[i, 1] = now
    s.order[row[STATE_BASE] + row[ENDED]] = i
    row[ENDED] += 1
    if t.nodes[row[NODE_BASE] + i - row[STATE_BASE], OP] == COLLECTIVE:
        row[COMMUNICATED] += now - s.spans[i, 0]
    release(t, s, i)


@part
def release(t: Tables, s: State, i: int) -> None:
    """Free a node's resource and make ready what waited for it alone.

    Args:
        t: tables.
        s: state.
        i: the node.
    """
    npu = s.owner[i]
    row = s.npus[npu]
    base = row[STATE_BASE]
    n = row[NODE_BASE] + i - base
    op = t.nodes[n, OP]
    if op != RECEIVE:
        s.busy[npu, 0 if op == COMPUTE else 1] = 0
    row[FINISH] = s.clock[NOW]
    row[LEFT] -= 1
    for e in range(t.nodes[n, FIRST_EDGE], t.nodes[n, LAST_EDGE]):
        child = t.edges[e]
        s.waits[base + child] -= 1
        if s.waits[base + child] == 0:
            make_ready(t, s, npu, child)


@part
def make_ready(t: Tables, s: State, npu: int, k: int) -> None:
    """A node waits for no other.

    Args:
        t: tables.
        s: state.
        npu: whose it is.
        k: its place in the program.
    """
    op = t.nodes[s.npus[npu, NODE_BASE] + k, OP]
    q = 0 if op == COMPUTE else (2 if op == RECEIVE else 1)
    put(s.ready[q, s.npus[npu, STATE_BASE] :], s.readies[npu, q], k)
    s.readies[npu, q] += 1


@part
def issue(t: Tables, s: State, npu: int) -> None:
    """Start every ready node whose resource is free, in order of number.

    Args:
        t: tables.
        s: state.
        npu: where.
    """
    base = s.npus[npu, STATE_BASE]
    while True:
        chosen = NONE
        for q in range(3):
            there = s.readies[npu, q] > 0 and (q == 2 or s.busy[npu, q] == 0)
            if there and (chosen < 0 or s.ready[q, base] < s.ready[chosen, base]):
                chosen = q
        if chosen < 0:
            return
        k = s.ready[chosen, base]
        take(s.ready[chosen, base:], s.readies[npu, chosen])
        s.readies[npu, chosen] -= 1
        _start_node(t, s, npu, base + k, s.npus[npu, NODE_BASE] + k)


@part
def _start_node(t: Tables, s: State, npu: int, i: int, n: int) -> None:
    op, value, number = t.nodes[n, OP], t.nodes[n, VALUE], s.npus[npu, NUMBER]
    if op != RECEIVE:
        s.busy[npu, 0 if op == COMPUTE else 1] = 1
    s.spans[i, 0] = s.clock[NOW]
    tag, size = 2 * t.nodes[n, TAG] + 1, t.nodes[n, BYTES]
    if op == COMPUTE:
        if value == NOTHING:
            s.spans[i, 0] = NONE
            release(t, s, i)
        else:
            s.npus[npu, COMPUTED] += value
            ask(s, LATER, npu, value, END_NODE, i, 0, 0)
    elif op == COLLECTIVE:
        _collective(t, s, npu, i, value)
    elif op == RECEIVE:
        ask(s, RECEIVING, tag, t.nodes[n, PEER], number, size, END_NODE, i)
    else:
        ask(s, SENDING, tag, number, t.nodes[n, PEER], size, i, 0)


@part
def _collective(t: Tables, s: State, npu: int, i: int, which: int) -> None:
    row, kept = s.npus[npu], t.rules[2]
    row[RUNNING_NODE], row[BEGAN], row[CHUNKS_LEFT] = i, s.clock[NOW], t.classes[which, CHUNKS]
    for d in range(s.port_free.shape[1]):
        s.port_free[npu, d] = 0.0
    for _ in range(t.classes[which, CHUNKS]):
        chunk = npu * kept + row[TAGS] % kept
        c = s.chunks[chunk]
        c[CLASS], c[AT], c[CHUNK_TAG], c[FOLLOWING] = which, 0, 2 * row[TAGS], NONE
        row[TAGS] += 1
        for k in range(t.classes[which, PHASES]):
            _place(t, s, npu, chunk, k, t.classes[which, FIRST_PHASE] + k)
        q = s.places[chunk, 0, 0]
        join(s, npu, chunk, q)
        start_heads(t, s, npu, q)


@part
def _place(t: Tables, s: State, npu: int, chunk: int, k: int, p: int) -> None:
    """Queue, direction and tree of a phase; queues and trees are taken in turn."""
    d, turn, q = t.phases[p, QUEUE_OF], t.phases[p, TURN], t.rules[1]
    s.least[npu, d] += t.bounds[p, LEAST]
    number, direction = 0, -1 if turn == 2 else 1
    if q > 1:
        low = q // 2 if turn == 2 else 0
        high = q // 2 if turn == 1 else q
        number = low + s.turns[npu, turn, d] % (high - low)
        s.turns[npu, turn, d] += 1
        direction = 1 if number < q // 2 else -1
    place = s.places[chunk, k]
    place[0], place[1], place[2] = d * q + number, direction, 0
    if t.phases[p, ALGORITHM] == TREE:
        kind = t.classes[s.chunks[chunk, CLASS], KIND]
        place[2] = s.trees[npu, kind, t.phases[p, PART]]
        s.trees[npu, kind, t.phases[p, PART]] = 1 - place[2]


@part
def join(s: State, npu: int, chunk: int, q: int) -> None:
    """A chunk waits in a queue behind the others.

    Args:
        s: state.
        npu: whose it is.
        chunk: its place.
        q: the queue.
    """
    queue = s.queues[npu, q]
    s.chunks[chunk, FOLLOWING] = NONE
    if queue[HEAD] < 0:
        queue[HEAD] = chunk
    else:
        s.chunks[queue[TAIL], FOLLOWING] = chunk
    queue[TAIL] = chunk


@part
def start_heads(t: Tables, s: State, npu: int, q: int) -> None:
    """Start waiting chunks of a queue as far as its capacity allows.

    Args:
        t: tables.
        s: state.
        npu: whose it is.
        q: the queue.
    """
    queue = s.queues[npu, q]
    while queue[RUNNING] < t.rules[0] and queue[HEAD] >= 0:
        chunk = queue[HEAD]
        queue[HEAD] = s.chunks[chunk, FOLLOWING]
        queue[RUNNING] += 1
        start(t, s, npu, chunk)
