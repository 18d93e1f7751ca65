"""The memory controller: requests a second on one core, growth with requests, batches on all cores.

Trace in memory, kernel compiled; the controller is the default one.  The issue's bars: 2 million
requests a second on random traffic, 4 million on streams.
"""

from __future__ import annotations

import os
import time

import numpy as np
from archgym.simulators import DRAMSimulator
from archgym.simulators.dram.space import DEFAULT_DESIGN
from common import best_of, options, show

TRAFFIC = (
    "stream_read",
    "stream_rw21",
    "rand_read",
    "rand_rw",
    "zipf_rows",
    "stride_conflict",
    "chase",
    "bursty",
)


def main() -> None:
    given = options(__doc__)
    start = time.perf_counter()
    DRAMSimulator("chase:n=10").prepare()
    rows = [
        {
            "what": "first call (compile or load)",
            "n": 1,
            "value": f"{time.perf_counter() - start:.2f} s",
        }
    ]
    for name in TRAFFIC:
        for n in (20_000, 200_000):
            simulator = DRAMSimulator(f"{name}:n={n}")
            design = simulator.space.encode(
                [{**DEFAULT_DESIGN, "refresh_max_postponed": 0, "refresh_max_pulled_in": 0}]
            )
            from archgym.simulators.dram.space import to_kernel

            codes = to_kernel(design, simulator._codes)[0]
            seconds = best_of(lambda: simulator.simulate(codes))
            rows.append({"what": name, "n": n, "value": f"{n / seconds / 1e6:.2f} M requests/s"})
    rows += batches()
    show("memory controller", rows, given.json)


def batches() -> list[dict[str, object]]:
    one, all_ = (DRAMSimulator("rand_rw:n=20000", threads=k) for k in (1, os.cpu_count()))
    x = one.space.sample(64, np.random.default_rng(0))
    single, many = best_of(lambda: one.evaluate(x), 3), best_of(lambda: all_.evaluate(x), 3)
    return [
        {"what": "batch of 64 designs, one core", "n": 64, "value": f"{64 / single:.0f} designs/s"},
        {
            "what": f"the same on {os.cpu_count()} cores",
            "n": 64,
            "value": f"{64 / many:.0f} designs/s, {single / many:.2f} x",
        },
    ]


if __name__ == "__main__":
    main()
