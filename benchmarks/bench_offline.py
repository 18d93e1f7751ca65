"""Designs proposed from logged data alone, against the best design in the data.

    python benchmarks/bench_offline.py [--rows 1000] [--seeds 5] [--only soc dram] [--kept FILE]

Rows are drawn from data sets that ship.  The simulator evaluates the k proposals, and random changes of
the best tenth of the rows, which no model guides.  A gain is of the least cost among k over the least in
the data: 10 % is an objective 10 % better.  100 % means that specs are met which no row met.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from common import show

from archgym.contracts.evaluation import Evaluation
from archgym.datasets.reader import Dataset
from archgym.datasets.shipped import shipped
from archgym.goals.scenario_file import load_scenario
from archgym.proxies.conservative import BEST, WALK, changed
from archgym.proxies.offline import inside, propose
from archgym.proxies.rows import Rows
from archgym.space import Designs

CASES = {
    "soc": "soc/audio-front",
    "mapping": "mapping/resnet18-conv2-loops",
    "dram": "dram/bfs-10k-low-latency",
    "codesign": "codesign/w1-joint",
}


def unguided(rows: Designs, costs: np.ndarray, k: int, space: object, seed: int) -> Designs:
    """Good rows with two changes that nothing guides."""
    rng = np.random.default_rng(seed)
    good = rows[np.argsort(costs)[: max(1, int(BEST * len(rows)))]]
    x = good[rng.integers(len(good), size=k)]
    for _ in range(2):
        x = changed(x, space, rng)  # type: ignore[arg-type]
    return x


def outcome(name: str, n: int, k: int, seed: int, margin: str) -> dict[str, float]:
    """One draw of rows, and what k designs of one kind come to."""
    data = Rows.of(Dataset(shipped()[name]))
    truth, fresh = load_scenario(CASES[name]), load_scenario(CASES[name])
    drawn = data.take(np.sort(np.random.default_rng(seed).permutation(len(data))[:n]))
    rows = inside(truth, drawn)
    logged = Evaluation(rows.metrics, rows.feasible)
    costs = truth.costs(logged)[:, 0]
    start = time.process_time()
    if margin == "random":
        x = unguided(rows.x, costs, k, truth.space, seed)
    else:
        limit, _, walk = margin.partition(":")
        how = {"margin": None if limit == "none" else float(limit), "walk": int(walk or WALK)}
        x = propose(fresh, drawn, k, seed=seed, **how).x
    seconds = time.process_time() - start
    e = truth.evaluate(x)
    found = truth.costs(e)[:, 0]
    return {
        "gain": float(-np.expm1(min(found.min() - costs.min(), 1.0))),
        "better": float(np.mean(found < costs.min())),
        "met before": float(truth.satisfied(logged).mean()),
        "met": float(truth.satisfied(e).mean()),
        "seconds": seconds,
    }


def row_of(name: str, n: int, k: int, margin: str, found: list[dict[str, float]]) -> dict[str, str]:
    """A line of the table: one case and margin over its seeds."""
    values = {key: np.array([f[key] for f in found]) for key in found[0]}
    return {
        "scenario": CASES[name],
        "rows": f"{n:,}",
        "margin": margin,
        "draws": str(len(found)),
        "median gain": f"{np.median(values['gain']):+.1%}",
        "worst": f"{values['gain'].min():+.1%}",
        "best": f"{values['gain'].max():+.1%}",
        f"of {k} better": f"{values['better'].mean():.0%}",
        "rows that meet specs": f"{values['met before'].mean():.0%}",
        "proposals that do": f"{values['met'].mean():.0%}",
        "CPU s": f"{values['seconds'].mean():.1f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("-k", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--margins",
        nargs="+",
        default=["random", "none:8", "1:8", "none:64", "1:64"],
        metavar="MARGIN[:WALK]",
    )
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument(
        "--kept", type=Path, help="file of finished draws; those in it are not repeated"
    )
    given = parser.parse_args()
    kept = json.loads(given.kept.read_text()) if given.kept and given.kept.exists() else {}
    table = []
    for name in given.only:
        for margin in given.margins:
            found = []
            for seed in range(given.seeds):
                key = f"{name} {given.rows} {given.k} {seed} {margin}"
                if key not in kept:
                    kept[key] = outcome(name, given.rows, given.k, seed, margin)
                    if given.kept:
                        given.kept.write_text(json.dumps(kept, indent=1))
                found.append(kept[key])
            table.append(row_of(name, given.rows, given.k, margin, found))
    show("proposals from logged data alone", table, given.json)


if __name__ == "__main__":
    main()
