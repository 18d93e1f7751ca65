"""Parquet files, written in one step; pyarrow is imported late."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import StoreError


def arrow() -> Any:
    """pyarrow, imported late."""
    import pyarrow
    import pyarrow.parquet

    return pyarrow


def table_bytes(table: Any) -> bytes:
    """An Arrow table as the bytes of a Parquet file."""
    out = arrow().BufferOutputStream()
    arrow().parquet.write_table(table, out, compression="zstd", write_page_checksum=True)
    return bytes(out.getvalue())


def write_table(table: Any, path: Path) -> None:
    """Write an Arrow table; readers see the old file or the new one.

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
