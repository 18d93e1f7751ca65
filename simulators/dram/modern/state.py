"""What the compiled controllers read and keep, in named bundles of arrays; cycles are tCK.

Banks, groups, stacks and ranks are numbered through over all channels, channel first.  ``n`` requests
are ``m`` bursts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Requests(NamedTuple):
    """A trace, in order of its stamps; only read."""

    stamp: np.ndarray  # (n,) int64, cycles: not before this
    channel: np.ndarray  # (n,) int32
    player: np.ndarray  # (n,) int32: the initiator
    following: np.ndarray  # (n,) int32: the next request of the same initiator, -1 at the end
    first: np.ndarray  # (n + 1,) int32: where its bursts begin
    owner: np.ndarray  # (m,) int32: the request of a burst
    is_write: np.ndarray  # (m,) uint8
    bank: np.ndarray  # (m,) int32
    row: np.ndarray  # (m,) int32
    address: np.ndarray  # (m,) int64, bytes: two requests to one address keep their order


class Tables(NamedTuple):
    """A device under one semantics: distances ``[from, to]`` in cycles, NEVER where unconstrained."""

    bank: np.ndarray  # (20, 20) int64: to the same bank (or a set that holds it)
    group: np.ndarray  # to the same bank group
    rank: np.ndarray  # to the same rank
    round: np.ndarray  # to the same rank, after a REFPB that completes a round over its banks
    other_rank: np.ndarray  # to the other ranks of the channel
    other_stack: np.ndarray  # to the other stacks
    length: np.ndarray  # (20,) int64: cycles on the command bus
    in_faw: np.ndarray  # (20,) bool: counts as an activation
    scalars: np.ndarray  # (26,) int64: ``layout.SCALARS``


class Controller(NamedTuple):
    """A design in kernel codes (``layout``)."""

    policy: int
    scheduler: int
    buffer: int
    size: int
    reorder: bool  # the response queue
    refresh: int
    max_postponed: int  # units
    max_pulled_in: int  # units
    power_down: bool
    arbiter: int
    max_active: int
    low: int  # watermarks
    high: int
    management: bool  # refresh management (RFM)


class State(NamedTuple):
    """Everything that changes; positions in the second axis are named in ``layout``."""

    channel: np.ndarray  # (channels, N_CHANNEL) int64
    bank: np.ndarray  # (banks, N_BANK) int64
    rank: np.ndarray  # (ranks, N_MANAGER) int64
    player: np.ndarray  # (players, N_PLAYER) int64
    working: np.ndarray  # (banks,) int64: the banks of a channel with work come first
    remaining: np.ndarray  # (ranks, units) uint8: not yet refreshed in this round
    ready_bank: np.ndarray  # (banks, 20) int64: when each command becomes legal
    ready_group: np.ndarray  # (groups, 20)
    ready_rank: np.ndarray  # (ranks, 20)
    ready_stack: np.ndarray  # (stacks, 20)
    acts: np.ndarray  # (ranks, 4) int64: the last four activations in a ring
    after: np.ndarray  # (m,) int32: the next burst in its bank's queue
    before: np.ndarray  # (m,) int32
    answer: np.ndarray  # (m,) int32: the next burst in the response queue
    finish: np.ndarray  # (m,) int64: end of the data burst; 0 unknown
    ident: np.ndarray  # (m,) int64: request number in its channel
    queue: np.ndarray  # (n,) int32: the next request in an arbiter's queue
    left: np.ndarray  # (n,) int32: bursts to come; -1: in order, but not its turn yet
    message: np.ndarray  # (channels + ranks,) int64: requests whose responses left a controller
    latency: np.ndarray  # (n,) int64: cycles from the stamp to the response, the result
    glob: np.ndarray  # (3,) int64: ``layout.G_*``
    out: np.ndarray  # (N_COUNTERS,) int64


class Chooser(NamedTuple):
    """What ``banks.renew`` looks at, of :class:`Requests` and :class:`State`."""

    row: np.ndarray
    is_write: np.ndarray
    address: np.ndarray
    bank: np.ndarray
    channel: np.ndarray
    rank: np.ndarray
    after: np.ndarray


class Units(NamedTuple):
    """What ``refresh.want_refresh`` looks at."""

    bank: np.ndarray
    rank: np.ndarray
    remaining: np.ndarray


class Distances(NamedTuple):
    """What ``distances.manager_legal`` looks at."""

    bank: np.ndarray
    channel: np.ndarray
    rank: np.ndarray
    ready_bank: np.ndarray
    ready_group: np.ndarray
    ready_rank: np.ndarray
    ready_stack: np.ndarray
