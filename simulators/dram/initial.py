"""The controller at cycle 0: see ``state`` for what every array holds."""

from __future__ import annotations

import numpy as np

from .commands import N_COMMANDS, NOP, PDEP, RANK_COMMANDS
from .compiled import compiled
from .layout import (
    ARBITER, BANKS_PER_GROUP, BUFFER, BUFFER_SIZE, E_SEGMENT, FOREVER, M_DUE, M_ENTRY, M_IDLE,
    M_PD_CMD, M_REF_CMD, MAX_ACTIVE, MAX_POSTPONED,
    MAX_PULLED_IN, N_COUNTERS, N_MANAGER, N_QUEUED, N_RESIDENCY, N_RESPONSE, N_WAY_IN, NEVER, PAGE_POLICY,
    POWER_DOWN, R_LAST, R_LAST_ORDERED, REFRESH, RESPONSE_QUEUE, SCHEDULER, SIMPLE_ARBITER,
    T_FORWARD, T_REFI, W_ARRIVAL,
)  # fmt: skip
from .state import Banks, Books, Controller, Queues, Ready, Responses


@compiled
def controller_of(design):
    """A design by name.

    Args:
        design: (12,) int64, kernel codes.
    """
    return Controller(
        design[PAGE_POLICY], design[SCHEDULER], design[BUFFER], design[BUFFER_SIZE],
        design[RESPONSE_QUEUE] == 1, design[REFRESH] == 1, design[MAX_POSTPONED],
        design[MAX_PULLED_IN], design[POWER_DOWN] == 1, design[ARBITER], design[MAX_ACTIVE],
    )  # fmt: skip


@compiled
def empty_queues(n, n_banks):
    """Queues in which no request waits.

    Args:
        n: requests of the trace.
        n_banks: banks of the rank.
    """
    return Queues(
        np.full(n, -1, np.int32), np.full(n, -1, np.int32),
        np.full(n_banks, -1, np.int32), np.full(n_banks, -1, np.int32),
        np.zeros(n_banks, np.int64), np.zeros(n_banks, np.int64), np.zeros(n_banks, np.int64),
        np.zeros(N_QUEUED, np.int64),
    )  # fmt: skip


@compiled
def closed_banks(n_banks, t):
    """Banks that are precharged and have no candidate.

    Args:
        n_banks: banks of the rank.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    return Banks(
        np.zeros(n_banks, np.bool_), np.zeros(n_banks, np.int32), np.zeros(n_banks, np.bool_),
        np.arange(n_banks) // t[BANKS_PER_GROUP], np.full(n_banks, -1, np.int64),
        np.full(n_banks, NOP, np.int64),
    )  # fmt: skip


@compiled
def nothing_issued(n_banks):
    """Times of commands where every one is legal at once.

    Args:
        n_banks: banks of the rank.
    """
    return Ready(
        np.zeros((n_banks, RANK_COMMANDS), np.int64), np.zeros((n_banks, RANK_COMMANDS), np.int64),
        np.zeros(RANK_COMMANDS, np.int64), np.full(N_COMMANDS, NEVER, np.int64),
        np.full(4, NEVER, np.int64),
    )  # fmt: skip


@compiled
def empty_books(n_banks):
    """Books with all counters zero, and no bank ever active.

    Args:
        n_banks: banks of the rank.
    """
    rank = np.zeros(N_RESIDENCY, np.int64)
    rank[E_SEGMENT] = NEVER
    return Books(
        rank, np.zeros(N_COUNTERS, np.int64), np.full(n_banks, NEVER, np.int64),
        np.full(n_banks, NEVER, np.int64),
    )  # fmt: skip


@compiled
def no_responses(n, latency, arbiter):
    """The way back before anything was sent; the Simple arbiter has no slots to release.

    Args:
        n: requests of the trace.
        latency: (n,) int64, to be filled with cycles from stamp to response.
        arbiter: its code.
    """
    state = np.zeros(N_RESPONSE, np.int64)
    state[R_LAST] = NEVER
    state[R_LAST_ORDERED] = NEVER
    released = np.zeros(1 if arbiter == SIMPLE_ARBITER else n, np.int64)
    return Responses(state, np.zeros(n, np.int64), released, latency)


@compiled
def first_request(t):
    """The way in with the first request on its way, whatever its stamp.

    Args:
        t: the device's rules in cycles, ``layout.T_*``.
    """
    way_in = np.zeros(N_WAY_IN, np.int64)
    way_in[W_ARRIVAL] = t[T_FORWARD]
    return way_in


@compiled
def managers_of(design, t):
    """The managers at cycle 0: the first refresh is due after tREFI, and an idle rank goes down at once.

    Args:
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    m = np.zeros(N_MANAGER, np.int64)
    m[M_DUE] = t[T_REFI] if design.refresh else FOREVER
    m[M_REF_CMD] = NOP
    m[M_PD_CMD] = PDEP if design.power_down else NOP
    m[M_IDLE] = design.power_down
    m[M_ENTRY] = design.power_down
    return m
