"""Workloads by name: shipped, generated, from files, and several at once.

The shipped ones are CSV files under ``scenarios/soc/workloads`` (from FARSI's database). A name
``random:…`` generates one (:mod:`.generators`). A path is read by its ending (:mod:`.graphs` has
the formats and their rules). Names joined with ``+`` run at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archgym.errors import UnknownNameError, WorkloadError

from .data import folder
from .generators import generate_named
from .graphs import READERS, reader
from .task_graph import Task, Workload, repeated

__all__ = ["Task", "Workload", "combine", "folder", "names", "resolve"]


def names() -> list[str]:
    """Every workload that ships."""
    return sorted(p.name.removesuffix(".tasks.csv") for p in folder().glob("*.tasks.csv"))


def resolve(text: str | Path | Workload) -> Workload:
    """The workload of a name, of names joined with ``+``, or of a path.

    Args:
        text: a name, names joined with ``+``, a path, or a workload, which stands for itself.

    Returns:
        The workload.

    Raises:
        UnknownNameError: neither a name nor a file of a known format.
        WorkloadError: a file that cannot be read, with all its faults.
    """
    if isinstance(text, Workload):
        return text
    whole = str(text)
    if "+" not in whole or Path(whole).is_file():  # a path may hold a plus sign
        return _single(whole.strip())
    return combine([_single(part.strip()) for part in whole.split("+")])


def _single(text: str) -> Workload:
    if text.startswith("random:"):
        return generate_named(text)
    if text in names():
        text = str(folder() / f"{text}.tasks.csv")
    read = reader(text)
    if read is not None:
        return read(Path(text))
    formats = ", ".join(READERS)
    if Path(text).is_file():
        raise WorkloadError(f"{text} is a file, but of no known format; expected {formats}")
    raise UnknownNameError("SoC workload", text, names(), f"(or a file: {formats})")


def combine(parts: Sequence[Workload]) -> Workload:
    """Several graphs at once.

    The world outside (``souurce``, ``siink`` and FARSI's other names of tasks without work) is one for
    all, with the union of its children.  Other tasks keep to their graph: a name that an earlier
    graph has too becomes ``NAME@GRAPH``.

    Args:
        parts: the graphs; names of all differ.

    Returns:
        A workload that ends when all of them do.

    Raises:
        WorkloadError: two graphs of one name.
    """
    if twice := repeated(name for part in parts for name in part.ends):
        raise WorkloadError(
            f"workload {twice[0]!r} is listed twice; graphs that run at once need names of their own"
        )
    tasks: list[Task] = []
    place: dict[str, int] = {}
    edges: list[tuple[int, int, float]] = []
    ends: dict[str, list[int]] = {}
    for part in parts:
        index = []
        for task in part.tasks:
            if not (task.is_dummy and task.name in place and tasks[place[task.name]].is_dummy):
                if task.name in place:
                    task = Task(f"{task.name}@{part.name}", *_figures(task))
                place[task.name] = len(tasks)
                tasks.append(task)
            index.append(place[task.name])
        edges += [(index[p], index[c], b) for p, c, b in part.edges]
        ends |= {name: [index[t] for t in last] for name, last in part.ends.items()}
    edges.sort(key=lambda e: e[0])
    return Workload("+".join(p.name for p in parts), tasks, edges, ends)


def _figures(task: Task) -> tuple[float, float | None, float | None, float | None, int]:
    return task.work, task.cycles, task.energy_j, task.area_m2, task.iterations
