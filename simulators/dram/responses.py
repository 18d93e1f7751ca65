"""The way back: from the end of a data burst to the initiator, in order where order is asked for."""

from __future__ import annotations

from .compiled import compiled
from .layout import (
    R_LAST, R_LAST_ORDERED, R_NEXT, R_NEXT_ORDERED, R_RELEASED, REORDER_ARBITER, SIMPLE_ARBITER,
    T_RELEASE, T_RESPONSE_GAP_QUEUED, T_RESPONSE_GAP_SIMPLE,
)  # fmt: skip


@compiled
def respond(r, k, burst_end, finish, released, latency, stamp, reorder, arbiter, t):
    """Request ``k``'s data burst ends at ``burst_end``: send what may now be sent.

    ``finish`` (n,) holds burst ends (0: unknown); with a reordering arbiter behind a Fifo queue a
    sent response is kept there negated.  ``released`` (n,) collects, in order of response, the
    cycles at which the arbiter gets a slot back.
    """
    n = finish.shape[0]
    finish[k] = burst_end
    gap = t[T_RESPONSE_GAP_SIMPLE] if arbiter == SIMPLE_ARBITER else t[T_RESPONSE_GAP_QUEUED]
    if not reorder:
        sent = max(burst_end, r[R_LAST] + gap)
        r[R_LAST] = sent
        if arbiter != REORDER_ARBITER:
            _deliver(r, k, sent, released, latency, stamp, arbiter, t)
            return
        finish[k] = -sent
        k = r[R_NEXT_ORDERED]
        while k < n and finish[k] < 0:
            sent = max(-finish[k], r[R_LAST_ORDERED] + gap)
            r[R_LAST_ORDERED] = sent
            _deliver(r, k, sent, released, latency, stamp, arbiter, t)
            k += 1
        r[R_NEXT_ORDERED] = k
        return
    k = r[R_NEXT]
    while k < n and finish[k] > 0:
        sent = max(finish[k], r[R_LAST] + gap)
        r[R_LAST] = sent
        _deliver(r, k, sent, released, latency, stamp, arbiter, t)
        k += 1
    r[R_NEXT] = k


@compiled
def _deliver(r, k, sent, released, latency, stamp, arbiter, t):
    latency[k] = sent - stamp[k]
    if arbiter != SIMPLE_ARBITER:
        released[r[R_RELEASED]] = sent + t[T_RELEASE]
        r[R_RELEASED] += 1
