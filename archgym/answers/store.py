"""The evaluation store: every evaluation is kept, once, in an SQLite file (WAL).

Rows are keyed by simulator fingerprint and canonical design, and carry a checksum that is looked at
whenever they are read.  A batch is one transaction, so a process killed at any moment loses at most
the batch in flight.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import StoreError
from ..files.processes import forgotten, this_process
from ..files.sqlite import checksum, fold, read_only, writable
from ..space import Designs, design_keys

_SCHEMA = """
CREATE TABLE IF NOT EXISTS simulators(
    id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, fingerprint TEXT NOT NULL, metrics TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS evaluations(
    simulator INTEGER NOT NULL, design BLOB NOT NULL, feasible INTEGER NOT NULL, metrics BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT '', crc INTEGER NOT NULL, PRIMARY KEY(simulator, design)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trials(
    run TEXT NOT NULL, step INTEGER NOT NULL, design BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY(run, step)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims(
    simulator INTEGER NOT NULL, design BLOB NOT NULL, owner TEXT NOT NULL, since REAL NOT NULL,
    PRIMARY KEY(simulator, design)) WITHOUT ROWID;
"""
FORMAT = 2  # of the file; kept as SQLite's user_version
T = TypeVar("T")
_LOOKUP_CHUNK = 500
_PATIENCE_S = 60.0
_READ = "SELECT design, feasible, metrics, reason, crc FROM evaluations WHERE simulator = ?"


class EvaluationStore:
    """Evaluations on disk; safe to share between processes (SQLite locks; writers wait 60 s).

    A file that cannot be written is opened to be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._ids: dict[str, int] = {}
        self._connection = self._guard(self._open)

    def _open(self) -> sqlite3.Connection:
        if self.path.exists() and not writable(self.path):
            connection = read_only(self.path, _PATIENCE_S)
            self._is_new(connection)  # refuses another format
            return connection
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._set_up(connection)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        # two processes that open a new file at once: switching to WAL does not wait for locks
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                with _Transaction(connection):  # tables and format appear together
                    if self._is_new(connection):
                        for statement in filter(str.strip, _SCHEMA.split(";")):
                            connection.execute(statement)
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
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found != FORMAT:
            raise StoreError(
                f"{self.path} is an evaluation store of format {found}, this version reads {FORMAT}; "
                "start a new run, or read it with the version that wrote it"
            )
        return False

    def _guard(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path}: {error}; {self._advice(str(error))}") from error
        except UnicodeDecodeError as error:  # names inside the file are damaged
            raise StoreError(
                f"{self.path} is damaged (text that is no UTF-8); start a new run"
            ) from error

    @staticmethod
    def _advice(message: str) -> str:
        if "full" in message or "disk I/O" in message:
            return "nothing recorded before is lost: free some space, then continue with --resume"
        if "readonly" in message or "unable to open" in message:
            return "choose a folder that exists and can be written to with --output"
        if "locked" in message:
            return "another process holds it: wait for that run, or choose another --output"
        if "malformed" in message or "not a database" in message:
            return "the file is damaged: `sqlite3 FILE .recover` saves what can be read, or move it away"
        return "check the file"

    def _simulator_id(self, simulator: Simulator) -> int:
        key = simulator.key
        if key not in self._ids:
            query = "SELECT id FROM simulators WHERE key = ?"
            row = self._connection.execute(query, (key,)).fetchone()
            if row is not None:
                self._ids[key] = int(row[0])
                return self._ids[key]
            with self._transaction():
                self._connection.execute(
                    "INSERT OR IGNORE INTO simulators(key, fingerprint, metrics) VALUES(?, ?, ?)",
                    (
                        key,
                        json.dumps(simulator.fingerprint(), default=str),
                        json.dumps([m.name for m in simulator.metrics]),
                    ),
                )
            row = self._connection.execute(query, (key,)).fetchone()
            self._ids[key] = int(row[0])
        return self._ids[key]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection)

    def get(self, simulator: Simulator, x: Designs) -> tuple[np.ndarray, Evaluation]:
        """Which canonical designs are known, (n,) bool, and the evaluation of those known."""

        def read() -> tuple[np.ndarray, Evaluation]:
            owner = self._simulator_id(simulator)
            found: dict[bytes, tuple[int, bytes, str]] = {}
            keys = design_keys(x)
            for start in range(0, len(keys), _LOOKUP_CHUNK):
                part = keys[start : start + _LOOKUP_CHUNK]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(f"{_READ} AND design IN ({marks})", (owner, *part))
                found.update({bytes(row[0]): self._intact(row) for row in rows})
            known = np.array([k in found for k in keys], np.bool_)
            rows_ = [found[k] for k in keys if k in found]
            return known, _evaluation([m.name for m in simulator.metrics], rows_)

        return self._guard(read)

    def put(self, simulator: Simulator, x: Designs, e: Evaluation) -> None:
        """Record evaluations of canonical designs, all or none."""

        def write() -> None:
            owner = self._simulator_id(simulator)
            table = np.stack([e.metrics[m.name] for m in simulator.metrics], axis=1)
            rows = []
            for i, (key, ok, values) in enumerate(zip(design_keys(x), e.feasible, table)):
                row = (key, int(ok), values.tobytes(), e.reason(i))
                rows.append((owner, *row, checksum(*row)))
            with self._transaction():
                self._connection.executemany(
                    "INSERT OR IGNORE INTO evaluations VALUES(?, ?, ?, ?, ?, ?)", rows
                )
                if simulator.expensive:
                    self._drop_claims(owner, design_keys(x))

        self._guard(write)

    def _intact(self, row: tuple[Any, ...]) -> tuple[int, bytes, str]:
        """Feasibility, metrics and reason of a row that is what was written.

        Raises:
            StoreError: it is not.
        """
        design, feasible, metrics, reason, crc = row
        if checksum(bytes(design), feasible, bytes(metrics), reason) != crc:
            raise StoreError(
                f"{self.path}: a recorded evaluation is damaged (its checksum differs); nothing in this "
                "file can be trusted unseen: see archgym verify --all, or start a new run"
            )
        return feasible, metrics, reason

    # ---- claims: who computes an expensive design
    def claim(self, simulator: Simulator, x: Designs) -> np.ndarray:
        """Which of canonical designs (n, d) this process may compute now, (n,) bool.

        The others are being computed by somebody else: :meth:`wait` for them.
        """

        def write() -> np.ndarray:
            owner, mine = self._simulator_id(simulator), []
            with self._transaction():
                for key in design_keys(x):
                    row = self._connection.execute(
                        "SELECT owner, since FROM claims WHERE simulator = ? AND design = ?",
                        (owner, key),
                    ).fetchone()
                    done = self._connection.execute(
                        "SELECT 1 FROM evaluations WHERE simulator = ? AND design = ?", (owner, key)
                    ).fetchone()
                    free = done is None and (row is None or forgotten(*row))
                    mine.append(free)
                    if free:
                        self._connection.execute(
                            "INSERT OR REPLACE INTO claims VALUES(?, ?, ?, ?)",
                            (owner, key, this_process(), time.time()),
                        )
            return np.array(mine, np.bool_)

        return self._guard(write)

    def release(self, simulator: Simulator, x: Designs) -> None:
        """Give claims back without an evaluation."""

        def write() -> None:
            owner = self._simulator_id(simulator)
            with self._transaction():
                self._drop_claims(owner, design_keys(x))

        self._guard(write)

    def _drop_claims(self, simulator: int, keys: Sequence[bytes]) -> None:
        self._connection.executemany(
            "DELETE FROM claims WHERE simulator = ? AND design = ?",
            [(simulator, key) for key in keys],
        )

    def wait(self, simulator: Simulator, x: Designs) -> tuple[np.ndarray, Evaluation]:
        """As :meth:`get`, once a design is known or free to be claimed."""
        pause = 0.01
        while True:
            known, e = self.get(simulator, x)
            if known.any() or self._any_free(simulator, x):
                return known, e
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def _any_free(self, simulator: Simulator, x: Designs) -> bool:
        def read() -> bool:
            owner = self._simulator_id(simulator)
            query = "SELECT owner, since FROM claims WHERE simulator = ? AND design = ?"
            for key in design_keys(x):
                row = self._connection.execute(query, (owner, key)).fetchone()
                if row is None or forgotten(*row):
                    return True
            return False

        return self._guard(read)

    def record_trials(self, run: str, first: int, x: Designs) -> None:
        """Record which designs a run proposed from step ``first`` on.

        Raises:
            StoreError: an earlier attempt of the same run proposed something else there.
        """

        def write() -> None:
            keys = design_keys(x)
            earlier = dict(
                self._connection.execute(
                    "SELECT step, design FROM trials WHERE run = ? AND step >= ? AND step < ?",
                    (run, first, first + len(keys)),
                )
            )
            for step, design in earlier.items():
                if bytes(design) != keys[step - first]:
                    raise StoreError(
                        f"{self.path}: replaying this run proposes another design at step {step} than "
                        "the first time; the agent, a package or the batch size changed. Start a new run"
                    )
            if len(earlier) < len(keys):
                with self._transaction():
                    self._connection.executemany(
                        "INSERT OR IGNORE INTO trials VALUES(?, ?, ?, ?)",
                        [
                            (run, first + i, key, checksum(run, first + i, key))
                            for i, key in enumerate(keys)
                        ],
                    )

        self._guard(write)

    def trial_count(self, run: str) -> int:
        """How many trials of a run are recorded."""
        query = "SELECT count(*) FROM trials WHERE run = ?"
        return int(self._guard(lambda: self._connection.execute(query, (run,)).fetchone()[0]))

    def trials(self, run: str, d: int, chunk: int = 4096) -> Iterator[tuple[int, Designs]]:
        """The designs a run proposed, in order: (first step, (n, d)) by blocks."""
        query = (
            "SELECT design, step, crc FROM trials WHERE run = ? AND step >= ? ORDER BY step LIMIT ?"
        )
        first = 0
        while True:
            cursor = self._guard(partial(self._connection.execute, query, (run, first, chunk)))
            rows = self._guard(cursor.fetchall)
            if not rows:
                return
            for i, (design, step, crc) in enumerate(rows):
                if step != first + i or checksum(run, step, bytes(design)) != crc:
                    raise StoreError(
                        f"{self.path}: the record of trial {first + i} is damaged; start a new run"
                    )
            flat = np.frombuffer(b"".join(bytes(r[0]) for r in rows), ">i4")
            yield first, flat.reshape(len(rows), d).astype(np.int64)
            first += len(rows)

    def count(self, simulator: Simulator | None = None) -> int:
        """How many evaluations are recorded, of one simulator or of all."""
        query = "SELECT count(*) FROM evaluations"
        if simulator is None:
            return int(self._guard(lambda: self._connection.execute(query).fetchone()[0]))
        owner = self._guard(lambda: self._simulator_id(simulator))
        query += " WHERE simulator = ?"
        return int(self._guard(lambda: self._connection.execute(query, (owner,)).fetchone()[0]))

    def rows(self, simulator: Simulator, chunk: int = 4096) -> Iterator[tuple[Designs, Evaluation]]:
        """Every recorded evaluation of a simulator, in design order, by blocks."""
        owner = self._guard(lambda: self._simulator_id(simulator))
        query = f"{_READ} ORDER BY design"
        cursor = self._guard(lambda: self._connection.execute(query, (owner,)))
        while block := self._guard(partial(cursor.fetchmany, chunk)):
            rows = [self._intact(row) for row in block]
            x = np.stack([np.frombuffer(row[0], ">i4") for row in block]).astype(np.int64)
            yield x, _evaluation([m.name for m in simulator.metrics], rows)

    # a copy, in this process or another, opens the file anew: connections cannot be shared
    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path.absolute()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"])  # type: ignore[misc]

    def close(self) -> None:
        """Close the file; its write-ahead log is folded in."""
        self._connection.close()

    def fold(self) -> None:
        """Fold the write-ahead log in now, so that the one file can be copied."""
        self._guard(lambda: fold(self._connection))

    def __enter__(self) -> EvaluationStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _evaluation(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Evaluation:
    table = np.array([np.frombuffer(m, np.float64) for _, m, _ in rows]).reshape(
        len(rows), len(names)
    )
    reasons = [r for _, _, r in rows]
    feasible = np.array([bool(f) for f, _, _ in rows], np.bool_)
    metrics = {name: table[:, i].copy() for i, name in enumerate(names)}
    return Evaluation(metrics, feasible, reasons if any(reasons) else ())
