"""Compiled: every message of every NPU in the order of ASTRA-sim, or phases as a whole; ns.

Events of one nanosecond happen in the order in which they were scheduled. What an NPU's system layer has
to do in one nanosecond is done together, at the place of the first. The twin of this simulation, in plain
Python, is ``tests/cluster/messages``.
"""

from __future__ import annotations

from .compiled import inlined, part
from .message_npu import end_node, issue, join, make_ready, start_heads
from .message_phase import ask, make, of_tree, ready
from .message_queue import (
    FIRST,
    THERE,
    add_call,
    at,
    drop_post,
    entry_of,
    forget,
    forward,
    free_link,
    next_event,
    receive,
    send,
    take_call,
)
from .message_state import (
    ARRIVED,
    AT,
    BEGIN,
    BEGUN,
    CALL,
    CHARGED,
    CHUNKS_LEFT,
    CLASS,
    CURRENT,
    DONE,
    END_NODE,
    FINISHED,
    FREE,
    FREE_CALLS,
    FREE_ENTRIES,
    FREE_POSTS,
    HOP,
    LATER,
    MORE,
    NONE,
    NOW,
    PHASES,
    READY,
    RECEIVED,
    REQUESTS,
    RUNNING,
    RUNNING_NODE,
    SENDING,
    STATE_BASE,
    TOO_LONG,
    WAITING,
    State,
    Tables,
)

LARGEST = 2**63 - 1  # of an int64


@part
def _requests(t: Tables, s: State) -> bool:
    """Do what was asked for, in order; False where a time is beyond what an int64 holds."""
    r, fine = s.requests, True
    for i in range(s.clock[REQUESTS]):
        what, a, b, c, d, e, f = r[i, 0], r[i, 1], r[i, 2], r[i, 3], r[i, 4], r[i, 5], r[i, 6]
        if what == LATER:
            # compared before the sum: compiled code may take it that sums do not overflow
            fine = fine and b <= LARGEST - s.clock[NOW]
            time = s.clock[NOW] + b
            entry = entry_of(s, NONE, a, time, 0)
            if s.entries[entry, THERE] == 0:
                s.entries[entry, THERE] = 1  # it is scheduled
                at(s, time, 2 * entry)
            add_call(s, entry, c, d, e)
        elif what == SENDING:
            send(t, s, a, b, c, d, e)
        else:
            receive(s, a, b, c, d, e, f)
    s.clock[REQUESTS] = 0
    return fine


@part
def _ended(t: Tables, s: State, npu: int, chunk: int, what: int, number: int) -> bool:
    """Carry out a call of a chunk; True where its phase has ended."""
    if what == READY:
        return ready(t, s, npu, chunk)
    if what == CHARGED:
        ask(s, LATER, npu, number, READY, chunk, 0, 0)
    elif what == ARRIVED:
        s.chunks[chunk, RECEIVED] += 1
        make(t, s, npu, chunk)
    elif what == DONE:
        return True
    else:
        return of_tree(t, s, npu, chunk, what)
    return False


@part
def _carry_out(t: Tables, s: State, what: int, ref: int, number: int) -> None:
    """One call, with all that follows from it in this ns."""
    npu = node = issues = NONE
    ended = last = False
    if what == BEGIN:
        issues = ref
    elif what == END_NODE:
        node = ref
    else:
        npu = ref // t.rules[2]
        ended = _ended(t, s, npu, ref, what, number)
    old = new = NONE
    if ended:  # tell the workload if it was the chunk's last phase, else it joins the next queue
        row = s.chunks[ref]
        old = s.places[ref, row[AT], 0]
        last = row[AT] + 1 == t.classes[row[CLASS], PHASES]
        if last:
            s.npus[npu, CHUNKS_LEFT] -= 1
            if s.npus[npu, CHUNKS_LEFT] == 0:
                node = s.npus[npu, RUNNING_NODE]
        else:
            s.queues[npu, old, RUNNING] -= 1
            row[AT] += 1
            new = s.places[ref, row[AT], 0]
            join(s, npu, ref, new)
    if node >= 0:
        end_node(t, s, node)
        issues = s.owner[node]
    if issues >= 0:
        issue(t, s, issues)
    if last:
        s.queues[npu, old, RUNNING] -= 1
    for turn in range(2):
        q = old if turn == 0 else new
        if q >= 0:
            start_heads(t, s, npu, q)


@part
def _next_call(t: Tables, s: State) -> tuple[int, int, int, int]:
    """What is called next, whose call it is, its number, and the node that ends before; NONE for nothing."""
    clock = s.clock
    if clock[CURRENT] >= 0:
        e = clock[CURRENT]
        if s.entries[e, FIRST] < 0:
            forget(s, e)
            clock[CURRENT] = NONE
            return NONE, NONE, 0, NONE
        c = take_call(s, e)
        return s.calls[c, 0], s.calls[c, 1], s.calls[c, 2], NONE
    if clock[BEGUN] < len(s.npus):
        clock[BEGUN] += 1
        return BEGIN, clock[BEGUN] - 1, 0, NONE
    what = next_event(s)
    if what % 2 == 0:
        clock[CURRENT] = what // 2
        return NONE, NONE, 0, NONE
    p = what // 2
    kind, a, b, c, d = s.posts[p, 0], s.posts[p, 1], s.posts[p, 2], s.posts[p, 3], s.posts[p, 4]
    if kind == HOP:
        forward(t, s, p)
        return NONE, NONE, 0, NONE
    sent = s.posts[p, 5]
    drop_post(s, p)
    if kind == FREE:
        free_link(t, s, a)
        return NONE, NONE, 0, NONE
    if kind == CALL:
        return a, b, 0, NONE
    # the receiver that was waiting when the message came is served, whatever the sender does next
    e = entry_of(s, a, b, c, d)
    if s.entries[e, FIRST] < 0:
        s.entries[e, THERE] += 1
        return NONE, NONE, 0, sent
    call = take_call(s, e)
    if s.entries[e, FIRST] < 0:
        forget(s, e)
    return s.calls[call, 0], s.calls[call, 1], 0, sent


@inlined
def run(t: Tables, s: State, margin: int) -> int:
    """Run the programs of all NPUs, until they end or nothing happens any more.

    Args:
        t: tables.
        s: state, which holds the results; it may be that of a run that asked for more.
        margin: places of the pools that one call takes at most.

    Returns:
        FINISHED; MORE where the pools are to be made larger; TOO_LONG where a time is no int64.
    """
    clock = s.clock
    if clock[BEGUN] < 0:
        for i in range(len(s.waits)):
            if s.waits[i] == 0:
                npu = s.owner[i]
                make_ready(t, s, npu, i - s.npus[npu, STATE_BASE])
        clock[BEGUN] = 0
    while clock[CURRENT] >= 0 or clock[BEGUN] < len(s.npus) or clock[WAITING] > 0:
        free = min(clock[FREE_ENTRIES], clock[FREE_CALLS], clock[FREE_POSTS])
        if free < margin or len(s.heap) - clock[WAITING] < margin:
            return MORE
        before = clock[NOW]
        what, ref, number, sent = _next_call(t, s)
        if clock[NOW] < before:
            return TOO_LONG
        for turn in range(2):
            now, whose = (END_NODE, sent) if turn == 0 else (what, ref)
            if whose >= 0:
                _carry_out(t, s, now, whose, number)
                if not _requests(t, s):
                    return TOO_LONG
    return FINISHED
