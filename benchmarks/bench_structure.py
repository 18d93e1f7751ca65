"""What a simulator's own features are worth to a proxy: the default model with them and without.

    python benchmarks/bench_structure.py [--rows 20000] [--test 5000] [--only soc soc-edge mapping gamma dram]

Designs are drawn uniformly, train and test apart, and none of the test designs behaves like one that was
learnt from. Seconds are the processor's, of one core.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from common import show

from archgym.contracts.making import make_simulators
from archgym.contracts.simulator import Simulator
from archgym.datasets.blocks import hash_designs
from archgym.datasets.schema import Description
from archgym.proxies.quality import evaluate
from archgym.proxies.rows import Rows
from archgym.proxies.training import train

CASES = {
    "soc": ("soc", "audio_decoder", {}, ("latency", "power", "area")),
    "soc-edge": ("soc", "edge_detection", {}, ("latency", "power", "area")),
    "mapping": ("mapping", "resnet18/conv2_1a", {}, ("energy", "latency")),
    "gamma": ("mapping", "resnet18/conv2_1a", {"space": "gamma"}, ("energy", "latency")),
    "dram": ("dram", "bfs", {}, ("mean_latency", "energy")),
}
SEED = 0


def rows_of(simulator: Simulator, n: int, metrics: tuple[str, ...]) -> Rows:
    """Evaluations of n designs, no two of which must behave alike."""
    rng = np.random.default_rng(SEED)
    x = simulator.space.repair(simulator.space.sample(n + n // 10, rng), rng)
    keys = hash_designs(simulator.canonical(x))
    _, first = np.unique(keys, return_index=True)
    kept = np.sort(first)[:n]
    found = simulator.evaluate(x[kept])
    description = Description(
        simulator.space, tuple(m for m in simulator.metrics if m.name in metrics)
    )
    return Rows(
        description, x[kept], {m: found.metrics[m] for m in metrics}, found.feasible, keys[kept],
        np.zeros(len(kept), np.int64), (simulator.workload,), (simulator.key,),
    )  # fmt: skip


def _alone(estimate: np.ndarray, test: Rows, metric: str) -> float:
    """RMSE over mean of an estimate, scaled by its median ratio to the metric."""
    truth, works = test.metrics[metric], test.feasible
    ratio = truth[works] / estimate[works]
    error = np.median(ratio) * estimate[works] - truth[works]
    return float(np.sqrt(np.mean(error**2)) / truth[works].mean())


def compare(name: str, n: int, fresh: int) -> list[dict[str, str]]:
    """Both proxies of one case."""
    kind, workload, config, metrics = CASES[name]
    (simulator,) = make_simulators(kind, [workload], config)
    rows = rows_of(simulator, n + fresh, metrics)
    learn, test = rows.take(np.arange(len(rows) - fresh)), rows.take(np.arange(len(rows))[-fresh:])
    out = []
    for seen, simulators in (("knobs", ()), ("structure", (simulator,))):
        start = time.process_time()
        proxy = train(learn, simulators=simulators)
        seconds = time.process_time() - start
        x = test.x
        proxy.means(x[:10])
        start = time.thread_time()
        proxy.means(x)
        per_design = 1e6 * (time.thread_time() - start) / len(x)
        start = time.process_time()  # its threads count
        simulator.evaluate(x)
        own = 1e6 * (time.process_time() - start) / len(x)
        rough = simulators[0].features(x).estimates if simulators else {}
        for q in evaluate(proxy, test):
            alone = (
                "" if q.metric not in rough else f"{_alone(rough[q.metric], test, q.metric):.2%}"
            )
            out.append(
                {
                    "case": name,
                    "rows": f"{len(learn):,}",
                    "models see": seen,
                    "metric": q.metric,
                    "RMSE / mean": f"{q.relative_rmse:.2%}",
                    "estimate alone": alone,
                    "median error": f"{q.median_ape:.2%}",
                    "RMSE of log": f"{q.log_rmse:.2%}",
                    "tau": f"{q.tau:.3f}",
                    "top 1 % found": f"{q.top_recall:.0%}",
                    "coverage at 90 %": f"{q.coverage:.1%}",
                    "training, CPU s": f"{seconds:.0f}",
                    "us a design": f"{per_design:.1f}",
                    "simulator, us": f"{own:.1f}",
                }
            )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--test", type=int, default=5_000, help="fresh designs")
    parser.add_argument("--only", nargs="+", choices=CASES, default=["soc", "mapping"])
    given = parser.parse_args()
    found = [row for name in given.only for row in compare(name, given.rows, given.test)]
    show("structural features", found, given.json)


if __name__ == "__main__":
    main()
