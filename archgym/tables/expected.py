"""What a table of a whole space will cost: counted by a sample, timed on 64 designs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..goals.scenario import Scenario
from .coverage import Coverage

SAMPLE, TIMED = 20_000, 64


def expected(scenario: Scenario) -> dict[str, Any]:
    """Count and time what an enumeration would do; nothing is kept.

    Args:
        scenario: whose space would be enumerated.

    Returns:
        ``designs`` of the space; ``canonical``, how many of them about would be evaluated at most;
        ``simulators``, one per workload; ``seconds_per_design`` and ``seconds`` on all cores, at most
        about, because designs known to be identical are skipped.
    """
    coverage = Coverage(scenario.simulators[0].space, scenario.parameters)
    simulator = scenario.simulators[0]
    simulator.prepare()
    n = min(coverage.space.cardinality, SAMPLE)
    ranks = np.random.default_rng(0).integers(0, coverage.space.cardinality, n)
    x = coverage.designs(ranks)
    x = x[simulator.space.is_valid(x)]
    there = coverage.ranks(simulator.canonical(x))
    share = float(np.mean(there == coverage.ranks(x))) if len(x) else 0.0
    start = time.perf_counter()
    simulator.evaluate(x[:TIMED])
    each = (time.perf_counter() - start) / max(1, min(TIMED, len(x)))
    canonical = share * coverage.space.cardinality * len(x) / n
    return {
        "designs": coverage.space.cardinality,
        "canonical": round(canonical),
        "simulators": len(scenario.simulators),
        "seconds_per_design": each,
        "seconds": canonical * each * len(scenario.simulators),
    }
