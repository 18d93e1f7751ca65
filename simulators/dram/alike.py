"""Designs that must behave like one that was simulated: those whose limits it would not have felt.

A limit enters the kernel by comparisons alone.  Where a run never ran into it, or never compared a
counter with either of two values, every other such value takes the same decisions, cycle by cycle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.space import Designs, DesignSpace

from . import layout


def alike(x: Designs, limits: Floats, space: DesignSpace) -> NDArray[np.bool_]:
    """Which values give the same run.

    A value of a refresh counter matters only if the counter was compared with it. The number of active
    transactions and the buffer's size matter only if a request waited for them; if none did, no larger
    one matters either.

    Args:
        x: designs (n, d) that were run.
        limits: (n, 4), the counters ``layout.LIMITS`` of the runs.
        space: whose indices they are.

    Returns:
        Bool (n, sum of nvec), by value of each knob.
    """
    start = np.concatenate([[0], np.cumsum(space.nvec)[:-1]])
    out = np.zeros((len(x), int(space.nvec.sum())), np.bool_)
    out[np.arange(len(x))[:, None], x + start] = True
    postponed, pulled_in, active, buffer = limits.astype(np.int64).T
    for column, seen in ((layout.MAX_POSTPONED, postponed), (layout.MAX_PULLED_IN, pulled_in)):
        values = space.parameters[column].array.astype(np.int64)
        compared = (seen[:, None] >> values) & 1 == 1  # (n, values)
        here = compared[np.arange(len(x)), x[:, column]]
        block = out[:, start[column] : start[column] + len(values)]
        block |= ~compared & ~here[:, None]
    for column, felt in ((layout.MAX_ACTIVE, active), (layout.BUFFER_SIZE, buffer)):
        position = np.arange(space.nvec[column])
        block = out[:, start[column] : start[column] + len(position)]
        block |= (position >= x[:, column, None]) & (felt == 0)[:, None]
    return out
