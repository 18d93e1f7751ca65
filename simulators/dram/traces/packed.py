"""The compact trace file that archgym writes and ships: ``.npz`` with deltas, checked by digest."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from archgym.errors import WorkloadError

from .trace import Trace

LINE = 64
VERSION = 1


def write_packed(trace: Trace, path: Path) -> None:
    """Write a trace of line-aligned addresses; about three bytes a request."""
    lines = trace.address // LINE
    header = {
        "version": VERSION,
        "name": trace.name,
        "clock_ps": trace.clock_ps,
        "requests": len(trace),
        "sha256": Trace(
            trace.name, trace.stamp, trace.is_write, lines * LINE, trace.clock_ps
        ).content_hash,
        "origin": trace.origin,
    }
    np.savez_compressed(
        path,
        header=np.frombuffer(json.dumps(header).encode(), np.uint8),
        stamp=np.diff(trace.stamp, prepend=0).astype(np.uint32),
        line=lines.astype(np.uint32),
        write=np.packbits(trace.is_write),
    )


def read_packed(path: Path) -> Trace:
    """Read a packed trace.

    Raises:
        WorkloadError: not such a file, truncated, or changed since it was written.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            header = json.loads(data["header"].tobytes())
            n = int(header["requests"])
            trace = Trace(
                header["name"],
                np.cumsum(data["stamp"], dtype=np.int64),
                np.unpackbits(data["write"], count=n),
                data["line"].astype(np.int64) * LINE,
                header["clock_ps"],
                header["origin"],
            )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise WorkloadError(
            f"{path}: not a readable archgym trace, or truncated: {error}"
        ) from error
    if trace.content_hash != header["sha256"]:
        raise WorkloadError(f"{path}: the content does not match its digest; the file was changed")
    return trace
