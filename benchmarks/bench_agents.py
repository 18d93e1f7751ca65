"""What agents themselves cost: microseconds a proposal (ask and tell) in batches of 64.

On the 12-parameter DRAM space after 1,000 designs; a cost function that costs nothing.  Bars: 50 µs
for the project's own agents, 150 µs for evolutionary ones of a library.  Model-based agents are timed
a proposal at 100 and 500 observations instead, in batches of their own liking.
"""

from __future__ import annotations

import time

import numpy as np
from archgym.simulators.dram.space import space_named
from common import options, show

from archgym import registry

MODEL_BASED = ("bayesian_optimization", "botorch", "tpe")
VARIANTS = {
    "bayesian_optimization": ({"surrogate": "ET"}, {"surrogate": "RF"}, {"surrogate": "GP"}),
}


def seconds(name: str, warm: int, count: int, batch: int | None, **hyper: object) -> float:
    """Seconds a design of ask and tell, after ``warm`` designs were told."""
    space = space_named("full")
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 2, len(space))

    def cost(x: np.ndarray) -> np.ndarray:
        return ((x / space.nvec) * weight).sum(axis=1) + 0.01 * (x[:, 0] * x[:, 1])

    agent = registry.load("agents", name)(space, seed=0, budget=warm + count, **hyper)
    batch = batch or agent.batch
    x = space.sample(warm, rng)
    agent.tell(x, cost(x))
    x = agent.ask(batch)  # the first is not counted
    agent.tell(x, cost(x))
    best = np.inf
    for _ in range(max(1, count // batch)):
        start = time.perf_counter()
        x = agent.ask(batch)
        middle = time.perf_counter()
        y = cost(x)
        again = time.perf_counter()
        agent.tell(x, y)
        best = min(best, time.perf_counter() - again + middle - start)
    return best / batch


def main() -> None:
    given = options(__doc__)
    rows = []
    for name in registry.names("agents"):
        if name in MODEL_BASED:
            for hyper in VARIANTS.get(name, ({},)):
                for observations in (100, 500):
                    batch = 1 if name == "tpe" else None
                    value = seconds(name, observations, 12, batch, **hyper)
                    label = name + "".join(f" {v}" for v in hyper.values())
                    rows.append(
                        {
                            "agent": f"{label}, {observations} known",
                            "us per design": round(value * 1e6),
                        }
                    )
        else:
            rows.append(
                {"agent": name, "us per design": round(seconds(name, 936, 640, 64) * 1e6, 1)}
            )
    show("agents' own time", rows, given.json)


if __name__ == "__main__":
    main()
