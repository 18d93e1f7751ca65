"""Really trains every network of two small families, of which the scores tell networks apart.

    python benchmarks/measured_training.py                  # adds what scenarios/codesign/trained.csv lacks
    python benchmarks/measured_training.py pairs --processes 2
    python benchmarks/measured_training.py --check          # trains nothing; how reliable the table is

The tasks are those of ``measured_tasks.py``.  Adam, one-cycle rate, batches of 32 images, 150 steps
(*strokes*: 100).  A seed sets the weights and the order of images; the data are always the same.  Every
network is trained with five seeds, and the best fifth by these with ten more.  A validation score is what
a search may see, a test score is what is reported of its design.

A training has *collapsed* if it ends below three quarters of the best validation score of its network.  It
is repeated with other weights, three times at most; ``attempts`` in the table counts the trainings.

Stop the script whenever you like: a network is written when its seeds are done.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from archgym.simulators.codesign.networks import FAMILIES, canonical
from measured_kernels import BATCH
from measured_networks import Choice, Floats, Network
from measured_reliability import SEEDS, report, scores_by_network
from measured_tasks import TASKS, Task
from numpy.typing import NDArray

TABLE = Path(__file__).parent.parent / "scenarios" / "codesign" / "trained.csv"
HEAD = "task,network,seed,attempts,validation,test\n"
STEPS, RATE = {"pairs": 150, "strokes": 100}, 0.02
BEST, MORE = 0.2, 10  # share of networks that are trained with more seeds, and how many
ATTEMPTS, COLLAPSED = 4, 0.75
AGAIN = 1_000  # added to a seed for every further attempt

Job = tuple[str, Choice, tuple[int, ...]]  # task, network, seeds


def trained(task: str, choice: Choice, seed: int, data: Task) -> tuple[float, float]:
    """Validation and test score of one training."""
    net = Network(task, choice, seed)
    rng = np.random.default_rng([1, seed])
    images, n = len(data.train.x), STEPS[task] * BATCH
    order = np.concatenate([rng.permutation(images) for _ in range(-(-n // images))])[:n]
    net.train(data.train.x, data.train.y, order.reshape(-1, BATCH), RATE)
    validation, test = (score(net(part.x), part.y) for part in (data.validation, data.test))
    return validation, test


def score(out: Floats, y: NDArray[Any]) -> float:
    """The share of digits named rightly, or the mean intersection over union, of outputs (n, …)."""
    if y.ndim == 2:
        return float((out.reshape(len(out), 2, 10).argmax(axis=2) == y).mean())
    both, either = ((out > 0) & (y > 0)), ((out > 0) | (y > 0))
    return float((both.sum((1, 2, 3)) / np.maximum(either.sum((1, 2, 3)), 1)).mean())


@cache
def data_of(task: str) -> Task:
    """The data of a task, made once a process."""
    return TASKS[task]()


def measured(job: Job) -> str:
    """Rows of the table of a network, collapsed trainings repeated."""
    task, choice, seeds = job
    data = data_of(task)
    scores = np.array([trained(task, choice, seed, data) for seed in seeds])
    attempts = np.ones(len(seeds), int)
    for attempt in range(1, ATTEMPTS):
        for i in np.flatnonzero(scores[:, 0] < COLLAPSED * scores[:, 0].max()):
            scores[i] = trained(task, choice, seeds[i] + attempt * AGAIN, data)
            attempts[i] += 1
    name = "-".join(map(str, choice))
    return "".join(
        f"{task},{name},{seed},{n},{validation:.5f},{test:.5f}\n"
        for seed, n, (validation, test) in zip(seeds, attempts, scores)
    )


def choices(task: str) -> list[Choice]:
    """Every different network of a family."""
    values = [p.values for p in FAMILIES[task].parameters()]
    return sorted({canonical(task, tuple(map(int, c))) for c in itertools.product(*values)})


def jobs_of(task: str, table: Path) -> list[Job]:
    """What a table lacks of a task, in random order: the first seeds of all, then more of the best."""
    known = scores_by_network(table, task, "validation")
    every = {"-".join(map(str, choice)): choice for choice in choices(task)}
    first = {name: range(SEEDS) for name in every}
    jobs = _lacking(task, every, first, known)
    if not jobs:
        mean = {name: np.mean([known[name][seed] for seed in range(SEEDS)]) for name in every}
        limit = np.quantile(list(mean.values()), 1 - BEST)
        more = {name: range(SEEDS, SEEDS + MORE) for name in every if mean[name] >= limit}
        jobs = _lacking(task, every, more, known)
    return [jobs[i] for i in np.random.default_rng(0).permutation(len(jobs))]


def _lacking(
    task: str, every: dict[str, Choice], asked: dict[str, range], known: dict[str, dict[int, float]]
) -> list[Job]:
    left = {name: tuple(s for s in seeds if s not in known[name]) for name, seeds in asked.items()}
    return [(task, every[name], seeds) for name, seeds in left.items() if seeds]


def rounds(tasks: Sequence[str], table: Path) -> Iterator[list[Job]]:
    """What a table lacks; after it was added, what it lacks then."""
    while jobs := [job for task in tasks for job in jobs_of(task, table)]:
        yield jobs


def train_all(tasks: Sequence[str], table: Path, processes: int) -> None:
    """Add to a table what it lacks."""
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for jobs in rounds(tasks, table):
            for i, rows in enumerate(pool.imap_unordered(measured, jobs), 1):
                with open(table, "a", encoding="utf-8") as file:
                    file.write(rows)
                if i % 25 == 0 or i == len(jobs):
                    seconds = time.perf_counter() - start
                    print(f"{i} of {len(jobs)} networks, {seconds:.0f} s", flush=True)


def in_order(table: Path) -> None:
    """Sort a finished table by task, network and seed."""
    head, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)

    def place(row: str) -> tuple[str, list[int], int]:
        task, network, seed, *_ = row.split(",")
        return task, [int(n) for n in network.split("-")], int(seed)

    table.write_text(head + "".join(sorted(rows, key=place)), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(TASKS)}; default: all")
    parser.add_argument("--processes", type=int, default=1, help="side by side (default 1)")
    parser.add_argument("--table", type=Path, default=TABLE, help="default: the one that ships")
    parser.add_argument("--check", action="store_true", help="report the reliability only")
    given = parser.parse_args()
    tasks = given.tasks or list(TASKS)
    if unknown := [task for task in tasks if task not in TASKS]:
        parser.error(f"unknown task {', '.join(unknown)}; expected {' or '.join(TASKS)}")
    if given.processes < 1:
        parser.error(f"--processes must be at least 1, got {given.processes}")
    if not given.check:
        if not given.table.exists():
            given.table.write_text(HEAD, encoding="utf-8")
        train_all(tasks, given.table, given.processes)
        in_order(given.table)
    report(given.table, tasks)


if __name__ == "__main__":
    main()
