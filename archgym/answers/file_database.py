"""Evaluations in an SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..files.processes import forgotten, this_process
from ..files.sqlite import fold, read_only, writable
from .database import FORMAT, PATIENCE_S, SQLITE_WORDS, Row, T, require_format, statements


class FileDatabase:
    """An SQLite file (WAL), safe to share between processes of one machine.

    A file that cannot be written is opened to be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.location: str | Path = path.absolute()
        self._connection = self.guard(self._open)

    def _open(self) -> sqlite3.Connection:
        if self.path.exists() and not writable(self.path):
            connection = read_only(self.path, PATIENCE_S)
            self._is_new(connection)  # refuses another format
            return connection
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._set_up(connection)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        # two processes that open a new file at once: switching to WAL does not wait for locks
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                with _together(connection):  # tables and format appear together
                    if self._is_new(connection):
                        for statement in statements():
                            connection.execute(statement.format(**SQLITE_WORDS))
                        connection.execute(f"PRAGMA user_version={FORMAT}")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether the file is empty; a file of another format is refused."""
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return True
        require_format(self.name, int(connection.execute("PRAGMA user_version").fetchone()[0]))
        return False

    def execute(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement."""
        return self._connection.execute(query, tuple(values)).fetchall()

    def many(self, query: str, rows: Iterable[Row]) -> None:
        """One statement, once a row."""
        self._connection.executemany(query, rows)

    def blocks(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a statement, ``size`` at a time."""
        cursor = self._connection.execute(query, tuple(values))
        while block := cursor.fetchmany(size):
            yield block

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, one writer at a time."""
        return _together(self._connection)

    def guard(self, action: Callable[[], T]) -> T:
        """Carry out an action; an error of the database becomes a StoreError that says what to do."""
        try:
            return action()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.name}: {error}; {_advice(str(error))}") from error
        except UnicodeDecodeError as error:  # names inside the file are damaged
            raise StoreError(
                f"{self.name} is damaged (text that is no UTF-8); start a new run"
            ) from error

    def owner(self) -> str:
        """This process."""
        return this_process()

    def forgotten(self, owner: str, since: float) -> bool:
        """Whether the process that made a claim is gone, or has been silent for too long to tell."""
        return forgotten(owner, since)

    def fold(self) -> None:
        """Fold the write-ahead log in, so that the one file can be copied."""
        fold(self._connection)

    def copy_to(self, path: Path) -> None:
        """Write everything to a new file.

        Args:
            path: of the new file.
        """
        there = sqlite3.connect(path)
        try:
            self._connection.backup(there)
        finally:
            there.close()

    def close(self) -> None:
        """Close the file; its write-ahead log is folded in."""
        self._connection.close()


@contextmanager
def _together(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _advice(message: str) -> str:
    if "full" in message or "disk I/O" in message:
        return "nothing recorded before is lost: free some space, then continue with --resume"
    if "readonly" in message or "unable to open" in message:
        return "choose a folder that exists and can be written to with --output"
    if "locked" in message:
        return "another process holds it: wait for that run, or choose another --output"
    if "malformed" in message or "not a database" in message:
        return (
            "the file is damaged: `sqlite3 FILE .recover` saves what can be read, or move it away"
        )
    return "check the file"
