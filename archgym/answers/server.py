"""Evaluations in a server's database, chosen by URL, for drivers on many machines (extra ``server``).

SQLAlchemy opens the connection; the statements are those of the SQLite file.  A claim belongs to the
connection that made it: the server itself knows when that has ended, whatever clocks say.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError, StoreError, StoreFaultError, UnknownNameError
from ..files.processes import forgotten, this_process
from .database import FORMAT, PATIENCE_S, SQLITE_WORDS, Row, T, require_format, statements

_SECRETS = ("password", "sslpassword")  # of a URL's query
_WRITERS = 7236471  # the number of the lock that every writing transaction holds


@dataclass(frozen=True)
class _Dialect:
    """What differs between the databases that SQLAlchemy opens for us."""

    driver: str
    words: dict[str, str]
    opening: tuple[str, ...]  # said once a connection
    begin: tuple[str, ...]  # one writer at a time
    is_new: str  # the number of our tables
    making: tuple[str, ...]  # before the tables
    version: str
    set_version: str


_POSTGRES = _Dialect(
    driver="postgresql+psycopg",
    words={
        "serial": "BIGSERIAL", "whole": "BIGINT", "bytes": "BYTEA", "real": "DOUBLE PRECISION", "ending": "",
    },
    opening=(
        f"SET lock_timeout = '{PATIENCE_S:.0f}s'",
        "SET client_min_messages = warning",
        # a driver that vanished with its network frees its claims after two minutes
        "SET tcp_keepalives_idle = 60", "SET tcp_keepalives_interval = 15", "SET tcp_keepalives_count = 4",
        "SET search_path = archgym",
    ),
    begin=("BEGIN", f"SELECT pg_advisory_xact_lock({_WRITERS})"),
    is_new="SELECT count(*) FROM pg_tables WHERE schemaname = 'archgym' AND tablename = 'evaluations'",
    making=(
        "CREATE SCHEMA IF NOT EXISTS archgym",
        "CREATE TABLE format(version BIGINT NOT NULL)",
    ),
    version="SELECT version FROM format",
    set_version=f"INSERT INTO format VALUES({FORMAT})",
)  # fmt: skip
_SQLITE = _Dialect(
    driver="sqlite+pysqlite",
    words=SQLITE_WORDS,
    opening=("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"),
    begin=("BEGIN IMMEDIATE",),
    is_new="SELECT count(*) FROM sqlite_master",
    making=(),
    version="PRAGMA user_version",
    set_version=f"PRAGMA user_version={FORMAT}",
)
_DIALECTS = {"postgresql": _POSTGRES, "postgres": _POSTGRES, "sqlite": _SQLITE}


def _sqlalchemy() -> Any:
    """SQLAlchemy, imported late."""
    try:
        import sqlalchemy
    except ModuleNotFoundError as error:
        raise MissingExtraError("a store by URL", "sqlalchemy", "server") from error
    return sqlalchemy


def _parsed(url: str) -> tuple[Any, _Dialect]:
    """SQLAlchemy's URL, and the dialect that it names.

    Raises:
        UnknownNameError: another scheme; StoreError: no URL.
    """
    scheme = url.split("://")[0]
    dialect = _DIALECTS.get(scheme.split("+")[0])
    if dialect is None:
        raise UnknownNameError("kind of store", f"{scheme}://", [f"{n}://" for n in _DIALECTS])
    sql = _sqlalchemy()
    try:
        return sql.make_url(url).set(drivername=dialect.driver), dialect
    except (sql.exc.ArgumentError, ValueError):  # their texts hold the URL, password included
        raise StoreError(
            f"a URL of {scheme}:// that cannot be read; expected {scheme}://USER@HOST:PORT/DATABASE"
        ) from None


def without_password(location: str) -> str:
    """A location as it may be written down: of a URL, everything but its password.

    Args:
        location: a path or URL.

    Returns:
        The location, without what is secret.

    Raises:
        UnknownNameError: a URL of another scheme; StoreError: one that cannot be read.
    """
    if "://" not in location:
        return location
    url, _ = _parsed(location)
    kept = {k: v for k, v in url.query.items() if k not in _SECRETS}
    told = _sqlalchemy().URL.create(
        url.get_backend_name(), url.username, None, url.host, url.port, url.database, kept
    )
    return str(told.render_as_string(hide_password=False))


class ServerDatabase:
    """A database behind a URL, on one connection."""

    def __init__(self, url: str) -> None:
        self.location: str | Path = url
        self.name = without_password(url)
        parsed, self._dialect = _parsed(url)
        self._sql = _sqlalchemy()
        arguments: dict[str, Any] = {"poolclass": self._sql.pool.NullPool}
        if self._dialect is _POSTGRES:
            # prepared statements gain nothing here, and break behind poolers
            arguments["connect_args"] = {"connect_timeout": 10, "prepare_threshold": None}
        else:
            arguments["connect_args"] = {"timeout": PATIENCE_S, "check_same_thread": False}
        try:
            engine = self._sql.create_engine(parsed, isolation_level="AUTOCOMMIT", **arguments)
        except ModuleNotFoundError as error:
            raise MissingExtraError("a store on PostgreSQL", "psycopg", "server") from error
        self._connection = self.guard(engine.connect)
        self._mark = f"%{self._connection.dialect.paramstyle}".replace("%qmark", "?")
        try:
            self.guard(self._set_up)
            self._owner = self.guard(self._make_owner)
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        for statement in self._dialect.opening:
            self.execute(statement)
        if self.execute(self._dialect.is_new)[0][0] == 0:
            with self.transaction():
                if self.execute(self._dialect.is_new)[0][0] == 0:
                    for statement in (*self._dialect.making, *statements()):
                        self.execute(statement.format(**self._dialect.words))
                    self.execute(self._dialect.set_version)
        require_format(self.name, int(self.execute(self._dialect.version)[0][0]))

    # ---- statements
    def _written(self, query: str) -> str:
        return query if self._mark == "?" else query.replace("?", "%s")

    def execute(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement."""
        result = self._connection.exec_driver_sql(self._written(query), tuple(values))
        return [tuple(row) for row in result] if result.returns_rows else []

    def many(self, query: str, rows: Iterable[Row]) -> None:
        """One statement, once a row."""
        if rows := list(rows):
            self._connection.exec_driver_sql(self._written(query), rows)

    def blocks(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a statement, ``size`` at a time."""
        result = self._connection.exec_driver_sql(self._written(query), tuple(values))
        while block := result.fetchmany(size):
            yield [tuple(row) for row in block]

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, one writer at a time."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            for statement in self._dialect.begin:
                self.execute(statement)
            yield
            self.execute("COMMIT")
        except BaseException:
            # where the connection is gone, so is the transaction
            with suppress(self._sql.exc.SQLAlchemyError):
                self.execute("ROLLBACK")
            raise

    def guard(self, action: Callable[[], T]) -> T:
        """Carry out an action; an error of the database becomes a StoreError that says what to do."""
        try:
            return action()
        except self._sql.exc.SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            said = " ".join(str(cause).split()) or type(cause).__name__
            state = getattr(cause, "sqlstate", None) or ""
            fault = isinstance(error, self._sql.exc.OperationalError) or state[:2] in _FAULTS
            kind = StoreFaultError if fault else StoreError
            raise kind(f"{self.name}: {said[:300]}; {_advice(state, said)}") from error

    # ---- claims: the server knows which connections are alive
    def _make_owner(self) -> str:
        if self._dialect is not _POSTGRES:
            return this_process()
        number = secrets.randbits(62)
        self.execute("SELECT pg_advisory_lock(?)", (number,))
        return f"connection:{number}"

    def owner(self) -> str:
        """This connection (or process)."""
        return self._owner

    def forgotten(self, owner: str, since: float) -> bool:
        """Whether the connection that made a claim has ended."""
        if self._dialect is not _POSTGRES:
            return forgotten(owner, since)
        number = int(owner.rpartition(":")[2])
        held = (
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (classid::bigint << 32) | objid::bigint = ?"
        )
        return not self.execute(held, (number,))

    def fold(self) -> None:
        """Nothing: a server keeps no log that somebody could forget to copy."""

    def close(self) -> None:
        """End the connection; its claims end with it."""
        self._connection.close()


# classes of SQLSTATE that are no run's fault: no resources, taken down, lost, read-only, no right
_FAULTS = ("08", "25", "28", "42", "53", "57")


def _advice(state: str, said: str) -> str:
    if state.startswith("28") or "password" in said or "authentication" in said:
        return "give the password in PGPASSWORD or ~/.pgpass, and check the user's name"
    if state.startswith("53"):
        return "the server is out of room: nothing recorded before is lost, continue with --resume once it has some"
    if state == "42501":
        return "ask for the right to create and write the schema 'archgym', or name a database of your own"
    if state.startswith("55P03"):
        return "another driver has been writing for a minute: try again with --resume"
    if state.startswith("25"):
        return "the server takes no writes now: continue with --resume when it does"
    return "check that the server runs and can be reached; nothing recorded is lost, go on with --resume"
