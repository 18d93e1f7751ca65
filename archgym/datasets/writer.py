"""A data set written block by block: memory stays that of one block."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..files.parquet import arrow
from ..files.text import write_text
from .blocks import Block
from .schema import FORMAT, METADATA, UNIT, Description, sidecar

ROW_GROUP = 65_536


class DatasetWriter:
    """Writes one Parquet file; the file appears under its name when it is complete.

    A context manager; leaving it by an exception removes what was written.
    """

    def __init__(self, path: Path, description: Description) -> None:
        self.path = path
        self.description = description
        self.rows = 0
        self.sources: list[dict[str, Any]] = []
        self.workloads: dict[str, Any] = dict(description.workloads)
        self.fingerprints: dict[str, Any] = dict(description.fingerprints)
        self._pa = arrow()
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._writer: Any = None

    def write(self, block: Block) -> None:
        """Append a block.

        Args:
            block: designs with their evaluation and where they come from.
        """
        if len(block):
            self.write_columns(block.columns(self.description))

    def write_columns(self, columns: dict[str, Any]) -> None:
        """Append columns.

        Args:
            columns: by name, all of one length.
        """
        schema = None if self._writer is None else self._writer.schema
        self.write_table(self._pa.table(columns, schema=schema))

    def write_table(self, table: Any) -> None:
        """Append an Arrow table.

        Args:
            table: of the same columns as those before.
        """
        try:
            if self._writer is None:
                table = self._with_units(table)
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = self._pa.parquet.ParquetWriter(
                    self._temporary, table.schema, compression="zstd", write_page_checksum=True
                )
            self._writer.write_table(table.cast(self._writer.schema), row_group_size=ROW_GROUP)
        except OSError as error:
            raise StoreError(
                f"cannot write {self.path}: {error}; free some space and export again"
            ) from error
        self.rows += len(table)

    def _with_units(self, table: Any) -> Any:
        """The table with the unit of each column in the column's metadata."""
        units, pa = self.description.units, self._pa
        fields = [
            f.with_metadata({UNIT: units[f.name]}) if f.name in units else f.remove_metadata()
            for f in table.schema
        ]
        return table.cast(pa.schema(fields))

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._writer is None:
            return
        try:
            if kind is None:
                final = dataclasses.replace(
                    self.description,
                    format=FORMAT,
                    sources=self.sources,
                    fingerprints=self.fingerprints,
                    workloads=self.workloads,
                )
                self._writer.add_key_value_metadata({METADATA: final.to_bytes()})
            self._writer.close()
        except OSError as error:
            self._temporary.unlink(missing_ok=True)
            raise StoreError(
                f"cannot write {self.path}: {error}; free some space and export again"
            ) from error
        if kind is None:
            # other tools drop a file's metadata when they rewrite it: it stands beside the file too
            write_text(sidecar(self.path), final.to_bytes().decode() + "\n")
            self._temporary.replace(self.path)
        else:
            self._temporary.unlink(missing_ok=True)
