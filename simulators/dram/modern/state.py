"""A device and a design by names of fields, before they are packed into one array for the kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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
    scalars: np.ndarray  # (27,) int64: ``layout.SCALARS``


class Controller(NamedTuple):
    """A design in kernel codes (``layout``), in the order of ``layout.K_*``."""

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
