"""Who finds the most accurate networks within NASAIC's specs, by both budgets, over seeds.

    python benchmarks/codesign_agents.py       # 10 seeds: under an hour of one core
    python benchmarks/codesign_agents.py --json --seeds 3 --kept runs.jsonl
    python benchmarks/codesign_agents.py --only codesign/measured-joint

5,500 hardware evaluations (500 episodes of NASAIC), ten seeds.  Columns ``at 50`` to ``at 500`` say the
median best accuracy when so many accuracy queries were used.  RI is the relative improvement over random
designs that meet the specs (``archgym.goals.improvement``).  The interval is the bootstrap's 95 % of the
difference of medians to ``nasaic``.  Where networks are measured, agents see validation scores alone, and
the column ``test`` says what their choices score on test images.  These scenarios have no reference design,
so every agent starts from designs of its own.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from common import kept_runs, show, study_options

from archgym import Study, load_scenario
from archgym.goals.improvement import mean_cost, relative_improvement
from archgym.goals.scenario import Scenario
from archgym.search.queries import Queries

AGENTS = (
    "nasaic", "nasaic-2020", "random_walk", "genetic_algorithm", "simulated_annealing",
    "ant_colony", "portfolio",
)  # fmt: skip
SCENARIOS = (
    "codesign/w1-joint", "codesign/w2-joint", "codesign/w3-joint", "codesign/measured-joint",
)  # fmt: skip
SEEDS, BUDGET = 10, 5_500
MARKS = (50, 100, 200, 300, 500)  # accuracy queries
DRAWS = 2_000  # of the bootstrap

Job = tuple[str, str, int]  # scenario, agent, seed


def one(job: Job) -> dict[str, Any]:
    """Best and mean accuracy of the designs of one run that meet the specs, by both budgets."""
    name, agent, seed = job
    study = Study(load_scenario(name), agent, budget=BUDGET, seed=seed)
    trials = study.run()
    metrics, met = trials.evaluation.metrics, trials.satisfied
    accuracy = np.where(met, metrics["accuracy"], 0.0)
    best = int(accuracy.argmax())
    cost = mean_cost(study.scenario, trials.cost[met])
    return {
        "best": float(accuracy[best]),
        "test": float(metrics["test_accuracy"][best]) if "test_accuracy" in metrics else None,
        "cost": float(trials.cost[met].min()) if met.any() else float("inf"),
        "mean_cost": None if np.isnan(cost) else cost,
        "charged": len(trials),
        "computed": study.evaluator.computed,
        "accuracy_queries": study.queries.counts["accuracy"],
        "at": best_at(study),
    }


def best_at(study: Study) -> list[float]:
    """The best accuracy within the specs when the queries of each of MARKS were used."""
    trials, queries = study.trials, Queries(study.scenario, study.agent.costly_only_if_met, {})
    accuracy = np.where(trials.satisfied, trials.evaluation.metrics["accuracy"], 0.0)
    used = np.empty(len(trials), np.int64)
    for i in range(len(trials)):
        queries.take(trials.x[i : i + 1], trials.evaluation.take([i]))
        used[i] = queries.counts["accuracy"]
    return [float(accuracy[used <= mark].max(initial=0.0)) for mark in MARKS]


def random_cost(scenario: Scenario, runs: list[dict[str, Any]]) -> float:
    """The mean cost of random designs that meet the specs, of runs of random search."""
    return mean_cost(scenario, [r["mean_cost"] for r in runs if r["mean_cost"] is not None])


def improvement(scenario: Scenario, runs: list[dict[str, Any]], random: float) -> float:
    """The median relative improvement of runs, in percent."""
    return float(np.median(relative_improvement(scenario, [r["cost"] for r in runs], random)))


def tested(runs: list[dict[str, Any]]) -> dict[str, str]:
    """The median test score, where networks are measured."""
    if any(r["test"] is None for r in runs):
        return {}
    return {"test": f"{100 * np.median([r['test'] for r in runs]):.2f} %"}


def main(given: argparse.Namespace) -> None:
    """Run what is not kept yet and print a table a scenario."""
    seeds = range(given.seeds)
    jobs = [(name, agent, seed) for seed in seeds for name in given.only for agent in AGENTS]
    done = kept_runs(jobs, one, given)
    for name in given.only:
        found = {a: np.array([done[name, a, s]["best"] for s in seeds]) for a in AGENTS}
        random = random_cost(load_scenario(name), [done[name, "random_walk", s] for s in seeds])
        rng = np.random.default_rng(0)
        rows = []
        for agent, best in found.items():
            draws = [
                np.median(rng.choice(best, len(best)))
                - np.median(rng.choice(found["nasaic"], len(best)))
                for _ in range(DRAWS)
            ]
            low, high = 100 * np.quantile(draws, [0.025, 0.975])
            runs = [done[name, agent, s] for s in seeds]
            at = np.median([r["at"] for r in runs], axis=0)
            rows.append(
                {
                    "agent": agent,
                    "median accuracy": f"{100 * np.median(best):.2f} %",
                    "worst, best seed": f"{100 * best.min():.2f}, {100 * best.max():.2f}",
                    "RI": f"{improvement(load_scenario(name), runs, random):.2f}",
                    "points over nasaic (95 %)": f"{low:+.2f} to {high:+.2f}",
                    **tested(runs),
                    "computed": f"{np.median([r['computed'] for r in runs]):,.0f}",
                    "queries": f"{np.median([r['accuracy_queries'] for r in runs]):,.0f}",
                    **{f"at {m}": f"{100 * a:.2f} %" for m, a in zip(MARKS, at)},
                }
            )
        show(name, rows, given.json)


if __name__ == "__main__":
    main(study_options(__doc__ or "", SEEDS, SCENARIOS))
