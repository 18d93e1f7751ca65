"""What the compiled controller keeps between two instants, in named bundles of arrays.

``n`` is the number of requests. Banks are flat, bank group first. Cycles are tCK.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Requests(NamedTuple):
    """A trace, in order of arrival; it is only read."""

    stamp: np.ndarray  # (n,) int64, cycles: not before this
    is_write: np.ndarray  # (n,) uint8
    bank: np.ndarray  # (n,) int16
    row: np.ndarray  # (n,) int32
    address: np.ndarray  # (n,) int64, bytes: two requests to one address keep their order


class Controller(NamedTuple):
    """A design in kernel codes (``layout``), one number per knob."""

    policy: int
    scheduler: int
    buffer: int
    size: int
    reorder: bool  # the response queue
    refresh: bool
    max_postponed: int
    max_pulled_in: int
    power_down: bool
    arbiter: int
    max_active: int


class Queues(NamedTuple):
    """Requests that wait: a doubly linked list per bank, and the compact list of banks with work."""

    after: np.ndarray  # (n,) int32: the next request of the same bank, -1 at the end
    before: np.ndarray  # (n,) int32: the one ahead of it, -1 at the head
    head: np.ndarray  # (banks,) int32: the oldest request, -1 where none waits
    tail: np.ndarray  # (banks,) int32: the youngest
    length: np.ndarray  # (banks,) int64: requests that wait
    working: np.ndarray  # (banks,) int64: the banks with work come first, in no order
    place: np.ndarray  # (banks,) int64: where in ``working`` a bank with work stands
    totals: np.ndarray  # (N_QUEUED,) int64: totals over the banks, see ``layout.Q_*``


class Banks(NamedTuple):
    """The banks, and the candidate of each that has work; every array (banks,)."""

    is_open: np.ndarray  # bool
    row: np.ndarray  # int32: the open row, or the last one
    untouched: np.ndarray  # bool: opened, and not accessed since
    group: np.ndarray  # int64: bank group
    chosen: np.ndarray  # int64: the request that it would serve next
    command: np.ndarray  # int64: by this command


class Ready(NamedTuple):
    """When commands become legal, in cycles; columns are the commands that follow."""

    bank: np.ndarray  # (banks, 6) int64: bank commands at the scope of the same bank
    group: np.ndarray  # (banks, 6) int64: of the same bank group, a row a group
    rank: np.ndarray  # (6,) int64: of the rank
    last: np.ndarray  # (14,) int64: when each command was last issued, for rank commands
    acts: np.ndarray  # (4,) int64: the last four ACTs in a ring, for tFAW


class Books(NamedTuple):
    """What the energy model will be told; see ``residency``."""

    rank: np.ndarray  # (N_RESIDENCY,) int64, cycles: see ``layout.E_*``
    out: np.ndarray  # (N_COUNTERS,) int64: what the run reports, see ``layout.COUNTERS``
    active_since: (
        np.ndarray
    )  # (banks,) int64: cycle of the last ACT, or of the exit from power-down
    closed_at: np.ndarray  # (banks,) int64: cycle of the last precharge, which may lie ahead


class Responses(NamedTuple):
    """The way back; see ``responses``."""

    state: np.ndarray  # (N_RESPONSE,) int64, cycles and requests: see ``layout.R_*``
    finish: np.ndarray  # (n,) int64: end of the data burst; 0 unknown, negated once it was sent
    released: np.ndarray  # (n,) int64, in order of response: when the arbiter gets the slot back
    latency: np.ndarray  # (n,) int64: cycles from the stamp to the response, the result


class Notes(NamedTuple):
    """When each request got on, in cycles; kept only where a run is to be explained."""

    admitted: np.ndarray  # (n,) int64: it entered its bank's queue
    opened: np.ndarray  # (n,) int64: the first PRE or ACT for it; -1 where its row was open
    accessed: np.ndarray  # (n,) int64: its RD or WR
    refreshes: np.ndarray  # (refreshes,) int64: every REFAB
    noted: np.ndarray  # (1,) int64: how many of them there are


class Noted(NamedTuple):
    """A run that is to be explained: what it was asked, its notes and its results."""

    requests: Requests
    notes: Notes
    counters: np.ndarray  # (N_COUNTERS,) int64: ``layout.COUNTERS``
    latency: np.ndarray  # (n,) int64, cycles from the stamp to the response
