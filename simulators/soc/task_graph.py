"""Task graphs: work by task, bytes by edge, and what an accelerator of each task would be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archgym.errors import WorkloadError

from .state import Graph

BURST = 1024  # bytes
DUMMY = ("souurce", "siink", "dummy_last")  # FARSI's names of tasks that only hold a place
MOST_TASKS = 5000  # the kernel's tables grow with the square of the number of tasks
SHOWN = 20  # faults listed one by one


@dataclass(frozen=True)
class Range:
    """Legal numbers of a column.

    Attributes:
        unit: of the numbers, for messages.
        least: the smallest.
        most: the largest.
        zero: whether 0 is legal besides.
        whole: whether only whole numbers are legal.
    """

    unit: str
    least: float
    most: float
    zero: bool = False
    whole: bool = False

    def fault(self, value: float) -> str:
        """What is wrong with a number, or ''.

        Args:
            value: the number.

        Returns:
            A phrase such as ``expected from 1 to 1e+18 cycles``, or ''.
        """
        inside = self.least <= value <= self.most or (self.zero and value == 0)
        if inside and not (self.whole and value != int(value)):
            return ""
        kind = "a whole number " if self.whole else ""
        zero = "0, or " if self.zero else ""
        return f"expected {zero}{kind}from {self.least:g} to {self.most:g} {self.unit}".rstrip()


RANGES = {
    "work_instructions": Range("instructions", 1, 1e18, zero=True),
    "accelerator_cycles_at_100MHz": Range("cycles", 1, 1e18),
    "accelerator_energy_J": Range("J", 1e-24, 1e6),
    "accelerator_area_m2": Range("m2", 1e-18, 1.0),
    "loop_iterations": Range("", 1, 1e12, whole=True),
    "bytes": Range("B", 0, 1e15),
}
ACCELERATOR = ("accelerator_cycles_at_100MHz", "accelerator_energy_J", "accelerator_area_m2")


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
        """Whether it stands for the world the data comes from: FARSI's name, and no work."""
        return "souurce" in self.name and self.work == 0

    @property
    def is_sink(self) -> bool:
        """Whether it stands for the world the data goes to: FARSI's name, and no work."""
        return "siink" in self.name and self.work == 0

    @property
    def is_dummy(self) -> bool:
        """Whether FARSI's name says that it only holds a place in the graph, and it has no work."""
        return self.work == 0 and any(d in self.name for d in DUMMY)

    @property
    def unrolls(self) -> tuple[int, ...]:
        """Legal unroll factors: powers of two up to the loop count, at most 16 of them, and the count."""
        if self.iterations <= 1:
            return (1,)
        powers = [1 << k for k in range(int(np.log2(self.iterations)) + 1)][:16]
        return tuple(dict.fromkeys([*powers, self.iterations]))

    def faults(self) -> list[str]:
        """What is wrong with the figures, one text a column."""
        figures = (self.work, self.cycles, self.energy_j, self.area_m2, self.iterations)
        out = []
        for column, value in zip(RANGES, figures):
            if value is not None and (fault := RANGES[column].fault(value)):
                shown = "work" if column == "work_instructions" else column
                out.append(f"task {self.name!r} has {shown} {value:g}; {fault}")
        missing = [c for c, v in zip(ACCELERATOR, figures[1:]) if v is None]
        if 0 < len(missing) < len(ACCELERATOR):
            out.append(
                f"task {self.name!r} lacks {', '.join(missing)}; an accelerator needs "
                "cycles, energy and area, or leave all three blank"
            )
        return out


