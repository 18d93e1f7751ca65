"""Text traces of other tools, read a block at a time into three growing columns."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError, WorkloadError

from .dialects import COUNT_INSTRUCTIONS, FORMATS, SUFFIXES, dialect
from .lines import PACKED, blocks, decoded
from .options import TraceOptions
from .scanner import ORDERS, scan
from .trace import LARGEST_VALUE, MAX_REQUESTS, Trace
from .writing import HEADER, write_stl

__all__ = ["FORMATS", "SUFFIXES", "format_of", "read_text", "suffix_of", "write_stl"]

SHOWN_FAULTS = 3
COMMENT = re.compile(r"[#;]|//")
LINES_BETWEEN_SCANS = 64
MOST_IDLE_LINES = 5_000_000
SHORTEST_LINE = 8  # '0:read 0' and its end are longer


def suffix_of(path: Path) -> str:
    """The suffix that names a format: the last one before a final ``.gz``, ``.xz``, ``.bz2``.

    Args:
        path: of a trace.

    Returns:
        Small letters with the dot, such as ``.stl``.
    """
    return (Path(path.stem).suffix if path.suffix in PACKED else path.suffix).lower()


def format_of(path: Path, chosen: str | None) -> str:
    """The format of a file: the one asked for, else by its suffix (before a final ``.gz``).

    Args:
        path: of a trace.
        chosen: the format asked for; None for that of the suffix.

    Returns:
        A key of ``FORMATS``.

    Raises:
        UnknownNameError: no such format.
        WorkloadError: the suffix says no format.
    """
    if chosen is not None:
        if chosen not in FORMATS:
            raise UnknownNameError("trace format", chosen, [*FORMATS, "archgym"])
        return chosen
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        alike = resembles(path)
        raise WorkloadError(
            f"{path}: this file exists, but its format is not known (a known suffix would say): "
            f"{suffix or 'none'} is none of {', '.join(sorted([*SUFFIXES, '.npz', '.json']))}; "
            f"say --format (setting format), one of {', '.join(FORMATS)}"
            + (f"; its first lines read as {' or '.join(alike)}" if alike else "")
        )
    return SUFFIXES[suffix]


def resembles(path: Path, lines: int = 20) -> list[str]:
    """The formats that the first lines of a file could be.

    Args:
        path: of a trace.
        lines: how many to look at.

    Returns:
        Names of formats; empty where the file cannot be read.
    """
    found = []
    try:
        head = next(blocks(path, "text"), b"").split(b"\n")[:lines]
        for name in FORMATS:
            reader = LineReader(path, name, TraceOptions())
            for line in head:
                reader.line(line)
            if reader.columns.stamp and not reader.faults:
                found.append(name)
    except WorkloadError:
        return []
    return found


@dataclass
class Columns:
    """The requests read so far; 17 bytes each, 21 where a length is given."""

    stamp: array[int] = field(default_factory=lambda: array("q"))
    write: array[int] = field(default_factory=lambda: array("B"))
    address: array[int] = field(default_factory=lambda: array("q"))
    size: array[int] = field(default_factory=lambda: array("i"))

    def put(self, stamp: int, write: int, address: int, size: int) -> None:
        """Append a request.

        Args:
            stamp: in the trace's clock.
            write: 1 for a write, 0 for a read.
            address: bytes.
            size: bytes; 0 where the trace does not say.

        Raises:
            ValueError: a number that is too large.
        """
        if stamp > LARGEST_VALUE or address > LARGEST_VALUE:
            raise ValueError(
                f"{max(stamp, address)} does not fit in 63 bits (at most {LARGEST_VALUE} is read)"
            )
        if size:
            if not self.size:
                self.size = array("i", bytes(4 * len(self.stamp)))
            self.size.append(size)
        elif self.size:
            self.size.append(0)
        self.stamp.append(stamp)
        self.write.append(write)
        self.address.append(address)

    def cut(self, n: int) -> None:
        """Keep the first ``n`` requests.

        Args:
            n: requests to keep.
        """
        for column in (self.stamp, self.write, self.address, self.size):
            del column[n:]


def read_text(
    path: Path,
    chosen: str | None = None,
    options: TraceOptions | None = None,
    *,
    limit: int | None = None,
    default_size: int = 0,
) -> Trace:
    """Read a text trace, packed or not.

    Comments start with ``#``, ``;`` or ``//``, also behind a request. A stamp below its predecessor is
    that of a late request: it is issued at once, so it is raised to its predecessor's.

    Args:
        path: of the file.
        chosen: the format; None for that of the options or of the suffix.
        options: clock, core, folding and device.
        limit: reading stops after so many requests; None for all.
        default_size: bytes of requests that do not say.

    Returns:
        The trace.

    Raises:
        WorkloadError: a line that is no request (with its number), no request at all, or too many.
        UnknownNameError: no such format.
    """
    options = options or TraceOptions()
    name = format_of(path, chosen or options.format)
    if options.ipc is not None and name not in COUNT_INSTRUCTIONS and not options.several:
        raise WorkloadError(
            f"{path}: ipc is for formats that count instructions ({', '.join(COUNT_INSTRUCTIONS)}); "
            f"stamps of {name} are cycles: leave it out"
        )
    columns, clock = _columns(path, name, options, limit, default_size)
    stamps = np.frombuffer(columns.stamp, np.int64)
    origin: dict[str, Any] = {"file": path.name, "format": name}
    late = int(np.count_nonzero(stamps[1:] < stamps[:-1]))
    if late:
        np.maximum.accumulate(stamps, out=stamps)
        origin["late_requests"] = late
    return timed(
        Trace(
            path.name,
            stamps,
            np.frombuffer(columns.write, np.uint8),
            np.frombuffer(columns.address, np.int64),
            clock,
            origin,
            np.frombuffer(columns.size, np.int32) if columns.size else None,
        ),
        options,
    )


def _columns(
    path: Path, name: str, options: TraceOptions, limit: int | None, default_size: int
) -> tuple[Columns, int | None]:
    most = MAX_REQUESTS if limit is None else limit
    reader = LineReader(path, name, options, default_size)
    order = ORDERS.get(name) if default_size == 0 else None
    for block in blocks(path, name):
        if _take(block, reader, order, most):
            break
    columns = reader.columns
    if limit is None and len(columns.stamp) > most:
        raise WorkloadError(
            f"{path}: more than {MAX_REQUESTS:,} requests (by line {reader.number}); read the first "
            f"with {path.name}@{MAX_REQUESTS}, or fewer"
        )
    reader.complain()
    columns.cut(most)
    if not columns.stamp:
        raise WorkloadError(f"{path}: holds no request; expected a {name} trace: {FORMATS[name]}")
    return columns, reader.clock


def _take(block: bytes, reader: LineReader, order: int | None, most: int) -> bool:
    """Read a block of whole lines; True once more than ``most`` requests are there, or faults.

    One request beyond tells a file that is longer from one that is not.
    """
    text = np.frombuffer(block, np.uint8)
    position, in_a_row = 0, 0
    have = reader.columns.stamp
    while position < len(block):
        if len(have) > most or len(reader.faults) >= SHOWN_FAULTS:
            return True
        if order is not None and in_a_row == 0 and not reader.columns.size:
            position = _scanned(text, position, reader, order, most + 1 - len(have))
            in_a_row = LINES_BETWEEN_SCANS
            if position == len(block):
                break
            continue
        end = block.index(b"\n", position)
        reader.line(block[position:end])
        position = end + 1
        in_a_row = max(0, in_a_row - 1)
    return len(have) > most or len(reader.faults) >= SHOWN_FAULTS


def _scanned(
    text: NDArray[np.uint8], position: int, reader: LineReader, order: int, room: int
) -> int:
    """Read regular lines from a position on; where it stopped comes back."""
    n = min(room, (len(text) - position) // SHORTEST_LINE + 1)
    stamp, write, address = np.empty(n, np.int64), np.empty(n, np.uint8), np.empty(n, np.int64)
    position, count = scan(text, position, order, stamp, write, address)
    columns = reader.columns
    columns.stamp.frombytes(stamp[:count].tobytes())
    columns.write.frombytes(write[:count].tobytes())
    columns.address.frombytes(address[:count].tobytes())
    reader.number += count
    return int(position)


class LineReader:
    """Reads one line after the other by a dialect, and keeps faults with their line numbers."""

    def __init__(self, path: Path, name: str, options: TraceOptions, default_size: int = 0) -> None:
        self._path, self._name = path, name
        self._read = dialect(name, options, path.name, default_size)
        self.columns = Columns()
        self.clock: int | None = None
        self.number = self._idle = 0
        self.faults: list[str] = []

    def line(self, raw: bytes) -> None:
        """Read one line; empty ones and comments are passed over.

        Args:
            raw: the line without its end.

        Raises:
            WorkloadError: no text, or too many lines without a request. A line that is no request becomes
                a fault.
        """
        self.number += 1
        text = decoded(raw, self.number, self._path, self._name)
        self._idle += 1
        if self._idle > MOST_IDLE_LINES:
            raise WorkloadError(
                f"{self._path}, line {self.number}: {MOST_IDLE_LINES:,} lines without a request; "
                f"expected a {self._name} trace"
            )
        if not text:
            return
        if text[0] in "#;" and not self.columns.stamp:
            self.clock = _clock_in(text, self._path, self.number) or self.clock
        text = COMMENT.split(text, 1)[0].rstrip()
        if not text:
            return
        self._idle = 0
        try:
            self._read(text, self.columns.put)
        except ValueError as error:
            self.faults.append(
                f"line {self.number}: {text[:80]!r} is no request of a {self._name} trace ({error})"
            )

    def complain(self) -> None:
        """Raise :class:`WorkloadError` where lines were no requests."""
        if self.faults:
            more = " …" if len(self.faults) == SHOWN_FAULTS else ""
            raise WorkloadError(
                f"{self._path}, {'; '.join(self.faults)}{more}; expected {FORMATS[self._name]}; is "
                "the file truncated, or of another format (--format)?"
            )


def _clock_in(text: str, path: Path, number: int) -> int | None:
    """The clock that a comment of :mod:`.writing` carries, in ps."""
    match = re.match(rf"[#;]\s*{HEADER}\s+clock_ps=(\S*)", text)
    if match is None:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", match[1]) or int(match[1]) < 1:
        raise WorkloadError(
            f"{path}, line {number}: clock_ps={match[1][:20]}: expected whole picoseconds, at least 1"
        )
    return int(match[1])


def timed(trace: Trace, options: TraceOptions) -> Trace:
    """A trace with the clock that was asked for.

    A period of whole picoseconds becomes the trace's clock; with any other one the stamps become
    picoseconds, rounded down.

    Args:
        trace: any trace.
        options: clock, core, folding and device.

    Returns:
        The trace, the same one where there is nothing to do.

    Raises:
        WorkloadError: the trace says another clock itself, or stamps leave 62 bits.
    """
    period = options.period_ps
    own = trace.clock_ps is not None and options.several
    if period is None or period == trace.clock_ps or own:
        return trace
    if trace.clock_ps is not None:
        raise WorkloadError(
            f"trace {trace.name!r} says that its stamps count {trace.clock_ps} ps; the setting clock "
            f"({float(period):g} ps) is for files that do not say: leave it out"
        )
    if period.denominator == 1:
        return trace.with_stamps(trace.stamp, int(period))
    return trace.with_stamps(scaled(trace.stamp, period, trace.name), 1)


def scaled(stamp: NDArray[np.int64], factor: Fraction, name: str) -> NDArray[np.int64]:
    """Stamps times a factor, rounded down, exact.

    Args:
        stamp: (n,) not negative, in order.
        factor: what each is multiplied by.
        name: of the trace, for the error.

    Returns:
        (n,) whole numbers.

    Raises:
        WorkloadError: the last one leaves 62 bits.
    """
    if int(stamp[-1]) * factor > LARGEST_VALUE:
        raise WorkloadError(
            f"trace {name!r}: its last stamp, {int(stamp[-1])}, is later than 2^62 ps (53 days)"
        )
    whole, rest = divmod(factor.numerator, factor.denominator)
    if int(stamp[-1]) * rest <= LARGEST_VALUE:
        return stamp * whole + stamp * rest // factor.denominator
    exact: Iterator[int] = (int(s) * factor.numerator // factor.denominator for s in stamp)
    return np.fromiter(exact, np.int64, len(stamp))
