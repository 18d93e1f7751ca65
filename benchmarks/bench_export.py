"""Rows a second and memory of an export: one run of 100,000 evaluations, exported many times over.

python benchmarks/bench_export.py [--json]      # a million rows; EXPORT_ROWS=10000000 for ten million
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path

from common import options, show

from archgym import load_scenario, run
from archgym.collection.export import export

TRIALS = 100_000


def main() -> None:
    given = options(__doc__)
    times = max(1, int(os.environ.get("EXPORT_ROWS", 1_000_000)) // TRIALS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run(
            load_scenario("mapping/vgg16-conv4-gamma-edp"), "random_walk", budget=TRIALS,
            output=path, plots=False, batch=1_000,
        )  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        start = time.perf_counter()
        rows, _ = export([path] * times, Path(folder) / "data.parquet")
        seconds = time.perf_counter() - start
        size = (Path(folder) / "data.parquet").stat().st_size
    show(
        "export to Parquet",
        [
            {
                "rows": f"{rows:,}",
                "seconds": f"{seconds:.0f}",
                "rows/s": f"{rows / seconds:,.0f}",
                "file MB": size >> 20,
                "memory before, MB": before,
                "memory at most, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        ],
        given.json,
    )


if __name__ == "__main__":
    main()
