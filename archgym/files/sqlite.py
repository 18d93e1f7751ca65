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
    """CRC-32 of a row's fields, in their order.

    Args:
        fields: bytes, or values that count as their text.

    Returns:
        An unsigned 32-bit number.
    """
    crc = 0
    for value in fields:
        data = value if isinstance(value, bytes) else str(value).encode()
        crc = zlib.crc32(data + b"\0", crc)
    return crc


def writable(path: Path) -> bool:
    """Whether a database can be written, with its log beside it.

    Args:
        path: the file; where it is not there yet, its folder counts.

    Returns:
        True where both the folder and the file may be written.
    """
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a database on a medium that cannot be written.

    What its write-ahead log still holds is read too, where that works.

    Args:
        path: the file.
        timeout: seconds to wait for a lock of another process.

    Returns:
        A connection that cannot write.

    Raises:
        sqlite3.Error: it cannot be read.
        StoreError: its log holds data that cannot be read without writing.
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
    """The same path, if neither it nor a log beside it is a symbolic link.

    Args:
        path: of a database.

    Returns:
        The path.

    Raises:
        StoreError: one is a link. Writing would change a file that the folder's maker chose.
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

    Args:
        path: of a database.

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

    Without effect while another process reads or writes. The last one to close does it then.

    Args:
        connection: to the database.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
