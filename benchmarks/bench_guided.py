"""What listening to explanations is worth: guided beside blind agents at equal budgets.

    python benchmarks/bench_guided.py [--seeds N]

Every agent starts from the reference design, which is charged. Figures are medians of the cost over seeds.
"""

from __future__ import annotations

import argparse

import numpy as np

import archgym

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


def main() -> None:
    """Print a line per task, agent and budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--task", action="append", default=[], help="only these")
    options = parser.parse_args()
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
