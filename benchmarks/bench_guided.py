"""What listening to explanations is worth: guided beside blind agents at equal budgets.

    python benchmarks/bench_guided.py [--seeds N]
    python benchmarks/bench_guided.py --recorded

Every agent starts from the reference design, which is charged. Figures are medians of the cost over seeds.

``--recorded`` plays nothing: it compares the recorded results of `archgym bench` (record_bench.py), task by
task.  Figures are medians of the normalised gap over seeds, in percent, each with an interval that holds the
median of all seeds with a probability of 93 % or more, whatever their distribution (order statistics).
Best tuned is the tuned agent that is best on the task after 1,000 evaluations.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import binom

import archgym
from archgym.bench.scores import read
from archgym.bench.suite import load_suite, recorded

TASKS = (
    ("dram/sqlite-low-latency", "sqlite@2000"), ("soc/audio-budgets", None), ("soc/edge-budgets", None),
    ("soc/audio-coarse", None),
    ("codesign/w1-joint", None), ("codesign/w3-joint", None), ("accelerator/alexnet-simba-coarse", None),
)  # fmt: skip
RIVALS = (
    ("guided", 100), ("guided", 400), ("guided", 1000), ("farsi", 100), ("farsi", 1000),
    ("portfolio", 100), ("portfolio", 1000), ("genetic_algorithm", 100), ("genetic_algorithm", 1000),
    ("random_walk", 100),
)  # fmt: skip


COVERED = 0.93  # by the intervals of medians


def interval(values: np.ndarray) -> tuple[float, float]:
    """Two order statistics between which the median lies, whatever the distribution."""
    ordered, n = np.sort(values), len(values)
    inner = max(
        (k for k in range(n // 2 + 1) if 1 - 2 * binom.cdf(k, n, 0.5) >= COVERED), default=-1
    )
    low = max(inner, 0)  # too few values for that: from the least to the largest
    return float(ordered[low]), float(ordered[n - 1 - low])


def told(values: np.ndarray) -> str:
    """Median and interval, in percent."""
    low, high = interval(values)
    shown = f"{100 * np.median(values):.2f}"
    return shown if low == high else f"{shown} [{100 * low:.2f} to {100 * high:.2f}]"


def compare() -> None:
    """Print a line per task of the record, and how often guided is ahead."""
    suite = load_suite()
    scores = read(recorded(), suite)
    counts = {"within 100": 0, "as good as portfolio": 0, "tasks": 0}
    print(
        "| task | guided 100 | guided 1,000 | best tuned 1,000 | portfolio 1,000 |\n|---|---|---|---|---|"
    )
    for task, rows in scores.groupby("task"):
        of = dict(iter(rows.groupby("agent")))
        if "guided" not in of:
            continue
        tuned = {a: f["gap.1000"].median() for a, f in of.items() if a.endswith("(tuned)")}
        best = min(tuned, key=lambda a: tuned[a])
        guided, portfolio = of["guided"], of["portfolio"]["gap.1000"]
        cells = [guided["gap.100"], guided["gap.1000"], of[best]["gap.1000"], portfolio]
        print(f"| `{task}` | " + " | ".join(told(c.to_numpy()) for c in cells) + " |")
        counts["tasks"] += 1
        counts["within 100"] += bool(guided["gap.100"].median() <= tuned[best])
        counts["as good as portfolio"] += bool(guided["gap.1000"].median() <= portfolio.median())
    print(counts)


def main() -> None:
    """Print a line per task, agent and budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--task", action="append", default=[], help="only these")
    parser.add_argument("--recorded", action="store_true", help="compare recorded results")
    options = parser.parse_args()
    if options.recorded:
        compare()
        return
    print(f"{'task':34} {'agent':18} {'budget':>6} {'median':>9} {'quartiles':>20} met")
    for name, workload in TASKS:
        if options.task and name not in options.task:
            continue
        for agent, budget in RIVALS:
            costs, met = [], 0
            for seed in range(options.seeds):
                run = archgym.run(
                    name, agent=agent, budget=budget, seed=seed,
                    **({} if workload is None else {"workload": workload}),
                )  # fmt: skip
                best = run.result["best"]
                costs.append(np.inf if best is None else best["cost"])
                met += bool(best and best["specs_met"])
            low, middle, high = np.quantile(costs, (0.25, 0.5, 0.75))
            print(
                f"{name:34} {agent:18} {budget:6} {middle:9.4f} {low:9.4f} {high:9.4f}"
                f"  {met}/{options.seeds}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
