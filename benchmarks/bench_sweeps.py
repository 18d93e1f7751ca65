"""Tables and sweeps: lookups a second, what like designs save, what a sweep adds to its runs, memory.

Every figure beside another one is taken in the same run of this program.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import best_of, options, show

from archgym.answers.table import TableAnswers
from archgym.goals.scenario_file import load_scenario
from archgym.sweeps.driver import SweepFolder, carry_out
from archgym.sweeps.engine import LocalEngine
from archgym.sweeps.plan import from_sweep_document
from archgym.sweeps.result import Setup
from archgym.sweeps.work import Worker
from archgym.tables.build import build

RUN_EVALUATIONS = 170  # about ten milliseconds of soc/audio-coarse
RUNS = 2000


def lookups(folder: Path) -> list[dict[str, Any]]:
    """Designs a second, 100,000 at once, from a table and from the simulator it replaces."""
    rows = []
    for name, workload in (("soc/audio-coarse", None), ("dram/stream-joint", "stream@1000")):
        scenario = load_scenario(name, workload)
        simulator = scenario.simulators[0]
        parameters = scenario.parameters
        if name.startswith("dram"):
            parameters = {"page_policy": ["Open", "Closed"], "response_queue": ["Fifo"]}
        start = time.perf_counter()
        table = build(simulator, parameters, folder / name.replace("/", "-"))
        seconds = time.perf_counter() - start
        looked = TableAnswers(simulator, table)
        rng = np.random.default_rng(0)
        x = table.space.sample(100_000, rng)
        x = x if table.space is simulator.space else table.space.embed(x, simulator.space)
        fast = len(x) / best_of(lambda x=x, looked=looked: looked(x))
        few = x[:2000]
        slow = len(few) / best_of(lambda x=few, s=simulator: s.evaluate(x), repeat=2)
        rows.append(
            {
                "scenario": f"{name}, {workload or 'whole'}",
                "designs": f"{len(table):,}",
                "evaluated": f"{table.evaluated:,}",
                "seconds": round(seconds, 1),
                "bytes per design and metric": round(
                    table.nbytes / len(table) / len(table.metrics), 2
                ),
                "million lookups/s": round(fast / 1e6, 1),
                "over the simulator": f"{fast / slow:,.0f} x",
            }
        )
    return rows


def sweep_document(runs: int) -> dict[str, Any]:
    """Random search, so many times, on a scenario of about 15 µs a design."""
    return {
        "name": "overhead",
        "scenarios": ["soc/audio-coarse"],
        "budget": RUN_EVALUATIONS,
        "seeds": runs,
        "store": "none",
        "agents": ["random_walk"],
    }


def overhead(folder: Path) -> list[dict[str, Any]]:
    """The same runs in a plain loop in this process, and as a sweep."""
    sweep = from_sweep_document(sweep_document(RUNS))
    specs = [s for _, s in zip(range(300), sweep.runs())]
    worker = Worker(Setup({n: s.document for n, s in sweep.scenarios.items()}))
    worker(specs[0])
    plain = []
    for _ in range(3):
        start = time.perf_counter()
        for spec in specs:
            worker(spec)
        plain.append((time.perf_counter() - start) / len(specs))
    each = min(plain)
    rows = []
    for workers in (1, 2):
        done: list[float] = []
        folder_ = SweepFolder.create(folder / f"sweep{workers}", sweep)
        carry_out(
            folder_,
            sweep,
            LocalEngine(workers),
            on_progress=lambda p, done=done: done.append(time.perf_counter()),
        )
        steady = done[len(done) // 4 :]  # processes have started
        rate = (len(steady) - 1) / (steady[-1] - steady[0])
        rows.append(
            {
                "workers": workers,
                "ms per run, plain loop": round(1e3 * each, 2),
                "ms per run and worker, sweep": round(1e3 * workers / rate, 2),
                "runs/s": round(rate),
                "overhead": f"{workers / rate / each - 1:.1%}",
            }
        )
    return rows


def memory(folder: Path) -> list[dict[str, Any]]:
    """The driver's peak memory while it plans ever more runs and draws them out again."""
    from archgym.sweeps.driver import LEDGER
    from archgym.sweeps.ledger import Ledger

    rows = []
    for runs in (1_000, 10_000, 100_000):
        sweep = from_sweep_document(sweep_document(runs))
        start = time.perf_counter()
        path = SweepFolder.create(folder / f"memory{runs}", sweep).path
        with Ledger(path / LEDGER) as ledger:
            position, seen = -1, 0
            while True:
                specs, position = ledger.pending("tuning", position, 1024)
                if not specs:
                    break
                seen += len(specs)
        assert seen == runs
        rows.append(
            {
                "runs": f"{runs:,}",
                "plan and read, s": round(time.perf_counter() - start, 1),
                "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    return rows


def main() -> None:
    given = options(__doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        show("tables", lookups(folder), given.json)
        show("a sweep against a plain loop", overhead(folder), given.json)
        show("the driver's memory", memory(folder), given.json)


if __name__ == "__main__":
    main()
