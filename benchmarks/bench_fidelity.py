"""What cheaper fidelities are worth: their cost, how they rank designs, and searches at equal cost.

    python benchmarks/bench_fidelity.py [--seeds N] [--only SCENARIO …] [--kept FILE]

Costs are processor seconds of random designs at a fidelity, over those in full, once what is shared by
designs is made. Searches are charged for rough evaluations by the declared cost, and start from the reference
design. ``alone`` is the proposer of ``successive_halving`` by itself, at full fidelity.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from common import kept_runs, show, study_options
from scipy.stats import kendalltau, wilcoxon

import archgym
from archgym import load_scenario
from archgym.contracts.lowered import at_fidelity

TASKS = {
    "dram/sqlite-low-latency": 100,
    "dram/bfs-10k-low-latency": 100,
    "accelerator/alexnet-archgym": 30,
    "accelerator/resnet18-eyeriss-edp": 40,
    "ffet/mac16-frequency": 40,
}
PROPOSERS = ("genetic_algorithm",)
LOOKED_AT = 16  # designs by which fidelities are timed and ranked


def search(job: tuple[Any, ...]) -> list[float]:
    """The least cost of one study, and what was computed in full."""
    task, proposer, layered, budget, seed = job
    agent = "successive_halving" if layered else proposer
    hyper = {"proposer": proposer} if layered else {}
    run = archgym.run(task, agent, budget=budget, seed=seed, hyperparameters=hyper)
    best = run.result["best"]
    return [np.inf if best is None else best["cost"], run.result["computed"]]


def measured(task: str) -> list[dict[str, Any]]:
    """Cost and order of every fidelity of a scenario, by random designs."""
    scenario = load_scenario(task)
    (simulator,) = scenario.simulators
    simulator.prepare()
    x = scenario.to_simulator(scenario.space.sample(2 * LOOKED_AT, np.random.default_rng(0)))
    kinds = ["full", *(f.name for f in simulator.fidelities())]
    costs, seconds = {}, {}
    for kind in kinds:
        (fresh,) = load_scenario(task).simulators
        made = at_fidelity(fresh, kind)
        made.evaluate(x[:LOOKED_AT])  # makes what is made once: decoded addresses, placements
        start = time.process_time()
        e = made.evaluate(x[LOOKED_AT:])
        seconds[kind] = time.process_time() - start
        costs[kind] = scenario.costs(scenario.combine([e]))[:, 0]
    rows = []
    for f in simulator.fidelities():
        both = np.isfinite(costs["full"]) & np.isfinite(costs[f.name])
        rows.append(
            {
                "scenario": task,
                "fidelity": f.name,
                "declared": round(f.cost, 3),
                "measured": round(seconds[f.name] / seconds["full"], 3),
                "full, CPU s": round(seconds["full"] / LOOKED_AT, 4),
                "tau": round(float(kendalltau(costs["full"][both], costs[f.name][both])[0]), 2),
                "feasible in both": f"{int(both.sum())} of {LOOKED_AT}",
            }
        )
    return rows


def main() -> None:
    """Print both tables."""
    given = study_options(__doc__ or "", 10, list(TASKS))
    show("fidelities", [r for task in given.only for r in measured(task)], given.json)
    jobs = [
        (task, proposer, layered, TASKS[task], seed)
        for task in given.only
        for proposer in PROPOSERS
        for layered in (False, True)
        for seed in range(given.seeds)
    ]
    done = kept_runs(jobs, search, given)
    rows = []
    for task in given.only:
        for proposer in PROPOSERS:
            alone, layered = (
                np.array([done[task, proposer, b, TASKS[task], s][0] for s in range(given.seeds)])
                for b in (False, True)
            )
            same = bool((alone == layered).all())
            rows.append(
                {
                    "scenario": task,
                    "proposer": proposer,
                    "budget": TASKS[task],
                    "alone": round(float(np.median(alone)), 4),
                    "with fidelities": round(float(np.median(layered)), 4),
                    "better / worse": f"{(layered < alone).sum()} / {(layered > alone).sum()}",
                    "p": "" if same else round(float(wilcoxon(layered, alone).pvalue), 3),
                }
            )
    show("quality at equal cost", rows, given.json)


if __name__ == "__main__":
    main()
