"""Who finds the most accurate networks within NASAIC's specs, by both budgets, over seeds.

    python benchmarks/codesign_agents.py       # 10 seeds: under an hour of one core
    python benchmarks/codesign_agents.py --json --seeds 3 --kept runs.jsonl

5,500 hardware evaluations (500 episodes of NASAIC), ten seeds.  Columns ``at 50`` to ``at 500`` say the
median best accuracy when so many accuracy queries were used.  RI is 100 (median - r) / r over r, the
mean accuracy of random designs that meet the specs (Yang et al., arXiv 1912.12522).  The interval is
the bootstrap's 95 % of the difference of medians to ``nasaic``.  These scenarios have no reference
design, so every agent starts from designs of its own.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from common import kept_runs, show, study_options

from archgym import Study, load_scenario
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
    met = trials.evaluation.metrics["accuracy"][trials.satisfied]
    return {
        "best": float(met.max()) if len(met) else 0.0,
        "mean": float(met.mean()) if len(met) else None,
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


def main(given: argparse.Namespace) -> None:
    """Run what is not kept yet and print a table a scenario."""
    seeds = range(given.seeds)
    jobs = [(name, agent, seed) for seed in seeds for name in SCENARIOS for agent in AGENTS]
    done = kept_runs(jobs, one, given)
    for name in SCENARIOS:
        found = {a: np.array([done[name, a, s]["best"] for s in seeds]) for a in AGENTS}
        valid = [done[name, "random_walk", s]["mean"] for s in seeds]
        mean = float(np.mean([v for v in valid if v is not None]))
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
                    "RI": f"{100 * (np.median(best) - mean) / mean:.2f}",
                    "points over nasaic (95 %)": f"{low:+.2f} to {high:+.2f}",
                    "computed": f"{np.median([r['computed'] for r in runs]):,.0f}",
                    "queries": f"{np.median([r['accuracy_queries'] for r in runs]):,.0f}",
                    **{f"at {m}": f"{100 * a:.2f} %" for m, a in zip(MARKS, at)},
                }
            )
        show(name, rows, given.json)


if __name__ == "__main__":
    main(study_options(__doc__ or "", SEEDS))
