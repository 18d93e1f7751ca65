"""Columns of other people's tables, read with their types: CSV, and Parquet of any writer."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..documents import parse_json
from ..errors import ArchgymError, StoreError
from ..files.cells import restored
from ..files.parquet import arrow
from ..space import Value
from .schema import DatasetError

# a number as programs write it; zero-padded text such as 007 is a name
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$")
_WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d*)$")
MISSING = ("", "nan", "na", "null", "n/a")  # in columns of metrics; a knob may have the value 'NA'
LARGEST_CELL = 1 << 20  # characters


@dataclass(frozen=True)
class Column:
    """One column: ``kind`` is ``switch``, ``number`` or ``text``; a missing cell is None."""

    name: str
    kind: str
    cells: Sequence[Value | None]

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def missing(self) -> np.ndarray:
        """Which cells are empty, (n,) bool."""
        return np.array([c is None for c in self.cells], np.bool_)

    def numbers(self, where: str) -> np.ndarray:
        """The cells as numbers, NaN where missing.

        Args:
            where: the file, for messages.

        Returns:
            Floats (n,).

        Raises:
            DatasetError: a cell that is no finite number, with its row.
        """
        out = np.full(len(self), np.nan)
        for i, cell in enumerate(self.cells):
            if cell is None or (isinstance(cell, str) and cell.strip().lower() in MISSING):
                continue
            try:
                out[i] = float(cell)
            except ValueError:
                out[i] = np.inf
            if not np.isfinite(out[i]):
                raise DatasetError(f"{where}, row {i + 1}: {self.name!r} is {cell!r}, not a number")
        return out


def read_columns(paths: Sequence[Path]) -> list[Column]:
    """The columns of files that stand side by side (same rows).

    Args:
        paths: CSV or Parquet files with the same rows.

    Returns:
        Every column, file by file.

    Raises:
        StoreError: a file cannot be read.
        DatasetError: rows do not match, a name occurs twice, or a type that no design has.
    """
    out: list[Column] = []
    for path in paths:
        found = _parquet(path) if path.suffix in (".parquet", ".pq") else _csv(path)
        if out and found and len(found[0]) != len(out[0]):
            raise DatasetError(
                f"{path} has {len(found[0])} rows, {paths[0]} has {len(out[0])}: they cannot stand side by side"
            )
        out += found
    names = [c.name for c in out]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise DatasetError(
            f"{' and '.join(map(str, paths))}: column {', '.join(map(repr, twice))} occurs twice; rename one"
        )
    if not out or not len(out[0]):
        raise DatasetError(f"{paths[0]} holds no rows")
    return out


def _csv(path: Path) -> list[Column]:
    csv.field_size_limit(LARGEST_CELL)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True, strict=True)
            header = [restored(name.strip()) for name in next(reader, [])]
            columns: list[list[str]] = [[] for _ in header]
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise DatasetError(
                        f"{path}, line {reader.line_num}: {len(row)} cells, the header has {len(header)} columns"
                    )
                for cells, cell in zip(columns, row):
                    cells.append(restored(cell.strip()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{path} cannot be read as CSV: {error}") from error
    if "" in header:
        raise DatasetError(f"{path}: column {header.index('') + 1} has no name")
    return [_typed(name, cells) for name, cells in zip(header, columns)]


def _typed(name: str, cells: list[str]) -> Column:
    """The type that all cells of a text column have; words such as None stay words."""
    filled = [c for c in cells if c]
    lowered = {c.lower() for c in filled}
    if filled and lowered <= {"true", "false"}:
        return Column(name, "switch", [c.lower() == "true" if c else None for c in cells])
    if filled and all(_WHOLE.match(c) for c in filled):
        return Column(name, "number", [int(c) if c else None for c in cells])
    if filled and all(_NUMBER.match(c) for c in filled):
        return Column(name, "number", [float(c) if c else None for c in cells])
    return Column(name, "text", [c if c else None for c in cells])


def _parquet(path: Path) -> list[Column]:
    pa = arrow()
    try:
        table = pa.parquet.read_table(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read as Parquet: {error}") from error
    types, out, refused = pa.types, [], []
    for name, column in zip(table.column_names, table.columns):
        kind = column.type
        if types.is_dictionary(kind):
            column, kind = column.cast(kind.value_type), kind.value_type
        if types.is_boolean(kind):
            out.append(Column(name, "switch", column.to_pylist()))
        elif types.is_integer(kind):
            out.append(Column(name, "number", column.to_pylist()))
        elif types.is_floating(kind) or types.is_decimal(kind):
            out.append(Column(name, "number", [_real(v) for v in column.to_pylist()]))
        elif types.is_string(kind) or types.is_large_string(kind) or _is_view(types, kind):
            out.append(Column(name, "text", column.to_pylist()))
        else:
            refused.append(f"{name!r} is of type {kind}")
    if refused:
        raise DatasetError(
            f"{path}: {'; '.join(refused)}: expected numbers, text or booleans; convert the column, or leave it "
            "out when the table is written"
        )
    return out + _counted_index(path, table)


def _counted_index(path: Path, table: Any) -> list[Column]:
    """The named index of a pandas frame that counts 1, 2, 3 …: pandas writes it into the metadata alone."""
    text = (table.schema.metadata or {}).get(b"pandas")
    if text is None:
        return []
    try:
        entries = parse_json(text, "the metadata of pandas").get("index_columns", [])
        named = [e for e in entries if isinstance(e, dict) and isinstance(e.get("name"), str)]
        counts = [(e["name"], range(e["start"], e["stop"], e["step"])) for e in named]
    except (ValueError, KeyError, TypeError, AttributeError, ArchgymError) as error:
        raise DatasetError(f"{path}: its pandas metadata cannot be read: {error}") from error
    for name, count in counts:
        if len(count) != len(table):
            raise DatasetError(f"{path}: index {name!r} has {len(count)} rows, not {len(table)}")
    return [Column(name, "number", list(count)) for name, count in counts]


def _is_view(types: Any, kind: Any) -> bool:
    check = getattr(types, "is_string_view", None)  # newer than the oldest pyarrow supported
    return bool(check and check(kind))


def _real(value: Any) -> float | None:
    """A finite float; NaN, as pandas marks what is missing, counts as missing."""
    if value is None:
        return None
    number = float(value)
    return None if number != number else number
