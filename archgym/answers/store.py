"""The evaluation store: every evaluation is kept, once, in an SQLite file or on a server.

Rows are keyed by simulator fingerprint and canonical design, and carry a checksum that is looked at
whenever they are read.  A batch is one transaction, so a process killed at any moment loses at most
the batch in flight.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import StoreError
from ..files.sqlite import checksum
from ..space import Designs, design_keys
from .database import Database, T
from .file_database import FileDatabase

MEMORY = ":memory:"  # the location of a store of this process alone
_LOOKUP_CHUNK = 500
_READ = "SELECT design, feasible, metrics, reason, crc FROM evaluations WHERE simulator = ?"


@dataclass(frozen=True)
class Batch:
    """Evaluations by value: whose they are, and rows (design, feasible, metrics, reason)."""

    key: str
    fingerprint: str
    metrics: str
    rows: Sequence[tuple[bytes, int, bytes, str]]

    @classmethod
    def of(cls, simulator: Simulator, x: Designs, e: Evaluation) -> Batch:
        """Evaluations of canonical designs (n, d)."""
        table = np.stack([e.metrics[m.name] for m in simulator.metrics], axis=1)
        rows = [
            (key, int(ok), values.tobytes(), e.reason(i))
            for i, (key, ok, values) in enumerate(zip(design_keys(x), e.feasible, table))
        ]
        return cls(*_described(simulator), rows)


def _described(simulator: Simulator) -> tuple[str, str, str]:
    """A simulator as the table of simulators has it: key, fingerprint, names of metrics."""
    names = [m.name for m in simulator.metrics]
    return simulator.key, json.dumps(simulator.fingerprint(), default=str), json.dumps(names)


def open_database(location: str | Path) -> Database:
    """The database at a path or URL.

    Args:
        location: the path of an SQLite file, ``:memory:``, or a URL such as ``postgresql://host/name``.

    Raises:
        StoreError: it cannot be opened; UnknownNameError: a URL of another scheme; MissingExtraError.
    """
    if "://" in str(location):
        from .server import ServerDatabase  # SQLAlchemy comes with it

        return ServerDatabase(str(location))
    return FileDatabase(Path(location))


class EvaluationStore:
    """Evaluations in a database; safe to share between processes, and, on a server, between machines.

    ``location`` is the path of an SQLite file, ``:memory:``, or a URL such as
    ``postgresql://user@host/database`` (extra ``server``).  What cannot be written is opened to be read.
    """

    def __init__(self, location: str | Path) -> None:
        self._database: Database = open_database(location)
        self.name = self._database.name
        self._ids: dict[str, int] = {}
        try:
            self._guard(self._read_simulators)
        except BaseException:
            self._database.close()
            raise

    def _guard(self, action: Callable[[], T]) -> T:
        return self._database.guard(action)

    def _execute(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._guard(lambda: self._database.execute(query, values))

    def _read_simulators(self) -> None:
        """Whose evaluations there are; a damaged row is told before any number is read."""
        rows = self._database.execute("SELECT id, key, fingerprint, metrics, crc FROM simulators")
        for number, *described, crc in rows:
            if checksum(*described) != crc:
                raise StoreError(
                    f"{self.name}: what it says of a simulator is damaged (its checksum differs); nothing in "
                    "this store can be trusted unseen: start a new run"
                )
            self._ids[described[0]] = int(number)

    def _simulator_id(self, simulator: Simulator) -> int:
        return self._id_of(simulator.key, lambda: _described(simulator))

    def _id_of(self, key: str, described: Callable[[], tuple[str, str, str]]) -> int:
        if key not in self._ids:
            self._read_simulators()
        if key not in self._ids:
            row = described()
            with self._database.transaction():
                self._database.many(
                    "INSERT INTO simulators(key, fingerprint, metrics, crc) VALUES(?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    [(*row, checksum(*row))],
                )
            self._read_simulators()
        return self._ids[key]

    def get(self, simulator: Simulator, x: Designs) -> tuple[np.ndarray, Evaluation]:
        """Which canonical designs are known, (n,) bool, and the evaluation of those known."""

        def read() -> tuple[np.ndarray, Evaluation]:
            owner = self._simulator_id(simulator)
            found: dict[bytes, tuple[int, bytes, str]] = {}
            keys = design_keys(x)
            for start in range(0, len(keys), _LOOKUP_CHUNK):
                part = keys[start : start + _LOOKUP_CHUNK]
                marks = ",".join("?" * len(part))
                rows = self._database.execute(f"{_READ} AND design IN ({marks})", (owner, *part))
                found.update({bytes(row[0]): self._intact(simulator.key, row) for row in rows})
            known = np.array([k in found for k in keys], np.bool_)
            rows_ = [found[k] for k in keys if k in found]
            return known, _evaluation([m.name for m in simulator.metrics], rows_)

        return self._guard(read)

    def put(self, simulator: Simulator, x: Designs, e: Evaluation) -> None:
        """Record evaluations of canonical designs, all or none."""
        self.absorb(Batch.of(simulator, x, e), claimed=simulator.expensive)

    def absorb(self, batch: Batch, claimed: bool = False) -> None:
        """Record evaluations that came by value, all or none; ends their claims where they have some."""

        def write() -> None:
            owner = self._id_of(batch.key, lambda: (batch.key, batch.fingerprint, batch.metrics))
            rows = [(owner, *row, checksum(batch.key, *row)) for row in batch.rows]
            with self._database.transaction():
                self._database.many(
                    "INSERT INTO evaluations VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
                )
                if claimed:
                    self._drop_claims(owner, [row[0] for row in batch.rows])

        self._guard(write)

    def _intact(self, key: str, row: tuple[Any, ...]) -> tuple[int, bytes, str]:
        """Feasibility, metrics and reason of a row that is what was written.

        Raises:
            StoreError: it is not.
        """
        design, feasible, metrics, reason, crc = row
        if checksum(key, bytes(design), feasible, bytes(metrics), reason) != crc:
            raise StoreError(
                f"{self.name}: a recorded evaluation is damaged (its checksum differs); nothing in this "
                "store can be trusted unseen: see archgym verify --all, or start a new run"
            )
        return feasible, metrics, reason

    # ---- claims: who computes an expensive design
    def claim(self, simulator: Simulator, x: Designs) -> np.ndarray:
        """Which of canonical designs (n, d) this process may compute now, (n,) bool.

        The others are being computed by somebody else: :meth:`wait` for them.
        """

        def write() -> np.ndarray:
            owner, mine = self._simulator_id(simulator), []
            with self._database.transaction():
                for key in design_keys(x):
                    done = self._database.execute(
                        "SELECT 1 FROM evaluations WHERE simulator = ? AND design = ?", (owner, key)
                    )
                    free = not done and self._is_free(owner, key)
                    mine.append(free)
                    if free:
                        self._drop_claims(owner, [key])
                        self._database.many(
                            "INSERT INTO claims VALUES(?, ?, ?, ?)",
                            [(owner, key, self._database.owner(), time.time())],
                        )
            return np.array(mine, np.bool_)

        return self._guard(write)

    def release(self, simulator: Simulator, x: Designs) -> None:
        """Give claims back without an evaluation."""

        def write() -> None:
            owner = self._simulator_id(simulator)
            with self._database.transaction():
                self._drop_claims(owner, design_keys(x))

        self._guard(write)

    def _drop_claims(self, simulator: int, keys: Sequence[bytes]) -> None:
        self._database.many(
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
            return any(self._is_free(owner, key) for key in design_keys(x))

        return self._guard(read)

    def _is_free(self, simulator: int, key: bytes) -> bool:
        """Whether nobody who is still there has claimed a design."""
        query = "SELECT owner, since FROM claims WHERE simulator = ? AND design = ?"
        rows = self._database.execute(query, (simulator, key))
        return all(self._database.forgotten(*row) for row in rows)

    def record_trials(self, run: str, first: int, x: Designs) -> None:
        """Record which designs a run proposed from step ``first`` on.

        Raises:
            StoreError: an earlier attempt of the same run proposed something else there.
        """

        def write() -> None:
            keys = design_keys(x)
            earlier = self._database.execute(
                "SELECT step, design FROM trials WHERE run = ? AND step >= ? AND step < ?",
                (run, first, first + len(keys)),
            )
            for step, design in earlier:
                if bytes(design) != keys[step - first]:
                    raise StoreError(
                        f"{self.name}: replaying this run proposes another design at step {step} than "
                        "the first time; the agent, a package or the batch size changed. Start a new run"
                    )
            if len(earlier) < len(keys):
                with self._database.transaction():
                    self._database.many(
                        "INSERT INTO trials VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        [
                            (run, first + i, key, checksum(run, first + i, key))
                            for i, key in enumerate(keys)
                        ],
                    )

        self._guard(write)

    def trial_count(self, run: str) -> int:
        """How many trials of a run are recorded."""
        query = "SELECT count(*) FROM trials WHERE run = ?"
        return int(self._execute(query, (run,))[0][0])

    def trials(self, run: str, d: int, chunk: int = 4096) -> Iterator[tuple[int, Designs]]:
        """The designs a run proposed, in order: (first step, (n, d)) by blocks."""
        query = (
            "SELECT design, step, crc FROM trials WHERE run = ? AND step >= ? ORDER BY step LIMIT ?"
        )
        first = 0
        while True:
            rows = self._execute(query, (run, first, chunk))
            if not rows:
                return
            for i, (design, step, crc) in enumerate(rows):
                if step != first + i or checksum(run, step, bytes(design)) != crc:
                    raise StoreError(
                        f"{self.name}: the record of trial {first + i} is damaged; start a new run"
                    )
            flat = np.frombuffer(b"".join(bytes(r[0]) for r in rows), ">i4")
            yield first, flat.reshape(len(rows), d).astype(np.int64)
            first += len(rows)

    def count(self, simulator: Simulator | None = None) -> int:
        """How many evaluations are recorded, of one simulator or of all."""
        query = "SELECT count(*) FROM evaluations"
        if simulator is None:
            return int(self._execute(query)[0][0])
        owner = self._guard(lambda: self._simulator_id(simulator))
        return int(self._execute(f"{query} WHERE simulator = ?", (owner,))[0][0])

    def rows(self, simulator: Simulator, chunk: int = 4096) -> Iterator[tuple[Designs, Evaluation]]:
        """Every recorded evaluation of a simulator, in design order, by blocks."""
        owner = self._guard(lambda: self._simulator_id(simulator))
        query = f"{_READ} ORDER BY design"
        blocks = self._database.blocks(query, (owner,), chunk)
        while block := self._guard(lambda: next(blocks, None)):
            rows = [self._intact(simulator.key, row) for row in block]
            x = np.stack([np.frombuffer(row[0], ">i4") for row in block]).astype(np.int64)
            yield x, _evaluation([m.name for m in simulator.metrics], rows)

    def check(self) -> int:
        """Look at every row, whoever's it is; how many evaluations and trials there are.

        Raises:
            StoreError: something is not what was written.
        """
        keys = {number: key for key, number in self._ids.items()}
        rows = 0
        query = "SELECT simulator, design, feasible, metrics, reason, crc FROM evaluations"
        blocks = self._database.blocks(query, (), 4096)
        while block := self._guard(lambda: next(blocks, None)):
            for number, *row in block:
                if number not in keys:
                    raise StoreError(
                        f"{self.name}: an evaluation is of no simulator that the store knows"
                    )
                self._intact(keys[number], tuple(row))
            rows += len(block)
        blocks = self._database.blocks("SELECT run, step, design, crc FROM trials", (), 4096)
        while block := self._guard(lambda: next(blocks, None)):
            for run, step, design, crc in block:
                if checksum(run, step, bytes(design)) != crc:
                    raise StoreError(f"{self.name}: the record of a trial is damaged")
            rows += len(block)
        return rows

    # a copy, in this process or another, opens the place anew: connections cannot be shared
    def __getstate__(self) -> dict[str, Any]:
        return {"location": self._database.location}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["location"])  # type: ignore[misc]

    def close(self) -> None:
        """Close the file, its write-ahead log folded in; or the connection, its claims ended."""
        self._database.close()

    def fold(self) -> None:
        """Fold a file's write-ahead log in now, so that the one file can be copied."""
        self._guard(self._database.fold)

    def copy_to(self, path: Path) -> None:
        """Write all that a file, or a store in memory, holds to a new file."""
        database = self._database
        assert isinstance(database, FileDatabase)  # a server's rows are left where they are
        self._guard(lambda: database.copy_to(path))

    def __enter__(self) -> EvaluationStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _evaluation(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Evaluation:
    table = np.array([np.frombuffer(m, np.float64) for _, m, _ in rows]).reshape(
        len(rows), len(names)
    )
    reasons = [r for _, _, r in rows]
    feasible = np.array([bool(f) for f, _, _ in rows], np.bool_)
    metrics = {name: table[:, i].copy() for i, name in enumerate(names)}
    return Evaluation(metrics, feasible, reasons if any(reasons) else ())
