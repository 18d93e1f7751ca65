"""A proxy of some workloads asked about another: leave one network, or one program, out.

    python benchmarks/bench_unseen.py [accelerator|dram] [--rows 40] [--space …] [--workloads …] [--json]

Each workload has designs of its own, drawn uniformly. The default model learns from all workloads but one,
from knobs and the simulator's features, and is asked about that one. ``estimate`` is the simulator's estimate
alone, scaled by its median ratio on the workloads learnt from.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import show

from archgym.contracts.making import make_simulators
from archgym.contracts.simulator import Simulator
from archgym.datasets.blocks import hash_designs
from archgym.datasets.schema import Description
from archgym.proxies.hooks import gathered
from archgym.proxies.quality import evaluate
from archgym.proxies.rows import Rows
from archgym.proxies.training import train

CASES = {  # space, workloads, metrics
    "accelerator": (
        "archgym-timeloop",
        ("alexnet-conv", "resnet18", "vgg16", "vit-b", "bert-base"),
        ("energy", "latency"),
    ),
    "dram": (
        "full",
        ("matmul", "bfs", "convolve", "xz", "sqlite", "json"),
        ("energy", "mean_latency"),
    ),
}


def rows_of(simulators: tuple[Simulator, ...], n: int, metrics: tuple[str, ...]) -> Rows:
    """Evaluations of n designs a workload."""
    x, answers = [], []
    for seed, simulator in enumerate(simulators):
        x.append(simulator.space.sample(n, np.random.default_rng(seed)))
        answers.append(simulator.evaluate(x[-1]))
    first = simulators[0]
    designs = np.concatenate(x)
    return Rows(
        Description(first.space, tuple(m for m in first.metrics if m.name in metrics)),
        designs,
        {m: np.concatenate([e.metrics[m] for e in answers]) for m in metrics},
        np.concatenate([e.feasible for e in answers]),
        hash_designs(first.canonical(designs)),
        np.repeat(np.arange(len(simulators)), n),
        tuple(s.workload for s in simulators),
        tuple(s.key for s in simulators),
    )


def left_out(simulators: tuple[Simulator, ...], rows: Rows, k: int) -> list[dict[str, str]]:
    """What a proxy of the others is worth on workload k."""
    inside, outside = (
        rows.take(np.flatnonzero(where)) for where in (rows.workload != k, rows.workload == k)
    )
    proxy = train(inside, simulators=simulators).bound(*simulators)
    known, fresh = (gathered(part, simulators).estimates for part in (inside, outside))
    out = []
    for q in evaluate(proxy, outside):
        scale = np.nanmedian(inside.metrics[q.metric] / known[q.metric])
        truth = outside.metrics[q.metric]
        error = scale * fresh[q.metric] - truth
        alone = np.sqrt(np.nanmean(error**2)) / np.nanmean(truth)
        out.append(
            {
                "workload left out": rows.workloads[k],
                "rows learnt": str(len(inside)),
                "metric": q.metric,
                "RMSE / mean": f"{q.relative_rmse:.1%}",
                "median error": f"{q.median_ape:.1%}",
                "tau": f"{q.tau:.3f}",
                "coverage at 90 %": f"{q.coverage:.0%}",
                "estimate alone": f"{alone:.1%}",
            }
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("kind", nargs="?", choices=CASES, default="accelerator")
    parser.add_argument("--rows", type=int, default=40, help="designs a workload")
    parser.add_argument("--space", help="the simulator's space")
    parser.add_argument("--workloads", nargs="+")
    given = parser.parse_args()
    space, workloads, metrics = CASES[given.kind]
    settings = {"space": given.space or space, "threads": 1}
    simulators = tuple(make_simulators(given.kind, list(given.workloads or workloads), settings))
    rows = rows_of(simulators, given.rows, metrics)
    found = [r for k in range(len(simulators)) for r in left_out(simulators, rows, k)]
    show(f"workloads that were not seen, {given.kind}", found, given.json)


if __name__ == "__main__":
    main()
