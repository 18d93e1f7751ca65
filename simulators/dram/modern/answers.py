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

from .arrivals import player_of
from .compiled import borrowing, merged
from .events import DATA, FIRST_CHANNEL, OF_CHANNEL, notify_at
from .flight import give_back
from .layout import (
    CHANNEL, CHANNELS, CH_ANSWERED, CH_DATA, CH_DATA_ENDS, CH_ENDS, CH_END_RESP,
    CH_END_RESP_NEXT, CH_RELEASE, CH_RESP_HEAD, CH_RESP_TAIL, D_RESPONSE_GAP, FOREVER, G_ANSWERED,
    G_LAST_SENT, G_MESSAGE, G_MESSAGES, K_ARBITER, K_ORDERED, P_ACTIVE, P_BUSY, P_CHANNEL, P_END,
    P_LAST_END, P_PEND_HEAD, P_PEND_TAIL, P_RETURN, P_WAITING, Q_ANSWER, Q_FINISH, Q_REQUEST,
    RELEASE_AWAITED, RELEASE_NONE, REORDER_ARBITER, R_CHANNEL, R_LEFT, R_NEXT, R_NUMBER, R_QUEUE,
    SIMPLE_ARBITER,
)  # fmt: skip
from .messages import BEGIN_RESPONSE, tell


@borrowing
def await_data(c, now, s):
    """Wake the controller when the next burst to answer is complete, if that lies ahead."""
    k = s[c + CH_RESP_HEAD]
    if k >= 0 and s[k + Q_FINISH] > now:
        if s[K_ORDERED]:
            notify_at(
                FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + DATA, s[k + Q_FINISH], s
            )
        else:
            s[c + CH_DATA] = min(s[c + CH_DATA], s[k + Q_FINISH])


@borrowing
def queue_in_order(c, k, s):
    """Append burst ``k`` to the response queue."""
    s[k + Q_ANSWER] = -1
    if s[c + CH_RESP_HEAD] < 0:
        s[c + CH_RESP_HEAD] = k
    else:
        s[s[c + CH_RESP_TAIL] + Q_ANSWER] = k
    s[c + CH_RESP_TAIL] = k


@borrowing
def manage_answers(c, now, s):
    """The controller ends its last response and begins the next one."""
    if s[c + CH_RELEASE] == RELEASE_AWAITED:
        return
    s[c + CH_RELEASE] = RELEASE_NONE
    k = s[c + CH_RESP_HEAD]
    if k < 0:
        return
    if s[k + Q_FINISH] == 0 or s[k + Q_FINISH] > now:
        await_data(c, now, s)
        return
    s[c + CH_RESP_HEAD] = s[k + Q_ANSWER]
    t = s[k + Q_REQUEST]
    s[t + R_LEFT] -= 1
    if s[t + R_LEFT] == 0:
        s[c + CH_RELEASE] = RELEASE_AWAITED
        if s[K_ORDERED]:
            tell(BEGIN_RESPONSE, t, now, now, s)
            return
        s[G_MESSAGE + s[G_MESSAGES]] = t
        s[G_MESSAGES] += 1
    else:
        await_data(c, now, s)


@borrowing
def pass_over(c, before, s):
    """Forget the foreseen answers that left before the cycle ahead of ``before``; returns the next one."""
    k = s[c + CH_RESP_HEAD]
    while k >= 0 and s[k + Q_FINISH] + 1 < before:
        following = s[k + Q_ANSWER]
        give_back(s[k + Q_REQUEST], s)
        k = following
    s[c + CH_RESP_HEAD] = k
    return k


@merged
def foresee(c, k, now, s, trace):
    """Burst ``k``, which is a request, was accessed: its answer is known."""
    when = max(s[k + Q_FINISH], s[c + CH_ANSWERED] + 1)
    s[c + CH_ANSWERED] = when
    s[k + Q_FINISH] = when
    number = s[s[k + Q_REQUEST] + R_NUMBER]
    trace.latency[number] = when - trace.stamp[number]
    pass_over(c, now, s)
    queue_in_order(c, k, s)
    s[G_ANSWERED] += 1
    s[G_LAST_SENT] = max(s[G_LAST_SENT], when)


@borrowing
def await_answers(c, now, s):
    """A controller that waits for any event is called when its next answer leaves or has left."""
    k = pass_over(c, now, s)
    if k >= 0 and s[k + Q_FINISH] + 1 == now:
        s[c + CH_END_RESP] = s[c + CH_ENDS]
        s[c + CH_ENDS] = 0
        k = pass_over(c, now + 1, s)
    if k < 0:
        return
    ends = s[k + Q_FINISH] <= now
    s[c + CH_DATA] = s[k + Q_FINISH] + ends
    s[c + CH_DATA_ENDS] = ends


@borrowing
def send(p, t, when, s, trace):
    """The response to request ``t`` is put on an initiator's port."""
    number = s[t + R_NUMBER]
    trace.latency[number] = when - trace.stamp[number]
    s[p + P_BUSY] = 1
    s[p + P_END] = when + 1
    s[p + P_CHANNEL] = s[t + R_CHANNEL]
    s[G_ANSWERED] += 1
    s[G_LAST_SENT] = max(s[G_LAST_SENT], when)
    give_back(t, s)


@merged
def hold(p, t, s):
    """A response waits for its initiator's port."""
    s[t + R_QUEUE] = -1
    if s[p + P_PEND_HEAD] < 0:
        s[p + P_PEND_HEAD] = t
    else:
        s[s[p + P_PEND_TAIL] + R_QUEUE] = t
    s[p + P_PEND_TAIL] = t


@merged
def deliver(t, now, s, trace):
    """The arbiter got a response from a controller."""
    c = s[t + R_CHANNEL]
    p = player_of(c, s)
    when = now
    if s[K_ARBITER] != SIMPLE_ARBITER:
        s[c + CH_END_RESP_NEXT] = 1
        when = max(now, s[p + P_LAST_END] + s[D_RESPONSE_GAP] - 1)
    if s[K_ARBITER] == REORDER_ARBITER:
        s[t + R_LEFT] = -1
        if s[p + P_BUSY] or s[p + P_RETURN] != t:
            return
        s[p + P_RETURN] = s[t + R_NEXT]
    elif s[p + P_BUSY]:
        hold(p, t, s)
        return
    send(p, t, when, s, trace)


@merged
def end_response(p, now, s, trace):
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
    t = s[p + P_PEND_HEAD]
    if s[K_ARBITER] == REORDER_ARBITER:
        t = s[p + P_RETURN]
        if t < 0 or s[t + R_LEFT] != -1:
            return freed
        s[p + P_RETURN] = s[t + R_NEXT]
    elif t >= 0:
        s[p + P_PEND_HEAD] = s[t + R_QUEUE]
    if t >= 0:
        send(p, t, when, s, trace)
    return freed
