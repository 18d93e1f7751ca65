"""The serving simulator: configurations a second of CPU time on one core, whole calls of 100,000 designs.

``corrected`` by measured rows nearby, or by the mechanistic model alone.  The bar: one million per second.
"""

from __future__ import annotations

import time

import numpy as np
from archgym.simulators.serving.simulator import ServingSimulator
from common import best_of, options, show

DESIGNS = 100_000
WORKLOADS = ("llama-3.1-70b-chat", "deepseek-r1-chat", "gpt-oss-120b-batch")


def main() -> None:
    given = options(__doc__)
    rows = []
    for workload in WORKLOADS:
        for corrected in (False, True):
            simulator = ServingSimulator(workload, corrected=corrected)
            x = simulator.space.sample(DESIGNS, np.random.default_rng(0))
            seconds = best_of(lambda s=simulator, x=x: s.evaluate(x), 3, time.process_time)
            rows.append(
                {
                    "workload": workload,
                    "corrected": "yes" if corrected else "no",
                    "value": f"{DESIGNS / seconds / 1e6:.2f} M configurations/s",
                }
            )
    show("serving", rows, given.json)


if __name__ == "__main__":
    main()
