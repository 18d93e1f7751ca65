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
from ..errors import StoreError, UnknownNameError
from ..files.parquet import DAMAGES, arrow
from ..space import Designs
from .schema import METADATA, DatasetError, Description, sidecar


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
        former = found.former_columns
        columns = {former.get(n, n) for n in self._file.schema_arrow.names}
        names = found.columns
        wanted = [*names.indices.values(), *names.metrics.values()]
        lacking = [n for n in wanted if n not in columns]
        if lacking:
            raise DatasetError(
                f"{self.path} lacks the columns {lacking[:3]} that its metadata names"
            )
        return found

    @cached_property
    def columns(self) -> dict[str, str]:
        """What each column is called in the file, by its name; they differ in files of format 1."""
        former = self.description.former_columns
        return {former.get(n, n): n for n in self._file.schema_arrow.names}

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Columns as a pandas data frame.

        Args:
            columns: names; all by default.

        Returns:
            One row per evaluation, metrics in SI units; ``attrs["units"]`` maps columns to units.

        Raises:
            StoreError: the file is damaged.
        """
        frame = self._table(columns).to_pandas()
        units = self.description.units
        frame.attrs["units"] = {n: units[n] for n in frame.columns if n in units}
        return frame

    def _table(self, columns: Sequence[str] | None) -> Any:
        lacking = set(columns or ()) - set(self.columns)
        if lacking:
            raise StoreError(
                f"{self.path} has no column {', '.join(sorted(lacking))}; export it again"
            )
        try:
            asked = None if columns is None else [self.columns[n] for n in columns]
            table = self._renamed(self._file.read(columns=asked))
        except DAMAGES as error:
            raise StoreError(f"{self.path} is damaged: {error}; export it again") from error
        self._check_rows(table.num_rows)
        return table

    def _check_rows(self, rows: int) -> None:
        """Refuse columns that end too early: no checksum covers the header that says what a page is."""
        if rows != len(self):
            raise StoreError(
                f"{self.path} is damaged: {rows} rows were read of {len(self)}; export it again"
            )

    def _renamed(self, table: Any) -> Any:
        former = self.description.former_columns
        if not former:
            return table
        return table.rename_columns([former.get(n, n) for n in table.column_names])

    def batches(self, rows: int = 65_536) -> Iterator[Any]:
        """The rows as Arrow tables, in order: memory stays that of one.

        Args:
            rows: of a table, at most.

        Yields:
            Tables.

        Raises:
            StoreError: the file is damaged.
        """
        pa, seen = arrow(), 0
        try:
            for batch in self._file.iter_batches(rows):
                seen += len(batch)
                yield self._renamed(pa.Table.from_batches([batch]))
        except DAMAGES as error:
            raise StoreError(f"{self.path} is damaged: {error}; export it again") from error
        self._check_rows(seen)

    # ---- arrays
    @property
    def x(self) -> Designs:
        """Designs as value indices, (n, d).

        Raises:
            DatasetError: an index outside the space.
        """
        names = list(self.description.columns.indices.values())
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

        Raises:
            UnknownNameError: the data set has no such metric.
        """
        names = self.description.columns.metrics
        if name not in names:
            raise UnknownNameError(f"metric in {self.path}:", name, names)
        column = names[name]
        return np.asarray(self._table([column])[column].to_numpy(), np.float64)

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
            name: of the column, such as ``agent``, ``total_time`` or ``index.page_policy``.

        Returns:
            (n,).

        Raises:
            UnknownNameError: there is no such column.
        """
        if name not in self.columns:
            raise UnknownNameError(f"column in {self.path}:", name, self.columns)
        return np.asarray(self._table([name])[name].to_pandas())
