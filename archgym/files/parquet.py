"""Parquet files, written in one step; pyarrow is imported late."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StoreError

DIGEST = "digest"  # the key of a file's digest in its metadata
# what pyarrow raises on bytes that are not a file of its format
DAMAGES = (
    OSError, ValueError, KeyError, TypeError, NotImplementedError, MemoryError, OverflowError,
)  # fmt: skip


def arrow() -> Any:
    """pyarrow, imported late."""
    import pyarrow
    import pyarrow.parquet

    return pyarrow


def table_digest(table: Any) -> str:
    """A digest of the columns of an Arrow table: names, types and values.

    How the columns are cut into chunks does not count.

    Args:
        table: an Arrow ``Table``.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns):
        digest.update(f"{name}\0{column.type}\0".encode())
        if arrow().types.is_primitive(column.type):
            values = column.to_numpy()
            digest.update(np.ascontiguousarray(values).tobytes())
        else:
            digest.update(json.dumps(column.to_pylist(), default=str).encode())
    return digest.hexdigest()[:32]


def table_bytes(table: Any) -> bytes:
    """An Arrow table as the bytes of a Parquet file.

    Args:
        table: an Arrow ``Table``.

    Returns:
        The file's content.
    """
    out = arrow().BufferOutputStream()
    arrow().parquet.write_table(table, out, compression="zstd", write_page_checksum=True)
    return bytes(out.getvalue())


def write_table(table: Any, path: Path) -> None:
    """Write an Arrow table; readers see the old file or the new one.

    Args:
        table: an Arrow ``Table``.
        path: the file; its folder is made where it is missing.

    Raises:
        StoreError: the disk is full or the place cannot be written.
    """
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        arrow().parquet.write_table(table, temporary, compression="zstd", write_page_checksum=True)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error}; free some space and try again") from error
