"""What an evaluation store asks of a database, and the tables that it makes there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..errors import StoreError

# one text for every database; {words} differ between them
SCHEMA = """
CREATE TABLE IF NOT EXISTS simulators(
    id {serial} PRIMARY KEY, key TEXT UNIQUE NOT NULL, fingerprint TEXT NOT NULL, metrics TEXT NOT NULL,
    crc {whole} NOT NULL);
CREATE TABLE IF NOT EXISTS evaluations(
    simulator {whole} NOT NULL, design {bytes} NOT NULL, feasible {whole} NOT NULL, metrics {bytes} NOT NULL,
    reason TEXT NOT NULL DEFAULT '', crc {whole} NOT NULL, PRIMARY KEY(simulator, design)){ending};
CREATE TABLE IF NOT EXISTS trials(
    run TEXT NOT NULL, step {whole} NOT NULL, design {bytes} NOT NULL, crc {whole} NOT NULL,
    PRIMARY KEY(run, step)){ending};
CREATE TABLE IF NOT EXISTS claims(
    simulator {whole} NOT NULL, design {bytes} NOT NULL, owner TEXT NOT NULL, since {real} NOT NULL,
    PRIMARY KEY(simulator, design)){ending};
"""
SQLITE_WORDS = {
    "serial": "INTEGER", "whole": "INTEGER", "bytes": "BLOB", "real": "REAL", "ending": " WITHOUT ROWID",
}  # fmt: skip
FORMAT = 3  # of the tables
PATIENCE_S = 60.0  # how long a writer waits for others
Row = tuple[Any, ...]
T = TypeVar("T")


class Database(Protocol):
    """What an evaluation store asks of a database; parameters of queries are marked ``?``."""

    name: str  # as people are shown it: no password
    location: str | Path  # what another process opens

    def execute(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement.

        Args:
            query: one statement, with ``?`` for values.
            values: one per ``?``.

        Returns:
            The rows, none where the statement gives none.
        """

    def many(self, query: str, rows: Iterable[Row]) -> None:
        """One statement, once a row.

        Args:
            query: one statement, with ``?`` for values.
            rows: values of each carrying out.
        """

    def blocks(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a statement, ``size`` at a time.

        Args:
            query: one statement, with ``?`` for values.
            values: one per ``?``.
            size: rows of a block at most.

        Yields:
            Blocks of rows, none of them empty.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, one writer at a time; entered once the others are done."""

    def guard(self, action: Callable[[], T]) -> T:
        """Carry out an action; an error of the database becomes a StoreError that says what to do.

        Args:
            action: what is carried out.

        Returns:
            What the action gives.

        Raises:
            StoreError: the database refused, is damaged or gone.
        """

    def owner(self) -> str:
        """Who holds the claims that this connection makes."""

    def forgotten(self, owner: str, since: float) -> bool:
        """Whether whoever made a claim is gone.

        Args:
            owner: who made the claim, as :meth:`owner` named them.
            since: when, in seconds since 1970.

        Returns:
            Whether the claim may be taken over.
        """

    def fold(self) -> None:
        """Put everything into the one file, where there is one."""

    def close(self) -> None:
        """End the connection."""


def statements() -> Iterator[str]:
    """The statements of the schema, words not filled in."""
    return filter(str.strip, SCHEMA.split(";"))


def require_format(name: str, found: int) -> None:
    """Refuse tables of another format.

    Args:
        name: of the store, for the error.
        found: the format that its tables say.

    Raises:
        StoreError: it is not the one that this version reads.
    """
    if found != FORMAT:
        raise StoreError(
            f"{name} is an evaluation store of format {found}, this version reads {FORMAT}; "
            "start a new run, or read it with the version that wrote it"
        )
