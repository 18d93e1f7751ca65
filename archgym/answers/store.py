"""The evaluation store: every evaluation is kept, once, in an SQLite file or on a server.

Rows are keyed by simulator fingerprint and canonical design, and carry a checksum that is looked at
whenever they are read.  A batch is one transaction, so a process killed at any moment loses at most
the batch in flight.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import StoreError
from ..files.sqlite import checksum
from ..space import Designs, design_keys
from .opened_store import Batch, OpenedStore

MEMORY = ":memory:"  # the location of a store of this process alone
_LOOKUP_CHUNK = 500
_READ = "SELECT design, feasible, metrics, reason, crc FROM evaluations WHERE simulator = ?"


class EvaluationStore(OpenedStore):
    """Evaluations in a database; safe to share between processes, and, on a server, between machines.

    ``location`` is the path of an SQLite file, ``:memory:``, or a URL such as
    ``postgresql://user@host/database`` (extra ``server``).  What cannot be written is opened to be read.
    """

    def get(self, simulator: Simulator, x: Designs) -> tuple[np.ndarray, Evaluation]:
        """Look canonical designs up.

        Args:
            simulator: whose evaluations are meant.
            x: canonical designs (n, d), value indices.

        Returns:
            Which designs are known, (n,) bool, and the evaluation of those known, in their order.

        Raises:
            StoreError: a row is not what was written.
        """

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
        """Record evaluations of canonical designs, all or none.

        Args:
            simulator: who evaluated.
            x: canonical designs (n, d), value indices.
            e: of these designs.

        Raises:
            StoreError: they cannot be written.
        """
        self.absorb(Batch.of(simulator, x, e), claimed=simulator.expensive)

    def absorb(self, batch: Batch, claimed: bool = False) -> None:
        """Record evaluations that came by value, all or none; ends their claims where they have some.

        Args:
            batch: of one simulator.
            claimed: whether designs were claimed before they were computed.

        Raises:
            StoreError: they cannot be written.
        """

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

        Args:
            simulator: who would compute them.
            x: canonical designs (n, d), value indices.

        Returns:
            (n,) bool.
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
        """Give claims back without an evaluation.

        Args:
            simulator: who would have computed them.
            x: canonical designs (n, d), value indices.
        """

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
        """As :meth:`get`, once a design is known or free to be claimed.

        Args:
            simulator: whose evaluations are meant.
            x: canonical designs (n, d) that others claimed.

        Returns:
            Which designs are known, (n,) bool, and the evaluation of those known.
        """
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

        Args:
            run: id of the run.
            first: step of the first design, from 0.
            x: designs (n, d), value indices.

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
        """How many trials of a run are recorded.

        Args:
            run: id of the run.

        Returns:
            The number of trials.
        """
        query = "SELECT count(*) FROM trials WHERE run = ?"
        return int(self._execute(query, (run,))[0][0])

    def trials(self, run: str, d: int, chunk: int = 4096) -> Iterator[tuple[int, Designs]]:
        """The designs a run proposed, in order: (first step, (n, d)) by blocks.

        Args:
            run: id of the run.
            d: knobs of a design.
            chunk: designs of a block at most.

        Yields:
            The step of a block's first design, and its designs (n, d).

        Raises:
            StoreError: a record is damaged.
        """
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

    def proposed(self, run: str, d: int) -> Designs:
        """All designs a run proposed, in order, as one array (n, d); n is 0 for an unknown run.

        Args:
            run: id of the run.
            d: knobs of a design.

        Returns:
            Value indices (n, d).

        Raises:
            StoreError: a record is damaged.
        """
        blocks = [np.empty((0, d), np.int64), *(x for _, x in self.trials(run, d))]
        return np.concatenate(blocks)

    def count(self, simulator: Simulator | None = None) -> int:
        """How many evaluations are recorded, of one simulator or of all.

        Args:
            simulator: whose; None: of all.

        Returns:
            The number of evaluations.
        """
        query = "SELECT count(*) FROM evaluations"
        if simulator is None:
            return int(self._execute(query)[0][0])
        owner = self._guard(lambda: self._simulator_id(simulator))
        return int(self._execute(f"{query} WHERE simulator = ?", (owner,))[0][0])

    def rows(self, simulator: Simulator, chunk: int = 4096) -> Iterator[tuple[Designs, Evaluation]]:
        """Every recorded evaluation of a simulator, in design order, by blocks.

        Args:
            simulator: whose evaluations are meant.
            chunk: designs of a block at most.

        Yields:
            Canonical designs (n, d), and their evaluation.

        Raises:
            StoreError: a row is damaged.
        """
        self._guard(lambda: self._simulator_id(simulator))
        yield from self.rows_of(simulator.key, [m.name for m in simulator.metrics], chunk)

    def simulators(self) -> list[tuple[str, dict[str, Any]]]:
        """Whose evaluations there are: key and fingerprint of each, in the order in which they came.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._execute("SELECT key, fingerprint FROM simulators ORDER BY id")
        return [(str(key), json.loads(fingerprint)) for key, fingerprint in rows]

    def rows_of(
        self, key: str, metrics: Sequence[str], chunk: int = 4096
    ) -> Iterator[tuple[Designs, Evaluation]]:
        """Every recorded evaluation of the simulator of a key, in design order, by blocks.

        Args:
            key: of :meth:`simulators`.
            metrics: its names, in the order of its declaration.
            chunk: designs of a block at most.

        Yields:
            Canonical designs (n, d), and their evaluation.

        Raises:
            StoreError: a row is damaged.
        """
        if key not in self._ids:
            self._guard(self._read_simulators)
        query = f"{_READ} ORDER BY design"
        blocks = self._database.blocks(query, (self._ids[key],), chunk)
        while block := self._guard(lambda: next(blocks, None)):
            rows = [self._intact(key, row) for row in block]
            x = np.stack([np.frombuffer(row[0], ">i4") for row in block]).astype(np.int64)
            yield x, _evaluation(metrics, rows)

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


def _evaluation(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Evaluation:
    table = np.array([np.frombuffer(m, np.float64) for _, m, _ in rows]).reshape(
        len(rows), len(names)
    )
    reasons = [r for _, _, r in rows]
    feasible = np.array([bool(f) for f, _, _ in rows], np.bool_)
    metrics = {name: table[:, i].copy() for i, name in enumerate(names)}
    return Evaluation(metrics, feasible, reasons if any(reasons) else ())
