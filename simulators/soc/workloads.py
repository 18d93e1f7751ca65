"""Task graphs: work by task, bytes by edge, and what an accelerator of each task would be.

Shipped as CSV under ``scenarios/soc/workloads`` (from FARSI's database); joined with ``+`` they run at
once and share tasks of one name (``souurce``, ``siink``).  A path to ``NAME.tasks.csv`` (with
``NAME.edges.csv`` beside it), to a ``.json`` or to a ``.graphml`` file works as well.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import UnknownNameError, WorkloadError

BURST = 1024
DUMMY = ("souurce", "siink", "dummy_last")


@dataclass(frozen=True)
class Task:
    """Work in instructions, and its accelerator: cycles at 100 MHz, J, m2, loop iterations."""

    name: str
    work: float
    cycles: float | None = None
    energy_j: float | None = None
    area_m2: float | None = None
    iterations: int = 1

    @property
    def is_source(self) -> bool:
        """Whether it stands for the world the data comes from."""
        return "souurce" in self.name

    @property
    def is_dummy(self) -> bool:
        """Whether it has a place in the graph but nothing to do."""
        return any(d in self.name for d in DUMMY)

    @property
    def unrolls(self) -> tuple[int, ...]:
        """Legal unroll factors: powers of two up to the loop count, at most 16 of them, and the count."""
        if self.iterations <= 1:
            return (1,)
        powers = [1 << k for k in range(int(np.log2(self.iterations)) + 1)][:16]
        return tuple(dict.fromkeys([*powers, self.iterations]))


class Workload:
    """One or several task graphs that run at once.

    ``ends`` maps each graph's name to the task at which it is done.

    Raises:
        WorkloadError: a cycle, an unknown task in an edge, negative work or bytes; the task or edge
            is named.
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[Task],
        edges: Sequence[tuple[int, int, float]],
        ends: Mapping[str, int],
    ) -> None:
        self.name, self.tasks, self.edges, self.ends = name, tuple(tasks), tuple(edges), dict(ends)
        self._check()
        n = len(self.tasks)
        self.children = [[e for e, (p, _, _) in enumerate(self.edges) if p == t] for t in range(n)]
        self.parents = [[e for e, (_, c, _) in enumerate(self.edges) if c == t] for t in range(n)]
        self._refuse_cycles()
        self.work = np.array([t.work for t in self.tasks])
        self.is_source = np.array([t.is_source for t in self.tasks])
        self.is_dummy = np.array([t.is_dummy for t in self.tasks])
        self.counts_area = np.array(
            ["souurce" not in t.name and "siink" not in t.name for t in self.tasks]
        )
        dice = [self._dice(t) for t in range(n)]
        units = [
            [self._unit(edge[end], e, dice) for end in (1, 0)] for e, edge in enumerate(self.edges)
        ]
        out_edges = [e for t in range(n) for e in self.children[t]]
        out_start = np.cumsum([0, *(len(c) for c in self.children)])
        self.graph = (
            np.array([p for p, _, _ in self.edges], np.int32),
            np.array([c for _, c, _ in self.edges], np.int32),
            np.array([b for _, _, b in self.edges], np.float64),
            np.array([u[0] for u in units], np.int64),
            np.array([u[1] for u in units], np.int64),
            out_start.astype(np.int32),
            np.array(out_edges, np.int32),
            np.cumsum([0, *(len(p) for p in self.parents)]).astype(np.int32),
            np.array([e for p in self.parents for e in p], np.int32),
            np.array([len(p) for p in self.parents], np.int32),
        )

    @property
    def content_hash(self) -> str:
        """Digest of tasks, edges and ends."""
        content = repr((self.tasks, self.edges, sorted(self.ends.items())))
        return hashlib.sha256(content.encode()).hexdigest()

    def _check(self) -> None:
        names = [t.name for t in self.tasks]
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise WorkloadError(f"workload {self.name!r}: task {twice!r} is listed twice")
        if not self.edges:
            raise WorkloadError(f"workload {self.name!r} has no edge; expected at least one")
        for t in self.tasks:
            if not (np.isfinite(t.work) and t.work >= 0):
                raise WorkloadError(
                    f"workload {self.name!r}: task {t.name!r} has work {t.work}; at least 0"
                )
        for p, c, b in self.edges:
            if not (np.isfinite(b) and b > 0):
                raise WorkloadError(
                    f"workload {self.name!r}: edge {names[p]!r} -> {names[c]!r} carries {b} bytes; "
                    "expected more than 0"
                )

    def _refuse_cycles(self) -> None:
        open_inputs = [len(p) for p in self.parents]
        ready = [t for t, n in enumerate(open_inputs) if n == 0]
        done = 0
        while ready:
            t = ready.pop()
            done += 1
            for e in self.children[t]:
                c = self.edges[e][1]
                open_inputs[c] -= 1
                if open_inputs[c] == 0:
                    ready.append(c)
        if done < len(self.tasks):
            stuck = next(t.name for t, n in zip(self.tasks, open_inputs) if n > 0)
            raise WorkloadError(f"workload {self.name!r}: task {stuck!r} lies on or behind a cycle")

    def _dice(self, t: int) -> int:
        task = self.tasks[t]
        if task.is_source or "siink" in task.name:
            return 0
        reads = [self.edges[e][2] for e in self.parents[t]]
        writes = [self.edges[e][2] for e in self.children[t]]
        dice = int(min(reads) // BURST) if reads else 0
        if dice == 0 or (writes and min(writes) // dice == 0) or task.work // dice == 0:
            return 1
        return dice

    def _unit(self, t: float, e: int, dice: Sequence[int]) -> int:
        bursts = dice[int(t)]
        return int(self.edges[e][2] / bursts) if bursts else 1


def folder() -> Path:
    """The folder of the workloads that ship."""
    return Path(str(resources.files("archgym.scenarios"))) / "soc" / "workloads"


def names() -> list[str]:
    """Every workload that ships."""
    return sorted(p.name.removesuffix(".tasks.csv") for p in folder().glob("*.tasks.csv"))


def resolve(text: str | Path | Workload) -> Workload:
    """The workload of a name, of names joined with ``+``, or of a path."""
    if isinstance(text, Workload):
        return text
    parts = [_single(part.strip()) for part in str(text).split("+")]
    return parts[0] if len(parts) == 1 else combine(parts)


def _single(text: str) -> Workload:
    if text.startswith("random:"):
        from .generators import generate_named

        return generate_named(text)
    path = Path(text)
    if text.endswith(".tasks.csv"):
        return _from_csv(path)
    if path.suffix == ".json":
        return _from_json(path)
    if path.suffix == ".graphml":
        return _from_graphml(path)
    if text in names():
        return _from_csv(folder() / f"{text}.tasks.csv")
    raise UnknownNameError(
        "SoC workload", text, names(), "(or a .tasks.csv, .json or .graphml file)"
    )


def combine(parts: Sequence[Workload]) -> Workload:
    """Several graphs at once: tasks of one name become one, with the union of their children."""
    tasks: dict[str, Task] = {}
    edges: list[tuple[str, str, float]] = []
    ends: dict[str, str] = {}
    for part in parts:
        for task in part.tasks:
            tasks.setdefault(task.name, task)
        edges += [(part.tasks[p].name, part.tasks[c].name, b) for p, c, b in part.edges]
        ends |= {name: part.tasks[t].name for name, t in part.ends.items()}
    index = {name: i for i, name in enumerate(tasks)}
    ordered = sorted(((index[p], index[c], b) for p, c, b in edges), key=lambda e: e[0])
    return Workload(
        "+".join(p.name for p in parts),
        list(tasks.values()),
        ordered,
        {k: index[v] for k, v in ends.items()},
    )


TASK_COLUMNS = ("task", "work_instructions")
EDGE_COLUMNS = ("parent", "child", "bytes")


def _rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            for column in needed:
                if column not in (reader.fieldnames or []):
                    raise WorkloadError(
                        f"{path}: column {column!r} is missing; expected {', '.join(needed)}"
                    )
            return list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"cannot read {path}: {error}") from error


def _from_csv(path: Path) -> Workload:
    rows = _rows(path, TASK_COLUMNS)
    links = _rows(path.with_name(path.name.removesuffix(".tasks.csv") + ".edges.csv"), EDGE_COLUMNS)
    return _build(path.name.removesuffix(".tasks.csv"), rows, links, str(path))


def _from_json(path: Path) -> Workload:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _build(path.stem, data["tasks"], data["edges"], str(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkloadError(
            f"{path}: expected a JSON object with 'tasks' and 'edges', lists of objects with the "
            f"columns of the CSV files ({type(error).__name__}: {error})"
        ) from error


def _from_graphml(path: Path) -> Workload:
    import networkx

    try:
        graph = networkx.read_graphml(path)
    except Exception as error:
        raise WorkloadError(f"{path}: not readable GraphML ({error})") from error
    tasks = [{"task": name, **data} for name, data in graph.nodes(data=True)]
    edges = [{"parent": a, "child": b, **data} for a, b, data in graph.edges(data=True)]
    return _build(path.stem, tasks, edges, str(path))


def _number(row: Mapping[str, Any], column: str, where: str) -> float | None:
    value = row.get(column)
    if value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise WorkloadError(f"{where}, column {column!r}: {value!r} is not a number") from None


def _build(
    name: str, rows: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], path: str
) -> Workload:
    tasks = []
    for i, row in enumerate(rows):
        if not row.get("task"):
            raise WorkloadError(f"{path}: task {i} has no name (column 'task')")
        where = f"{path}, task {row['task']!r}"
        work = _number(row, "work_instructions", where)
        if work is None:
            raise WorkloadError(f"{where} lacks work_instructions")
        tasks.append(
            Task(
                str(row["task"]),
                work,
                _number(row, "accelerator_cycles_at_100MHz", where),
                _number(row, "accelerator_energy_J", where),
                _number(row, "accelerator_area_m2", where),
                int(_number(row, "loop_iterations", where) or 1),
            )
        )
    index = {t.name: i for i, t in enumerate(tasks)}
    edges = []
    for row in links:
        where = f"{path}, edge {row.get('parent')!r} -> {row.get('child')!r}"
        for column in ("parent", "child"):
            if row.get(column) not in index:
                raise UnknownNameError(f"task in {where}:", row.get(column), index)
        amount = _number(row, "bytes", where)
        if amount is None:
            raise WorkloadError(f"{where} lacks bytes")
        edges.append((index[str(row["parent"])], index[str(row["child"])], amount))
    marked = [i for i, row in enumerate(rows) if str(row.get("end", "")) in ("1", "True", "true")]
    sinks = [i for i in range(len(tasks)) if all(p != i for p, _, _ in edges)]
    return Workload(
        name, tasks, sorted(edges, key=lambda e: e[0]), {name: (marked or sinks or [0])[-1]}
    )
