"""Tables of other people's simulators as data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..contracts.evaluation import Evaluation, Metric
from ..errors import StoreError, UnknownNameError
from ..space import DesignSpace, Parameter, categorical, ordinal
from .blocks import Block, hash_designs
from .schema import DatasetError, Description
from .writer import DatasetWriter


def import_csv(
    paths: Sequence[Path],
    to: Path,
    metrics: Mapping[str, str],
    *,
    ignore: Sequence[str] = (),
    name: str = "imported",
) -> tuple[int, list[str]]:
    """CSV files side by side (same rows) as one data set; returns rows and the columns left out.

    ``metrics`` maps column to unit ('' for none); every other column is a knob, its values those
    that occur: numbers are ordinal, texts categorical.  Columns that never change are left out.

    Raises:
        DatasetError: rows do not match, a cell is empty or not a number, nothing is left to learn;
        StoreError: a file cannot be read.
    """
    table = _read(paths)
    for column in [*metrics, *ignore]:
        if column not in table.columns:
            raise UnknownNameError(f"column in {paths[0]}:", column, table.columns)
    chosen = [c for c in table.columns if c not in metrics and c not in ignore]
    left_out = list(ignore)
    parameters, indices = [], []
    for column in chosen:
        _complete(table, column)
        values = table[column]
        if values.nunique() < 2:
            left_out.append(column)
            continue
        parameters.append(_parameter(column, values))
        indices.append(pd.Index(parameters[-1].values).get_indexer(values.tolist()))
    if not parameters:
        raise DatasetError(f"{paths[0]}: no column but the metrics ever changes")
    space = DesignSpace(parameters)
    declared = tuple(Metric(_plain(c), unit, f"column {c!r}") for c, unit in metrics.items())
    values_of: dict[str, np.ndarray] = {}
    for metric, column in zip(declared, metrics):
        _complete(table, column)
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
        bad = ~np.isfinite(numbers)
        if bad.any():
            row = int(np.argmax(bad))
            raise DatasetError(
                f"{paths[0]}, row {row + 1}: {column!r} is {table[column].iloc[row]!r}, not a number"
            )
        values_of[metric.name] = numbers
    x = np.stack(indices, axis=1).astype(np.int64)
    n = len(x)
    facts = {
        "simulator": name,
        "scenario": name,
        "workload": name,
        "agent": "imported",
        "run": name,
    }
    block = Block(
        x,
        Evaluation(values_of, np.ones(n, np.bool_)),
        hash_designs(x),
        np.arange(n),
        np.ones(n, np.bool_),
        0,
        facts,
    )
    with DatasetWriter(to, Description(space, declared)) as writer:
        writer.sources = [{"id": name, "files": [p.name for p in paths], "rows": n}]
        writer.fingerprints = {name: {"simulator": name, "version": "", "workload": name}}
        writer.write(block)
    return n, left_out


def _read(paths: Sequence[Path]) -> pd.DataFrame:
    parts = []
    for path in paths:
        try:
            parts.append(pd.read_csv(path, skipinitialspace=True))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read as CSV: {error}") from error
        parts[-1].columns = [str(c).strip() for c in parts[-1].columns]
        if len(parts[-1]) != len(parts[0]):
            raise DatasetError(f"{path} has {len(parts[-1])} rows, {paths[0]} has {len(parts[0])}")
    table = pd.concat(parts, axis=1)
    twice = table.columns[table.columns.duplicated()].tolist()
    if twice:
        raise DatasetError(f"column {twice[0]!r} occurs twice in " + " and ".join(map(str, paths)))
    return table


def _complete(table: pd.DataFrame, column: str) -> None:
    empty = table[column].isna().to_numpy()
    if empty.any():
        raise DatasetError(
            f"row {int(np.argmax(empty)) + 1}: column {column!r} is empty; drop the row or the column"
        )


def _parameter(column: str, values: pd.Series[Any]) -> Parameter:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return categorical(column, tuple(sorted(map(str, values.unique()))), "imported")
    found = sorted(values.unique().tolist())
    return ordinal(column, tuple(found), "imported")


def _plain(column: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in column).strip("_") or "metric"
