"""What the dashboard and a run's page take at 100,000 trials.

    python benchmarks/bench_dashboard.py [--trials N]

A run folder of random designs is written to a temporary place. Times are of the server; what a browser does
with the answer comes on top.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import numpy as np

import archgym
from archgym.contracts.evaluation import Evaluation
from archgym.dashboard.server import Dashboard
from archgym.goals.trials import Trials
from archgym.runs.summary import summary
from archgym.runs.writing import write_found


def main() -> None:
    """Print seconds and bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100_000)
    n = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "runs" / "r"
        run = archgym.run(
            "dram/sqlite-low-latency", agent="random_walk", budget=200, workload="sqlite@2000",
            output=folder,
        )  # fmt: skip
        large = fill(run, folder, n)
        print(f"trials.csv: {(folder / 'trials.csv').stat().st_size / 1e6:.1f} MB")
        start = time.perf_counter()
        page = large.write_page(Path(root) / "page.html")
        took = time.perf_counter() - start
        print(f"page: {took:.2f} s, {page.stat().st_size / 1e6:.2f} MB")
        board = Dashboard(folder.parent)
        threading.Thread(target=board.serve, daemon=True).start()
        try:
            asked(board)
        finally:
            board.close()


def fill(run: archgym.Run, folder: Path, n: int) -> archgym.Run:
    """Write a run of ``n`` random designs whose metrics are those of the run's, disturbed by 2 %."""
    rng = np.random.default_rng(0)
    scenario = run.scenario
    x = scenario.space.sample(n, rng)
    e = run.trials.evaluation.take(rng.integers(0, len(run.trials), n))
    metrics = {k: v * (1 + 0.02 * rng.standard_normal(n)) for k, v in e.metrics.items()}
    trials = Trials.of(scenario, x, Evaluation(metrics, e.feasible, ()))
    result = summary(scenario, trials, n)
    write_found(folder, scenario, trials, result)
    return replace(run, trials=trials, result={**run.result, **result})


def asked(board: Dashboard) -> None:
    """The listing, then the detail of the run three times."""
    import json

    rows = json.loads(board.watching.listing())["rows"]
    for _ in range(3):
        start, spent = time.perf_counter(), time.process_time()
        data = urllib.request.urlopen(board.address + "detail/" + rows[0]["id"]).read()
        print(
            f"detail: {time.perf_counter() - start:.3f} s, {time.process_time() - spent:.3f} s of CPU, "
            f"{len(data) / 1e3:.0f} kB"
        )


if __name__ == "__main__":
    main()
