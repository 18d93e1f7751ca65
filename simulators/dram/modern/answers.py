"""The way back: response queues, the arbiter and the initiators' ports.

A controller sends one response and waits for its END_RESP: a cycle behind the Simple arbiter, in the
same cycle behind the others.  An initiator takes one response and ends it a cycle later; one that
waited for that is sent a cycle after.
"""

from __future__ import annotations

from .compiled import borrowing
from .layout import (
    CH_DATA, CH_END_RESP, CH_END_RESP_NEXT, CH_RELEASE, CH_RESP_HEAD, CH_RESP_TAIL, D_RESPONSE_GAP,
    FOREVER, G_ANSWERED, G_LAST_SENT, G_MESSAGES, P_ACTIVE, P_BUSY, P_CHANNEL, P_END, P_LAST_END,
    P_PEND_HEAD, P_PEND_TAIL, P_RETURN, P_WAITING, RELEASE_AWAITED, RELEASE_NONE,
    REORDER_ARBITER, SIMPLE_ARBITER,
)  # fmt: skip


@borrowing
def await_data(c, k, now, s):
    """Wake the controller when burst ``k``, the next to answer, is complete, if that lies ahead."""
    if k >= 0 and s.finish[k] > now:
        c[CH_DATA] = min(c[CH_DATA], s.finish[k])


@borrowing
def queue_answer(c, k, finish, reorder, s):
    """Burst ``k`` was accessed; its data ends at ``finish``."""
    s.finish[k] = finish
    if not reorder:  # in order of access; else ``queue_in_order`` did it
        queue_in_order(c, k, s)


@borrowing
def queue_in_order(c, k, s):
    """Append burst ``k`` to the response queue."""
    s.answer[k] = -1
    if c[CH_RESP_HEAD] < 0:
        c[CH_RESP_HEAD] = k
    else:
        s.answer[c[CH_RESP_TAIL]] = k
    c[CH_RESP_TAIL] = k


@borrowing
def manage_answers(ch, now, requests, s):
    """The controller ends its last response and begins the next one."""
    c = s.channel[ch]
    if c[CH_RELEASE] == RELEASE_AWAITED:
        return
    c[CH_RELEASE] = RELEASE_NONE
    k = c[CH_RESP_HEAD]
    if k < 0:
        return
    if s.finish[k] == 0 or s.finish[k] > now:
        await_data(c, k, now, s)
        return
    c[CH_RESP_HEAD] = s.answer[k]
    request = requests.owner[k]
    s.left[request] -= 1
    if s.left[request] == 0:
        c[CH_RELEASE] = RELEASE_AWAITED
        s.message[s.glob[G_MESSAGES]] = request
        s.glob[G_MESSAGES] += 1
    else:
        await_data(c, c[CH_RESP_HEAD], now, s)


@borrowing
def _send(request, when, requests, s):
    s.latency[request] = when - requests.stamp[request]
    p = s.player[requests.player[request]]
    p[P_BUSY] = 1
    p[P_END] = when + 1
    p[P_CHANNEL] = requests.channel[request]
    s.glob[G_ANSWERED] += 1
    s.glob[G_LAST_SENT] = max(s.glob[G_LAST_SENT], when)


@borrowing
def _hold(p, request, s):
    s.queue[request] = -1
    if p[P_PEND_HEAD] < 0:
        p[P_PEND_HEAD] = request
    else:
        s.queue[p[P_PEND_TAIL]] = request
    p[P_PEND_TAIL] = request


@borrowing
def deliver(request, now, requests, s, design, t):
    """The arbiter got a response from a controller."""
    p = s.player[requests.player[request]]
    if design.arbiter == SIMPLE_ARBITER:
        if p[P_BUSY]:
            _hold(p, request, s)
        else:
            _send(request, now, requests, s)
        return
    s.channel[requests.channel[request], CH_END_RESP_NEXT] = 1
    when = max(now, p[P_LAST_END] + t[D_RESPONSE_GAP] - 1)
    if design.arbiter == REORDER_ARBITER:
        s.left[request] = -1
        if not p[P_BUSY] and p[P_RETURN] == request:
            p[P_RETURN] = requests.following[request]
            _send(request, when, requests, s)
    elif p[P_BUSY]:
        _hold(p, request, s)
    else:
        _send(request, when, requests, s)


@borrowing
def end_response(player, now, requests, s, design, t):
    """An initiator's END_RESP reaches the arbiter; returns whether a request in wait got its slot."""
    p = s.player[player]
    p[P_BUSY] = 0
    p[P_END] = FOREVER
    p[P_LAST_END] = now
    simple = design.arbiter == SIMPLE_ARBITER
    freed = False
    if simple:
        c = s.channel[p[P_CHANNEL]]
        c[CH_END_RESP] = 1
    elif p[P_WAITING]:
        freed = True
    else:
        p[P_ACTIVE] -= 1
    gap = 1 if simple else t[D_RESPONSE_GAP] - 1
    if design.arbiter == REORDER_ARBITER:
        request = p[P_RETURN]
        if request >= 0 and s.left[request] == -1:
            p[P_RETURN] = requests.following[request]
            _send(request, now + gap, requests, s)
    elif p[P_PEND_HEAD] >= 0:
        request = p[P_PEND_HEAD]
        p[P_PEND_HEAD] = s.queue[request]
        _send(request, now + gap, requests, s)
    return freed
