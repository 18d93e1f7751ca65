"""Events in the order of SystemC, where several channels, or parts of a request, share a way.

What happens first within a cycle decides which of two channels answers first.  DRAMSys leaves that to
SystemC's scheduler: timed notifications come out of a binary heap, whose order among equal times follows
from how it was filled, and notifications for the next delta cycle are carried out last one first.  A
notification is forgotten where an earlier one of its event waits, and replaces a later one, which stays in
the heap without effect.
"""

from __future__ import annotations

from .compiled import borrowing, merged
from .layout import (
    FOREVER, O_DELTA, O_DELTAS, O_EVENT, O_HEAP, O_HEAP_SIZE, O_RUN, O_RUNNABLE, O_RUNS,
)  # fmt: skip

NONE, DELTA, TIMED = range(3)
# ---- events: the initiator's next request, the arbiter's and the initiator's messages, the end of a
# request; then of each channel: a request, the end of a response, its own wake-up, data
NEXT, ARBITER, INITIATOR, END_OF_REQUEST = range(4)
FIRST_CHANNEL, OF_CHANNEL = 8, 4
REQUEST, RESPONSE_END, WAKE, DATA = range(4)
# ---- who runs: arbiter, initiator, its thread (after all others), then the channels
RUN_ARBITER, RUN_INITIATOR, RUN_THREAD, RUN_CHANNEL = 0, 1, 2, 3
WORDS = 4  # of an event: state, cycle, number of its live notification
ENTRY = 3  # of the heap: cycle, event, number of the notification


@borrowing
def notify_delta(e, s):
    """An event happens in the next delta cycle."""
    at = O_EVENT + e * WORDS
    if s[at] == DELTA:
        return
    s[at] = DELTA
    s[at + 2] += 1  # a timed notification is dead
    s[O_DELTA + s[O_DELTAS]] = e
    s[O_DELTAS] += 1


@borrowing
def notify_at(e, when, s):
    """An event happens at a cycle that lies ahead."""
    at = O_EVENT + e * WORDS
    if s[at] == DELTA or (s[at] == TIMED and s[at + 1] <= when):
        return
    s[at] = TIMED
    s[at + 1] = when
    s[at + 2] += 1
    s[O_HEAP_SIZE] += 1
    i = s[O_HEAP_SIZE]
    while i > 1 and s[O_HEAP + (i >> 1) * ENTRY] > when:
        _move(i >> 1, i, s)
        i >>= 1
    s[O_HEAP + i * ENTRY] = when
    s[O_HEAP + i * ENTRY + 1] = e
    s[O_HEAP + i * ENTRY + 2] = s[at + 2]


@borrowing
def notify(e, when, now, s):
    """An event happens at a cycle, this one included."""
    if when == now:
        notify_delta(e, s)
    elif when < FOREVER:
        notify_at(e, when, s)


@borrowing
def _move(i, j, s):
    for k in range(ENTRY):
        s[O_HEAP + j * ENTRY + k] = s[O_HEAP + i * ENTRY + k]


@merged
def _swap(i, j, s):
    for k in range(ENTRY):
        a, b = O_HEAP + i * ENTRY + k, O_HEAP + j * ENTRY + k
        s[a], s[b] = s[b], s[a]


@borrowing
def _extract(s):
    """Take the first notification out of the heap; returns its event, -1 where it is dead."""
    e, number = s[O_HEAP + ENTRY + 1], s[O_HEAP + ENTRY + 2]
    size = s[O_HEAP_SIZE]
    _move(size, 1, s)
    size -= 1
    s[O_HEAP_SIZE] = size
    i = 1 + 0 * size
    while 2 * i <= size:
        left, right, first = 2 * i, 2 * i + 1, i
        if s[O_HEAP + left * ENTRY] < s[O_HEAP + i * ENTRY]:
            first = left
        if right <= size and s[O_HEAP + right * ENTRY] < s[O_HEAP + first * ENTRY]:
            first = right
        if first == i:
            break
        _swap(i, first, s)
        i = first
    at = O_EVENT + e * WORDS
    return e if s[at] == TIMED and s[at + 2] == number else e * 0 - 1


@merged
def next_time(s):
    """The cycle of the next notification that is alive."""
    while s[O_HEAP_SIZE] > 0:
        e, number = s[O_HEAP + ENTRY + 1], s[O_HEAP + ENTRY + 2]
        at = O_EVENT + e * WORDS
        if s[at] == TIMED and s[at + 2] == number:
            return s[O_HEAP + ENTRY]
        _extract(s)
    return s[O_HEAP_SIZE] + FOREVER


@borrowing
def _run(who, s):
    if not s[O_RUNNABLE + who]:
        s[O_RUNNABLE + who] = 1
        s[O_RUN + s[O_RUNS]] = who
        s[O_RUNS] += 1


@merged
def trigger(e, s):
    """An event happens: whoever waits for it will run; returns the channel that wakes by itself, or -1."""
    s[O_EVENT + e * WORDS] = NONE
    if e == ARBITER:
        _run(RUN_ARBITER, s)
    elif e == INITIATOR:
        _run(RUN_INITIATOR, s)
    elif e >= FIRST_CHANNEL:
        channel = (e - FIRST_CHANNEL) // OF_CHANNEL
        _run(RUN_CHANNEL + channel, s)
        if (e - FIRST_CHANNEL) % OF_CHANNEL == WAKE:
            return channel
    return e * 0 - 1


@borrowing
def next_of_time(now, s):
    """The next event of a cycle, in the heap's order; -1 where it is dead, -2 where there is none."""
    if s[O_HEAP_SIZE] == 0 or s[O_HEAP + ENTRY] != now:
        return s[O_HEAP_SIZE] * 0 - 2
    return _extract(s)
