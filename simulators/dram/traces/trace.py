"""The trace as a value: arrival stamps, directions and byte addresses of cache-line requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from ..devices import Device


@dataclass(frozen=True, eq=False)
class Trace:
    """Requests in order of arrival.

    ``stamp`` (n,) int64 in ticks of ``clock_ps`` picoseconds (``None``: cycles of whatever DRAM it
    is played to), ``is_write`` (n,) uint8, ``address`` (n,) int64 bytes.  ``origin`` says where it
    comes from.

    Raises:
        WorkloadError: empty, of unequal lengths, or with negative or decreasing values.
    """

    name: str
    stamp: NDArray[np.int64]
    is_write: NDArray[np.uint8]
    address: NDArray[np.int64]
    clock_ps: int | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.stamp)
        if n == 0:
            raise WorkloadError(f"trace {self.name!r} holds no request")
        if not (len(self.is_write) == len(self.address) == n):
            raise WorkloadError(
                f"trace {self.name!r}: {n} stamps, {len(self.is_write)} directions, "
                f"{len(self.address)} addresses; expected one of each a request"
            )
        self._refuse(self.stamp < 0, "a negative stamp", self.stamp)
        self._refuse(self.address < 0, "a negative address", self.address)
        falls = np.zeros(n, np.bool_)
        falls[1:] = np.diff(self.stamp) < 0
        self._refuse(falls, "a stamp smaller than the one before it", self.stamp)

    def _refuse(self, bad: NDArray[np.bool_], what: str, values: NDArray[np.int64]) -> None:
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
        """Digest of clock, stamps, directions and addresses; the name is not part of it."""
        digest = hashlib.sha256(str(self.clock_ps).encode())
        for array in (self.stamp, self.is_write, self.address):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def head(self, n: int) -> Trace:
        """The first ``n`` requests."""
        if n < 1:
            raise WorkloadError(f"cannot cut trace {self.name!r} to {n} requests; at least 1")
        cut = slice(0, n)
        return Trace(
            self.name,
            self.stamp[cut],
            self.is_write[cut],
            self.address[cut],
            self.clock_ps,
            self.origin,
        )

    def cycles(self, device: Device) -> NDArray[np.int64]:
        """The stamps in clock cycles of a device, rounded down."""
        if self.clock_ps is None:
            return self.stamp
        return self.stamp * self.clock_ps // device.clock_ps

    def check_fits(self, device: Device) -> None:
        """Raise :class:`WorkloadError` where an address lies beyond the device's capacity."""
        beyond = self.address >= device.capacity_bytes
        if beyond.any():
            k = int(np.argmax(beyond))
            raise WorkloadError(
                f"trace {self.name!r}, request {k}: address {int(self.address[k]):#x} lies beyond "
                f"the {device.capacity_bytes >> 20} MiB of {device.name}; use a larger device or "
                "map the trace's addresses into it"
            )

    def information(self, device: Device) -> dict[str, Any]:
        """Length, read share, footprint, intensity and row locality, for people."""
        lines = np.unique(self.address // device.request_bytes)
        duration_s = max(1, int(self.cycles(device)[-1])) * device.clock_s
        size = device.request_bytes
        row_bytes = 1 << (device.mappings["row-bank-column"].column[-1] + 1)
        rows = self.address // row_bytes
        step = np.diff(self.address)
        return {
            "name": self.name,
            "requests": len(self),
            "read_share": float(1 - self.is_write.mean()),
            "footprint_bytes": len(lines) * size,
            "span_bytes": int(self.address.max() - self.address.min()) + size,
            "duration_s": duration_s,
            "demand_bytes_per_s": len(self) * size / duration_s,
            "requests_per_1000_cycles": 1000 * len(self) / max(1, int(self.cycles(device)[-1])),
            "sequential_share": float(np.mean(step == size)) if len(self) > 1 else 0.0,
            "same_row_share": float(np.mean(np.diff(rows) == 0)) if len(self) > 1 else 0.0,
            "rows_touched": len(np.unique(rows)),
            "clock_ps": self.clock_ps,
            "sha256": self.content_hash,
            "origin": self.origin,
        }
