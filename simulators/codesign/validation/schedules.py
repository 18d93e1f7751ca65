"""N9: the scheduler's heuristic against every assignment and every order."""

from __future__ import annotations

import numpy as np

from archgym.validation import Check

from ..simulator import CoDesignSimulator


def schedules(cases: int = 300, seed: int = 0) -> Check:
    """Check the heuristic's schedules against exact ones.

    The cases are four layers of each network of random co-designs of W1, with limits from tight to loose.

    Args:
        cases: designs to draw.
        seed: for the draws.

    Returns:
        The check.
    """
    from ..exact import exact
    from ..schedule import solve

    rng = np.random.default_rng(seed)
    simulator = CoDesignSimulator("w1")
    x = simulator.space.sample(cases, rng)
    x = x[simulator.evaluate(x).feasible]
    layers, chains, _ = simulator.gathered(x)
    gaps, missed = [], 0
    for d in range(len(x)):
        ends = zip(chains[d, :-1], chains[d, 1:])
        rows = layers[
            d, np.concatenate([np.sort(rng.permutation(np.arange(*e))[:4]) for e in ends])
        ]
        chain = np.array([0, 4, 8], np.int64)
        latency, energy = simulator.layer_costs(rows, x[d])
        assign, start = np.empty(8, np.int64), np.empty(8)
        short, _ = solve(latency, energy, chain, 0.0, assign, start)  # type: ignore[call-arg]
        limit = float(short * rng.uniform(0.95, 1.5))
        _, least = exact(latency, energy, chain, limit, assign)  # type: ignore[call-arg]
        if not np.isfinite(least):
            continue
        length, joules = solve(latency, energy, chain, limit, assign, start)  # type: ignore[call-arg]
        if length > limit * (1 + 1e-9):
            missed += 1
        else:
            gaps.append(joules / least - 1)
    worst = max(gaps)
    return Check(
        "N9 heuristic's energy, schedules of 8 layers",
        "every assignment and order",
        f"energy at most {worst:.2%} above, {missed} feasible ones missed",
        "5 %, none",
        worst <= 0.05 and missed == 0,
        len(gaps) + missed,
        figures={"worst": worst, "missed": missed},
    )
