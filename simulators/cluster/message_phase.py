"""Compiled: the algorithms of a phase, message by message; ns.

What a call asks for (something later, a message sent or received) is written down and done after it, in
order: nothing that is asked for acts at once.
"""

from __future__ import annotations

from .compiled import part
from .message_state import (
    ALGORITHM,
    ALWAYS,
    ARRIVED,
    AT,
    BEGAN,
    BUSY,
    CHARGE,
    CHARGED,
    CHUNK_TAG,
    CLASS,
    COUNT,
    CREDITS,
    DIRECT,
    DONE,
    DOWN,
    DOWN_AFTER,
    ENDPOINT,
    FIRST_PHASE,
    FOLD,
    FOLDED,
    FOLDED_ONE,
    FROM_CHILD,
    FROM_PARENT,
    GROUP_AT,
    GROUP_ME,
    HALF,
    HALVING,
    LATER,
    LEVELS,
    MADE,
    NONE,
    NOW,
    NUMBER,
    ODD,
    ODD_GROUPS,
    PARALLEL,
    QUEUE_OF,
    READY,
    RECEIVED,
    RECEIVING,
    REDUCED,
    REDUCED_LEFT,
    REDUCES,
    REQUESTS,
    REST,
    SENDING,
    SENDS,
    SENT,
    SIZE,
    STEPS,
    STRIDE,
    TIME,
    TREE,
    TREE_OF,
    UNREDUCED_LEFT,
    UP,
    WHOLE,
    State,
    Tables,
)


