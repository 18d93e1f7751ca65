"""Evaluations until a design meets FARSI's budgets, by agent: median and quartiles of 20 seeds.

    python benchmarks/soc_agents.py            # a quarter of an hour on two cores
    python benchmarks/soc_agents.py --json

An agent that has not met the budgets within the cap counts as the cap.  Batches of two.
"""

from __future__ import annotations

import multiprocessing
import os
import sys

import numpy as np
from common import options, show

from archgym import Study, load_scenario

SEEDS = 20
CAPS = {
    "soc/audio-budgets": 5000,
    "soc/all-budgets": 20000,
    "soc/edge-budgets": 10000,
    "soc/cava-budgets": 10000,
}
AGENTS = ("farsi", "simulated_annealing", "portfolio", "hill_climbing", "genetic_algorithm")


def one(job: tuple[str, str, int]) -> float:
    """Evaluations one run needed."""
    name, agent, seed = job
    study = Study(load_scenario(name), agent, budget=CAPS[name], seed=seed, batch=2)
    trials = study.run(until_specs_met=True)
    return float(len(trials)) if trials.satisfied.any() else float(CAPS[name])


def main() -> None:
    given = options(__doc__)
    rows = []
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for name, cap in CAPS.items():
            medians = {}
            for agent in AGENTS:
                needed = np.array(pool.map(one, [(name, agent, s) for s in range(SEEDS)]))
                low, middle, high = np.quantile(needed, [0.25, 0.5, 0.75])
                medians[agent] = middle
                solved = int(np.sum(needed < cap))
                print(name, agent, middle, solved, flush=True, file=sys.stderr)
                rows.append(
                    {
                        "scenario": name,
                        "agent": agent,
                        "median": round(middle),
                        "quartiles": f"{low:.0f} to {high:.0f}",
                        "solved": f"{solved} of {SEEDS}",
                    }
                )
            base = medians["simulated_annealing"]
            for row in rows[-len(AGENTS) :]:
                row["annealing needs"] = f"{base / medians[row['agent']]:.1f} x"
    show("evaluations until the budgets are met", rows, given.json)


if __name__ == "__main__":
    main()
