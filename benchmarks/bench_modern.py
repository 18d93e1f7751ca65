"""The table-driven memory kernel: requests per second of CPU time on one core, by device and traffic.

Traces in memory, kernel compiled, default controller (HBM with two pseudo channels).  The bars: 2 million
requests per second on random traffic for every device, 5 million for DDR4, 10 million on streams.
"""

from __future__ import annotations

import time

import numpy as np
from archgym.simulators.dram.modern.design import Design
from archgym.simulators.dram.modern.devices import MODERN_DEVICES
from archgym.simulators.dram.modern.run import run
from archgym.simulators.dram.modern.standards import ModernDevice
from common import best_of, options, show
from numpy.typing import NDArray

REQUESTS = 200_000
SPAN = 1 << 28  # bytes that random requests fall on
Traffic = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]


def random_traffic(device: ModernDevice) -> Traffic:
    """Reads and writes anywhere, at 40 % of what the pins could carry."""
    rng = np.random.default_rng(0)
    stamp = np.cumsum(rng.geometric(1 / (2.5 * device.burst_cycles), REQUESTS))
    address = rng.integers(0, SPAN // device.burst_bytes, REQUESTS) * device.burst_bytes
    return stamp - stamp[0], (rng.random(REQUESTS) < 0.4).astype(np.uint8), address


def stream(device: ModernDevice) -> Traffic:
    """Reads of one burst after the other, as fast as the pins could carry them."""
    i = np.arange(REQUESTS)
    return i * device.burst_cycles, np.zeros(REQUESTS, np.uint8), i * device.burst_bytes % SPAN


def main() -> None:
    given = options(__doc__)
    start = time.thread_time()
    first = MODERN_DEVICES["DDR4-2400"]
    run(first, Design(), np.zeros(1, np.int64), np.zeros(1, np.uint8), np.zeros(1, np.int64))
    spent = time.thread_time() - start
    rows = [{"what": "first call (compile or load)", "n": 1, "value": f"{spent:.1f} s"}]
    for name, device in MODERN_DEVICES.items():
        design = Design(ranks=2 if device.stacks else 1)
        for traffic in (random_traffic, stream):
            trace = traffic(device)
            seconds = best_of(lambda: run(device, design, *trace), 3, time.thread_time)
            value = f"{REQUESTS / seconds / 1e6:.2f} M requests/s"
            rows.append({"what": f"{name}, {traffic.__name__}", "n": REQUESTS, "value": value})
    show("memories", rows, given.json)


if __name__ == "__main__":
    main()
