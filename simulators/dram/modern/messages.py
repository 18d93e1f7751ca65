"""Messages to the arbiter and to the initiator: for the next delta cycle, or for a later cycle."""

from __future__ import annotations

from .compiled import borrowing
from .events import ARBITER, INITIATOR, notify_at, notify_delta
from .layout import ENTRY, MESSAGES, O_DELTA_CYCLE, O_TO_ARBITER, O_TO_INITIATOR
from .timeline import put

(
    BEGIN_REQUEST, END_REQUEST, BEGIN_RESPONSE, END_RESPONSE, REQUEST_ARBITRATION,
    RESPONSE_ARBITRATION,
) = range(6)  # fmt: skip
NOTHING = -1
# ---- a receiver: messages for a delta cycle, messages for a cycle; then two lists, of (delta cycle or
# cycle, what, request) each
HEAD = 4


@borrowing
def _send(to, event, what, request, now, when, s):
    if when == now:
        put(to, to + HEAD, s[O_DELTA_CYCLE], what, request, s)
        notify_delta(event, s)
    else:
        put(to + 1, to + HEAD + MESSAGES, when, what, request, s)
        notify_at(event, when, s)


@borrowing
def tell(what, request, now, when, s):
    """Tell the arbiter at a cycle ``what`` there is about ``request``: one of the messages above."""
    _send(O_TO_ARBITER, ARBITER, what, request, now, when, s)


@borrowing
def to_initiator(what, request, now, when, s):
    """Tell the initiator at a cycle ``what`` there is about ``request``: one of the messages above."""
    _send(O_TO_INITIATOR, INITIATOR, what, request, now, when, s)


@borrowing
def _take(count, first, s):
    """Take the first message of a list."""
    what, request = s[first + 1], s[first + 2]
    s[count] -= 1
    for i in range(s[count] * ENTRY):
        s[first + i] = s[first + ENTRY + i]
    return what, request


@borrowing
def first_message(to, now, delta, s):
    """(what, request) of the next message of a receiver, NOTHING where there is none.

    ``to``: where the receiver's messages lie, O_TO_ARBITER or O_TO_INITIATOR.  Those of the last delta
    cycle come first.  What is left for later cycles is announced again.
    """
    if s[to] > 0 and s[to + HEAD] < delta:
        return _take(to, to + HEAD, s)
    later = to + HEAD + MESSAGES
    if s[to + 1] > 0:
        if s[later] == now:
            return _take(to + 1, later, s)
        notify_at(ARBITER if to == O_TO_ARBITER else INITIATOR, s[later], s)
    return now * 0 + NOTHING, now * 0
