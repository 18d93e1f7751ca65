"""What cheaper fidelities are worth: their cost, how they rank designs, and searches at equal cost.

    python benchmarks/bench_fidelity.py [--seeds N] [--only SCENARIO …] [--kept FILE]

Costs are processor seconds of random designs at a fidelity, over those in full, once what is shared by
designs is made. Searches are charged for rough evaluations by the declared cost, and start from the reference
design. ``alone`` is the proposer of ``successive_halving`` by itself, at full fidelity.

With ``--escalating`` it is ``--answers escalating:,fidelity=…`` at the cheapest fidelity instead: what it
computed in full and its rough looks at their declared cost are added up, and the same agent searches alone,
with the same seed, for that many full evaluations, rounded up.
"""

from __future__ import annotations

import math
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
TRIALS = (
    2.5  # of an escalating search, per evaluation of the budget: the model answers many of them
)
FIRST = 20  # evaluations before its first model
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


def escalated(job: tuple[Any, ...]) -> list[float]:
    """Of an escalating search the least cost, of one alone for as much the same, and how much that was."""
    task, proposer, fidelity, trials, seed = job
    run = archgym.run(
        task, proposer, budget=trials, seed=seed, answers=f"escalating:,first={FIRST},fidelity={fidelity}"
    )  # fmt: skip
    rough = sum(f["evaluations"] * f["cost"] for f in run.result["fidelities"])
    paid = run.result["computed"] + rough
    alone = archgym.run(task, proposer, budget=math.ceil(paid), seed=seed)
    best, other = run.result["best"], alone.result["best"]
    return [np.inf if b is None else b["cost"] for b in (best, other)] + [paid]


def compared(layered: Any, alone: Any) -> dict[str, Any]:
    """Medians of two kinds of searches, pair by pair, and how likely such differences are by chance."""
    same = bool((alone == layered).all())
    return {
        "alone": round(float(np.median(alone)), 4),
        "with fidelities": round(float(np.median(layered)), 4),
        "better / worse": f"{(layered < alone).sum()} / {(layered > alone).sum()}",
        "p": "" if same else round(float(wilcoxon(layered, alone).pvalue), 3),
    }


def escalation(given: Any) -> None:
    """Print how escalating searches with a fidelity compare at equal cost."""
    jobs, cheapest = [], {}
    for task in given.only:
        (simulator,) = load_scenario(task).simulators
        cheapest[task] = simulator.fidelities()[0].name
        trials = round(TRIALS * TASKS[task])
        jobs += [(task, PROPOSERS[0], cheapest[task], trials, s) for s in range(given.seeds)]
    done = kept_runs(jobs, escalated, given)
    rows = []
    for task in given.only:
        found = np.array([done[job] for job in jobs if job[0] == task])
        head = {"scenario": task, "fidelity": cheapest[task], "trials": round(TRIALS * TASKS[task])}
        paid = round(float(np.median(found[:, 2])), 1)
        rows.append({**head, "cost": paid, **compared(found[:, 0], found[:, 1])})
    show("escalation at equal cost", rows, given.json)


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
    given = study_options(__doc__ or "", 10, list(TASKS), escalating="compare escalating searches")
    if given.escalating:
        escalation(given)
        return
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
            head = {"scenario": task, "proposer": proposer, "budget": TASKS[task]}
            rows.append({**head, **compared(layered, alone)})
    show("quality at equal cost", rows, given.json)


if __name__ == "__main__":
    main()
