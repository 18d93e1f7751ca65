"""A trace as every design of a memory plays it: requests of one size, in cycles of a speed bin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from ..traces import Trace
from ..traces.options import TraceOptions
from ..traces.played import Played
from .families import Family, as_device

I64 = NDArray[np.int64]
# a tick of stamps without a clock: designs may differ in theirs, so their cycles would be no time
TICK_PS = 1000


class Playing:
    """One trace, cut into requests of ``request_bytes`` and kept once per clock.

    Attributes:
        end: the address behind the last byte.
        reads_only: the trace holds no write.
    """

    def __init__(self, trace: Trace, family: Family, request_bytes: int) -> None:
        self.trace = trace if trace.clock_ps else replace(trace, clock_ps=TICK_PS)
        self.reads_only = not trace.is_write.any()
        self._family, self._bytes = family, request_bytes
        self._played: dict[int, Played] = {}
        self.end = self._end()

    def _end(self) -> int:
        size = self.trace.size
        last = self.trace.address + (self._bytes if size is None else np.maximum(size, self._bytes))
        return int(last.max())

    def at(self, clock_ps: int) -> Played:
        """The requests in cycles of a clock.

        Args:
            clock_ps: what a cycle lasts.

        Returns:
            The requests.

        Raises:
            WorkloadError: the trace lasts too long, or becomes too many requests.
        """
        if clock_ps not in self._played:
            device = as_device(self._family, clock_ps, self._bytes, 1, 1)
            self._played[clock_ps] = self.trace.played(device)
        return self._played[clock_ps]


def reading(
    family: Family,
    request_bytes: int,
    *,
    format: str | None,
    clock: str | float | None,
    ipc: str | float | None,
    fold: str,
    word_bytes: int | str | None,
) -> TraceOptions:
    """How traces are read: addresses fold into, and vectors refer to, the smallest organisation.

    Args:
        family: of the devices.
        request_bytes: bytes of every request.
        format: of text files; None for that of the suffix.
        clock: of stamps, such as ``200MHz`` or ``1.25ns``; None for what the file says.
        ipc: instructions per cycle, for formats that count instructions.
        fold: what is done with addresses beyond the memory.
        word_bytes: bytes of a word, for formats that count words.

    Returns:
        The options.
    """
    device = as_device(family, TICK_PS, request_bytes, 1, 1)
    return TraceOptions(format, clock, ipc, fold, word_bytes, device)


def check_request(request_bytes: int, family: Family) -> None:
    """Refuse requests that are no power of two of bursts of every width.

    Args:
        request_bytes: bytes of every request.
        family: of the devices.

    Raises:
        WorkloadError: they are not; says what is expected.
    """
    widest = family.built(family.bins[0], family.widths[-1]).burst_bytes
    if request_bytes < widest or request_bytes & (request_bytes - 1):
        raise WorkloadError(
            f"request_bytes: expected a power of two of at least {widest} ({family.name}'s longest "
            f"burst), got {request_bytes}"
        )
