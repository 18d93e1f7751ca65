"""The SoC simulator: designs per second on one core, growth with tasks, batches on all cores."""

from __future__ import annotations

import os
import time

import numpy as np
from archgym.simulators import SoCSimulator
from common import best_of, options, show

WORKLOADS = (
    "audio_decoder",
    "hpvm_cava",
    "edge_detection",
    "audio_decoder+hpvm_cava+edge_detection",
    *(f"random:layered,n={n}" for n in (30, 60, 125, 250, 500)),
)


def main() -> None:
    given = options(__doc__)
    rows = []
    start = time.perf_counter()
    SoCSimulator("audio_decoder").prepare()
    rows.append(
        {
            "workload": "first call (compile or load)",
            "value": f"{time.perf_counter() - start:.1f} s",
        }
    )
    for workload in WORKLOADS:
        simulator = SoCSimulator(workload, threads=1)
        n = 4000 if "random" not in workload else 400
        x = simulator.space.sample(n, np.random.default_rng(0))
        seconds = best_of(lambda s=simulator, x=x: s.evaluate(x), 3) / n
        tasks = len(simulator.graph.tasks)
        rows.append(
            {
                "workload": workload,
                "tasks": tasks,
                "value": f"{1 / seconds:.0f} designs/s",
                "us per task": f"{seconds / tasks * 1e6:.2f}",
            }
        )
    one, many = (SoCSimulator("audio_decoder", threads=k) for k in (1, os.cpu_count()))
    x = one.space.sample(20_000, np.random.default_rng(0))
    a, b = best_of(lambda: one.evaluate(x), 3), best_of(lambda: many.evaluate(x), 3)
    rows.append(
        {
            "workload": f"audio_decoder on {os.cpu_count()} cores",
            "value": f"{len(x) / b:.0f} designs/s, {a / b:.2f} x",
        }
    )
    for row in rows:
        row.setdefault("tasks", "")
        row.setdefault("us per task", "")
    show(
        "systems on chip",
        [{k: r[k] for k in ("workload", "tasks", "value", "us per task")} for r in rows],
        given.json,
    )


if __name__ == "__main__":
    main()
