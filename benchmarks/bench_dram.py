"""The memory controller: requests per second on one core, growth with requests, batches on all cores.

Trace in memory, kernel compiled; the controller is the default one.  The issue's bars: 2 million
requests per second on random traffic, 4 million on streams.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
from archgym.simulators import DRAMSimulator
from archgym.simulators.dram.space import DEFAULT_DESIGN, to_kernel
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
            codes = to_kernel(design, simulator._codes)[0]
            seconds = best_of(lambda: simulator.simulate(codes))
            rows.append({"what": name, "n": n, "value": f"{n / seconds / 1e6:.2f} M requests/s"})
    rows += batches() + memory()
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


def memory() -> list[dict[str, object]]:
    """Peak memory of a process that simulates one trace, above one that simulates ten requests."""
    code = (
        "import resource, sys, numpy as np\n"
        "from archgym.simulators import DRAMSimulator\n"
        "s = DRAMSimulator(f'stream_read:n={sys.argv[1]}', threads=1)\n"
        "s.evaluate(s.space.sample(4, np.random.default_rng(0)))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(n: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, str(n)], capture_output=True, text=True, check=True
        )
        return int(done.stdout) * 1024

    base = peak(10)
    sizes = (500_000, 1_000_000, 2_000_000)
    return [
        {
            "what": "peak memory above a tiny trace",
            "n": n,
            "value": f"{(peak(n) - base) / n:.0f} B a request",
        }
        for n in sizes
    ]


if __name__ == "__main__":
    main()
