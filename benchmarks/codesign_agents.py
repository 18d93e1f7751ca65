"""Who finds the most accurate networks within NASAIC's specs at one budget, over seeds.

    python benchmarks/codesign_agents.py [--json]

5,500 hardware evaluations (500 episodes of NASAIC), ten seeds.  RI is 100 (median - r) / r over r, the
mean accuracy of random designs that meet the specs (Yang et al., arXiv 1912.12522).  The interval is
the bootstrap's 95 % of the difference of medians to the LSTM controller ``nasaic``.
"""

from __future__ import annotations

import sys

import numpy as np
from common import options, show

from archgym import Study, load_scenario

AGENTS = (
    "nasaic", "random_walk", "genetic_algorithm", "simulated_annealing", "ant_colony", "portfolio",
)  # fmt: skip
SCENARIOS = ("codesign/w1-joint", "codesign/measured-joint")
SEEDS, BUDGET = 10, 5_500


def main() -> None:
    given = options(__doc__)
    for name in SCENARIOS:
        scenario = load_scenario(name)
        found, valid = {}, []
        for agent in AGENTS:
            found[agent] = np.zeros(SEEDS)
            for seed in range(SEEDS):
                trials = Study(scenario, agent, budget=BUDGET, seed=seed).run()
                met = trials.evaluation.metrics["accuracy"][trials.satisfied]
                found[agent][seed] = met.max() if len(met) else 0.0
                if agent == "random_walk":
                    valid.append(float(met.mean()))
            print(name, agent, np.median(found[agent]), file=sys.stderr, flush=True)
        mean, rng = float(np.mean(valid)), np.random.default_rng(0)
        rows = []
        for agent, best in found.items():
            draws = [
                np.median(rng.choice(best, SEEDS)) - np.median(rng.choice(found["nasaic"], SEEDS))
                for _ in range(2_000)
            ]
            low, high = 100 * np.quantile(draws, [0.025, 0.975])
            rows.append(
                {
                    "agent": agent,
                    "median accuracy": f"{100 * np.median(best):.2f} %",
                    "worst, best seed": f"{100 * best.min():.2f}, {100 * best.max():.2f}",
                    "RI": f"{100 * (np.median(best) - mean) / mean:.2f}",
                    "points over nasaic (95 %)": f"{low:+.2f} to {high:+.2f}",
                }
            )
        show(name, rows, given.json)


if __name__ == "__main__":
    main()
