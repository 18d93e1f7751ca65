"""A proxy of some networks asked about another: leave one network out, on the accelerator simulator.

    python benchmarks/bench_networks.py [--rows 40] [--space eyeriss] [--networks resnet18 …] [--json]

Each network has designs of its own, drawn uniformly. The default model learns from all networks but one, from
knobs and from what layers must cost at least, and is asked about that one. ``estimate`` is these least costs
alone, scaled by their median ratio on the networks learnt from.
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

NETWORKS = ("alexnet-conv", "resnet18", "vgg16", "vit-b", "bert-base")
METRICS = ("energy", "latency")


def rows_of(simulators: tuple[Simulator, ...], n: int) -> Rows:
    """Evaluations of n designs a network."""
    x, answers = [], []
    for seed, simulator in enumerate(simulators):
        x.append(simulator.space.sample(n, np.random.default_rng(seed)))
        answers.append(simulator.evaluate(x[-1]))
    first = simulators[0]
    designs = np.concatenate(x)
    return Rows(
        Description(first.space, tuple(m for m in first.metrics if m.name in METRICS)),
        designs,
        {m: np.concatenate([e.metrics[m] for e in answers]) for m in METRICS},
        np.concatenate([e.feasible for e in answers]),
        hash_designs(first.canonical(designs)),
        np.repeat(np.arange(len(simulators)), n),
        tuple(s.workload for s in simulators),
        tuple(s.key for s in simulators),
    )


def left_out(simulators: tuple[Simulator, ...], rows: Rows, k: int) -> list[dict[str, str]]:
    """What a proxy of the others is worth on network k."""
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
                "network left out": rows.workloads[k],
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
    parser.add_argument("--rows", type=int, default=40, help="designs a network")
    parser.add_argument("--space", default="archgym-timeloop")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    given = parser.parse_args()
    settings = {"space": given.space, "threads": 1}
    simulators = make_simulators("accelerator", given.networks, settings)
    rows = rows_of(tuple(simulators), given.rows)
    found = [r for k in range(len(simulators)) for r in left_out(tuple(simulators), rows, k)]
    show(f"networks that were not seen, {given.space}", found, given.json)


if __name__ == "__main__":
    main()
