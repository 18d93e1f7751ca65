"""Compile the kernels of every domain into the cache, two domains at a time.

Run before the tests.  Their workers would otherwise compile the same kernels side by side, and under
coverage, which makes a compilation nearly twice as slow.  With a warm cache this takes seconds.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

import numpy as np

from archgym.domains import domains
from archgym.errors import ArchgymError

DESIGNS = 2


def compile_domain(name: str) -> str:
    """Evaluate a few designs of every environment of one domain; returns a line that says so."""
    from archgym.goals.scenario_file import load_scenario

    start = time.perf_counter()
    for scenario in map(load_scenario, domains()[name].environments.values()):
        for simulator in scenario.simulators:
            x = simulator.space.sample(DESIGNS, np.random.default_rng(0))
            simulator.evaluate(simulator.repair(x, np.random.default_rng(0)))
    return f"{name}: {time.perf_counter() - start:.0f} s"


def compile_modern(name: str) -> str:
    """The kernel of modern memories, which no environment reaches."""
    from archgym.simulators.dram.modern.design import Design
    from archgym.simulators.dram.modern.devices import MODERN_DEVICES
    from archgym.simulators.dram.modern.run import run

    start = time.perf_counter()
    stamps, address = np.array([0, 9]), np.array([0, 64])
    run(MODERN_DEVICES["DDR5-4800"], Design(), stamps, np.zeros(2, np.uint8), address)
    return f"{name}: {time.perf_counter() - start:.0f} s"


def main() -> int:
    """Print a line for each domain; 1 where one cannot be compiled."""
    work = {name: compile_domain for name, d in domains().items() if d.environments}
    work["modern memories"] = compile_modern
    failed = 0
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        running = {pool.submit(function, name): name for name, function in work.items()}
        for done in as_completed(running):
            try:
                print("kernels of", done.result(), flush=True)
            except ArchgymError as error:
                failed = 1
                print(f"kernels of {running[done]}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
