"""A home-made agent in twenty lines: mutate the best design, one parameter at a time."""

import sys

import numpy as np

from archgym import Agent, Study, load_scenario
from archgym.testing import check_agent


class OnePlusLambda(Agent):
    """A (1 + lambda) evolution strategy."""

    name = "one_plus_lambda"

    def _start(self):
        self.best, self.cost = None, np.inf

    def _ask(self, n):
        if self.best is None:
            return self.space.sample(n, self.rng)
        near = self.space.neighbors(self.best)
        return (
            near[self.rng.integers(0, len(near), n)]
            if len(near)
            else self.space.sample(n, self.rng)
        )

    def _tell(self, x, costs):
        i = int(np.argmin(costs[:, 0]))
        if costs[i, 0] <= self.cost or self.best is None:
            self.best, self.cost = x[i], costs[i, 0]


def main(budget=200, workload="sqlite@5000"):
    check_agent(OnePlusLambda)
    scenario = load_scenario("dram/sqlite-low-latency", workload)
    trials = Study(scenario, OnePlusLambda(scenario.space, seed=1), budget=budget).run()
    best = trials.evaluation.row(trials.best)
    print(f"best of {budget}: {best['mean_latency'] * 1e9:.1f} ns, {best['energy'] * 1e3:.3f} mJ")
    return float(trials.cost.min())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
