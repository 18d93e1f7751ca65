"""WfCommons workflow instances (wfcommons.org, WfFormat 1.3 to 1.5).

Work is the recorded runtime times the cores it took, at the A53's 2e9 instructions a second.  An edge
carries the files that its parent writes and its child reads; an edge without a common file orders its
tasks only.  Tasks go by their ``id``, where they have one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.errors import WorkloadError

from ..task_graph import Workload
from ..technology import A53_RATE
from .tables import Row, build, name_of, number, short


def read(path: Path, data: Mapping[str, Any]) -> Workload:
    """The workload of a parsed instance.

    Args:
        path: names the workload, and the file in messages.
        data: the parsed file.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults, with their places.
    """
    return _Reader(data["workflow"], path).workload()


class _Reader:
    def __init__(self, workflow: Any, path: Path) -> None:
        self.path, self.faults = path, list[str]()
        if not isinstance(workflow, dict):
            raise WorkloadError(f"{path}: 'workflow' is {short(workflow)}; expected a mapping")
        # 1.5 parts what is to be done from what was measured; before, a task holds both
        self.parted = "specification" in workflow
        inner = self._mapping(workflow, "specification") if self.parted else workflow
        key = "jobs" if "jobs" in inner and "tasks" not in inner else "tasks"
        self.tasks = self._mappings(inner, key)
        self.runs = (
            self._mappings(self._mapping(workflow, "execution"), "tasks")
            if self.parted
            else self.tasks
        )
        self.files = self._mappings(inner, "files") if self.parted and "files" in inner else []

    def _mapping(self, holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = holder.get(key)
        if isinstance(value, dict):
            return value
        self.faults.append(f"workflow: key {key!r}: expected a mapping, got {short(value)}")
        return {}

    def _mappings(self, holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = self._list(holder, key, "workflow")
        wrong = [i for i, v in enumerate(value) if not isinstance(v, dict)]
        self.faults += [f"{key}[{i}]: expected a mapping, got {short(value[i])}" for i in wrong]
        return [v for v in value if isinstance(v, dict)]

    def _list(self, holder: Mapping[str, Any], key: str, where: str) -> list[Any]:
        value = holder.get(key, [])
        if isinstance(value, list):
            return value
        self.faults.append(f"{where}: key {key!r}: expected a list, got {short(value)}")
        return []

    def _number(self, value: Any, where: str) -> float | None:
        try:
            if (found := number(value)) is not None:
                return found
            self.faults.append(f"{where} is missing")
        except ValueError as error:
            self.faults.append(f"{where}: {error}")
        return None

    def _name(self, holder: Mapping[str, Any], where: str) -> str:
        try:
            return name_of(holder.get("id", holder.get("name", "")))
        except ValueError as error:
            self.faults.append(f"{where}: {error}")
            return ""

    def workload(self) -> Workload:
        names = [self._name(t, f"tasks[{i}]") for i, t in enumerate(self.tasks)]
        known = {n: n for n in names}
        for task, name in zip(self.tasks, names):  # older files link tasks by their names
            if isinstance(task.get("name"), str):
                known.setdefault(task["name"], name)
        work = self._work()
        rows = [
            Row(f"tasks[{i}]", {"task": n, "work_instructions": work.get(n)})
            for i, n in enumerate(names)
        ]
        sizes = self._sizes()
        reads = [self._files(t, "input") for t in self.tasks]
        writes = [self._files(t, "output") for t in self.tasks]
        place = {n: i for i, n in enumerate(names)}
        edges = []
        for parent, child in self._links(names, known):
            if parent in place and child in place:
                common = [f for f in writes[place[parent]] if f in set(reads[place[child]])]
                for f in common:
                    if f not in sizes:
                        self.faults.append(
                            f"file {short(f)} of edge {parent} -> {child} has no size"
                        )
                amount = sum(sizes.get(f, 0.0) for f in common)
            else:
                amount = 0.0  # the unknown task is named by the table
            columns = {"parent": parent, "child": child, "bytes": amount}
            edges.append(Row(f"edge {parent} -> {child}", columns))
        return build(self.path, rows, edges, self.faults)

    def _work(self) -> dict[str, float]:
        """Instructions by task."""
        out = {}
        for i, run in enumerate(self.runs):
            where = f"{'execution.' if self.parted else ''}tasks[{i}]"
            name = self._name(run, where)
            time = self._number(
                run.get("runtimeInSeconds", run.get("runtime")), f"{where}, runtimeInSeconds"
            )
            cores = self._number(run.get("coreCount", run.get("cores", 1)), f"{where}, coreCount")
            if cores is not None and not 0 < cores <= 1e6:
                self.faults.append(f"{where}, coreCount: expected more than 0, got {cores:g}")
            if time is not None and cores is not None:
                out[name] = time * cores * A53_RATE
        return out

    def _links(self, names: list[str], known: Mapping[str, str]) -> list[tuple[str, str]]:
        """(parent, child), from either side's list, each once."""
        pairs: dict[tuple[str, str], None] = {}
        for i, (task, name) in enumerate(zip(self.tasks, names)):
            for key in ("parents", "children"):
                for other in self._list(task, key, f"tasks[{i}]"):
                    o = known.get(str(other), str(other))
                    pairs[(o, name) if key == "parents" else (name, o)] = None
        return list(pairs)

    def _files(self, task: Mapping[str, Any], side: str) -> list[str]:
        """Files that a task reads or writes."""
        if self.parted:
            return [str(f) for f in self._list(task, f"{side}Files", "task")]
        files = [f for f in self._list(task, "files", "task") if isinstance(f, dict)]
        return [str(f.get("id", f.get("name"))) for f in files if f.get("link") == side]

    def _sizes(self) -> dict[str, float]:
        """Bytes by file."""
        listed = list(self.files)
        if not self.parted:
            for task in self.tasks:
                listed += [f for f in self._list(task, "files", "task") if isinstance(f, dict)]
        out = {}
        for file in listed:
            name = str(file.get("id", file.get("name")))
            given = file.get("sizeInBytes", file.get("size"))
            size = self._number(given, f"file {short(name)}, sizeInBytes")
            if size is not None:
                out[name] = size
        return out
