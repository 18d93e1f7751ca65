"""Pack the tables of the suite for the wheel `archgym-bench`.

    python benchmarks/pack_bench.py --tables FOLDER

Tasks without a table of `archgym enumerate` in the folder are told and left out, and so are packs above
`--limit` MB a task (default: 0.5, what the repository holds; 25 tasks of version 2 take 6 MB in all).
Costs are computed as `archgym bench` does, so that both agree to the last bit.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from archgym.answers.evaluator import make_evaluator
from archgym.bench.suite import Suite, Task, load_suite
from archgym.contracts.anonymous import Twin
from archgym.errors import ArchgymError
from archgym.goals.scenario import Scenario
from archgym.goals.scenario_file import load_scenario

PACKAGE = Path(__file__).resolve().parent.parent / "bench_package"
LIMIT = 0.5  # MB a task, of what the repository holds
CHUNK = 1 << 16
sys.path.insert(0, str(PACKAGE))
from archgym_bench import pack as packs  # noqa: E402


def packed(suite: Suite, task: Task, scenario: Scenario, tables: Path) -> packs.Pack:
    """The pack of one task."""
    evaluator = make_evaluator(scenario, f"table:{tables.absolute()}")
    space = scenario.space
    parts = []
    for start in range(0, space.cardinality, CHUNK):
        x = space.unrank(np.arange(start, min(start + CHUNK, space.cardinality)))
        valid = space.is_valid(x)
        costs = np.full((len(x), 1 + (scenario.k if scenario.k > 1 else 0)), np.inf)
        if valid.any():
            e = evaluator(x[valid])
            costs[valid, :1] = scenario.costs(e)
            if scenario.k > 1:
                costs[valid, 1:] = scenario.costs(e, vector=True)
        parts.append(costs)
    rows, index = np.unique(np.concatenate(parts), axis=0, return_inverse=True)
    twin = Twin(space)
    kind = np.uint16 if len(rows) <= 1 << 16 else np.uint32
    about = {
        "task": task.scenario, "suite": suite.title, "ladder": list(suite.ladder), "best": task.best,
        "random": task.random, "objectives": scenario.k,
        "simulators": list(task.simulators),
        "knobs": [
            {"name": p.name, "values": list(p.values), "kind": p.kind, "unit": p.unit}
            for p in space.parameters
        ],
        "twin": {"columns": twin.columns.tolist(), "back": [b.tolist() for b in twin.back]},
    }  # fmt: skip
    return packs.Pack(about, index.reshape(-1).astype(kind), rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=Path, default=Path("tables"))
    parser.add_argument("--output", type=Path, default=packs.DATA)
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="MB")
    parser.add_argument("tasks", nargs="*", help="default: all that are certified")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    suite, total = load_suite(), 0
    for name in given.tasks or [n for n, t in suite.tasks.items() if t.kind == "certified"]:
        start = time.process_time()
        try:
            pack = packed(suite, suite.tasks[name], load_scenario(name), given.tables)
        except ArchgymError as error:
            print(f"{name}: left out: {error!s:.90}", flush=True)
            continue
        path = packs.file_of(name, given.output)
        packs.write(path, pack)
        size = path.stat().st_size
        large = size > 1e6 * given.limit
        if large:
            path.unlink()
        total += 0 if large else size
        print(
            f"{name}: {size / 1e6:.2f} MB, {len(pack.costs):,} rows, {time.process_time() - start:.1f} s"
            + (" (above the limit, left out)" if large else ""),
            flush=True,
        )
    print(f"{total / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
