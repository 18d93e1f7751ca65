"""The way in: initiators, the arbiter's queues, and the one request at a controller's door."""

from __future__ import annotations

from .compiled import borrowing
from .layout import (
    CH_ACK, CH_ARRIVAL, CH_BUSY, CH_PEND_HEAD, CH_PEND_TAIL, CH_REQUEST, FOREVER, P_ACTIVE,
    P_ISSUE, P_NEXT, P_WAITING, SIMPLE_ARBITER,
)  # fmt: skip


@borrowing
def forward(request, now, requests, s, simple):
    """The arbiter takes a request now and passes it on once the controller took the one before."""
    c = s.channel[requests.channel[request]]
    if c[CH_BUSY]:
        s.queue[request] = -1
        if c[CH_PEND_HEAD] < 0:
            c[CH_PEND_HEAD] = request
        else:
            s.queue[c[CH_PEND_TAIL]] = request
        c[CH_PEND_TAIL] = request
        return
    c[CH_BUSY] = 1
    c[CH_REQUEST] = request
    ack = c[CH_ACK]
    if simple:
        c[CH_ARRIVAL] = now + 1 if now >= ack else ack + 2
    else:
        c[CH_ARRIVAL] = max(now, ack + 1) + 1


@borrowing
def _advance(p, request, earliest, requests):
    p[P_NEXT] = requests.following[request]
    p[P_ISSUE] = FOREVER
    if p[P_NEXT] >= 0:
        p[P_ISSUE] = max(requests.stamp[p[P_NEXT]], earliest)


@borrowing
def issue_requests(player, now, requests, s, design):
    """Everything that an initiator issues this cycle."""
    p = s.player[player]
    while p[P_ISSUE] <= now:
        request = p[P_NEXT]
        if design.arbiter == SIMPLE_ARBITER:
            p[P_ISSUE] = FOREVER  # until it is acknowledged
            forward(request, now, requests, s, True)
            return
        if p[P_ACTIVE] >= design.max_active:
            p[P_WAITING] = 1
            p[P_ISSUE] = FOREVER
            return
        p[P_ACTIVE] += 1
        _advance(p, request, now, requests)
        forward(request, now, requests, s, False)


@borrowing
def take_freed_slot(player, now, requests, s):
    """The request that waited for a slot gets the one that a response freed."""
    p = s.player[player]
    request = p[P_NEXT]
    p[P_WAITING] = 0
    _advance(p, request, now, requests)
    forward(request, now, requests, s, False)


@borrowing
def acknowledge(ch, when, requests, s, simple):
    """The controller took its request: the arbiter hears of it at cycle ``when``."""
    c = s.channel[ch]
    request = c[CH_REQUEST]
    c[CH_REQUEST] = -1
    c[CH_ARRIVAL] = FOREVER
    c[CH_BUSY] = 0
    c[CH_ACK] = when
    if c[CH_PEND_HEAD] >= 0:
        held = c[CH_PEND_HEAD]
        c[CH_PEND_HEAD] = s.queue[held]
        c[CH_BUSY] = 1
        c[CH_REQUEST] = held
        c[CH_ARRIVAL] = when + 2
    if simple:
        _advance(s.player[requests.player[request]], request, when, requests)
