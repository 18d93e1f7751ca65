"""The file of a sweep's ledger: opened, read and written, with errors that say what to do."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from ..errors import StoreError
from ..files.sqlite import fold, read_only, refuse_links, writable

FORMAT = 2  # of the file; kept as SQLite's user_version
_FORMER = {
    "different": "distinct_designs",
    "hyperparameters": "hyper",
}  # columns as older versions named them
SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE runs(
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, scenario TEXT NOT NULL, agent TEXT NOT NULL,
    hyperparameters TEXT NOT NULL, seed INTEGER NOT NULL, budget INTEGER NOT NULL, panel TEXT NOT NULL,
    phase TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    charged INTEGER, computed INTEGER, different INTEGER, feasible INTEGER, satisfied INTEGER,
    best REAL, design TEXT, metrics TEXT, curve TEXT, front TEXT, agent_seconds REAL,
    simulator_seconds REAL, seconds REAL, error TEXT, plan_crc INTEGER NOT NULL, crc INTEGER);
CREATE INDEX by_status ON runs(phase, status, position);
"""
T = TypeVar("T")


class LedgerFile:
    """An SQLite file with the tables of a ledger; statements go through one place.

    Every error of the file is a :class:`~archgym.errors.StoreError` that says what to do.
    A file that cannot be written is opened to be read.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the file.

        Args:
            path: of the file; links are refused.
            create: make it where it is missing.

        Raises:
            StoreError: it is missing, damaged, cannot be read, or of another format.
        """
        self.path = path
        if not create and not path.exists():
            raise StoreError(f"{path} does not exist: {path.parent} holds no sweep")
        refuse_links(path)
        self._former: dict[str, str] = {}
        self._connection = self._guard(lambda: self._open(create))
        self._former = self._guard(self._names_in_use)

    def _open(self, create: bool) -> sqlite3.Connection:
        if not create and not writable(self.path):
            connection = read_only(self.path, 60.0)
        else:
            connection = sqlite3.connect(self.path, timeout=60.0, isolation_level=None)
        try:
            if writable(self.path):
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
            if not create:
                self._require_planned(connection)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
        return connection

    def _names_in_use(self) -> dict[str, str]:
        """Former names of columns that this file still has; it is read and written under them."""
        there = {row[1] for row in self._connection.execute("PRAGMA table_info(runs)")}
        return {name: former for name, former in _FORMER.items() if former in there}

    def _sql(self, query: str) -> str:
        """A statement in the names that this file has."""
        for name, former in self._former.items():
            query = re.sub(rf"\b{name}\b", former, query)
        return query

    def _require_planned(self, connection: sqlite3.Connection) -> None:
        """Refuse a ledger of another format, and one whose making was cut short."""
        if not _tables(connection):
            raise StoreError(
                f"{self.path} holds no plan: the sweep was interrupted while it was being made; start it "
                f"again with archgym sweep FILE --output {self.path.parent}"
            )
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found != FORMAT:
            raise StoreError(
                f"{self.path} is a ledger of format {found}, this version reads {FORMAT}; start a new sweep, "
                "or read it with the version that wrote it"
            )

    @staticmethod
    def planned(path: Path) -> bool:
        """Whether a file is there and holds a plan; one whose making was cut short does not.

        Args:
            path: of the file.

        Returns:
            True for a damaged file too: it is not to be written over.
        """
        if not path.exists():
            return False
        connection = sqlite3.connect(path, timeout=60.0)
        try:
            return _tables(connection) > 0
        except sqlite3.DatabaseError:
            return True  # damaged: not to be written over
        finally:
            connection.close()

    def _guard(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except sqlite3.DatabaseError as error:
            text = str(error)
            if "full" in text or "disk I/O" in text:
                advice = (
                    "nothing recorded before is lost: free some space, then continue with --resume"
                )
            elif "malformed" in text or "not a database" in text:
                advice = (
                    "the file is damaged: archgym sweep --repair FOLDER keeps every run that can be read "
                    "and plans the others again"
                )
            elif "locked" in text:
                advice = "another process holds it: wait for that sweep"
            else:
                advice = "check the file and its folder"
            raise StoreError(f"{self.path}: {text}; {advice}") from error
        except UnicodeDecodeError as error:  # names inside the file are damaged
            raise StoreError(
                f"{self.path} is damaged (text that is no UTF-8); archgym sweep --repair FOLDER keeps what can be read"
            ) from error

    def _execute(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._guard(
            lambda: self._connection.execute(self._sql(query), tuple(values)).fetchall()
        )

    def _many(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._together(lambda c: c.executemany(self._sql(query), rows))

    def _together(self, act: Callable[[sqlite3.Connection], object]) -> None:
        """One transaction: all of it, or none."""

        def write() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                act(self._connection)
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

        self._guard(write)

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{self.path}: {what} is damaged (its checksum differs): archgym sweep --repair "
            f"{self.path.parent} keeps every run that is whole and plans the others again"
        )

    def fold(self) -> None:
        """Fold the write-ahead log in, so that the one file can be copied."""
        self._guard(lambda: fold(self._connection))

    def close(self) -> None:
        """Close the file; nothing can be read or written afterwards."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
