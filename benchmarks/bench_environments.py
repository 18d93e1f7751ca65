"""What the environments cost above their simulator, in microseconds per design.

A simulator that does nothing stands in, so that only the environment's own work is measured; the
simulator's public checks (``evaluate``) count as the simulator's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import gymnasium as gym
import numpy as np
from common import best_of, options, show

import archgym  # noqa: F401
from archgym import Evaluation
from archgym.environments import DesignEnv, DesignVectorEnv, SequentialDesignEnv
from archgym.goals.scenario_file import load_scenario


def scenario():
    """A DRAM scenario whose simulator answers at once."""
    made = load_scenario("dram/stream-low-power", "chase:n=5")
    simulator = made.simulators[0]
    row = simulator.evaluate(np.zeros((1, 12), np.int64)).metrics

    def answer(x):
        return Evaluation(
            {k: np.full(len(x), v[0]) for k, v in row.items()}, np.ones(len(x), np.bool_)
        )

    simulator._evaluate = answer
    return made


def main() -> None:
    given = options(__doc__)
    rows = []
    made = scenario()
    simulator = made.simulators[0]
    rng = np.random.default_rng(0)
    x = made.space.sample(512, rng)

    def bare():
        for row in x:
            simulator.evaluate(row[None])

    base = best_of(bare) / len(x)
    env = DesignEnv(made)
    wrapped = gym.wrappers.OrderEnforcing(env)

    def steps():
        for row in x:
            env.step(row)

    def wrapped_steps():
        for row in x:
            wrapped.reset()
            wrapped.step(row)

    rows.append(
        {
            "what": "simulator.evaluate, one design (nothing inside)",
            "us per design": round(base * 1e6, 2),
        }
    )
    rows.append(
        {
            "what": "DesignEnv.step above it",
            "us per design": round((best_of(steps) / len(x) - base) * 1e6, 2),
        }
    )
    rows.append(
        {
            "what": "reset and step under gym's wrapper, above it",
            "us per design": round((best_of(wrapped_steps) / len(x) - base) * 1e6, 2),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        stored = DesignEnv(made, store=Path(folder) / "e.sqlite")

        def stored_steps():
            for row in x:
                stored.step(row)

        rows.append(
            {
                "what": "DesignEnv.step with a store, known designs",
                "us per design": round((best_of(stored_steps) / len(x) - base) * 1e6, 2),
            }
        )
    sequential = SequentialDesignEnv(made)

    def episode():
        for row in x[:64]:
            sequential.reset()
            for value in row:
                sequential.step(value)

    rows.append(
        {
            "what": "sequential: one step of twelve",
            "us per design": round((best_of(episode) / 64 - base) / 12 * 1e6, 2),
        }
    )
    for n in (64, 1024):
        vector = DesignVectorEnv(n, made)
        vector.reset()
        actions = made.space.sample(n, rng)
        inside = best_of(lambda: simulator.evaluate(actions), 50)
        outside = best_of(lambda: vector.step(actions), 50)
        rows.append(
            {
                "what": f"vector environment, {n} designs, above simulator.evaluate",
                "us per design": round((outside - inside) / n * 1e6, 3),
            }
        )
    show("environment overhead", rows, given.json)


if __name__ == "__main__":
    main()
