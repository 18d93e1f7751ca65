"""A data set read back: the arrays that were written, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..errors import StoreError
from ..files.parquet import DAMAGES, arrow
from ..space import Designs
from .schema import INDEX, METADATA, METRIC, DatasetError, Description, sidecar


@dataclass(frozen=True)
class Dataset:
    """A Parquet file of evaluations; columns are read when they are asked for.

    Raises:
        DatasetError: not a data set of archgym; StoreError: the file is damaged.
    """

    path: Path

    @cached_property
    def _file(self) -> Any:
        pa = arrow()
        try:
            return pa.parquet.ParquetFile(self.path, page_checksum_verification=True)
        except FileNotFoundError as error:
            raise StoreError(f"{self.path} does not exist") from error
        except DAMAGES as error:
            raise StoreError(
                f"{self.path} is not a whole Parquet file ({error}); export or copy it again"
            ) from error

    @cached_property
    def description(self) -> Description:
        """Space, metrics, provenance."""
        metadata = self._file.schema_arrow.metadata or {}
        more = self._file.metadata.metadata or {}
        text = more.get(METADATA, metadata.get(METADATA))
        if text is None and sidecar(self.path).is_file():  # another tool rewrote the file
            text = sidecar(self.path).read_bytes()
        found = Description.from_bytes(text, str(self.path))
        columns = set(self._file.schema_arrow.names)
        wanted = [INDEX + n for n in found.space.names] + [METRIC + m.name for m in found.metrics]
        lacking = [n for n in wanted if n not in columns]
        if lacking:
            raise DatasetError(
                f"{self.path} lacks the columns {lacking[:3]} that its metadata names"
            )
        return found

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Columns as a pandas data frame.

        Args:
            columns: names; all by default.

        Returns:
            One row per evaluation, metrics in SI units.

        Raises:
            StoreError: the file is damaged.
        """
        return self._table(columns).to_pandas()

    def _table(self, columns: Sequence[str] | None) -> Any:
        lacking = set(columns or ()) - set(self._file.schema_arrow.names)
        if lacking:
            raise StoreError(
                f"{self.path} has no column {', '.join(sorted(lacking))}; export it again"
            )
        try:
            return self._file.read(columns=None if columns is None else list(columns))
        except DAMAGES as error:
            raise StoreError(f"{self.path} is damaged: {error}; export it again") from error

    def batches(self, rows: int = 65_536) -> Iterator[Any]:
        """The rows as Arrow tables, in order: memory stays that of one.

        Args:
            rows: of a table, at most.

        Yields:
            Tables.

        Raises:
            StoreError: the file is damaged.
        """
        pa = arrow()
        try:
            for batch in self._file.iter_batches(rows):
                yield pa.Table.from_batches([batch])
        except DAMAGES as error:
            raise StoreError(f"{self.path} is damaged: {error}; export it again") from error

    # ---- arrays
    @property
    def x(self) -> Designs:
        """Designs as value indices, (n, d).

        Raises:
            DatasetError: an index outside the space.
        """
        names = [INDEX + n for n in self.description.space.names]
        table = self._table(names)
        out = np.stack([table[n].to_numpy() for n in names], axis=1).astype(np.int64)
        try:
            return self.description.space.check(out)
        except ValueError as error:
            raise DatasetError(f"{self.path}: {error}") from error

    def metric(self, name: str) -> Floats:
        """One metric.

        Args:
            name: of the metric, such as ``energy``.

        Returns:
            (n,) in its SI unit; NaN where infeasible.
        """
        return np.asarray(self._table([METRIC + name])[METRIC + name].to_numpy(), np.float64)

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which rows are feasible, (n,)."""
        return np.asarray(
            self._table(["feasible"])["feasible"].to_numpy(zero_copy_only=False), np.bool_
        )

    @property
    def canonical(self) -> NDArray[np.uint64]:
        """The hash that designs which must behave alike share, (n,)."""
        return np.asarray(self._table(["canonical"])["canonical"].to_numpy(), np.uint64)

    def column(self, name: str) -> NDArray[Any]:
        """Any other column.

        Args:
            name: of the column, such as ``agent``.

        Returns:
            (n,).

        Raises:
            DatasetError: there is no such column.
        """
        if name not in self._file.schema_arrow.names:
            raise DatasetError(f"{self.path} has no column {name!r}")
        return np.asarray(self._table([name])[name].to_pandas())
