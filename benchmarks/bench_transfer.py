"""What a start from other workloads is worth: each workload left out in turn.

    python benchmarks/bench_transfer.py [--seeds N] [--task NAME]

The store holds a search of ``SOURCE`` evaluations by the genetic algorithm on every other workload.  They
are charged to nobody: they stand for what is there already.  All agents are charged the reference design.
Figures are how far the best cost is above the best that any run of that workload found (costs are logarithms:
0.01 is 1 %), medians over seeds, after 10, 30 and 100 charged evaluations.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import archgym
from archgym.answers.store import EvaluationStore

SOURCE = 300
AT = (10, 30, 100)
TASKS = {
    "dram": (
        "dram/sqlite-low-latency",
        ("sqlite@2000", "json@2000", "bfs@2000", "matmul@2000", "convolve@2000", "xz@2000"),
    ),
    "accelerator": (
        "accelerator/alexnet-simba-coarse",
        ("alexnet-conv/conv2", "alexnet-conv/conv4", "resnet18/conv3_1a", "resnet18/conv5_1a",
         "mobilenet-v2/block13_project"),
    ),
    "serving": (
        "serving/llama-70b-chat",
        ("llama-3.1-70b-chat", "llama-3.1-8b-chat", "qwen3-32b-chat", "gpt-oss-120b-chat",
         "mixtral-8x7b-chat", "qwen3-235b-a22b-chat"),
    ),
    "soc": ("soc/audio-limited", ("audio_decoder", "edge_detection", "hpvm_cava")),
}  # fmt: skip
RIVALS = ("transfer", "guided", "portfolio")


def courses(name: str, workload: str, store: EvaluationStore, seeds: int) -> dict[str, np.ndarray]:
    """The best cost so far of every agent, (seeds, budget)."""
    out = {}
    for agent in RIVALS:
        rows = []
        for seed in range(seeds):
            scenario = archgym.load_scenario(name, workload)
            known = store if agent == "transfer" else None
            study = archgym.Study(scenario, agent, budget=max(AT), seed=seed, store=known)
            study.run()
            cost = scenario.costs(study.trials.evaluation)[:, 0]
            rows.append(np.minimum.accumulate(cost))
        out[agent] = np.array(rows)
    return out


def sources(name: str, workloads: tuple[str, ...], place: Path) -> EvaluationStore:
    """A store of a search on each workload; an agent is never shown those of its own workload."""
    store = EvaluationStore(place)
    for i, workload in enumerate(workloads):
        scenario = archgym.load_scenario(name, workload)
        archgym.Study(scenario, "genetic_algorithm", budget=SOURCE, seed=100 + i, store=store).run()
    return store


def main() -> None:
    """Print a line per workload and agent, then the medians over workloads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--task", action="append", choices=TASKS, default=[], help="only these")
    options = parser.parse_args()
    print(f"{'task':12} {'left out':22} {'agent':10} " + " ".join(f"{n:>8}" for n in AT))
    for task in options.task or TASKS:
        name, workloads = TASKS[task]
        gaps: dict[str, list[np.ndarray]] = {agent: [] for agent in RIVALS}
        with tempfile.TemporaryDirectory() as folder:
            store = sources(name, workloads, Path(folder) / "evaluations.sqlite")
            for workload in workloads:
                found = courses(name, workload, store, options.seeds)
                least = min(float(rows.min()) for rows in found.values())
                for agent, rows in found.items():
                    gap = np.median(rows, axis=0)[[n - 1 for n in AT]] - least
                    gaps[agent].append(gap)
                    figures = " ".join(f"{g:8.4f}" for g in gap)
                    print(f"{task:12} {workload:22} {agent:10} {figures}", flush=True)
            store.close()
        for agent, rows_ in gaps.items():
            figures = " ".join(f"{g:8.4f}" for g in np.median(rows_, axis=0))
            print(f"{task:12} {'median':22} {agent:10} {figures}", flush=True)


if __name__ == "__main__":
    main()
