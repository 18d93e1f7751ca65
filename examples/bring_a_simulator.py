"""A simulator of one's own, checked and searched."""

import numpy as np
from archgym.agents.genetic_algorithm import GeneticAlgorithm

from archgym import DesignSpace, Evaluation, Metric, Simulator, categorical, ordinal
from archgym.testing import check_simulator


class Cache(Simulator):
    """Latency falls with capacity, energy grows with it."""

    name, version = "cache", "1"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))
    space = DesignSpace(
        (
            ordinal("size", tuple(2**k for k in range(3, 12)), "capacity", "KiB", "log"),
            ordinal("ways", (1, 2, 4, 8, 16), "associativity"),
            categorical("policy", ("lru", "fifo", "random"), "replacement"),
        )
    )

    def _evaluate(self, x):
        c = self.space.columns(x)
        miss = 0.3 / np.sqrt(c["size"] * c["ways"]) * (1 + 0.1 * x[:, 2])
        latency = 1e-9 * (1 + 0.2 * c["ways"] + 100 * miss)
        return Evaluation(
            {"latency": latency, "energy": 1e-12 * (c["size"] + 5.0 * c["ways"])},
            np.ones(len(x), bool),
        )


def main():
    check_simulator(Cache)
    simulator = Cache()
    agent = GeneticAlgorithm(simulator.space, seed=1)
    best = np.inf
    for _ in range(10):
        x = agent.ask(16)
        e = simulator.evaluate(x)
        cost = e.metrics["latency"] * e.metrics["energy"]
        agent.tell(x, cost)
        if cost.min() < best:
            best = cost.min()
            print(f"{best:.3e} Js", simulator.space.decode(x[[cost.argmin()]])[0])


if __name__ == "__main__":
    main()
