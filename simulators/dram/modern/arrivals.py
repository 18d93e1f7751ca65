"""The way in: initiators, the arbiter's queues, and the one request at a controller's door."""

from __future__ import annotations

from .compiled import borrowing, merged
from .flight import take
from .layout import (
    CHANNEL, CHANNELS, CH_ACK, CH_ARRIVAL, CH_BUSY, CH_PEND_HEAD, CH_PEND_TAIL, CH_REQUEST, FOREVER,
    K_ARBITER, K_FORESEEN, K_MAX_ACTIVE, K_ORDERED, K_PLAYERS, PLAYER, PLAYERS, P_ACTIVE, P_ISSUE,
    P_NEXT, P_WAITING, R_CHANNEL, R_QUEUE, SIMPLE_ARBITER,
)  # fmt: skip
from .messages import END_REQUEST, tell


@borrowing
def player_of(c, s):
    """The position of the initiator of a channel's requests."""
    return PLAYERS + ((c - CHANNELS) // CHANNEL if s[K_PLAYERS] > 1 else 0 * c) * PLAYER


@borrowing
def forward(t, now, s):
    """The arbiter takes a request now and passes it on once the controller took the one before."""
    c = s[t + R_CHANNEL]
    if s[c + CH_BUSY]:
        s[t + R_QUEUE] = -1
        if s[c + CH_PEND_HEAD] < 0:
            s[c + CH_PEND_HEAD] = t
        else:
            s[s[c + CH_PEND_TAIL] + R_QUEUE] = t
        s[c + CH_PEND_TAIL] = t
        return
    s[c + CH_BUSY] = 1
    s[c + CH_REQUEST] = t
    ack = s[c + CH_ACK]
    if s[K_ARBITER] == SIMPLE_ARBITER:
        s[c + CH_ARRIVAL] = now + 1 if now >= ack else ack + 2
    else:
        s[c + CH_ARRIVAL] = max(now, ack + 1) + 1


@borrowing
def advance(p, earliest, s, trace):
    """An initiator issues its next request at ``earliest`` or at its stamp."""
    following = s[p + P_NEXT]
    s[p + P_ISSUE] = max(trace.stamp[following], earliest) if following >= 0 else FOREVER


@borrowing
def issue_next(p, now, s, trace):
    """An initiator issues its next request; behind Fifo and Reorder it turns to the one after at once."""
    t = take(p, s, trace)
    if s[K_ARBITER] == SIMPLE_ARBITER:
        s[p + P_ISSUE] = FOREVER  # until it is acknowledged
    else:
        advance(p, now, s, trace)
    if t >= 0:
        forward(t, now, s)


@merged
def issue_requests(p, now, s, trace):
    """Everything that an initiator issues this cycle."""
    while s[p + P_ISSUE] <= now:
        if s[K_ARBITER] != SIMPLE_ARBITER:
            if s[p + P_ACTIVE] >= s[K_MAX_ACTIVE]:
                s[p + P_WAITING] = 1
                s[p + P_ISSUE] = FOREVER
                return
            s[p + P_ACTIVE] += 1
        issue_next(p, now, s, trace)


@merged
def take_freed_slot(p, now, s, trace):
    """The request that waited for a slot gets the one that a response freed."""
    s[p + P_WAITING] = 0
    issue_next(p, now, s, trace)


@merged
def acknowledge(c, now, when, s, trace):
    """The controller took its request: the arbiter hears of it at cycle ``when``."""
    t = s[c + CH_REQUEST]
    s[c + CH_REQUEST] = -1
    s[c + CH_ARRIVAL] = FOREVER
    if s[K_ORDERED]:
        tell(END_REQUEST, t, now, when, s)
        return
    s[c + CH_BUSY] = 0
    s[c + CH_ACK] = when
    held = s[c + CH_PEND_HEAD]
    if held >= 0:
        s[c + CH_PEND_HEAD] = s[held + R_QUEUE]
        s[c + CH_BUSY] = 1
        s[c + CH_REQUEST] = held
        s[c + CH_ARRIVAL] = when + 2
    if s[K_FORESEEN]:  # the next request sets out at once
        p = player_of(c, s)
        following = s[p + P_NEXT]
        if following >= 0:
            t = take(p, s, trace)
            if t >= 0:
                s[c + CH_BUSY] = 1
                s[c + CH_REQUEST] = t
                s[c + CH_ARRIVAL] = max(trace.stamp[following], when) + 1
    elif s[K_ARBITER] == SIMPLE_ARBITER:
        advance(player_of(c, s), when, s, trace)
