"""Text traces for other tools, written so that reading them again gives the same trace.

Stamps stay in the trace's own clock, which a comment in the first line names; a trace in cycles of
the DRAM needs none.  What a format cannot say is an error, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np

from archgym.errors import WorkloadError

from .lines import PACKED
from .trace import Trace

HEADER = "archgym"
BLOCK = 1 << 16


def write_stl(trace: Trace, path: Path) -> None:
    """Write a trace as DRAMSys ``.stl`` text (stamps in the trace's own clock).

    Args:
        trace: any trace.
        path: of the file.
    """
    write_text(trace, path, "dramsys")


def write_text(trace: Trace, path: Path, name: str) -> None:
    """Write a trace in the format of that name.

    Args:
        trace: any trace.
        path: of the file.
        name: of the format.

    Raises:
        WorkloadError: the format cannot hold this trace, or there is no writer of it.
    """
    if name not in WRITERS:
        raise WorkloadError(
            f"{path}: a {name} trace can be read but not written; known: {', '.join(WRITERS)}, and "
            ".npz"
        )
    if trace.size is not None and name not in ("dramsys", "dramsys-relative"):
        raise WorkloadError(
            f"{path}: trace {trace.name!r} has requests of stated lengths, which {name} cannot say; "
            "write .stl, .rstl or .npz"
        )
    lines = WRITERS[name](trace, path)
    with _opened(path) as out:
        if trace.clock_ps is not None:
            out.write(f"# {HEADER} clock_ps={trace.clock_ps}\n")
        for line in lines:
            out.write(line)


def _opened(path: Path) -> IO[str]:
    if path.suffix in PACKED:
        return cast(IO[str], PACKED[path.suffix][1](path, "wt", encoding="utf-8"))
    return open(path, "w", encoding="utf-8")


def _requests(trace: Trace) -> Iterator[tuple[int, int, int, int]]:
    """(stamp, is_write, address, size) of every request, as plain numbers, a block at a time."""
    for start in range(0, len(trace), BLOCK):
        cut = slice(start, start + BLOCK)
        n = len(trace.stamp[cut])
        sizes = [0] * n if trace.size is None else trace.size[cut].tolist()
        columns = (trace.stamp[cut], trace.is_write[cut], trace.address[cut])
        yield from zip(*(c.tolist() for c in columns), sizes)


def _deltas(trace: Trace) -> Iterator[tuple[int, int, int, int]]:
    before = int(trace.stamp[0])
    for stamp, write, address, size in _requests(trace):
        yield stamp - before, write, address, size
        before = stamp


def _stl(trace: Trace, _: Path, relative: bool = False) -> Iterator[str]:
    for stamp, write, address, size in _deltas(trace) if relative else _requests(trace):
        length = f"({size}) " if size else ""
        yield f"{stamp}:\t{length}{'write' if write else 'read'}\t0x{address:x}\n"


def _rstl(trace: Trace, path: Path) -> Iterator[str]:
    return _stl(trace, path, relative=True)


def _dramsim3(trace: Trace, _: Path) -> Iterator[str]:
    for stamp, write, address, _size in _requests(trace):
        yield f"0x{address:x} {'WRITE' if write else 'READ'} {stamp}\n"


def _nvmain(trace: Trace, _: Path) -> Iterator[str]:
    for stamp, write, address, _size in _requests(trace):
        yield f"{stamp} {'W' if write else 'R'} 0x{address:x} 0 0\n"


def _usimm(trace: Trace, _: Path) -> Iterator[str]:
    for gap, write, address, _size in _deltas(trace):
        yield f"{gap} W 0x{address:x}\n" if write else f"{gap} R 0x{address:x} 0x0\n"


def _ramulator(trace: Trace, path: Path) -> Iterator[str]:
    every = trace.stamp - trace.stamp[0] == np.arange(len(trace))
    if trace.clock_ps is not None or not every.all():
        raise WorkloadError(
            f"{path}: ramulator traces carry no stamps (one request a DRAM cycle); trace "
            f"{trace.name!r} has others, which would be lost: write .stl, .trc, .nvt, .usimm or .npz"
        )
    return (f"0x{a:x} {'W' if write else 'R'}\n" for _, write, a, _size in _requests(trace))


def _cpu(trace: Trace, path: Path) -> Iterator[str]:
    # a write is expressible only as the write-back of the read before it, at the same stamp
    write = trace.is_write.astype(np.bool_)
    lone = write.copy()
    lone[1:] &= write[:-1] | (trace.stamp[1:] != trace.stamp[:-1])
    if lone.any():
        raise WorkloadError(
            f"{path}: a cputrace has writes only as write-backs of a read; request "
            f"{int(np.argmax(lone))} of trace {trace.name!r} is a write of its own: write .usimm, "
            ".stl or .npz"
        )
    return _cpu_lines(trace)


def _cpu_lines(trace: Trace) -> Iterator[str]:
    text = ""
    for gap, write, address, _ in _deltas(trace):
        if write:
            text += f" 0x{address:x}"
            continue
        if text:
            yield f"{text}\n"
        text = f"{gap} 0x{address:x}"
    yield f"{text}\n"


WRITERS: dict[str, Callable[[Trace, Path], Iterator[str]]] = {
    "dramsys": _stl,
    "dramsys-relative": _rstl,
    "dramsim3": _dramsim3,
    "nvmain": _nvmain,
    "usimm": _usimm,
    "ramulator": _ramulator,
    "ramulator-cpu": _cpu,
}
