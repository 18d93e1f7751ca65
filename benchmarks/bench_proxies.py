"""Designs a second of proxies on one core, one design alone, and what training takes.

    python benchmarks/bench_proxies.py [--json]

Proxies learn the data sets that ship (``archgym.datasets.shipped``), with the models' own defaults.
Seconds are the processor's.
"""

from __future__ import annotations

import time

import numpy as np
from common import best_of, options, show

from archgym.datasets.reader import Dataset
from archgym.datasets.shipped import shipped
from archgym.proxies.rows import Rows
from archgym.proxies.training import train

DATA = ("dram", "accelerator", "codesign")
MODELS = ("gradient_boosting", "random_forest")
BATCH, ALONE = 20_000, 200


def main() -> None:
    given = options(__doc__ or "")
    rows = []
    for name in DATA:
        learn = Rows.of(Dataset(shipped()[name]))
        for model in MODELS:
            start = time.process_time()
            proxy = train(learn, model)
            seconds = time.process_time() - start
            space = proxy.description.space
            x = space.sample(BATCH, np.random.default_rng(0))
            workload = proxy.workloads[0]
            proxy.means(x[:10], workload)
            together = best_of(lambda p=proxy, x=x, w=workload: p.means(x, w), 3, time.thread_time)

            def alone(p=proxy, x=x, w=workload) -> None:
                for i in range(ALONE):
                    p.means(x[i : i + 1], w)

            def told(p=proxy, x=x, w=workload) -> None:
                for i in range(ALONE):
                    p.predict(x[i : i + 1], w)

            rows.append(
                {
                    "data": name,
                    "rows": f"{len(learn):,}",
                    "metrics": len(proxy.metrics),
                    "model": model,
                    "designs/s": f"{BATCH / together:,.0f}",
                    "one alone, us": f"{1e6 * best_of(alone, 3, time.thread_time) / ALONE:.0f}",
                    "with intervals, us": f"{1e6 * best_of(told, 3, time.thread_time) / ALONE:.0f}",
                    "training, CPU s": f"{seconds:.1f}",
                }
            )
    show("proxies", rows, given.json)


if __name__ == "__main__":
    main()
