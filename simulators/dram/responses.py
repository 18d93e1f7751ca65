"""The way back: from the end of a data burst to the initiator, in order where order is asked for."""

from __future__ import annotations

from .compiled import borrowing
from .layout import (
    R_LAST, R_LAST_ORDERED, R_NEXT, R_NEXT_ORDERED, R_RELEASED, REORDER_ARBITER, SIMPLE_ARBITER,
    T_RELEASE, T_RESPONSE_GAP_QUEUED, T_RESPONSE_GAP_SIMPLE,
)  # fmt: skip


@borrowing
def respond(responses, k, burst_end, stamp, design, t):
    """A request's data burst ends: send what may now be sent.

    Args:
        responses: the way back, :class:`~.state.Responses`.
        k: the request's number.
        burst_end: the cycle at which it ends.
        stamp: (n,) cycles, from which on each request may be issued.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    r, finish = responses.state, responses.finish
    n = finish.shape[0]
    finish[k] = burst_end
    simple = design.arbiter == SIMPLE_ARBITER
    gap = t[T_RESPONSE_GAP_SIMPLE] if simple else t[T_RESPONSE_GAP_QUEUED]
    if not design.reorder:
        sent = max(burst_end, r[R_LAST] + gap)
        r[R_LAST] = sent
        if design.arbiter != REORDER_ARBITER:
            _deliver(responses, k, sent, stamp, simple, t)
            return
        # the controller sends as data comes, the arbiter in order: what it holds back is negated
        finish[k] = -sent
        k = r[R_NEXT_ORDERED]
        while k < n and finish[k] < 0:
            sent = max(-finish[k], r[R_LAST_ORDERED] + gap)
            r[R_LAST_ORDERED] = sent
            _deliver(responses, k, sent, stamp, simple, t)
            k += 1
        r[R_NEXT_ORDERED] = k
        return
    k = r[R_NEXT]
    while k < n and finish[k] > 0:
        sent = max(finish[k], r[R_LAST] + gap)
        r[R_LAST] = sent
        _deliver(responses, k, sent, stamp, simple, t)
        k += 1
    r[R_NEXT] = k


@borrowing
def _deliver(responses, k, sent, stamp, simple, t):
    responses.latency[k] = sent - stamp[k]
    if not simple:
        r = responses.state
        responses.released[r[R_RELEASED]] = sent + t[T_RELEASE]
        r[R_RELEASED] += 1
