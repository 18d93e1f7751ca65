"""A trace written in another format, read again and compared."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError

from ..devices import Device
from .dialects import SUFFIXES
from .formats import read_text, suffix_of
from .lines import PACKED
from .options import TraceOptions
from .packed import read_packed, write_packed
from .trace import Trace
from .writing import WRITERS, write_text

WRITTEN = (".npz", *(suffix for suffix, name in SUFFIXES.items() if name in WRITERS))


def check_output(path: Path, force: bool, option: str = "--output") -> None:
    """Refuse a suffix that no writer has, and a file that exists, unless it is to be overwritten.

    Args:
        path: of the file to write.
        force: whether it may be overwritten.
        option: the option's name, for messages.

    Raises:
        ArgchymError: the suffix is not known, or the file exists and ``force`` is not said.
    """
    if suffix_of(path) not in WRITTEN or (path.suffix in PACKED and suffix_of(path) == ".npz"):
        raise ArchgymError(
            f"{option} {path}: expected .npz or .stl, or one of {', '.join(WRITTEN[2:])} (text formats "
            f"also with {', '.join(PACKED)})"
        )
    if path.exists() and not force:
        raise ArchgymError(f"{option} {path}: exists; say --force to overwrite it")


def write_trace(trace: Trace, path: Path) -> None:
    """Write a trace in the format of the suffix; what is half written never takes the name.

    Args:
        trace: any trace.
        path: of the file.

    Raises:
        ArchgymError: the file cannot be written, or its format cannot hold the trace.
    """
    check_output(path, force=True)
    suffix = suffix_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".trace-") as folder:
            draft = Path(folder) / path.name
            if suffix == ".npz":
                write_packed(trace, draft)
            else:
                write_text(trace, draft, SUFFIXES[suffix])
            os.replace(draft, path)
    except OSError as error:
        raise ArchgymError(f"cannot write {path}: {error.strerror or error}") from error


def converted(trace: Trace, path: Path, cycles_of: Device | None = None) -> str:
    """Write a trace, read it again and say what its stamps count.

    Args:
        trace: any trace.
        path: the file; its suffix says the format.
        cycles_of: rescale the stamps to cycles of this device first.

    Returns:
        A sentence for people.

    Raises:
        ArchgymError: the file cannot be written, or does not read as the same trace.
    """
    if cycles_of is not None:
        trace = trace.with_stamps(trace.cycles(cycles_of), None)
    write_trace(trace, path)
    packed = suffix_of(path) == ".npz"
    back = read_packed(path) if packed else read_text(path, options=TraceOptions())
    if not same_requests(trace, back):
        raise ArchgymError(f"{path}: does not read as the trace that was written; please report it")
    return f"{len(trace)} requests written to {path}; {_stamps(trace, cycles_of, packed)}"


def same_requests(a: Trace, b: Trace) -> bool:
    """Whether two traces are the same requests at the same distances in time.

    Args:
        a: a trace.
        b: another one.

    Returns:
        Whether they are.
    """
    sizes = [np.zeros(len(t), np.int32) if t.size is None else t.size for t in (a, b)]
    return (
        len(a) == len(b)
        and a.clock_ps == b.clock_ps
        and bool(np.array_equal(a.stamp - a.stamp[0], b.stamp - b.stamp[0]))
        and bool(np.array_equal(a.is_write, b.is_write))
        and bool(np.array_equal(a.address, b.address))
        and bool(np.array_equal(sizes[0], sizes[1]))
    )


def _stamps(trace: Trace, cycles_of: Device | None, packed: bool) -> str:
    if cycles_of is not None:
        return f"stamps are now cycles of {cycles_of.name} ({cycles_of.clock_ps} ps)"
    if trace.clock_ps is None:
        return "stamps are cycles of the DRAM it is played to"
    where = "which the file says" if packed else "which a comment in its first line says"
    return (
        f"stamps count {trace.clock_ps} ps ({1e6 / trace.clock_ps:.6g} MHz), {where}; for tools that "
        "read no comment, --cycles-of DEVICE rescales them"
    )
