"""The way in: initiators, the arbiter's queues, and the one request at a controller's door."""

from __future__ import annotations

from .compiled import borrowing, merged
from .layout import (
    CHANNEL, CHANNELS, CH_ACK, CH_ARRIVAL, CH_BUSY, CH_PEND_HEAD, CH_PEND_TAIL, CH_REQUEST, FOREVER,
    K_ARBITER, K_BANK_BITS, K_FORESEEN, K_MAX_ACTIVE, K_ORDERED, K_PLAYERS, K_STRIDE, PLAYER,
    PLAYERS, P_ACTIVE, P_ISSUE, P_NEXT, P_WAITING, Q_BANK, R_NEXT, R_QUEUE, SIMPLE_ARBITER,
)  # fmt: skip
from .messages import END_REQUEST, tell


@borrowing
def channel_of(request, s, q):
    """The position of the channel of a request; it stays in that of its first burst."""
    bank = q[request * s[K_STRIDE] + Q_BANK] >> 1
    return CHANNELS + (bank >> s[K_BANK_BITS]) * CHANNEL


@borrowing
def player_of(c, s):
    """The position of the initiator of a channel's requests."""
    return PLAYERS + ((c - CHANNELS) // CHANNEL if s[K_PLAYERS] > 1 else 0) * PLAYER


@borrowing
def forward(request, now, simple, s, q):
    """The arbiter takes a request now and passes it on once the controller took the one before.

    ``simple``: whether it is the Simple arbiter.
    """
    c = channel_of(request, s, q)
    if s[c + CH_BUSY]:
        q[request * s[K_STRIDE] + R_QUEUE] = -1
        if s[c + CH_PEND_HEAD] < 0:
            s[c + CH_PEND_HEAD] = request
        else:
            q[s[c + CH_PEND_TAIL] * s[K_STRIDE] + R_QUEUE] = request
        s[c + CH_PEND_TAIL] = request
        return
    s[c + CH_BUSY] = 1
    s[c + CH_REQUEST] = request
    ack = s[c + CH_ACK]
    if simple:
        s[c + CH_ARRIVAL] = now + 1 if now >= ack else ack + 2
    else:
        s[c + CH_ARRIVAL] = max(now, ack + 1) + 1


@borrowing
def advance(p, request, earliest, s, q, stamp):
    """An initiator turns to its next request, which it issues at ``earliest`` or at its stamp."""
    following = q[request * s[K_STRIDE] + R_NEXT]
    s[p + P_NEXT] = following
    s[p + P_ISSUE] = max(stamp[following], earliest) if following >= 0 else FOREVER


@merged
def issue_requests(p, now, s, q, stamp):
    """Everything that an initiator issues this cycle."""
    simple = s[K_ARBITER] == SIMPLE_ARBITER
    while s[p + P_ISSUE] <= now:
        request = s[p + P_NEXT]
        if simple:
            s[p + P_ISSUE] = FOREVER  # until it is acknowledged
            forward(request, now, True, s, q)
            return
        if s[p + P_ACTIVE] >= s[K_MAX_ACTIVE]:
            s[p + P_WAITING] = 1
            s[p + P_ISSUE] = FOREVER
            return
        s[p + P_ACTIVE] += 1
        advance(p, request, now, s, q, stamp)
        forward(request, now, False, s, q)


@merged
def take_freed_slot(p, now, s, q, stamp):
    """The request that waited for a slot gets the one that a response freed."""
    request = s[p + P_NEXT]
    s[p + P_WAITING] = 0
    advance(p, request, now, s, q, stamp)
    forward(request, now, False, s, q)


@merged
def acknowledge(c, now, when, s, q, stamp):
    """The controller took its request: the arbiter hears of it at cycle ``when``."""
    request = s[c + CH_REQUEST]
    s[c + CH_REQUEST] = -1
    s[c + CH_ARRIVAL] = FOREVER
    if s[K_ORDERED]:
        tell(END_REQUEST, request, now, when, s)
        return
    s[c + CH_BUSY] = 0
    s[c + CH_ACK] = when
    held = s[c + CH_PEND_HEAD]
    if held >= 0:
        s[c + CH_PEND_HEAD] = q[held * s[K_STRIDE] + R_QUEUE]
        s[c + CH_BUSY] = 1
        s[c + CH_REQUEST] = held
        s[c + CH_ARRIVAL] = when + 2
    if s[K_FORESEEN]:  # the next request sets out at once
        following = q[request * s[K_STRIDE] + R_NEXT]
        if following >= 0:
            s[c + CH_BUSY] = 1
            s[c + CH_REQUEST] = following
            s[c + CH_ARRIVAL] = max(stamp[following], when) + 1
    elif s[K_ARBITER] == SIMPLE_ARBITER:
        advance(player_of(c, s), request, when, s, q, stamp)
