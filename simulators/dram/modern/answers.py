"""The way back: response queues, the arbiter and the initiators' ports.

A controller sends one response and waits for its END_RESP: a cycle behind the Simple arbiter, in the
same cycle behind the others.  An initiator takes one response and ends it a cycle later; one that
waited for that is sent a cycle after.

Behind the Simple arbiter, where each channel has an initiator of its own and requests are single bursts
answered in order of access, an answer leaves when its data ends, at least a cycle after the one before:
it is *foreseen* with the access, and no event of the way back is played, unless the controller waits for
one.
"""

from __future__ import annotations

from .arrivals import channel_of, player_of
from .compiled import borrowing, merged
from .events import DATA, FIRST_CHANNEL, OF_CHANNEL, notify_at
from .layout import (
    BURST, CHANNEL, CHANNELS, CH_ANSWERED, CH_DATA, CH_DATA_ENDS, CH_ENDS, CH_END_RESP,
    CH_END_RESP_NEXT, CH_RELEASE, CH_RESP_HEAD, CH_RESP_TAIL, D_RESPONSE_GAP, FOREVER, G_ANSWERED,
    G_LAST_SENT, G_MESSAGE, G_MESSAGES, K_ARBITER, K_BURST_BITS, K_ORDERED, K_STRIDE, P_ACTIVE,
    P_BUSY, P_CHANNEL, P_END, P_LAST_END, P_PEND_HEAD, P_PEND_TAIL, P_RETURN, P_WAITING, Q_ANSWER,
    RELEASE_AWAITED, RELEASE_NONE, REORDER_ARBITER, R_LEFT, R_NEXT, R_QUEUE, SIMPLE_ARBITER,
)  # fmt: skip
from .messages import BEGIN_RESPONSE, tell


@borrowing
def await_data(c, now, s, finish):
    """Wake the controller when the next burst to answer is complete, if that lies ahead."""
    k = s[c + CH_RESP_HEAD]
    if k >= 0 and finish[k] > now:
        if s[K_ORDERED]:
            notify_at(FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + DATA, finish[k], s)
        else:
            s[c + CH_DATA] = min(s[c + CH_DATA], finish[k])


@borrowing
def queue_in_order(c, k, s, q):
    """Append burst ``k`` to the response queue."""
    q[k * BURST + Q_ANSWER] = -1
    if s[c + CH_RESP_HEAD] < 0:
        s[c + CH_RESP_HEAD] = k
    else:
        q[s[c + CH_RESP_TAIL] * BURST + Q_ANSWER] = k
    s[c + CH_RESP_TAIL] = k


@borrowing
def manage_answers(c, now, s, q, finish):
    """The controller ends its last response and begins the next one."""
    if s[c + CH_RELEASE] == RELEASE_AWAITED:
        return
    s[c + CH_RELEASE] = RELEASE_NONE
    k = s[c + CH_RESP_HEAD]
    if k < 0:
        return
    if finish[k] == 0 or finish[k] > now:
        await_data(c, now, s, finish)
        return
    s[c + CH_RESP_HEAD] = q[k * BURST + Q_ANSWER]
    request = k >> s[K_BURST_BITS]
    q[request * s[K_STRIDE] + R_LEFT] -= 1
    if q[request * s[K_STRIDE] + R_LEFT] == 0:
        s[c + CH_RELEASE] = RELEASE_AWAITED
        if s[K_ORDERED]:
            tell(BEGIN_RESPONSE, request, now, now, s)
            return
        s[G_MESSAGE + s[G_MESSAGES]] = request
        s[G_MESSAGES] += 1
    else:
        await_data(c, now, s, finish)


@merged
def foresee(c, k, now, s, q, finish, stamp, latency):
    """Burst ``k``, which is a request, was accessed: its answer is known."""
    when = max(finish[k], s[c + CH_ANSWERED] + 1)
    s[c + CH_ANSWERED] = when
    finish[k] = when
    latency[k] = when - stamp[k]
    queue_in_order(c, k, s, q)
    s[G_ANSWERED] += 1
    s[G_LAST_SENT] = max(s[G_LAST_SENT], when)


@borrowing
def await_answers(c, now, s, q, finish):
    """A controller that waits for any event is called when its next answer leaves or has left."""
    k = s[c + CH_RESP_HEAD]
    while k >= 0 and finish[k] + 1 < now:
        k = q[k * BURST + Q_ANSWER]
    if k >= 0 and finish[k] + 1 == now:
        s[c + CH_END_RESP] = s[c + CH_ENDS]
        s[c + CH_ENDS] = 0
        k = q[k * BURST + Q_ANSWER]
    s[c + CH_RESP_HEAD] = k
    if k < 0:
        return
    ends = finish[k] <= now
    s[c + CH_DATA] = finish[k] + ends
    s[c + CH_DATA_ENDS] = ends


@borrowing
def send(p, c, request, when, s, stamp, latency):
    """A response is put on an initiator's port."""
    latency[request] = when - stamp[request]
    s[p + P_BUSY] = 1
    s[p + P_END] = when + 1
    s[p + P_CHANNEL] = c
    s[G_ANSWERED] += 1
    s[G_LAST_SENT] = max(s[G_LAST_SENT], when)


@merged
def hold(p, request, s, q):
    """A response waits for its initiator's port."""
    q[request * s[K_STRIDE] + R_QUEUE] = -1
    if s[p + P_PEND_HEAD] < 0:
        s[p + P_PEND_HEAD] = request
    else:
        q[s[p + P_PEND_TAIL] * s[K_STRIDE] + R_QUEUE] = request
    s[p + P_PEND_TAIL] = request


@merged
def deliver(request, now, s, q, stamp, latency):
    """The arbiter got a response from a controller."""
    c = channel_of(request, s, q)
    p = player_of(c, s)
    when = now
    if s[K_ARBITER] != SIMPLE_ARBITER:
        s[c + CH_END_RESP_NEXT] = 1
        when = max(now, s[p + P_LAST_END] + s[D_RESPONSE_GAP] - 1)
    if s[K_ARBITER] == REORDER_ARBITER:
        q[request * s[K_STRIDE] + R_LEFT] = -1
        if s[p + P_BUSY] or s[p + P_RETURN] != request:
            return
        s[p + P_RETURN] = q[request * s[K_STRIDE] + R_NEXT]
    elif s[p + P_BUSY]:
        hold(p, request, s, q)
        return
    send(p, c, request, when, s, stamp, latency)


@merged
def end_response(p, now, s, q, stamp, latency):
    """An initiator's END_RESP reaches the arbiter; returns whether a request in wait got its slot."""
    s[p + P_BUSY] = 0
    s[p + P_END] = FOREVER
    s[p + P_LAST_END] = now
    simple = s[K_ARBITER] == SIMPLE_ARBITER
    freed = False
    if simple:
        s[s[p + P_CHANNEL] + CH_END_RESP] = 1
    elif s[p + P_WAITING]:
        freed = True
    else:
        s[p + P_ACTIVE] -= 1
    when = now + (1 if simple else s[D_RESPONSE_GAP] - 1)
    request = s[p + P_PEND_HEAD]
    if s[K_ARBITER] == REORDER_ARBITER:
        request = s[p + P_RETURN]
        if request < 0 or q[request * s[K_STRIDE] + R_LEFT] != -1:
            return freed
        s[p + P_RETURN] = q[request * s[K_STRIDE] + R_NEXT]
    elif request >= 0:
        s[p + P_PEND_HEAD] = q[request * s[K_STRIDE] + R_QUEUE]
    if request >= 0:
        send(p, channel_of(request, s, q), request, when, s, stamp, latency)
    return freed