@part
def ask(s: State, what: int, a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    """Write down what is to be done after the present call.

    Args:
        s: state.
        what: LATER, with NPU, ns, what is called, whose call it is, its number; or SENDING, with tag, NPUs,
            bytes and the node that ends; or RECEIVING, with tag, NPUs, bytes, what is called, whose call.
        a: as told.
        b: as told.
        c: as told.
        d: as told.
        e: as told.
        f: as told.
    """
    r = s.requests
    i = s.clock[REQUESTS]
    s.clock[REQUESTS] += 1
    r[i, 0], r[i, 1], r[i, 2], r[i, 3], r[i, 4], r[i, 5], r[i, 6] = what, a, b, c, d, e, f


@part
def phase_of(t: Tables, s: State, chunk: int) -> int:
    """The row of a chunk's present phase.

    Args:
        t: tables.
        s: state.
        chunk: its place.

    Returns:
        A row of the table of phases.
    """
    return t.classes[s.chunks[chunk, CLASS], FIRST_PHASE] + s.chunks[chunk, AT]


@part
def _me(t: Tables, s: State, npu: int, p: int) -> int:
    """Place of an NPU among the members of a phase."""
    stride = t.phases[p, STRIDE]
    if stride == 0:
        return s.npus[npu, GROUP_ME]
    return s.npus[npu, NUMBER] // stride % t.phases[p, COUNT]


@part
def _member(t: Tables, s: State, npu: int, p: int, place: int) -> int:
    """The number of the NPU at a place among the members of a phase."""
    stride, n = t.phases[p, STRIDE], t.phases[p, COUNT]
    if stride == 0:
        return t.groups[s.npus[npu, GROUP_AT] + place]
    number = s.npus[npu, NUMBER]
    return number + (place - number // stride % n) * stride


@part
def make(t: Tables, s: State, npu: int, chunk: int) -> None:
    """Make a packet; it is ready after a while, in which it may be reduced.

    Args:
        t: tables.
        s: state.
        npu: whose it is.
        chunk: whose it is.
    """
    row, p = s.chunks[chunk], phase_of(t, s, chunk)
    if row[UNREDUCED_LEFT] == 0 and row[REDUCED_LEFT] == 0:
        row[UNREDUCED_LEFT], row[REDUCED_LEFT] = t.phases[p, PARALLEL], t.phases[p, REDUCED]
        row[ODD] = 1 - row[ODD]
    reduce = False
    if row[UNREDUCED_LEFT] > 0:
        row[UNREDUCED_LEFT] -= 1
    else:
        row[REDUCED_LEFT] -= 1
        when = t.phases[p, REDUCES]
        reduce = when == ALWAYS or (when == ODD_GROUPS and row[ODD] == 1)
    made = row[MADE]
    row[MADE] += 1
    if reduce:
        charge = t.phases[p, CHARGE]
        if t.phases[p, ALGORITHM] == HALVING:
            charge = t.steps[t.phases[p, STEPS] + min(made, t.phases[p, LEVELS] - 1), 2]
        ask(s, LATER, npu, t.phases[p, ENDPOINT], CHARGED, chunk, charge, 0)
    else:
        ask(s, LATER, npu, t.phases[p, ENDPOINT], READY, chunk, 0, 0)


@part
def _send(t: Tables, s: State, npu: int, chunk: int, p: int) -> None:
    """Send the oldest packet that waits, if there is one and it may be sent."""
    row = s.chunks[chunk]
    k = row[SENT]
    if k >= row[MADE] or k >= t.phases[p, SENDS] or row[CREDITS] == 0:
        return
    n, me, size = t.phases[p, COUNT], _me(t, s, npu, p), t.phases[p, SIZE]
    algorithm = t.phases[p, ALGORITHM]
    if algorithm == HALVING:
        step = t.phases[p, STEPS] + min(k, t.phases[p, LEVELS] - 1)
        away, size = t.steps[step, 0], t.steps[step, 1]
        to = (me + away if me // away % 2 == 0 else me - away + n) % n
        source = to
    else:
        way = k % (n - 1) + 1 if algorithm == DIRECT else s.places[chunk, row[AT], 1]
        to, source = (me + way + n) % n, (me - way + n) % n
    tag, number = row[CHUNK_TAG], s.npus[npu, NUMBER]
    ask(s, SENDING, tag, number, _member(t, s, npu, p, to), size, NONE, 0)
    ask(s, RECEIVING, tag, _member(t, s, npu, p, source), number, size, ARRIVED, chunk)
    row[CREDITS] -= 1
    row[SENT] += 1


@part
def ready(t: Tables, s: State, npu: int, chunk: int) -> bool:
    """A packet is ready.

    Args:
        t: tables.
        s: state.
        npu: whose it is.
        chunk: whose it is.

    Returns:
        Whether the phase has ended.
    """
    row, p = s.chunks[chunk], phase_of(t, s, chunk)
    row[CREDITS] += 1
    half, sends, times = t.phases[p, HALF], t.phases[p, SENDS], 1
    if half > 0 and sends - row[SENT] <= half:  # the second half waits for all of the first
        if row[RECEIVED] < half:
            return False
        times = t.phases[p, PARALLEL]
    for _ in range(times):
        _send(t, s, npu, chunk, p)
    return bool(row[SENT] == sends and row[CREDITS] == t.phases[p, PARALLEL])


@part
def start(t: Tables, s: State, npu: int, chunk: int) -> None:
    """Begin the present phase of a chunk.

    Args:
        t: tables.
        s: state.
        npu: whose it is.
        chunk: its place.
    """
    row, p = s.chunks[chunk], phase_of(t, s, chunk)
    algorithm = t.phases[p, ALGORITHM]
    if algorithm == WHOLE:
        time = t.phases[p, TIME]
        if t.rules[3]:  # phases of a dimension share its ports
            q, now = t.phases[p, QUEUE_OF], float(s.clock[NOW] - s.npus[npu, BEGAN])
            free = max(s.port_free[npu, q], now) + t.bounds[p, BUSY]
            s.port_free[npu, q] = free
            time = max(time, int(free - now + t.bounds[p, REST]))
        ask(s, LATER, npu, time, DONE, chunk, 0, 0)
    elif algorithm == TREE:
        row[FOLDED] = 0
        tree = t.phases[p, TREE_OF] + s.places[chunk, row[AT], 2] * t.phases[p, COUNT]
        tree += _me(t, s, npu, p)
        if t.trees[tree, 3] == 0:
            ask(s, LATER, npu, t.phases[p, ENDPOINT], UP, chunk, 0, 0)
        for k in range(t.trees[tree, 3]):
            child = _member(t, s, npu, p, t.trees[tree, 1 + k])
            number, size = s.npus[npu, NUMBER], t.phases[p, SIZE]
            ask(s, RECEIVING, row[CHUNK_TAG], child, number, size, FROM_CHILD, chunk)
    else:
        row[SENT] = row[RECEIVED] = row[MADE] = row[CREDITS] = 0
        row[UNREDUCED_LEFT] = row[REDUCED_LEFT] = row[ODD] = 0
        for _ in range(t.phases[p, PARALLEL]):
            make(t, s, npu, chunk)


@part
def of_tree(t: Tables, s: State, npu: int, chunk: int, what: int) -> bool:
    """What happens to an NPU in a double binary tree.

    Args:
        t: tables.
        s: state.
        npu: where.
        chunk: whose phase it is.
        what: FROM_CHILD, FROM_PARENT, FOLD, DOWN_AFTER, FOLDED_ONE, UP or DOWN.

    Returns:
        Whether the phase has ended here.
    """
    row, p = s.chunks[chunk], phase_of(t, s, chunk)
    tree = t.phases[p, TREE_OF] + s.places[chunk, row[AT], 2] * t.phases[p, COUNT]
    tree += _me(t, s, npu, p)
    parent, children = t.trees[tree, 0], t.trees[tree, 3]
    tag, number, size = row[CHUNK_TAG], s.npus[npu, NUMBER], t.phases[p, SIZE]
    if what == FROM_CHILD:
        ask(s, LATER, npu, t.phases[p, ENDPOINT], FOLD, chunk, 0, 0)
    elif what == FOLD:
        ask(s, LATER, npu, t.phases[p, CHARGE], FOLDED_ONE, chunk, 0, 0)
    elif what == DOWN_AFTER:
        ask(s, LATER, npu, t.phases[p, CHARGE], DOWN, chunk, 0, 0)
    elif what == FROM_PARENT:
        then = DOWN_AFTER if children else DONE
        ask(s, LATER, npu, t.phases[p, ENDPOINT], then, chunk, 0, 0)
    else:
        if what == FOLDED_ONE:
            row[FOLDED] += 1
            if row[FOLDED] < children:
                return False
            what = DOWN if parent < 0 else UP
        if what == UP:
            to = _member(t, s, npu, p, parent)
            ask(s, SENDING, tag, number, to, size, NONE, 0)
            ask(s, RECEIVING, tag, to, number, size, FROM_PARENT, chunk)
        else:
            for k in range(children):
                child = _member(t, s, npu, p, t.trees[tree, 1 + k])
                ask(s, SENDING, tag, number, child, size, NONE, 0)
            return True
    return False
