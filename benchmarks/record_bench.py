"""The suite of `archgym bench` and its recorded results: what makes both files.

    python benchmarks/record_bench.py suite                      # measures every task, writes the suite
    python benchmarks/record_bench.py baselines --output FOLDER  # plays the shipped agents

The second goes on where it was stopped. `--tables FOLDER` looks designs up where `archgym enumerate` has
been there; figures are the same, and it saves most of the time.
"""

import argparse
from pathlib import Path

import numpy as np
import yaml

from archgym.bench import playing, scores
from archgym.bench.suite import Suite, as_document, load_suite, measured, recorded, shipped
from archgym.files.text import write_text
from archgym.goals.scenario_file import load_scenario
from archgym.report.results import Results
from archgym.sweeps import driver
from archgym.sweeps.engine import make_engine
from archgym.sweeps.plan import from_sweep_document

SUITE = Suite("archgym-bench", 1, (32, 100, 300, 1000), 5, {})
ABOUT = (
    "Tasks of archgym bench. Costs are on each scenario's own scale: best is the certified optimum or the "
    "best known, random the mean random design that meets the specs. Made by benchmarks/record_bench.py."
)
TASKS = (
    "cluster/archgym-compute-physical", "cluster/archgym-compute-astra-sim",
    "cluster/archgym-workload-physical",
    "dram/bfs-10k-front-refresh", "dram/bfs-10k-low-latency-refresh", "dram/xz-10k-low-energy-refresh",
    "dram/stream-joint-refresh", "dram/stream-low-latency-refresh", "dram/stream-low-power-refresh",
    "memory/ddr5-mapping-exact", "memory/gddr6-mapping-exact", "memory/lpddr4-mapping-exact",
    "memory/hbm3-controller-exact",
    "serving/deepseek-r1-disaggregation", "serving/deepseek-r1-front", "serving/glm-5-reasoning",
    "serving/gpt-oss-batch", "serving/llama-70b-chat", "serving/llama-70b-long",
    "serving/llama-70b-which-gpu", "serving/qwen3-235b-chat",
    "soc/audio-coarse", "soc/audio-coarse-front", "soc/edge-coarse", "soc/edge-coarse-front",
)  # fmt: skip
# what is played for the record: a run of each takes about a second, with tables
PLAYED = ("cluster/*", "dram/*", "serving/*", "soc/*")
AGENTS = (
    "random_walk", "hill_climbing", "coordinate_descent", "simulated_annealing", "genetic_algorithm",
    "ant_colony",
)  # fmt: skip


def write_suite() -> None:
    """Measure every task, write the file."""
    tasks = []
    for name in TASKS:
        task = measured(load_scenario(name))
        print(
            f"{name}: {task.designs:,} designs, within 1 % {task.within:.1e}, easy {task.easy}",
            flush=True,
        )
        tasks.append(task)
    document = as_document(SUITE, tasks, ABOUT)
    for entry in document["tasks"]:
        for key in ("best", "random", "within", "at_100"):
            entry[key] = None if entry[key] is None else float(np.float64(entry[key]))
    write_text(shipped(), yaml.safe_dump(document, sort_keys=False, width=110))


def write_baselines(output: Path, tables: Path | None, seeds: int, workers: int | None) -> None:
    """Play every agent, write the scores."""
    suite = load_suite()
    folder = driver.SweepFolder(output)
    if (output / driver.LEDGER).exists():
        sweep = folder.sweep()
    else:
        hard = [n for n, t in suite.tasks.items() if not t.easy]
        tasks = [n for n in playing.chosen(suite, PLAYED, easy=False) if n in hard]
        document, skipped = playing.sweep_document(
            suite,
            [{"agent": a} for a in AGENTS],
            tasks,
            name="baselines",
            seeds=seeds,
            tables=tables,
        )
        print(skipped or "no task is skipped", flush=True)
        sweep = from_sweep_document(document)
        folder = driver.SweepFolder.create(output, sweep)
    told = [0]

    def show(p: driver.SweepProgress) -> None:
        if p.done >= told[0] + 50 or p.done == p.runs:
            told[0] = p.done
            print(f"{p.done} of {p.runs} runs, {p.rate:.2f} a second", flush=True)

    print(driver.carry_out(folder, sweep, make_engine("local", workers, None), on_progress=show))
    scores.write(scores.scores(Results(output), suite), suite, recorded())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("suite", "baselines"))
    parser.add_argument("--output", type=Path, default=Path("bench/baselines"))
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--seeds", type=int, default=SUITE.seeds)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    if given.what == "suite":
        write_suite()
    else:
        write_baselines(given.output, given.tables, given.seeds, given.workers)


if __name__ == "__main__":
    main()
