"""A store that is open: where it lies, and whose evaluations it keeps under which number."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..contracts.evaluation import Evaluation
from ..contracts.simulator import Simulator
from ..errors import StoreError
from ..files.sqlite import checksum
from ..space import Designs, design_keys
from .database import Database, T
from .file_database import FileDatabase


@dataclass(frozen=True)
class Batch:
    """Evaluations by value: whose they are, and rows (design, feasible, metrics, reason)."""

    key: str
    fingerprint: str
    metrics: str
    rows: Sequence[tuple[bytes, int, bytes, str]]

    @classmethod
    def of(cls, simulator: Simulator, x: Designs, e: Evaluation) -> Batch:
        """Evaluations of canonical designs (n, d).

        Args:
            simulator: whose evaluations they are.
            x: canonical designs (n, d), value indices.
            e: of these designs.

        Returns:
            The rows by value, as a worker can send them.
        """
        table = np.stack([e.metrics[m.name] for m in simulator.metrics], axis=1)
        rows = [
            (key, int(ok), values.tobytes(), e.reason(i))
            for i, (key, ok, values) in enumerate(zip(design_keys(x), e.feasible, table))
        ]
        return cls(*described(simulator), rows)


def described(simulator: Simulator) -> tuple[str, str, str]:
    """A simulator as the table of simulators has it: key, fingerprint, names of metrics.

    Args:
        simulator: any.

    Returns:
        Three texts.
    """
    names = [m.name for m in simulator.metrics]
    return simulator.key, json.dumps(simulator.fingerprint(), default=str), json.dumps(names)


def open_database(location: str | Path) -> Database:
    """The database at a path or URL.

    Args:
        location: the path of an SQLite file, ``:memory:``, or a URL such as ``postgresql://host/name``.

    Returns:
        The database, open.

    Raises:
        StoreError: it cannot be opened; UnknownNameError: a URL of another scheme; MissingExtraError.
    """
    if "://" in str(location):
        from .server import ServerDatabase  # SQLAlchemy comes with it

        return ServerDatabase(str(location))
    return FileDatabase(Path(location))


class OpenedStore:
    """The place of a store, open until :meth:`close`, and the simulators that it knows."""

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
        for number, *row, crc in rows:
            if checksum(*row) != crc:
                raise StoreError(
                    f"{self.name}: what it says of a simulator is damaged (its checksum differs); nothing in "
                    "this store can be trusted unseen: start a new run"
                )
            self._ids[row[0]] = int(number)

    def _simulator_id(self, simulator: Simulator) -> int:
        return self._id_of(simulator.key, lambda: described(simulator))

    def _id_of(self, key: str, row_of: Callable[[], tuple[str, str, str]]) -> int:
        if key not in self._ids:
            self._read_simulators()
        if key not in self._ids:
            row = row_of()
            with self._database.transaction():
                self._database.many(
                    "INSERT INTO simulators(key, fingerprint, metrics, crc) VALUES(?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    [(*row, checksum(*row))],
                )
            self._read_simulators()
        return self._ids[key]

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
        """Write all that a file, or a store in memory, holds to a new file.

        Args:
            path: of the new file.

        Raises:
            StoreError: it cannot be written.
        """
        database = self._database
        assert isinstance(database, FileDatabase)  # a server's rows are left where they are
        self._guard(lambda: database.copy_to(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
