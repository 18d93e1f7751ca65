"""Tables of other people's simulators as data sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats, Metric
from ..errors import UnknownNameError
from ..space import DesignSpace, Parameter, Value, categorical, ordinal
from .blocks import Block, hash_designs
from .columns import Column, read_columns
from .schema import DatasetError, Description
from .writer import DatasetWriter

AGENT = "imported"


@dataclass(frozen=True)
class Roles:
    """Columns that are neither knobs nor metrics, by their names; '' where there is none.

    ``feasible`` says whether a row's design works (default: it does where it has metrics), ``reason`` why
    not, ``workload`` and ``agent`` where a row comes from.
    """

    feasible: str = ""
    reason: str = ""
    workload: str = ""
    agent: str = ""

    @property
    def named(self) -> list[str]:
        """The columns that have a role."""
        return [c for c in (self.feasible, self.reason, self.workload, self.agent) if c]


def import_table(
    paths: Sequence[Path],
    to: Path,
    metrics: Mapping[str, str],
    *,
    ignore: Sequence[str] = (),
    roles: Roles | None = None,
    name: str = "imported",
) -> tuple[int, list[str]]:
    """CSV or Parquet files side by side (same rows) as one data set.

    Every column that is neither metric nor role is a knob, its values those that occur: numbers are
    ordinal, booleans and texts categorical.  Columns that never change are left out.  A row without
    metrics is an infeasible design.

    Args:
        paths: one file, or several with the same rows.
        to: the data set to write.
        metrics: column to SI unit ('' for none).
        ignore: columns to leave out.
        roles: columns that say whether a row is feasible, and where it comes from.
        name: of the simulator that the data is of.

    Returns:
        The number of rows, and the columns left out.

    Raises:
        DatasetError: rows do not match, a cell is empty or not a number, names collide, nothing is left
            to learn; StoreError: a file cannot be read.
    """
    roles = roles or Roles()
    where = str(paths[0])
    columns = {c.name: c for c in read_columns(paths)}
    for column in [*metrics, *ignore, *roles.named]:
        if column not in columns:
            raise UnknownNameError(f"column in {where}:", column, columns)
    declared = _metrics(metrics, where)
    taken = {*metrics, *ignore, *roles.named}
    knobs = [c for n, c in columns.items() if n not in taken]
    left_out = [*ignore, *(c.name for c in knobs if len(set(c.cells)) < 2)]
    parameters = [_parameter(c, where) for c in knobs if c.name not in left_out]
    if not parameters:
        raise DatasetError(f"{where}: no column but the metrics ever changes")
    x = np.stack([[p.index(v) for v in columns[p.name].cells] for p in parameters], axis=1)
    x = x.astype(np.int64)
    values = {m.name: columns[c].numbers(where) for m, c in zip(declared, metrics)}
    evaluation = _evaluation(values, columns, roles, where)
    declared = _with_signs(declared, evaluation)
    n = len(x)
    with DatasetWriter(to, Description(DesignSpace(parameters), declared)) as writer:
        writer.sources = [{"id": name, "files": [p.name for p in paths], "rows": n}]
        for rows, facts in _groups(columns, roles, name, n):
            key = facts["simulator"]
            writer.fingerprints[key] = {
                "simulator": name, "version": "", "workload": facts["workload"],
            }  # fmt: skip
            part = x[rows]
            new = np.ones(len(rows), np.bool_)
            writer.write(
                Block(part, evaluation.take(rows), hash_designs(part), rows, new, 0, facts)
            )
    return n, left_out


def _metrics(metrics: Mapping[str, str], where: str) -> tuple[Metric, ...]:
    """Metrics with names that files and formulas take.

    Raises:
        DatasetError: two columns would have one name.
    """
    names: dict[str, str] = {}
    for column in metrics:
        plain = _plain(column)
        if plain in names:
            raise DatasetError(
                f"{where}: columns {names[plain]!r} and {column!r} would both become metric {plain!r}; rename "
                "one of them"
            )
        names[plain] = column
    return tuple(Metric(n, metrics[c], f"column {c!r}") for n, c in names.items())


def _with_signs(metrics: tuple[Metric, ...], rows: Evaluation) -> tuple[Metric, ...]:
    """Metrics, those declared as signed that are 0 or negative in a feasible row."""
    return tuple(
        dataclasses.replace(m, signed=bool((rows.metrics[m.name][rows.feasible] <= 0).any()))
        for m in metrics
    )


def _plain(column: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in column).strip("_") or "metric"


def _parameter(column: Column, where: str) -> Parameter:
    if column.missing.any():
        row = int(np.argmax(column.missing)) + 1
        raise DatasetError(
            f"{where}, row {row}: column {column.name!r} is empty; drop the row or the column"
        )
    found: set[Value] = {c for c in column.cells if c is not None}
    if column.kind == "number":
        if any(isinstance(v, float) and not np.isfinite(v) for v in found):
            raise DatasetError(f"{where}: column {column.name!r} holds an infinite number")
        return ordinal(column.name, tuple(sorted(found, key=float)), "imported")
    if column.kind == "switch":
        return categorical(column.name, tuple(sorted(found)), "imported")
    return categorical(column.name, tuple(sorted(map(str, found))), "imported")


def _evaluation(
    values: Mapping[str, Floats], columns: Mapping[str, Column], roles: Roles, where: str
) -> Evaluation:
    """Metrics with NaN where a design does not work, and the reasons.

    Raises:
        DatasetError: a row with some of its metrics only, or feasible without metrics.
    """
    missing = np.stack([np.isnan(v) for v in values.values()])
    n = missing.shape[1]
    feasible = ~missing.all(axis=0)
    if roles.feasible:
        feasible = np.array([_truth(c, roles.feasible, i, where)
                             for i, c in enumerate(columns[roles.feasible].cells)])  # fmt: skip
    torn = feasible & missing.any(axis=0)
    if torn.any():
        row = int(np.argmax(torn))
        gone = [name for name, v in values.items() if np.isnan(v[row])]
        raise DatasetError(
            f"{where}, row {row + 1}: metric {', '.join(gone)} is empty; leave all metrics of an infeasible "
            "design empty, or give the number"
        )
    reasons = [""] * n
    for i in np.flatnonzero(~feasible):
        given = columns[roles.reason].cells[i] if roles.reason else None
        reasons[i] = str(given) if given is not None else "infeasible in the imported table"
    metrics = {name: np.where(feasible, v, np.nan) for name, v in values.items()}
    return Evaluation(metrics, feasible, reasons if any(reasons) else ())


def _truth(cell: Value | None, column: str, i: int, where: str) -> bool:
    word = str(cell).lower()
    if word in ("true", "1", "1.0", "yes"):
        return True
    if word in ("false", "0", "0.0", "no"):
        return False
    raise DatasetError(f"{where}, row {i + 1}: {column!r} is {cell!r}, expected true or false")


def _groups(
    columns: Mapping[str, Column], roles: Roles, name: str, n: int
) -> list[tuple[NDArray[np.int64], dict[str, str]]]:
    """Rows (positions) that share workload and agent, with their provenance."""
    workload = columns[roles.workload].cells if roles.workload else [name] * n
    agent = columns[roles.agent].cells if roles.agent else [AGENT] * n
    pairs = [(str(w), str(a)) for w, a in zip(workload, agent)]
    out = []
    for w, a in dict.fromkeys(pairs):
        rows = np.array([i for i, pair in enumerate(pairs) if pair == (w, a)], np.int64)
        key = name if not roles.workload else f"{name}:{w}"
        facts = {"simulator": key, "scenario": name, "workload": w, "agent": a, "run": name}
        out.append((rows, facts))
    return out
