"""Evaluations until a design meets FARSI's budgets, by agent: median and quartiles over seeds.

    python benchmarks/soc_agents.py            # 20 seeds: half an hour of one core
    python benchmarks/soc_agents.py --json --seeds 5 --kept runs.jsonl

Each agent runs twice: from designs of its own, and from the reference design, whose evaluation is
counted like any other.  Batches of two.  A run that has not met the budgets within the cap counts as
the cap.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import kept_runs, show, study_options

from archgym import Study, load_scenario

SEEDS = 20
CAPS = {
    "soc/audio-budgets": 5000,
    "soc/edge-budgets": 10000,
    "soc/cava-budgets": 10000,
    "soc/all-budgets": 20000,
}
AGENTS = ("farsi", "portfolio", "annealing-2", "annealing-8")
MORE = {"soc/audio-budgets": ("hill_climbing", "genetic_algorithm")}
CHAINS = {"annealing-2": 2, "annealing-8": 8}  # farsi anneals with two, the annealer with eight
BASE = "annealing-8"  # the annealer as it comes

Job = tuple[str, str, bool, int]  # scenario, agent, from the reference design, seed


def one(job: Job) -> tuple[int, bool]:
    """Evaluations that one run was charged, and whether it met the budgets."""
    name, agent, reference, seed = job
    hyper = {"chains": CHAINS[agent]} if agent in CHAINS else {}
    study = Study(
        load_scenario(name),
        "simulated_annealing" if agent in CHAINS else agent,
        budget=CAPS[name],
        seed=seed,
        hyperparameters=hyper,
        batch=2,
        from_reference=reference,
    )
    trials = study.run(until_specs_met=True)
    return len(trials), bool(trials.satisfied.any())


def main(given: argparse.Namespace) -> None:
    """Run what is not kept yet and print one table."""
    groups = [
        (name, agent, reference)
        for name in CAPS
        for agent in (*AGENTS, *MORE.get(name, ()))
        for reference in (False, True)
    ]
    done = kept_runs([(*g, seed) for seed in range(given.seeds) for g in groups], one, given)
    rows, medians = [], {}
    for group in groups:
        name, agent, reference = group
        charged, met = np.array([done[(*group, seed)] for seed in range(given.seeds)]).T
        needed = np.where(met, charged, CAPS[name])
        low, middle, high = np.quantile(needed, [0.25, 0.5, 0.75])
        medians[group] = middle
        rows.append(
            {
                "scenario": name,
                "agent": agent,
                "start": "reference" if reference else "scratch",
                "median": round(middle),
                "quartiles": f"{low:.0f} to {high:.0f}",
                "solved": f"{int(met.sum())} of {given.seeds}",
            }
        )
    for row, (name, _, reference) in zip(rows, groups):
        row[f"{BASE} needs"] = f"{medians[name, BASE, reference] / max(row['median'], 1):.1f} x"
    show("evaluations until the budgets are met", rows, given.json)


if __name__ == "__main__":
    main(study_options(__doc__ or "", SEEDS))
