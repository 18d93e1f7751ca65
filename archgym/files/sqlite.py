"""SQLite files: opened to be read where they cannot be written, checked, and folded into one file."""

from __future__ import annotations

import os
import sqlite3
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import StoreError


def checksum(*fields: Any) -> int:
    """CRC-32 of a row's fields."""
    crc = 0
    for value in fields:
        data = value if isinstance(value, bytes) else str(value).encode()
        crc = zlib.crc32(data + b"\0", crc)
    return crc


def writable(path: Path) -> bool:
    """Whether a file (or, where it is not there yet, its folder) can be written, with its log beside it."""
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """A file on a medium that cannot be written; what its log still holds is read too where that works.

    Raises:
        sqlite3.Error: it cannot be read. StoreError: a log that cannot be read without writing.
    """
    place = "file:" + quote(str(path.resolve()))
    settings: dict[str, Any] = {
        "uri": True, "timeout": timeout, "isolation_level": None, "check_same_thread": False,
    }  # fmt: skip
    connection = sqlite3.connect(f"{place}?mode=ro", **settings)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError:  # the log's index would have to be made beside the file
        connection.close()
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path} cannot be read where it lies: its write-ahead log is not folded in and the folder "
            "cannot be written; copy the folder to a place that can"
        )
    return sqlite3.connect(f"{place}?immutable=1", **settings)


def refuse_links(path: Path) -> Path:
    """The file of a folder, where neither it nor a log beside it is a link to somewhere else.

    Raises:
        StoreError: one is: writing would change a file that the folder's maker chose.
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = path.with_name(path.name + suffix)
        if file.is_symlink():
            raise StoreError(
                f"{file} is a symbolic link, which is not followed: put the file itself there"
            )
    return path


def check_pages(path: Path) -> None:
    """Look at every page and index of a file; slow where it is large.

    Raises:
        StoreError: it is damaged.
    """
    try:
        connection = read_only(path, 60.0)
        try:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        finally:
            connection.close()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        said = [str(error)]
    if said != ["ok"]:
        raise StoreError(f"{path} is damaged: {'; '.join(said)[:300]}")


def fold(connection: sqlite3.Connection) -> None:
    """Put the write-ahead log into the file itself, so that the one file can be copied.

    Without effect while somebody else reads or writes: whoever closes last does it.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
