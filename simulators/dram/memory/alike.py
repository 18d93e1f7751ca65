"""Designs that must run like one that was simulated: limits that it cannot have felt.

Requests are issued in order. If at most M of them were ever in flight, from stamp to response, a limit of
M on active transactions held none back, and no larger one does. A buffer that has room for the bursts of
M requests is never full, however its entries are counted. A high watermark that all writes in flight do
not pass is never passed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.space import Designs, DesignSpace

# cycles after a response until everything has forgotten its request
AFTER = 8


def most_in_flight(stamp: NDArray[np.int64], latency: NDArray[np.int64]) -> int:
    """The most requests between stamp and response at any time.

    Args:
        stamp: (n,) cycles.
        latency: (n,) cycles.

    Returns:
        A count.
    """
    if not len(stamp):
        return 0
    ends = np.sort(stamp + latency + AFTER)
    begun = np.arange(1, len(stamp) + 1)
    return int((begun - np.searchsorted(ends, stamp, side="right")).max())


def in_flight(
    stamp: NDArray[np.int64], latency: NDArray[np.int64], is_write: NDArray[np.uint8], bursts: int
) -> tuple[int, int, int]:
    """The most requests, bursts and bursts of writes in flight.

    Args:
        stamp: (n,) cycles.
        latency: (n,) cycles.
        is_write: (n,) 0 or 1.
        bursts: of a request.

    Returns:
        Three counts.
    """
    every, writes = most_in_flight(stamp, latency), is_write == 1
    return every, every * bursts, most_in_flight(stamp[writes], latency[writes]) * bursts


def marks(
    x: Designs, space: DesignSpace, requests: NDArray[np.int64], bursts: NDArray[np.int64],
    writes: NDArray[np.int64],
) -> NDArray[np.bool_]:  # fmt: skip
    """Which values give the same run.

    Args:
        x: designs (n, d) that were run.
        space: whose indices they are.
        requests: (n,) the most requests in flight.
        bursts: (n,) the same in bursts.
        writes: (n,) bursts of writes.

    Returns:
        Bool (n, sum of nvec), by value of each knob.
    """
    start = np.concatenate([[0], np.cumsum(space.nvec)[:-1]])
    out = np.zeros((len(x), int(space.nvec.sum())), np.bool_)
    out[np.arange(len(x))[:, None], x + start] = True
    at = {name: i for i, name in enumerate(space.names)}

    def values(name: str) -> NDArray[np.int64]:
        return space.parameters[at[name]].array.astype(np.int64)

    def free(name: str, most: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mark every value that the run cannot have felt; says where its own is one."""
        ample = values(name)[None, :] >= most[:, None]
        own = ample[np.arange(len(x)), x[:, at[name]]]
        first = start[at[name]]
        out[:, first : first + ample.shape[1]] |= ample & own[:, None]
        return own

    free("max_active_transactions", requests)
    roomy = free("request_buffer_size", bursts)
    first = start[at["scheduler_buffer"]]
    out[roomy, first : first + space.nvec[at["scheduler_buffer"]]] = True
    low = values("low_watermark")[x[:, at["low_watermark"]]]
    free("high_watermark", np.maximum(writes, low + 1))
    return out
