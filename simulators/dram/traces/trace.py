"""The trace as a value: arrival stamps, directions and byte addresses of requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from ..devices import Device
from .played import MAX_REQUESTS, Played, cycles, play

LARGEST_VALUE = (1 << 62) - 1
BLOCK = 1 << 20

__all__ = ["LARGEST_VALUE", "MAX_REQUESTS", "Trace"]


@dataclass(frozen=True, eq=False)
class Trace:
    """Requests in order of arrival.

    ``stamp`` (n,) int64 in ticks of ``clock_ps`` picoseconds (``None``: cycles of whatever DRAM it
    is played to), ``is_write`` (n,) uint8, ``address`` (n,) int64 bytes, ``size`` (n,) int32 bytes
    (0 or ``None``: one burst).  ``origin`` says where it comes from.  Only distances between stamps
    count: the first request is issued at time 0.

    Raises:
        WorkloadError: empty, of unequal lengths, or with negative or decreasing values.
    """

    name: str
    stamp: NDArray[np.int64]
    is_write: NDArray[np.uint8]
    address: NDArray[np.int64]
    clock_ps: int | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    size: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        n = len(self.stamp)
        if n == 0:
            raise WorkloadError(f"trace {self.name!r} holds no request")
        sizes = n if self.size is None else len(self.size)
        if not (len(self.is_write) == len(self.address) == sizes == n):
            raise WorkloadError(
                f"trace {self.name!r}: {n} stamps, {len(self.is_write)} directions, "
                f"{len(self.address)} addresses, {sizes} sizes; expected one of each a request"
            )
        if self.clock_ps is not None and not 1 <= self.clock_ps <= 10**12:
            raise WorkloadError(
                f"trace {self.name!r}: clock_ps must be 1 to 10^12 picoseconds, got {self.clock_ps}"
            )
        self._refuse(self.stamp < 0, "a negative stamp", self.stamp)
        self._refuse(self.address < 0, "a negative address", self.address)
        if self.size is not None:
            self._refuse(self.size < 0, "a negative size", self.size)
        falls = np.zeros(n, np.bool_)
        np.less(self.stamp[1:], self.stamp[:-1], out=falls[1:])
        self._refuse(falls, "a stamp smaller than the one before it", self.stamp)

    def _refuse(self, bad: NDArray[np.bool_], what: str, values: NDArray[Any]) -> None:
        if bad.any():
            k = int(np.argmax(bad))
            raise WorkloadError(
                f"trace {self.name!r}, request {k}: {what} ({int(values[k])}); "
                "stamps must be non-negative and in order of arrival"
            )

    def __len__(self) -> int:
        return len(self.stamp)

    @property
    def content_hash(self) -> str:
        """Digest of clock, stamps, directions, addresses and sizes; the name is not part of it."""
        digest = hashlib.sha256(str(self.clock_ps).encode())
        columns: list[NDArray[Any]] = [self.stamp, self.is_write, self.address]
        if self.size is not None:
            columns.append(self.size)
        for array in columns:
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def head(self, n: int) -> Trace:
        """The first requests.

        Args:
            n: how many, at least 1.

        Returns:
            A trace of at most n requests.

        Raises:
            WorkloadError: n is less than 1.
        """
        if n < 1:
            raise WorkloadError(f"cannot cut trace {self.name!r} to {n} requests; at least 1")
        size = None if self.size is None else self.size[:n]
        return replace(
            self,
            stamp=self.stamp[:n],
            is_write=self.is_write[:n],
            address=self.address[:n],
            size=size,
        )

    def with_stamps(self, stamp: NDArray[np.int64], clock_ps: int | None) -> Trace:
        """The same requests at other stamps.

        Args:
            stamp: (n,) in order.
            clock_ps: what they count, in ps; None for cycles of the device.

        Returns:
            A trace.
        """
        return replace(self, stamp=stamp, clock_ps=clock_ps)

    def played(self, device: Device) -> Played:
        """The bursts that the controller of a device sees; see :func:`.played.play`.

        Args:
            device: whose clock, bursts and capacity count.

        Returns:
            The bursts.

        Raises:
            WorkloadError: the trace lasts too long, or becomes too many bursts.
        """
        return play(
            self.name, self.stamp, self.is_write, self.address, self.size, self.clock_ps, device
        )

    def cycles(self, device: Device) -> NDArray[np.int64]:
        """The stamps in clock cycles of a device after the first request, rounded down.

        Args:
            device: whose clock counts.

        Returns:
            (n,) cycles.

        Raises:
            WorkloadError: the trace lasts longer than can be simulated.
        """
        return cycles(self.name, self.stamp, self.clock_ps, device)

    def check_fits(self, device: Device) -> None:
        """Refuse a trace with an address beyond a device's capacity.

        Args:
            device: whose capacity counts.

        Raises:
            WorkloadError: there is one; names the first.
        """
        beyond = self.address >= device.capacity_bytes
        if self.size is not None:
            beyond |= self.address + np.maximum(self.size - 1, 0) >= device.capacity_bytes
        if beyond.any():
            k = int(np.argmax(beyond))
            raise WorkloadError(
                f"trace {self.name!r}, request {k}: address {int(self.address[k]):#x} lies beyond "
                f"the {device.capacity_bytes >> 20} MiB of {device.name}; use a larger device, or "
                "bring addresses into it with --fold modulo or --fold pages (setting fold)"
            )

    def information(self, device: Device) -> dict[str, Any]:
        """Length, read share, footprint, intensity and row locality, for people.

        Args:
            device: whose clock, bursts and capacity count.

        Returns:
            Facts by name; names end in their units.

        Raises:
            WorkloadError: the trace lasts too long, or becomes too many bursts.
        """
        played = self.played(device)
        size = device.request_bytes
        address = played.address
        last_cycle = max(1, int(played.stamp[-1]))
        duration_s = last_cycle * device.clock_s
        row_bytes = 1 << (device.mappings["row-bank-column"].column[-1] + 1)
        sequential, same_row = _neighbours(address, size, row_bytes)
        return {
            "name": self.name,
            "requests": len(self),
            "read_share": float(1 - self.is_write.mean()),
            "footprint_bytes": _distinct(address // size) * size,
            "span_bytes": int(address.max() - address.min()) + size,
            "duration_s": duration_s,
            "demand_bytes_per_s": len(address) * size / duration_s,
            "requests_per_1000_cycles": 1000 * len(self) / last_cycle,
            "sequential_share": sequential,
            "same_row_share": same_row,
            "rows_touched": _distinct(address // row_bytes),
            "clock_ps": self.clock_ps,
            "sha256": self.content_hash,
            "origin": self.origin,
        }


def _neighbours(address: NDArray[np.int64], size: int, row_bytes: int) -> tuple[float, float]:
    """Shares of bursts that lie directly behind the one before, and in its row."""
    pairs = len(address) - 1
    if pairs < 1:
        return 0.0, 0.0
    sequential = same_row = 0
    for start in range(0, pairs, BLOCK):  # a block at a time: few temporaries
        here = address[start : start + BLOCK + 1]
        sequential += int(np.count_nonzero(np.diff(here) == size))
        same_row += int(np.count_nonzero(np.diff(here // row_bytes) == 0))
    return sequential / pairs, same_row / pairs


def _distinct(values: NDArray[np.int64]) -> int:
    """How many values differ; sorts them in place."""
    values.sort()
    return 1 + int(np.count_nonzero(values[1:] != values[:-1]))
