"""Co-designs per second on one core, memory, and what 500 NASAIC episodes take.

python benchmarks/bench_codesign.py [--json]
"""

from __future__ import annotations

import resource
import time

import numpy as np
from archgym.simulators.codesign import CoDesignSimulator
from common import best_of, options, show

from archgym import Study, load_scenario


def main() -> None:
    given = options(__doc__)
    rows = []
    for workload in ("w1", "w2", "w3", "measured"):
        simulator = CoDesignSimulator(workload)
        simulator.prepare()
        x = simulator.space.sample(4_000, np.random.default_rng(0))
        start = time.perf_counter()
        simulator.evaluate(x)
        first = time.perf_counter() - start
        again = best_of(lambda s=simulator, x=x: s.evaluate(x), 3)
        rows.append(
            {
                "workload": workload,
                "designs/s, cold tables": f"{len(x) / first:,.0f}",
                "designs/s": f"{len(x) / again:,.0f}",
                "layers in tables": len(simulator.tables),
            }
        )
    show("co-designs, one core", rows, given.json)
    scenario = load_scenario("codesign/w1-joint")
    study = Study(scenario, "nasaic", budget=5_500, seed=0)
    start = time.perf_counter()
    study.run()
    whole = time.perf_counter() - start
    show(
        "500 NASAIC episodes (5,500 hardware evaluations)",
        [
            {
                "seconds": f"{whole:.1f}",
                "simulator": f"{study.simulator_seconds:.1f}",
                "controller": f"{study.agent_seconds:.1f}",
                "accuracy queries": study.agent.accuracy_queries,
                "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        ],
        given.json,
    )


if __name__ == "__main__":
    main()
