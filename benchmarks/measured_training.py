"""Really trains every network of two small families, of which the scores tell networks apart.

    python benchmarks/measured_training.py                  # adds what scenarios/codesign/trained.csv lacks
    python benchmarks/measured_training.py pairs --seeds 10 --processes 2       # five more seeds
    python benchmarks/measured_training.py --check          # trains nothing; how reliable the table is

The tasks are those of ``measured_tasks.py``.  Adam, one-cycle rate, 100 steps of 64 images (*strokes*: 32),
five seeds (of the weights and of the order of images; the data are always the same).  A validation score is
what a search may see, a test score is what is reported of its design.

A training has *collapsed* if it ends below three quarters of the best validation score of its network.  It
is repeated with other weights, three times at most; ``attempts`` in the table counts the trainings.

Stop the script whenever you like: networks are written when their seeds are done.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from archgym.simulators.codesign.networks import FAMILIES, canonical
from measured_networks import Choice, build, form
from measured_reliability import report
from measured_tasks import TASKS, Part, Task
from torch.nn import functional

TABLE = Path(__file__).parent.parent / "scenarios" / "codesign" / "trained.csv"
HEAD = "task,network,seed,attempts,validation,test\n"
STEPS, BATCH, RATE = 100, {"pairs": 64, "strokes": 32}, 0.02
SEEDS, ATTEMPTS, COLLAPSED = 5, 4, 0.75
AGAIN = 1_000  # added to a seed for every further attempt
BESIDE = 5  # networks that are trained side by side

Job = tuple[str, tuple[Choice, ...], tuple[int, ...]]  # task, networks of one form, seeds


def trained(job: Job, data: Task) -> torch.Tensor:
    """Validation and test scores, (2, networks, seeds)."""
    task, networks, seeds = job
    n = len(networks) * len(seeds)
    net = build(task, networks, seeds).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    order = [_order(seed, len(data.train.x), STEPS * BATCH[task]) for seed in seeds]
    for rows in torch.stack(order * len(networks)).split(BATCH[task], dim=1):
        out = net(_by_seed(data.train.x[rows].transpose(0, 1)))
        loss = n * _loss(out, data.train.y[rows].transpose(0, 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    net.eval()
    with torch.no_grad():
        scores = torch.stack([_score(net, n, p) for p in (data.validation, data.test)])
    return scores.view(2, len(networks), len(seeds))


def _by_seed(x: torch.Tensor) -> torch.Tensor:
    """Images (n, seeds, c, h, w) as the channels of one image, (n, seeds * c, h, w)."""
    return x.flatten(1, 2).contiguous(memory_format=torch.channels_last)


def _order(seed: int, images: int, n: int) -> torch.Tensor:
    """Which images a seed sees, pass by pass, (n,)."""
    drawn = torch.Generator().manual_seed(seed)
    return torch.cat([torch.randperm(images, generator=drawn) for _ in range(-(-n // images))])[:n]


def _loss(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if out.dim() == 3:  # two digits of ten classes each
        return functional.cross_entropy(out.reshape(-1, 10), y.reshape(-1))
    return functional.binary_cross_entropy_with_logits(out, y)


def _score(net: torch.nn.Module, seeds: int, part: Part) -> torch.Tensor:
    scores = []
    for x, y in zip(part.x.split(500), part.y.split(500)):
        out, y = net(_by_seed(x[:, None].expand(-1, seeds, -1, -1, -1))), y[:, None]
        if out.dim() == 3:
            right = out.unflatten(2, (2, 10)).argmax(dim=3) == y
            scores.append(right.float().mean(dim=2))
        else:
            both, either = (out > 0) & (y > 0), (out > 0) | (y > 0)
            scores.append(both.sum((2, 3, 4)) / either.sum((2, 3, 4)).clamp(min=1))
    return torch.cat(scores).mean(dim=0)


@cache
def data_of(task: str) -> Task:
    """The data of a task, made once a process."""
    torch.set_num_threads(1)
    return TASKS[task]()


def measured(job: Job) -> str:
    """Rows of the table of networks, collapsed trainings repeated."""
    task, networks, seeds = job
    data = data_of(task)
    scores = trained(job, data)
    attempts = np.ones((len(networks), len(seeds)), int)
    for attempt in range(1, ATTEMPTS):
        low = scores[0] < COLLAPSED * scores[0].max(dim=1, keepdim=True).values
        for i, j in low.nonzero().tolist():
            again = seeds[j] + attempt * AGAIN
            scores[:, i, j] = trained((task, (networks[i],), (again,)), data)[:, 0, 0]
            attempts[i, j] += 1
    return "".join(
        f"{task},{'-'.join(map(str, choice))},{seed},{attempts[i, j]},"
        f"{scores[0, i, j]:.5f},{scores[1, i, j]:.5f}\n"
        for i, choice in enumerate(networks)
        for j, seed in enumerate(seeds)
    )


def choices(task: str) -> list[Choice]:
    """Every different network of a family."""
    values = [p.values for p in FAMILIES[task].parameters()]
    return sorted({canonical(task, tuple(map(int, c))) for c in itertools.product(*values)})


def jobs_of(task: str, seeds: int, done: set[tuple[str, str, int]]) -> list[Job]:
    """What a table lacks of a task, networks of one form together, in random order."""
    lacking = defaultdict(list)
    for choice in choices(task):
        name = "-".join(map(str, choice))
        left = tuple(seed for seed in range(seeds) if (task, name, seed) not in done)
        if left:
            lacking[form(task, choice), left].append(choice)
    jobs = [
        (task, tuple(networks[i : i + BESIDE]), left)
        for (_, left), networks in lacking.items()
        for i in range(0, len(networks), BESIDE)
    ]
    return [jobs[i] for i in np.random.default_rng(0).permutation(len(jobs))]


def train_all(tasks: Sequence[str], seeds: int, table: Path, processes: int) -> None:
    """Add to a table what it lacks."""
    with open(table, encoding="utf-8", newline="") as lines:
        done = {(r["task"], r["network"], int(r["seed"])) for r in csv.DictReader(lines)}
    jobs = [job for task in tasks for job in jobs_of(task, seeds, done)]
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for i, rows in enumerate(pool.imap_unordered(measured, jobs), 1):
            with open(table, "a", encoding="utf-8") as file:
                file.write(rows)
            if i % 5 == 0 or i == len(jobs):
                seconds = time.perf_counter() - start
                print(f"{i} of {len(jobs)} groups of networks, {seconds:.0f} s", flush=True)


def in_order(table: Path) -> None:
    """Sort a finished table by task, network and seed."""
    head, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    rows.sort(key=lambda r: (r.split(",")[0], [int(n) for n in r.split(",")[1].split("-")], r))
    table.write_text(head + "".join(rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(TASKS)}; default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"a network (default {SEEDS})")
    parser.add_argument("--processes", type=int, default=1, help="side by side (default 1)")
    parser.add_argument("--table", type=Path, default=TABLE, help="default: the one that ships")
    parser.add_argument("--check", action="store_true", help="report the reliability only")
    given = parser.parse_args()
    tasks = given.tasks or list(TASKS)
    if unknown := [task for task in tasks if task not in TASKS]:
        parser.error(f"unknown task {', '.join(unknown)}; expected {' or '.join(TASKS)}")
    if given.seeds < 2:
        parser.error(f"--seeds must be at least 2, got {given.seeds}")
    if not given.check:
        if not given.table.exists():
            given.table.write_text(HEAD, encoding="utf-8")
        train_all(tasks, given.seeds, given.table, given.processes)
        in_order(given.table)
    report(given.table, tasks)


if __name__ == "__main__":
    main()
