"""Loop orders as the rank of a permutation, or as the argsort of a key a loop (NAAS, arXiv 2105.13258).

    python benchmarks/order_encodings.py --seeds 10

GAMMA's mappings of 17 integers, two of which are ranks of 720 permutations.  *keys* puts six knobs of
eight values in place of each rank: the loops stand in the order of their keys, equal keys in the order S R
K C X Y.  Objectives, layers and budget are those of the scenarios; ``keys over ranks`` is the median
objective of keys as a share of that of ranks, below 1 where keys are better.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
from common import kept_runs, show, study_options

from archgym import Evaluation, Scenario, Study, load_scenario
from archgym.contracts.simulator import Simulator
from archgym.space import Designs, DesignSpace, ordinal

SCENARIOS = ("mapping/resnet18-conv2-gamma", "mapping/vgg16-conv4-gamma-edp")
AGENTS = ("random_walk", "genetic_algorithm", "simulated_annealing", "ant_colony")
SEEDS, BUDGET, KEYS, LOOPS = 10, 2_000, 8, 6

Job = tuple[str, str, str, int]  # scenario, encoding, agent, seed


class Keyed(Simulator):
    """A simulator whose knobs ``order.…`` are six keys each instead of a rank."""

    def __init__(self, inner: Simulator) -> None:
        self.inner = inner
        self.name, self.version, self.workload = (
            f"{inner.name}-keyed",
            inner.version,
            inner.workload,
        )
        self.metrics = inner.metrics
        self.workload_hash = inner.workload_hash
        knobs = []
        for p in inner.space.parameters:
            if p.name.startswith("order."):
                knobs += [
                    ordinal(f"{p.name}.{i}", tuple(range(KEYS)), "key of a loop")
                    for i in range(LOOPS)
                ]
            else:
                knobs.append(p)
        self.space = DesignSpace(tuple(knobs))

    def ranked(self, x: Designs) -> Designs:
        """Designs (n, d) of the simulator inside."""
        columns, at = [], 0
        for p in self.inner.space.parameters:
            if p.name.startswith("order."):
                order = np.argsort(x[:, at : at + LOOPS], axis=1, kind="stable")
                columns.append(np.array([RANK[tuple(row)] for row in order.tolist()]))
                at += LOOPS
            else:
                columns.append(x[:, at])
                at += 1
        return np.stack(columns, axis=1)

    def _evaluate(self, x: Designs) -> Evaluation:
        return self.inner.evaluate(self.ranked(x))


RANK = {p: i for i, p in enumerate(permutations(range(LOOPS)))}


def scenario_of(name: str, encoding: str) -> Scenario:
    """A scenario with ranks, or with keys in their place."""
    ranks = load_scenario(name)
    if encoding == "ranks":
        return ranks
    keyed = tuple(Keyed(s) for s in ranks.simulators)
    keys = [n for n in keyed[0].space.names if n.startswith("order.")]
    reference = {k: v for k, v in ranks.reference.items() if not k.startswith("order.")}
    return Scenario(
        f"{name}-keys", ranks.simulator, ranks.workloads, ranks.objectives, config=ranks.config,
        specs=ranks.specs, reward=ranks.reward, aggregate=ranks.aggregate,
        reference={**reference, **dict.fromkeys(keys, 0)}, built=keyed,
    )  # fmt: skip


def one(job: Job) -> dict[str, Any]:
    """The best objective of one run."""
    name, encoding, agent, seed = job
    scenario = scenario_of(name, encoding)
    trials = Study(scenario, agent, budget=BUDGET, seed=seed, from_reference=False).run()
    best = trials.evaluation.take([trials.best])
    return {"objective": float(scenario.objectives[0].expression(best.metrics)[0])}


def main(given: Any) -> None:
    """Run what is not kept yet and print a table a scenario."""
    seeds = range(given.seeds)
    jobs = [
        (name, encoding, agent, seed)
        for name in SCENARIOS
        for agent in AGENTS
        for encoding in ("ranks", "keys")
        for seed in seeds
    ]
    done = kept_runs(jobs, one, given)
    for name in SCENARIOS:
        rows = []
        for agent in AGENTS:
            ranks, keys = (
                np.array([done[name, e, agent, s]["objective"] for s in seeds])
                for e in ("ranks", "keys")
            )
            rows.append(
                {
                    "agent": agent,
                    "ranks": f"{np.median(ranks):.4g}",
                    "keys": f"{np.median(keys):.4g}",
                    "keys over ranks": f"{np.median(keys) / np.median(ranks):.3f}",
                    "keys better": f"{(keys[:, None] < ranks).mean():.0%} of pairs",
                }
            )
        show(name, rows, given.json)


if __name__ == "__main__":
    main(study_options(__doc__ or "", SEEDS))
