"""A trace as the controller of a device sees it: bursts, in cycles after the first request."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from ..devices import Device

MAX_REQUESTS = 20_000_000
# every refresh interval is an instant of its own: a gap of hours would take hours to simulate
MAX_REFRESH_INTERVALS = 4_000_000
LONGEST_PS = 1 << 60  # products of stamps and clocks stay in 63 bits
I64 = NDArray[np.int64]


class Played(NamedTuple):
    """Bursts in order of arrival: ``stamp`` (m,) cycles, ``is_write`` (m,), ``address`` (m,) bytes.

    ``first`` (n,) is the place of each request's first burst, None where every request is one.
    """

    stamp: I64
    is_write: NDArray[np.uint8]
    address: I64
    first: I64 | None

    def per_request(self, latency: I64) -> I64:
        """Latencies of requests from those of bursts: a request is answered with its last burst.

        Args:
            latency: (m,) cycles of bursts.

        Returns:
            (n,) cycles of requests.
        """
        if self.first is None:
            return latency
        return np.maximum.reduceat(latency, self.first)


def cycles(name: str, stamp: I64, clock_ps: int | None, device: Device) -> I64:
    """Stamps (n,) in clock cycles of a device, rounded down, counted from the first.

    Args:
        name: of the trace, for the error.
        stamp: (n,) in ticks, in order.
        clock_ps: what a tick lasts; None for a cycle of the device.
        device: whose clock counts.

    Returns:
        (n,) cycles.

    Raises:
        WorkloadError: the trace lasts longer than can be simulated.
    """
    first, last = int(stamp[0]), int(stamp[-1])
    tick = clock_ps or device.clock_ps
    longest = min(MAX_REFRESH_INTERVALS * device.t["REFI"] * device.clock_ps, LONGEST_PS)
    if (last - first) * tick > longest:
        k = int(np.argmax(np.diff(stamp)))
        raise WorkloadError(
            f"trace {name!r} lasts {(last - first) * tick * 1e-12:.4g} s; at most "
            f"{longest * 1e-12:.4g} s can be played to {device.name} (every refresh is simulated). "
            f"Its longest gap, before request {k + 1}, is {int(stamp[k + 1] - stamp[k])} ticks of "
            f"{tick} ps: check the clock (setting clock), or cut it with NAME@{k + 1}"
        )
    start = stamp if first == 0 else stamp - first
    if clock_ps is None:
        return start
    return start * clock_ps // device.clock_ps


def play(
    name: str,
    stamp: I64,
    is_write: NDArray[np.uint8],
    address: I64,
    size: NDArray[np.int32] | None,
    clock_ps: int | None,
    device: Device,
) -> Played:
    """Cycles of a device, and requests longer than a burst split into consecutive bursts.

    The bursts of a request arrive with it and enter the controller one after the other, as DRAMSys'
    controller splits them: from the request's address on, a burst's bytes apart.

    Args:
        name: of the trace, for the error.
        stamp: (n,) in ticks, in order.
        is_write: (n,) 1 for a write.
        address: (n,) bytes.
        size: (n,) bytes; None where every request is one burst.
        clock_ps: what a tick lasts; None for a cycle of the device.
        device: whose clock and bursts count.

    Returns:
        The bursts.

    Raises:
        WorkloadError: the trace lasts too long, or becomes too many bursts.
    """
    at = cycles(name, stamp, clock_ps, device)
    if size is None or int(size.max()) <= device.request_bytes:
        return Played(at, is_write, address, None)
    bursts = np.maximum(1, -(-size.astype(np.int64) // device.request_bytes))
    total = int(bursts.sum())
    if total > MAX_REQUESTS:
        raise WorkloadError(
            f"trace {name!r} becomes {total:,} bursts of {device.request_bytes} bytes; at most "
            f"{MAX_REQUESTS:,} are played: cut it with NAME@N"
        )
    first = np.zeros(len(bursts), np.int64)
    np.cumsum(bursts[:-1], out=first[1:])
    within = np.arange(total) - np.repeat(first, bursts)
    return Played(
        np.repeat(at, bursts),
        np.repeat(is_write, bursts),
        np.repeat(address, bursts) + within * device.request_bytes,
        first,
    )
