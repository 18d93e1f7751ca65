"""Seeded task graphs for scaling: layered and series-parallel.

``random:layered,n=500,seed=3`` and ``random:series_parallel,n=100``; work and bytes are log-uniform
over the ranges of FARSI's workloads.
"""

from __future__ import annotations

import numpy as np

from archgym.errors import UnknownNameError, WorkloadError

from .task_graph import MOST_TASKS, Task, Workload

KINDS = ("layered", "series_parallel")


def generate(kind: str, n: int = 100, seed: int = 0) -> Workload:
    """A graph of ``n`` tasks between a source and a sink.

    Args:
        kind: one of ``KINDS``.
        n: tasks, at least 1.
        seed: at least 0.

    Returns:
        The workload.

    Raises:
        UnknownNameError: no such kind.
        WorkloadError: too many tasks or none, or a negative seed.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of random task graph", kind, KINDS)
    if not 1 <= n <= MOST_TASKS - 2 or seed < 0:
        raise WorkloadError(
            f"a random task graph has 1 to {MOST_TASKS - 2} tasks and a seed of at least 0; got "
            f"n={n}, seed={seed}"
        )
    rng = np.random.default_rng(seed)
    inner = _layered(n, rng) if kind == "layered" else _series_parallel(n, rng)
    pairs = {(a + 1, b + 1) for a, b in inner}
    has_input, has_output = {b for _, b in pairs}, {a for a, _ in pairs}
    pairs |= {(0, t) for t in range(1, n + 1) if t not in has_input}
    pairs |= {(t, n + 1) for t in range(1, n + 1) if t not in has_output}
    work = 2 * 10 ** rng.uniform(4, 6.5, n)
    tasks = [Task("souurce", 0.0)]
    for i in range(n):
        cycles = work[i] / 10 ** rng.uniform(0.7, 2.5)
        energy, area = 10 ** rng.uniform(-14, -11.5), 10 ** rng.uniform(-9, -6.5)
        tasks.append(
            Task(
                f"task{i}",
                float(work[i]),
                float(cycles),
                float(energy),
                float(area),
                int(2 ** rng.integers(0, 11)),
            )
        )
    tasks.append(Task("siink", 0.0))
    edges = [(a, b, float(int(10 ** rng.uniform(3, 5.5)))) for a, b in sorted(pairs)]
    name = f"random:{kind},n={n},seed={seed}"
    return Workload(name, tasks, edges, {name: n + 1})


def generate_named(text: str) -> Workload:
    """A generated graph from its name.

    Args:
        text: ``random:KIND,n=TASKS,seed=SEED``; ``n`` and ``seed`` may be left out.

    Returns:
        The workload.

    Raises:
        UnknownNameError: no such kind or parameter.
        WorkloadError: a parameter that is no number, or is out of range.
    """
    kind, *arguments = text.removeprefix("random:").split(",")
    values: dict[str, int] = {}
    for item in arguments:
        key, _, value = item.partition("=")
        if key not in ("n", "seed"):
            raise UnknownNameError("parameter of random task graphs", key, ["n", "seed"])
        try:
            values[key] = int(value)
        except ValueError:
            raise WorkloadError(f"workload {text!r}: {item!r} is not key=number") from None
    return generate(kind, **values)


def _layered(n: int, rng: np.random.Generator) -> set[tuple[int, int]]:
    layer = np.sort(rng.integers(0, max(1, int(np.sqrt(n))), n))
    pairs = set()
    for t in range(n):
        before = np.flatnonzero(layer == layer[t] - 1) if layer[t] > 0 else np.empty(0, int)
        if not len(before):
            before = np.flatnonzero(layer < layer[t])
        for p in rng.permutation(before)[: int(rng.integers(1, 4))]:
            pairs.add((int(p), t))
    return pairs


def _series_parallel(n: int, rng: np.random.Generator) -> set[tuple[int, int]]:
    """Repeatedly replace an edge by two in series or a task in parallel."""
    pairs = [(0, 1)] if n > 1 else []
    for t in range(2, n):
        a, b = pairs[int(rng.integers(len(pairs)))]
        if rng.random() < 0.5:
            pairs.remove((a, b))
        pairs += [(a, t), (t, b)]
    order = _topological(n, set(pairs))
    return {(order[a], order[b]) for a, b in pairs}


def _topological(n: int, pairs: set[tuple[int, int]]) -> list[int]:
    inputs = [sum(b == t for _, b in pairs) for t in range(n)]
    ready = [t for t in range(n) if inputs[t] == 0]
    place = [0] * n
    for position in range(n):
        t = ready.pop(0)
        place[t] = position
        for a, b in pairs:
            if a == t:
                inputs[b] -= 1
                if inputs[b] == 0:
                    ready.append(b)
    return place
