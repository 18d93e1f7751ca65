"""Requests in flight: a request of the trace gets a record when it is issued, until it is answered.

Records are few and used again at once, so they stay in the cache however long the trace is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .compiled import borrowing, merged
from .layout import (
    BANK, BANKS, BURST, CHANNEL, CHANNELS, D_DECODE_BANK, D_DECODE_PLACE, D_DECODE_ROW, FR_FCFS_GRP,
    G_FREE, G_FULL, G_RECORDS_END, G_REQUESTS, G_UNUSED, K_ARBITER, K_BANKS, K_BANK_BITS, K_BURSTS,
    K_BURST_BYTES, K_PLAYERS, K_SCHEDULER, K_STRIDE, PLAYER, PLAYERS, P_ISSUE, P_NEXT, P_RETURN,
    P_RETURN_TAIL, Q_BANK, Q_FINISH, Q_PLACE, Q_REQUEST, Q_ROW, Q_WRITE, REORDER_ARBITER, REQUEST,
    R_CHANNEL, R_LEFT, R_NEXT, R_NUMBER,
    R_QUEUE,
)  # fmt: skip


class Trace(NamedTuple):
    """The trace as the kernel sees it, and what it is asked for: words of (n,) arrays."""

    stamp: Any  # int64: the cycle at which each request may be issued first
    is_write: Any  # uint8
    address: Any  # int64, bytes
    following: Any  # int32: the next request of the same initiator; read where there are several
    latency: Any  # int64: from the stamp to the response; written


@borrowing
def decoded(address, terms, s):
    """A field of ``address``: the XOR of its terms, each a shift right, a mask and a shift left.

    ``terms``: where their number stands in ``s``; the terms follow it.
    """
    out = address * 0
    for i in range(terms + 1, terms + 1 + 3 * s[terms], 3):
        out ^= ((address >> s[i]) & s[i + 1]) << s[i + 2]
    return out


@merged
def first_requests(s, trace):
    """Every initiator is about to issue its first request."""
    if s[K_PLAYERS] == 1:
        if s[G_REQUESTS] > 0:
            s[PLAYERS + P_NEXT] = 0
            s[PLAYERS + P_ISSUE] = trace.stamp[0]
        return
    for i in range(s[G_REQUESTS] - 1, -1, -1):
        channel = decoded(trace.address[i], D_DECODE_BANK, s) >> s[K_BANK_BITS]
        p = PLAYERS + channel * PLAYER
        trace.following[i] = s[p + P_NEXT]
        s[p + P_NEXT] = i
        s[p + P_ISSUE] = trace.stamp[i]


@merged
def give_bursts(t, number, s, trace):
    """The bursts of request ``t``, which is ``number`` of the trace, and its channel.

    A request stays in the channel of its first burst, as in DRAMSys.
    """
    address, write = trace.address[number], np.int64(trace.is_write[number])
    in_channel = s[K_BANKS] - 1
    bank = decoded(address, D_DECODE_BANK, s)
    channel = bank & ~in_channel
    s[t + R_CHANNEL] = CHANNELS + (channel >> s[K_BANK_BITS]) * CHANNEL
    k, end = t + REQUEST, t + s[K_STRIDE]
    while True:
        s[k + Q_BANK] = BANKS + (channel + (bank & in_channel)) * BANK
        s[k + Q_WRITE] = write
        s[k + Q_ROW] = decoded(address, D_DECODE_ROW, s)
        if s[K_SCHEDULER] == FR_FCFS_GRP:  # the only one that asks
            s[k + Q_PLACE] = decoded(address, D_DECODE_PLACE, s)
        s[k + Q_FINISH] = 0
        s[k + Q_REQUEST] = t
        k += BURST
        if k == end:
            return
        address += s[K_BURST_BYTES]
        bank = decoded(address, D_DECODE_BANK, s)


@borrowing
def take(p, s, trace):
    """An initiator's next request gets a record; returns it, or -1 where none is left."""
    t = s[G_FREE]
    if t >= 0:
        s[G_FREE] = s[t + R_QUEUE]
    else:
        t = s[G_UNUSED]
        if t >= s[G_RECORDS_END]:
            s[G_FULL] = 1  # the run ends, and is played again with more
            return 0 * t - 1
        s[G_UNUSED] = t + s[K_STRIDE]
    number = s[p + P_NEXT]
    s[t + R_NUMBER] = number
    s[t + R_LEFT] = s[K_BURSTS]
    give_bursts(t, number, s, trace)
    if s[K_ARBITER] == REORDER_ARBITER:
        s[t + R_NEXT] = -1
        if s[p + P_RETURN] < 0:
            s[p + P_RETURN] = t
        else:
            s[s[p + P_RETURN_TAIL] + R_NEXT] = t
        s[p + P_RETURN_TAIL] = t
    if s[K_PLAYERS] > 1:
        s[p + P_NEXT] = trace.following[number]
    else:
        s[p + P_NEXT] = number + 1 if number + 1 < s[G_REQUESTS] else 0 * number - 1
    return t


@borrowing
def give_back(t, s):
    """A request was answered: its record is free."""
    s[t + R_QUEUE] = s[G_FREE]
    s[G_FREE] = t


@borrowing
def burst_number(k, s):
    """The number of burst ``k``, counted over the trace."""
    t = s[k + Q_REQUEST]
    return s[t + R_NUMBER] * s[K_BURSTS] + (k - t - REQUEST) // BURST
