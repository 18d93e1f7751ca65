"""The ledger of a sweep: what is planned, what came of it; one SQLite file, one writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ..errors import StoreError
from .plan import RunSpec
from .result import DONE, Result

PLANNED = "planned"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs(
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, scenario TEXT NOT NULL, agent TEXT NOT NULL,
    hyper TEXT NOT NULL, seed INTEGER NOT NULL, budget INTEGER NOT NULL, panel TEXT NOT NULL,
    phase TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    charged INTEGER, computed INTEGER, distinct_designs INTEGER, feasible INTEGER, satisfied INTEGER,
    best REAL, design TEXT, metrics TEXT, curve TEXT, front TEXT, agent_seconds REAL,
    simulator_seconds REAL, seconds REAL, error TEXT);
CREATE INDEX IF NOT EXISTS by_status ON runs(phase, status, position);
"""
_SPEC = "id, scenario, agent, hyper, seed, budget, panel, phase"
_RESULT = (
    "charged, computed, distinct_designs, feasible, satisfied, best, design, metrics, curve, front, "
    "agent_seconds, simulator_seconds, seconds, error, status"
)
T = TypeVar("T")


class Ledger:
    """Reads and writes the runs of one sweep.

    Every error of the file is a :class:`~archgym.errors.StoreError` that says what to do.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise StoreError(f"{path} does not exist: {path.parent} holds no sweep")
        self._connection = self._guard(self._open)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60.0, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

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

    def _execute(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._guard(lambda: self._connection.execute(query, tuple(values)).fetchall())

    def _many(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        def write() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(query, rows)
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

        self._guard(write)

    # ---- what the sweep is
    def set_meta(self, key: str, value: Any) -> None:
        """Keep a JSON value under a key."""
        self._many(
            "INSERT OR REPLACE INTO meta VALUES(?, ?)", [(key, json.dumps(value, default=str))]
        )

    def meta(self, key: str) -> Any:
        """The value under a key, or None."""
        rows = self._execute("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    # ---- planning
    def plan(self, specs: Iterable[RunSpec]) -> None:
        """Add runs; those already there stay as they are.

        Their order is a hash: any part of a sweep is a fair sample of it.
        """
        self._many(
            f"INSERT OR IGNORE INTO runs({_SPEC}, position, status) VALUES(?,?,?,?,?,?,?,?,?,'{PLANNED}')",
            (
                (
                    s.id, s.scenario, s.agent, json.dumps(dict(s.hyper), default=str), s.seed,
                    s.budget, s.panel, s.phase, int(s.id[:15], 16),
                )
                for s in specs
            ),
        )  # fmt: skip

    def pending(self, phase: str, after: int, limit: int) -> tuple[list[RunSpec], int]:
        """The next planned runs beyond a position, and the position of the last of them."""
        rows = self._execute(
            f"SELECT {_SPEC}, position FROM runs WHERE phase = ? AND status = '{PLANNED}' "
            "AND position > ? ORDER BY position LIMIT ?",
            (phase, after, limit),
        )
        return [_spec(r) for r in rows], int(rows[-1][-1]) if rows else after

    def replan(self, statuses: Iterable[str]) -> int:
        """Plan runs of these statuses again; returns how many."""
        total = 0
        for status in statuses:
            total += self.count(status=status)
            self._execute(
                f"UPDATE runs SET status = '{PLANNED}', attempts = 0, error = NULL WHERE status = ?",
                (status,),
            )
        return total

    # ---- results
    def record(self, results: Iterable[Result]) -> None:
        """Write results, all or none."""
        self._many(
            "UPDATE runs SET " + ", ".join(f"{c} = ?" for c in _RESULT.split(", ")) + " WHERE id = ?",
            (
                (
                    r.charged, r.computed, r.distinct, r.feasible, r.satisfied, r.best,
                    json.dumps(list(r.design)), json.dumps(dict(r.metrics)), json.dumps(list(r.curve)),
                    json.dumps(list(r.front)), r.agent_seconds, r.simulator_seconds, r.seconds,
                    r.error, r.status, r.id,
                )
                for r in results
            ),
        )  # fmt: skip

    def count(self, phase: str | None = None, status: str | None = None) -> int:
        """How many runs there are of a phase and status."""
        wanted = [(k, v) for k, v in (("phase", phase), ("status", status)) if v is not None]
        where = " AND ".join(f"{k} = ?" for k, _ in wanted)
        query = "SELECT count(*) FROM runs" + (f" WHERE {where}" if wanted else "")
        return int(self._execute(query, (v for _, v in wanted))[0][0])

    def counts(self) -> list[tuple[str, str, str, str, int]]:
        """(panel, agent, phase, status, runs)."""
        query = "SELECT panel, agent, phase, status, count(*) FROM runs GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        return [(str(p), str(a), str(f), str(s), int(n)) for p, a, f, s, n in self._execute(query)]

    def totals(self) -> dict[str, float]:
        """Sums over finished runs: charged, computed, seconds."""
        row = self._execute(
            "SELECT count(*), coalesce(sum(charged),0), coalesce(sum(computed),0), "
            "coalesce(sum(distinct_designs),0), coalesce(sum(agent_seconds),0), "
            f"coalesce(sum(simulator_seconds),0), coalesce(sum(seconds),0) FROM runs WHERE status='{DONE}'"
        )[0]
        names = (
            "runs",
            "charged",
            "computed",
            "distinct",
            "agent_seconds",
            "simulator_seconds",
            "seconds",
        )
        return dict(zip(names, row))

    def failures(self, limit: int = 20) -> list[tuple[str, str, str, str, str]]:
        """(id, scenario, agent, status, error) of runs that did not end well."""
        rows = self._execute(
            f"SELECT id, scenario, agent, status, error FROM runs WHERE status NOT IN ('{DONE}', '{PLANNED}') "
            "LIMIT ?",
            (limit,),
        )
        return [tuple(map(str, r)) for r in rows]  # type: ignore[misc]

    def rows(
        self, columns: str, where: str = "1", values: Iterable[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Chosen columns of finished runs, in order of id, read as they are asked for."""
        query = f"SELECT {columns} FROM runs WHERE status = '{DONE}' AND ({where}) ORDER BY id"
        cursor = self._guard(lambda: self._connection.execute(query, tuple(values)))
        while block := self._guard(lambda: cursor.fetchmany(1000)):
            yield from block

    def salvage(self, ids: Iterable[str], into: Ledger) -> tuple[int, int]:
        """Copy every finished run that can be read into another ledger; (kept, lost)."""
        kept = lost = 0
        columns = f"id, attempts, {_RESULT}"
        marks = ", ".join(f"{c} = ?" for c in columns.split(", ")[1:])
        for name in ids:
            try:
                rows = self._connection.execute(
                    f"SELECT {columns} FROM runs WHERE id = ?", (name,)
                ).fetchall()
            except sqlite3.DatabaseError:
                lost += 1
                continue
            if rows and rows[0][-1] != PLANNED:
                into._execute(f"UPDATE runs SET {marks} WHERE id = ?", (*rows[0][1:], name))
                kept += 1
        return kept, lost

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _spec(row: tuple[Any, ...]) -> RunSpec:
    name, scenario, agent, hyper, seed, budget, panel, phase = row[:8]
    return RunSpec(name, scenario, agent, json.loads(hyper), seed, budget, panel, phase)
