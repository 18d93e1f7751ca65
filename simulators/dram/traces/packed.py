"""The compact trace file that archgym writes and ships: ``.npz`` with deltas, checked by digest.

Version 1 holds line-aligned addresses below 2^38 and deltas below 2^32 in 32 bits each; version 2
whatever does not fit, and lengths of requests.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from .trace import MAX_REQUESTS, Trace

LINE = 64
VERSION = 2
LARGEST_HEADER = 1 << 20
NPY_MAGIC = b"\x93NUMPY\x01\x00"
# exactly what numpy writes for one axis: its own parser of headers takes, and warns of, much more
NPY_HEADER = re.compile(
    rb"\{'descr': '([<|][iu][1248])', 'fortran_order': False, 'shape': \((\d{1,18}),\), \}\s*"
)
# member -> the types it may have, and how many items n requests are
MEMBERS = {
    "stamp": ("u4", "u8"), "line": ("u4",), "address": ("u8",), "write": ("u1",), "size": ("i4",),
    "header": ("u1",),
}  # fmt: skip


def write_packed(trace: Trace, path: Path) -> None:
    """Write a trace; about three bytes per request.

    Args:
        trace: any trace.
        path: of the file.
    """
    lines = trace.address // LINE
    deltas = np.diff(trace.stamp, prepend=0)
    narrow = int(deltas.max()) < 1 << 32
    aligned = int(lines.max()) < 1 << 32 and not (trace.address % LINE).any()
    plain = narrow and aligned and trace.size is None
    header = {
        "version": 1 if plain else VERSION,
        "name": trace.name,
        "clock_ps": trace.clock_ps,
        "requests": len(trace),
        "sha256": trace.content_hash,
        "origin": trace.origin,
    }
    columns: dict[str, NDArray[Any]] = {
        "stamp": deltas.astype(np.uint32 if narrow else np.uint64),
        "write": np.packbits(trace.is_write),
    }
    if aligned:
        columns["line"] = lines.astype(np.uint32)
    else:
        columns["address"] = trace.address.astype(np.uint64)
    if trace.size is not None:
        columns["size"] = trace.size
    columns["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez_compressed(path, **columns)  # type: ignore[arg-type]


def read_packed(path: Path, limit: int | None = None) -> Trace:
    """Read a packed trace, or its first ``limit`` requests.

    Sizes are checked before anything is unpacked.  A file of more than ``MAX_REQUESTS`` is read as
    far as ``limit`` says, without its digest.

    Args:
        path: of the file.
        limit: the most requests to read; None for all.

    Returns:
        The trace.

    Raises:
        WorkloadError: not such a file, truncated, too large, or changed since it was written.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            header = _header(archive, path)
            n = header["requests"]
            if n > MAX_REQUESTS and (limit is None or limit > MAX_REQUESTS):
                raise WorkloadError(
                    f"{path}: holds {n:,} requests; at most {MAX_REQUESTS:,} are read: the first "
                    f"with {path.name}@{MAX_REQUESTS}, or fewer"
                )
            take = n if n <= MAX_REQUESTS else int(limit or n)
            trace = _trace(archive, header, n, take)
    except (
        OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error,
        NotImplementedError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip
        if isinstance(error, WorkloadError):
            raise
        raise WorkloadError(
            f"{path}: not a readable archgym dram trace, or truncated: {error}"
        ) from error
    if take == n and trace.content_hash != header["sha256"]:
        raise WorkloadError(f"{path}: the content does not match its digest; the file was changed")
    return trace if limit is None or limit >= take else trace.head(limit)


def _header(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    text = _member(archive, "header", None, LARGEST_HEADER).tobytes()
    try:
        header = json.loads(text)
    except RecursionError as error:
        raise WorkloadError(f"{path}: its header is nested too deeply") from error
    expected: dict[str, type | tuple[type, ...]] = {
        "version": int, "name": str, "clock_ps": (int, type(None)), "requests": int, "sha256": str,
        "origin": dict,
    }  # fmt: skip
    if not isinstance(header, dict):
        raise WorkloadError(f"{path}: its header is no mapping")
    faults = [
        f"{key} {'is missing' if key not in header else f'is {str(header[key])[:40]!r}'}"
        for key, kind in expected.items()
        if not isinstance(header.get(key), kind) or isinstance(header.get(key), bool)
        if key != "clock_ps" or key not in header or header[key] is not None
    ]
    if not faults and header["version"] not in (1, VERSION):
        faults.append(f"version {header['version']} is none of 1, {VERSION}")
    if not faults and header["requests"] < 1:
        faults.append(f"requests is {header['requests']}, expected at least 1")
    if faults:
        raise WorkloadError(f"{path}: no header of an archgym dram trace: {'; '.join(faults)}")
    return header


def _trace(archive: zipfile.ZipFile, header: dict[str, Any], n: int, take: int) -> Trace:
    names = {name.removesuffix(".npy") for name in archive.namelist()}
    stamp = np.cumsum(_member(archive, "stamp", n, take), dtype=np.int64)
    if "line" in names:
        address = _member(archive, "line", n, take).astype(np.int64) * LINE
    else:
        address = _member(archive, "address", n, take).astype(np.int64)
    size = _member(archive, "size", n, take) if "size" in names else None
    write = np.unpackbits(_member(archive, "write", -(-n // 8), -(-take // 8)), count=take)
    return Trace(header["name"], stamp, write, address, header["clock_ps"], header["origin"], size)


def _member(archive: zipfile.ZipFile, name: str, items: int | None, take: int) -> NDArray[Any]:
    """The first ``take`` items of an array that must have ``items`` (None: at most ``take``)."""
    with archive.open(f"{name}.npy") as stream:
        start = stream.read(10)
        text = stream.read(int.from_bytes(start[8:10], "little"))
        match = NPY_HEADER.fullmatch(text)
        if start[:8] != NPY_MAGIC or not match:
            raise ValueError(f"{name}.npy is no array of one axis as numpy writes it")
        length, dtype = int(match[2]), match[1].decode()
        kinds = MEMBERS[name]
        wanted = f"at most {take}" if items is None else f"{items}"
        fits = length <= take if items is None else length == items
        if not fits or dtype[1:] not in kinds:
            raise ValueError(
                f"{name}.npy is {dtype} ({length},), expected {' or '.join(kinds)} of {wanted}"
            )
        width = int(dtype[-1])
        count = min(length, take)
        data = stream.read(count * width)
        if len(data) != count * width:
            raise EOFError(f"{name}.npy ends early")
        if count == length and stream.read(1):  # reaching the end checks the member's CRC
            raise ValueError(f"{name}.npy goes on behind its array")
    return np.frombuffer(data, dtype)
