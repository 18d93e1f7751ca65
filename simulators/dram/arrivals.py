"""The way in: when the next request reaches the controller, past the player and the arbiter.

The Simple arbiter passes requests on one after the other.  The others hold ``max_active`` slots; a
request needs one, and gets it back with its response.
"""

from __future__ import annotations

from .compiled import borrowing
from .layout import (
    C_ACTIVE_LIMITED, FOREVER, R_RELEASED, SIMPLE_ARBITER, T_FORWARD, T_GAP_QUEUED, T_GAP_SIMPLE,
    W_ACCEPTED, W_ACKNOWLEDGED, W_ARRIVAL, W_NEXT, W_WAITING,
)  # fmt: skip


@borrowing
def bring_next(way_in, acknowledged, stamp, responses, design, t, out):
    """The controller took a request: when does the next one come?

    Args:
        way_in: state of the way in, ``layout.W_*``.
        acknowledged: cycle at which it was taken.
        stamp: (n,) cycles, from which on each request may be issued.
        responses: the way back, :class:`~.state.Responses`.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.
        out: counters of the run, ``layout.C_*``.
    """
    way_in[W_ACKNOWLEDGED] = acknowledged
    way_in[W_NEXT] += 1
    way_in[W_WAITING] = 0
    way_in[W_ARRIVAL] = FOREVER
    k = way_in[W_NEXT]
    if k == stamp.shape[0]:
        return
    if design.arbiter == SIMPLE_ARBITER:
        way_in[W_ARRIVAL] = max(stamp[k], acknowledged + t[T_GAP_SIMPLE]) + t[T_FORWARD]
        return
    slot = k - design.max_active  # the response that frees a slot for k; negative: one is free
    if slot < responses.state[R_RELEASED]:
        accepted = max(way_in[W_ACCEPTED], stamp[k])
        if slot >= 0 and responses.released[slot] > accepted:
            accepted = responses.released[slot]
            out[C_ACTIVE_LIMITED] = 1
        way_in[W_ACCEPTED] = accepted
        way_in[W_ARRIVAL] = max(accepted, acknowledged + t[T_GAP_QUEUED]) + t[T_FORWARD]
    else:  # all slots are taken: a later response brings it
        out[C_ACTIVE_LIMITED] = 1


@borrowing
def bring_freed(way_in, stamp, responses, design, t):
    """A response left: where the next request waits for a slot, that may have freed one.

    Args:
        way_in: state of the way in, ``layout.W_*``.
        stamp: (n,) cycles, from which on each request may be issued.
        responses: the way back, :class:`~.state.Responses`.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    k = way_in[W_NEXT]
    if way_in[W_ARRIVAL] != FOREVER or way_in[W_WAITING] or k == stamp.shape[0]:
        return
    slot = k - design.max_active
    if design.arbiter != SIMPLE_ARBITER and slot < responses.state[R_RELEASED]:
        accepted = max(max(way_in[W_ACCEPTED], stamp[k]), responses.released[slot])
        way_in[W_ACCEPTED] = accepted
        gap = way_in[W_ACKNOWLEDGED] + t[T_GAP_QUEUED]
        way_in[W_ARRIVAL] = max(accepted, gap) + t[T_FORWARD]
