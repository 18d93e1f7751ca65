"""Readers of other tools' text traces: DRAMSys, DRAMsim3, Ramulator.

Every reader takes the lines of a file and yields ``(stamp, is_write, address)``; a line it cannot
read raises :class:`WorkloadError` with file and line number.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from archgym.errors import UnknownNameError, WorkloadError

from .trace import Trace

Request = tuple[int, int, int]
READ_WORDS = {"read", "r", "ld", "p_mem_rd", "p_fetch", "fetch"}
WRITE_WORDS = {"write", "w", "st", "p_mem_wr"}


def _direction(word: str) -> int:
    lower = word.lower()
    if lower in READ_WORDS:
        return 0
    if lower in WRITE_WORDS:
        return 1
    raise ValueError(f"{word!r} is neither a read nor a write")


def _number(text: str) -> int:
    """Decimal, or hexadecimal with 0x; a stamp may be written with a decimal point."""
    if text.lower().startswith("0x"):
        return int(text, 16)
    value = float(text) if ("." in text or "e" in text.lower()) else int(text)
    if value != int(value):
        raise ValueError(f"{text!r} is not a whole number")
    return int(value)


def dramsys(fields: list[str], _: int) -> Iterator[Request]:
    """DRAMSys ``.stl``: ``cycle: read|write [(size)] 0xADDRESS [data]``."""
    words = [w for w in fields if not (w.startswith("(") and w.endswith(")"))]
    if len(words) < 3 or not words[0].endswith(":"):
        raise ValueError("expected 'cycle: read|write 0xADDRESS'")
    yield int(words[0][:-1]), _direction(words[1]), _number(words[2])


def dramsim3(fields: list[str], _: int) -> Iterator[Request]:
    """DRAMsim3: ``0xADDRESS READ|WRITE cycle``."""
    if len(fields) != 3:
        raise ValueError("expected '0xADDRESS READ|WRITE cycle'")
    yield _number(fields[2]), _direction(fields[1]), int(fields[0], 16)


def ramulator(fields: list[str], index: int) -> Iterator[Request]:
    """Ramulator memory traces: ``0xADDRESS R|W`` or ``LD|ST ADDRESS``; one request a cycle."""
    if len(fields) != 2:
        raise ValueError("expected '0xADDRESS R|W' or 'LD|ST ADDRESS'")
    if fields[0].lower() in READ_WORDS | WRITE_WORDS:
        yield index, _direction(fields[0]), _number(fields[1])
    else:
        yield index, _direction(fields[1]), int(fields[0], 16)


class RamulatorCpu:
    """Ramulator CPU traces: ``instructions READ [WRITEBACK]``; stamps count the instructions.

    One instruction a cycle between requests, the clock being the DRAM's own.
    """

    def __init__(self) -> None:
        self._cycle = 0

    def __call__(self, fields: list[str], _: int) -> Iterator[Request]:
        """One line: a read, and the write-back it causes."""
        if len(fields) not in (2, 3):
            raise ValueError("expected 'instructions READ_ADDRESS [WRITEBACK_ADDRESS]'")
        self._cycle += int(fields[0])
        yield self._cycle, 0, _number(fields[1])
        if len(fields) == 3:
            yield self._cycle, 1, _number(fields[2])


Reader = Callable[[list[str], int], Iterator[Request]]
FORMATS: dict[str, Callable[[], Reader]] = {
    "dramsys": lambda: dramsys,
    "dramsim3": lambda: dramsim3,
    "ramulator": lambda: ramulator,
    "ramulator-cpu": RamulatorCpu,
}
SUFFIXES = {
    ".stl": "dramsys",
    ".dramsim3": "dramsim3",
    ".trc": "dramsim3",
    ".ramulator": "ramulator",
    ".trace": "ramulator",
    ".cputrace": "ramulator-cpu",
}


def format_of(path: Path, chosen: str | None) -> str:
    """The format of a file: the one asked for, else by its suffix (before a final ``.gz``)."""
    if chosen is not None:
        if chosen not in FORMATS:
            raise UnknownNameError("trace format", chosen, [*FORMATS, "archgym"])
        return chosen
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix not in SUFFIXES:
        raise WorkloadError(
            f"{path}: the suffix {suffix!r} names no trace format; known: "
            f"{', '.join(sorted([*SUFFIXES, '.npz']))}; or say --format {'|'.join(FORMATS)}"
        )
    return SUFFIXES[suffix]


def read_text(path: Path, chosen: str | None = None, clock_ps: int | None = None) -> Trace:
    """Read a text trace (gzip allowed); comments start with ``#`` or ``;``."""
    name = format_of(path, chosen)
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            requests = list(_parse(lines, FORMATS[name](), path, name))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{path}: cannot be read as a {name} trace: {error}") from error
    if not requests:
        raise WorkloadError(f"{path}: holds no request; expected a {name} trace")
    limit = 1 << 62
    for k, request in enumerate(requests):
        if not all(-limit < value < limit for value in request):
            raise WorkloadError(f"{path}, request {k}: a value does not fit in 63 bits: {request}")
    columns = np.array(requests, np.int64)
    return Trace(
        path.name,
        columns[:, 0].copy(),
        columns[:, 1].astype(np.uint8),
        columns[:, 2].copy(),
        clock_ps,
        {"file": path.name, "format": name},
    )


def _parse(lines: Iterable[str], read: Reader, path: Path, name: str) -> Iterator[Request]:
    index = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        try:
            yield from read(text.split(), index)
        except (ValueError, IndexError) as error:
            raise WorkloadError(
                f"{path}, line {number}: {text[:80]!r} is no request of a {name} trace ({error}); "
                "is the file truncated, or of another format (--format)?"
            ) from error
        index += 1


def write_stl(trace: Trace, path: Path) -> None:
    """Write a trace as DRAMSys ``.stl`` text (stamps in the trace's own clock)."""
    with open(path, "w", encoding="utf-8") as out:
        for stamp, write, address in zip(trace.stamp, trace.is_write, trace.address):
            out.write(f"{stamp}:\t{'write' if write else 'read'}\t0x{address:x}\n")
