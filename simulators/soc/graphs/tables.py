"""Rows of tasks and edges to a workload, every fault of a file in one message with its place."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archgym.errors import WorkloadError

from ..task_graph import (
    ACCELERATOR, MOST_TASKS, RANGES, Task, Workload, find_cycle, refuse, repeated,
)  # fmt: skip

TASK_COLUMNS = ("task", "work_instructions", *ACCELERATOR, "loop_iterations", "end")
EDGE_COLUMNS = ("parent", "child", "bytes")
LARGEST_FILE = 64 << 20  # bytes
LONGEST_NAME = 200


@dataclass(frozen=True)
class Row:
    """One task or edge as a file has it: where it stands, and its columns."""

    where: str
    values: Mapping[str, Any]


def read_text(path: Path) -> str:
    """A text file, UTF-8 with or without a byte-order mark.

    Args:
        path: the file.

    Returns:
        The text.

    Raises:
        WorkloadError: not there, not text, or larger than 64 MB.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise WorkloadError(f"{path} is larger than {LARGEST_FILE >> 20} MB, too large a graph")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"cannot read {path}: {error}") from error


def short(value: object) -> str:
    """A value for a message, never long.

    Args:
        value: any value.

    Returns:
        At most 60 characters.
    """
    text = reprlib.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def stem(path: Path) -> str:
    """A file's name without the ending that says its format.

    Args:
        path: the file.

    Returns:
        The name.
    """
    return path.name.removesuffix(".tasks.csv") if path.name.endswith(".csv") else path.stem


def name_of(value: Any) -> str:
    """A task's name from a text or a whole number.

    Args:
        value: a cell.

    Returns:
        The name, without blanks around it.

    Raises:
        ValueError: says what is wrong with it.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"expected a name (text or a whole number), got {short(value)}")
    text = str(value).strip()
    if not text:
        raise ValueError("has no name")
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a printable name of at most {LONGEST_NAME} characters")
    return text


def number(value: Any) -> float | None:
    """A number; None where the cell is blank.

    Args:
        value: a cell.

    Returns:
        The number, or None.

    Raises:
        ValueError: says what is wrong with it.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    wrong = isinstance(value, bool) or not isinstance(value, int | float | str)
    try:
        if wrong or (isinstance(value, str) and "_" in value):
            raise ValueError
        return float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{short(value)} is not a number") from None


