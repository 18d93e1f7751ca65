"""The ledger of a sweep: what is planned, what came of it; one SQLite file, one writer."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..documents import parse_json
from ..files.sqlite import checksum
from . import query_counts
from .ledger_file import FORMAT, SCHEMA, LedgerFile
from .ledger_rows import PLAN, PLANS, RESULT, plan_row, result_row, whole, whole_plan
from .plan import RunSpec
from .result import DONE, Result

PLANNED = "planned"


class Ledger(LedgerFile):
    """Reads and writes the runs of one sweep."""

    # ---- what the sweep is
    def begin(self, specs: Iterable[RunSpec], meta: Mapping[str, Any]) -> None:
        """Make tables, plan and facts in one transaction: a sweep is there whole or not at all.

        Args:
            specs: every run to plan.
            meta: facts by key, for :meth:`meta`; values become JSON.

        Raises:
            StoreError: the file cannot be written.
        """
        facts = [(key, json.dumps(value, default=str)) for key, value in meta.items()]

        def make(connection: sqlite3.Connection) -> None:
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={FORMAT}")
            rows = [(k, v, checksum(k, v)) for k, v in facts]
            connection.executemany("INSERT INTO meta VALUES(?, ?, ?)", rows)
            connection.executemany(_INSERT, map(plan_row, specs))

        self._together(make)

    def meta(self, key: str) -> Any:
        """A fact that :meth:`begin` wrote.

        Args:
            key: its name.

        Returns:
            The value as JSON gives it back; None where there is none.

        Raises:
            StoreError: the value is not what was written.
        """
        rows = self._execute("SELECT value, crc FROM meta WHERE key = ?", (key,))
        if rows and checksum(key, rows[0][0]) != rows[0][1]:
            raise self._damaged(f"what it says of {key}")
        return parse_json(rows[0][0], f"{self.path}: what it says of {key}") if rows else None

    # ---- planning
    def plan(self, specs: Iterable[RunSpec]) -> None:
        """Add runs; those already there stay as they are.

        Their order is a hash: any part of a sweep is a fair sample of it.

        Args:
            specs: runs to add.
        """
        self._many(_INSERT, map(plan_row, specs))

    def pending(self, phase: str, after: int, limit: int) -> tuple[list[RunSpec], int]:
        """The next planned runs beyond a position.

        Args:
            phase: tuning or test.
            after: a position in the order of runs; -1 begins.
            limit: the most runs to give.

        Returns:
            The runs, and the position of the last of them.

        Raises:
            StoreError: a run is not what was planned.
        """
        rows = self._execute(
            f"SELECT {PLAN}, crc FROM runs WHERE phase = ? AND status = '{PLANNED}' "
            "AND position > ? ORDER BY position LIMIT ?",
            (phase, after, limit),
        )
        for row in rows:  # a planned run with a result is one whose status was altered
            if not whole_plan(row[:PLANS]) or row[-1] is not None:
                raise self._damaged(f"run {row[0]}")
        return [_spec(r) for r in rows], int(rows[-1][-3]) if rows else after

    def replan(self, statuses: Iterable[str]) -> int:
        """Plan runs again, so that :meth:`pending` gives them once more.

        Args:
            statuses: what became of the runs that are meant.

        Returns:
            How many there are.
        """
        total = 0
        for status in statuses:
            total += self.count(status=status)
            self._execute(
                f"UPDATE runs SET status = '{PLANNED}', attempts = 0, error = NULL, crc = NULL WHERE status = ?",
                (status,),
            )
        return total

    # ---- results
    def record(self, results: Iterable[Result]) -> None:
        """Write results, all or none.

        Args:
            results: of planned runs.

        Raises:
            StoreError: the file cannot be written.
        """
        names = [*RESULT.split(", "), "crc"]
        update = "UPDATE runs SET " + ", ".join(f"{c} = ?" for c in names) + " WHERE id = ?"
        found = [(r, result_row(r)) for r in results]

        def write(connection: sqlite3.Connection) -> None:
            rows = [(*row, checksum(r.id, *row), r.id) for r, row in found]
            connection.executemany(self._sql(update), rows)
            query_counts.write(connection, {r.id: r.queries for r, _ in found})

        self._together(write)

    def queries(self) -> dict[str, dict[str, int]]:
        """How many queries (costly parts of evaluations) runs used.

        Returns:
            Counts by run and name; runs that used none are left out.

        Raises:
            StoreError: a count is not what was written.
        """
        out: dict[str, dict[str, int]] = {}
        for run, name, used, good in self._guard(lambda: query_counts.read(self._connection)):
            if not good:
                raise self._damaged(f"the queries of run {run}")
            out.setdefault(run, {})[name] = used
        return out

    def count(self, phase: str | None = None, status: str | None = None) -> int:
        """How many runs there are.

        Args:
            phase: tuning or test (default: both).
            status: such as ``done`` (default: all).

        Returns:
            A count.
        """
        wanted = [(k, v) for k, v in (("phase", phase), ("status", status)) if v is not None]
        where = " AND ".join(f"{k} = ?" for k, _ in wanted)
        query = "SELECT count(*) FROM runs" + (f" WHERE {where}" if wanted else "")
        return int(self._execute(query, (v for _, v in wanted))[0][0])

    def counts(self) -> list[tuple[str, str, str, str, int]]:
        """How many runs there are of each kind.

        Returns:
            (panel, agent, phase, status, runs).
        """
        query = "SELECT panel, agent, phase, status, count(*) FROM runs GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        return [(str(p), str(a), str(f), str(s), int(n)) for p, a, f, s, n in self._execute(query)]

    def totals(self) -> dict[str, float]:
        """Sums over finished runs: charged, computed, seconds."""
        row = self._execute(
            "SELECT count(*), coalesce(sum(charged),0), coalesce(sum(computed),0), "
            "coalesce(sum(different),0), coalesce(sum(agent_seconds),0), "
            f"coalesce(sum(simulator_seconds),0), coalesce(sum(seconds),0) FROM runs WHERE status='{DONE}'"
        )[0]
        names = (
            "runs",
            "charged",
            "computed",
            "different",
            "agent_seconds",
            "simulator_seconds",
            "seconds",
        )
        return dict(zip(names, row))

    def failures(self, limit: int = 20) -> list[tuple[str, str, str, str, str]]:
        """Runs that did not end well.

        Args:
            limit: the most to give.

        Returns:
            (id, scenario, agent, status, error) of each.
        """
        rows = self._execute(
            f"SELECT id, scenario, agent, status, error FROM runs WHERE status NOT IN ('{DONE}', '{PLANNED}') "
            "LIMIT ?",
            (limit,),
        )
        return [tuple(map(str, r)) for r in rows]  # type: ignore[misc]

    def rows(
        self, columns: str, where: str = "1", values: Iterable[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Chosen columns of finished runs, in order of id.

        Args:
            columns: names, separated by commas.
            where: a condition in SQL.
            values: of the condition's question marks.

        Returns:
            A tuple for each run, read as it is asked for.

        Raises:
            StoreError: a run is not what was written.
        """
        asked = len(columns.split(","))
        query = (
            f"SELECT {columns}, {PLAN}, {RESULT}, crc FROM runs WHERE status = '{DONE}' AND ({where}) "
            "ORDER BY id"
        )
        cursor = self._guard(lambda: self._connection.execute(self._sql(query), tuple(values)))
        while block := self._guard(lambda: cursor.fetchmany(1000)):
            for row in block:
                if not whole(row[asked:]):
                    raise self._damaged(f"run {row[asked]}")
                yield row[:asked]

    def check(self) -> int:
        """Look at every row of the file.

        Returns:
            How many runs there are.

        Raises:
            StoreError: a row is not what was written.
        """
        for (key,) in self._execute("SELECT key FROM meta"):
            self.meta(key)
        self.queries()
        query, runs = f"SELECT {PLAN}, {RESULT}, crc FROM runs", 0
        cursor = self._guard(lambda: self._connection.execute(self._sql(query)))
        while block := self._guard(lambda: cursor.fetchmany(1000)):
            for row in block:
                planned = row[-1] is None and row[-2] == PLANNED and whole_plan(row[:PLANS])
                if not planned and not whole(row):
                    raise self._damaged(f"run {row[0]}")
                runs += 1
        return runs

    def salvage(self, ids: Iterable[str], into: Ledger) -> tuple[int, int]:
        """Copy every finished run that can be read into another ledger.

        Args:
            ids: of the runs to look for.
            into: a ledger in which these runs are planned.

        Returns:
            How many runs were copied, and how many could not be read.
        """
        kept = lost = 0
        with contextlib.suppress(sqlite3.DatabaseError):  # counts may be lost alone
            whole_ones: dict[str, dict[str, int]] = {}
            for run, name, used, good in query_counts.read(self._connection):
                if good:
                    whole_ones.setdefault(run, {})[name] = used
            into._together(lambda c: query_counts.write(c, whole_ones))
        columns = f"id, attempts, {RESULT}, crc"
        marks = ", ".join(f"{c} = ?" for c in columns.split(", ")[1:])
        for name in ids:
            try:
                rows = self._connection.execute(
                    self._sql(f"SELECT {columns} FROM runs WHERE id = ?"), (name,)
                ).fetchall()
            except sqlite3.DatabaseError:
                lost += 1
                continue
            if rows and rows[0][-1] is not None and checksum(name, *rows[0][2:-1]) != rows[0][-1]:
                lost += 1
                continue
            if rows and rows[0][-2] != PLANNED:
                into._execute(f"UPDATE runs SET {marks} WHERE id = ?", (*rows[0][1:], name))
                kept += 1
        return kept, lost


def _spec(row: tuple[Any, ...]) -> RunSpec:
    name, scenario, agent, hyperparameters, seed, budget, panel, phase = row[:8]
    values = parse_json(hyperparameters, f"the hyperparameters of run {name}")
    return RunSpec(name, scenario, agent, values, seed, budget, panel, phase)


_INSERT = f"INSERT OR IGNORE INTO runs({PLAN}, status) VALUES(" + "?, " * PLANS + f"'{PLANNED}')"


def error_of(traceback: str) -> str:
    """What a failed run's traceback comes to.

    Args:
        traceback: as the ledger keeps it.

    Returns:
        Its last line; '' where nothing is kept.
    """
    lines = traceback.strip().splitlines()
    return lines[-1] if lines else ""