class Workload:
    """One or several task graphs that run at once.

    Attributes:
        name: how it is called.
        tasks: the tasks, (T,).
        edges: (parent, child, bytes), (E,); an edge of 0 bytes is a control edge: it orders two
            tasks, moves nothing and needs no bus.
        ends: for each graph the tasks at which it is done: its latency is the last one's finish.
        graph: what the kernel wants of it, see :class:`.state.Graph`.
        work: instructions by task, (T,) float64.

    Args:
        name: how it is called.
        tasks: the tasks, in FARSI's table order (it decides ties of the launch order).
        edges: (index of parent, index of child, bytes).
        ends: for each graph one task or several; by default all tasks without a child.

    Raises:
        WorkloadError: names listed twice, figures out of range, unknown tasks in edges or ends, a
            cycle; every fault is named.
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[Task],
        edges: Sequence[tuple[int, int, float]],
        ends: Mapping[str, int | Sequence[int]] | None = None,
    ) -> None:
        self.name, self.tasks, self.edges = name, tuple(tasks), tuple(edges)
        n = len(self.tasks)
        if ends is None:
            parents = {p for p, _, _ in self.edges}
            ends = {name: [t for t in range(n) if t not in parents]}
        self.ends = {k: (v,) if isinstance(v, int) else tuple(v) for k, v in ends.items()}
        refuse(f"workload {name!r}", self._faults())
        self.children: list[list[int]] = [[] for _ in range(n)]
        self.parents: list[list[int]] = [[] for _ in range(n)]
        for e, (p, c, _) in enumerate(self.edges):
            self.children[p].append(e)
            self.parents[c].append(e)
        self.work = np.array([t.work for t in self.tasks], np.float64)
        self.graph = self._arrays()

    @property
    def content_hash(self) -> str:
        """Digest of tasks, edges and ends."""
        ends = sorted((k, v[0] if len(v) == 1 else v) for k, v in self.ends.items())
        content = repr((self.tasks, self.edges, ends))
        return hashlib.sha256(content.encode()).hexdigest()

    def _faults(self) -> list[str]:
        n = len(self.tasks)
        if not 1 <= n <= MOST_TASKS:
            return [f"{n} tasks; expected 1 to {MOST_TASKS}"]
        names = [t.name for t in self.tasks]
        out = [f"task {name!r} is listed twice" for name in repeated(names)]
        for t in self.tasks:
            out += t.faults()
        known: list[tuple[int, int]] = []
        for e, (p, c, b) in enumerate(self.edges):
            if not (0 <= p < n and 0 <= c < n):
                out.append(f"edge {e} links tasks {p} and {c}; expected numbers below {n}")
                continue
            known.append((p, c))
            if fault := RANGES["bytes"].fault(b):
                out.append(f"edge {names[p]!r} -> {names[c]!r} carries {b} bytes; {fault}")
        for graph, ends in self.ends.items():
            if not ends or not all(0 <= t < n for t in ends):
                out.append(f"graph {graph!r} ends at tasks {ends}; expected numbers below {n}")
        if cycle := find_cycle(n, known):
            out.append("a cycle: " + " -> ".join(repr(names[t]) for t in cycle))
        return out

    @cached_property
    def order(self) -> list[int]:
        """The tasks, each after those it waits for."""
        open_inputs = [len(p) for p in self.parents]
        out = [t for t, n in enumerate(open_inputs) if n == 0]
        for t in out:  # grows while it is walked
            for e in self.children[t]:
                c = self.edges[e][1]
                open_inputs[c] -= 1
                if open_inputs[c] == 0:
                    out.append(c)
        return out

    def _has_parts(self) -> bool:
        """Whether some tasks exchange no data with the rest, directly or through others."""
        near: list[list[int]] = [[] for _ in self.tasks]
        for p, c, amount in self.edges:
            if amount > 0:
                near[p].append(c)
                near[c].append(p)
        seen, open_ = {0}, [0]
        while open_:
            for other in near[open_.pop()]:
                if other not in seen:
                    seen.add(other)
                    open_.append(other)
        return len(seen) < len(self.tasks)

    def _arrays(self) -> Graph:
        dice = [self._dice(t) for t in range(len(self.tasks))]
        starts = [np.cumsum([0, *(len(e) for e in side)]) for side in (self.children, self.parents)]
        busy = self.work[self.work > 0]
        return Graph(
            np.array([p for p, _, _ in self.edges], np.int32),
            np.array([c for _, c, _ in self.edges], np.int32),
            np.array([b for _, _, b in self.edges], np.float64),
            np.array([self._unit(c, b, dice) for _, c, b in self.edges], np.int64),
            np.array([self._unit(p, b, dice) for p, _, b in self.edges], np.int64),
            starts[0].astype(np.int32),
            np.array([e for side in self.children for e in side], np.int32),
            starts[1].astype(np.int32),
            np.array([e for side in self.parents for e in side], np.int32),
            np.array([len(p) for p in self.parents], np.int32),
            self.work,
            np.array([t.is_source for t in self.tasks], np.bool_),
            np.array([not (t.is_source or t.is_sink) for t in self.tasks], np.bool_),
            float(busy.min()) if len(busy) else np.inf,
            self._has_parts(),
        )

    def _dice(self, t: int) -> int:
        """In how many bursts a task runs (FARSI's rule); 0 for the world outside."""
        task = self.tasks[t]
        if task.is_source or task.is_sink:
            return 0
        # control edges move nothing, so they have no say
        reads = [b for e in self.parents[t] if (b := self.edges[e][2]) > 0]
        writes = [b for e in self.children[t] if (b := self.edges[e][2]) > 0]
        dice = int(min(reads) // BURST) if reads else 0
        if dice == 0 or (writes and min(writes) // dice == 0) or task.work // dice == 0:
            return 1
        return dice

    def _unit(self, t: int, amount: float, dice: Sequence[int]) -> int:
        """The weight with which an edge's traffic competes at one of its ends."""
        if dice[t]:
            return int(amount / dice[t])
        return 1 if amount > 0 else 0


def repeated(names: Iterable[str]) -> list[str]:
    """Names given more than once, in the order of their second appearance.

    Args:
        names: any names.

    Returns:
        Each of them once.
    """
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)


def find_cycle(n: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Tasks of one cycle, the first repeated at the end; empty where there is none.

    Args:
        n: how many tasks there are.
        edges: (parent, child).

    Returns:
        Indices of tasks, from parent to child.
    """
    before: list[list[int]] = [[] for _ in range(n)]
    after: list[list[int]] = [[] for _ in range(n)]
    for p, c in edges:
        before[c].append(p)
        after[p].append(c)
    open_inputs = [len(b) for b in before]
    ready = [t for t in range(n) if open_inputs[t] == 0]
    while ready:
        for c in after[ready.pop()]:
            open_inputs[c] -= 1
            if open_inputs[c] == 0:
                ready.append(c)
    stuck = [t for t in range(n) if open_inputs[t] > 0]
    if not stuck:
        return []
    # every stuck task has a stuck parent: going back must meet a task again
    way, t = [], stuck[0]
    while t not in way:
        way.append(t)
        t = next(p for p in before[t] if open_inputs[p] > 0)
    return [*way[way.index(t) :], t][::-1]


def refuse(where: str, faults: Sequence[str]) -> None:
    """Raise all faults in one message, if there are any.

    Args:
        where: names the file or workload.
        faults: one phrase each.

    Raises:
        WorkloadError: names each fault, the first twenty in full.
    """
    if not faults:
        return
    if len(faults) == 1:
        raise WorkloadError(f"{where}: {faults[0]}")
    lines = "".join(f"\n  - {fault}" for fault in faults[:SHOWN])
    rest = f"\n  - and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    raise WorkloadError(f"{where}: {len(faults)} faults{lines}{rest}")