class _Table:
    """Collects the tasks and edges of a file, and what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.tasks: list[Task] = []
        self.index: dict[str, int] = {}
        self.marked: list[int] = []
        self.edges: list[tuple[int, int, float]] = []

    def column(self, row: Row, column: str, who: str) -> float | None:
        """A number within its column's range; None where blank or wrong."""
        try:
            value = number(row.values.get(column))
        except ValueError as error:
            self.faults.append(f"{row.where}, {who}, column {column!r}: {error}")
            return None
        if value is not None and (fault := RANGES[column].fault(value)):
            named = f"has {column} {value:g}"
            if column == "work_instructions":
                named = f"has work {value:g}"
            elif column == "bytes":
                named = f"carries {value:g} bytes"
            fault += " (blank: no accelerator)" if column in ACCELERATOR else ""
            self.faults.append(f"{row.where}, {who} {named}; {fault}")
            return None
        return value

    def known(self, row: Row, columns: Sequence[str], needed: Iterable[str]) -> bool:
        """Whether the needed columns are there; a column that is nearly one of them is a fault."""
        if not isinstance(row.values, Mapping):
            self.faults.append(
                f"{row.where}: expected a mapping of columns, got {short(row.values)}"
            )
            return False
        for key in row.values:
            near = difflib.get_close_matches(str(key), columns, n=1, cutoff=0.75)
            if key not in columns and near:
                self.faults.append(
                    f"{row.where}: unknown column {key!r}; did you mean {near[0]!r}?"
                )
        missing = [c for c in needed if row.values.get(c) in (None, "")]
        for column in missing:
            self.faults.append(f"{row.where} lacks {column}")
        return not missing

    def add_task(self, row: Row) -> None:
        """One task; its figures, and whether its graph ends there."""
        self.known(row, TASK_COLUMNS, ())
        if not isinstance(row.values, Mapping):
            return
        try:
            name = name_of(row.values.get("task", ""))
        except ValueError as error:
            self.faults.append(f"{row.where}, column 'task': {error}")
            return
        who = f"task {name!r}"
        before = len(self.faults)
        figures = {c: self.column(row, c, who) for c in RANGES if c != "bytes"}
        if figures["work_instructions"] is None and len(self.faults) == before:
            self.faults.append(f"{row.where}, {who} lacks work_instructions")
        given = [c for c in ACCELERATOR if row.values.get(c) not in (None, "")]
        if 0 < len(given) < len(ACCELERATOR):
            lacking = ", ".join(c for c in ACCELERATOR if c not in given)
            self.faults.append(
                f"{row.where}, {who} lacks {lacking}; an accelerator needs cycles, energy and area, "
                "or leave all three blank"
            )
        end = str(row.values.get("end") or "").strip().lower()
        if end in ("1", "true", "yes"):
            self.marked.append(len(self.tasks))
        elif end not in ("", "0", "false", "no"):
            self.faults.append(
                f"{row.where}, {who}, column 'end': expected 1 or 0, got {short(end)}"
            )
        self.index.setdefault(name, len(self.tasks))
        self.tasks.append(
            Task(
                name,
                figures["work_instructions"] or 0.0,
                figures[ACCELERATOR[0]],
                figures[ACCELERATOR[1]],
                figures[ACCELERATOR[2]],
                int(figures["loop_iterations"] or 1),
            )
        )

    def add_edge(self, row: Row) -> None:
        """One edge between tasks that are there."""
        if not self.known(row, EDGE_COLUMNS, EDGE_COLUMNS):
            return
        ends = []
        for column in ("parent", "child"):
            try:
                name = name_of(row.values[column])
            except ValueError as error:
                self.faults.append(f"{row.where}, column {column!r}: {error}")
                continue
            if name in self.index:
                ends.append(self.index[name])
                continue
            near = difflib.get_close_matches(name, self.index, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            self.faults.append(f"{row.where}, column {column!r}: unknown task {name!r}{hint}")
        who = f"edge {short(row.values['parent'])} -> {short(row.values['child'])}"
        amount = self.column(row, "bytes", who)
        if len(ends) == 2:
            self.edges.append((ends[0], ends[1], amount or 0.0))


def build(
    path: Path,
    tasks: Iterable[Row],
    edges: Iterable[Row],
    faults: Sequence[str] = (),
    graphs: Mapping[str, Sequence[str]] | None = None,
) -> Workload:
    """The workload of a file's rows.

    Args:
        path: the file, for messages and the workload's name.
        tasks: rows with the columns of ``TASK_COLUMNS``.
        edges: rows with the columns of ``EDGE_COLUMNS``.
        faults: what a reader found before.
        graphs: tasks by graph, where the file holds several that run at once.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults of the file, with their places.
    """
    table = _Table()
    table.faults += faults
    for row in tasks:
        table.add_task(row)
    table.faults += [f"task {n!r} is listed twice" for n in repeated(t.name for t in table.tasks)]
    for row in edges:
        table.add_edge(row)
    n = len(table.tasks)
    if not 1 <= n <= MOST_TASKS and not table.faults:
        table.faults.append(f"{n} tasks; expected 1 to {MOST_TASKS}")
    if cycle := find_cycle(n, [(p, c) for p, c, _ in table.edges]):
        table.faults.append("a cycle: " + " -> ".join(repr(table.tasks[t].name) for t in cycle))
    refuse(str(path), table.faults)
    parents = {p for p, _, _ in table.edges}
    parts = graphs if graphs and len(graphs) > 1 else {stem(path): [t.name for t in table.tasks]}
    ends = {}
    for name, members in parts.items():
        mine = [table.index[m] for m in members]
        marked = [t for t in mine if t in table.marked]
        ends[name] = marked or [t for t in mine if t not in parents]
    return Workload(stem(path), table.tasks, sorted(table.edges, key=lambda e: e[0]), ends)
