"""The suite of `archgym bench` and its recorded results: what makes all its files.

    python benchmarks/record_bench.py known                      # searches what cannot be enumerated
    python benchmarks/record_bench.py suite                      # measures every task, writes the suite
    python benchmarks/record_bench.py baselines --output FOLDER  # plays agents, writes their scores
    python benchmarks/record_bench.py outside --output FOLDER    # slow optimisers, 100 evaluations

The last two go on where they were stopped. `--tables FOLDER` looks designs up where `archgym enumerate` has
been there; figures are the same, and it saves most of the time.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

import archgym
from archgym.bench import playing, scores
from archgym.bench.suite import Suite, as_document, load_suite, measured, recorded, shipped
from archgym.documents import read_yaml
from archgym.files.text import write_text
from archgym.goals.scenario_file import load_scenario
from archgym.report.results import Results
from archgym.sweeps import driver
from archgym.sweeps.engine import make_engine
from archgym.sweeps.plan import from_sweep_document

SUITE = Suite("archgym-bench", 2, (32, 100, 300, 1000), 5, {})
ABOUT = (
    "Tasks of archgym bench. Costs are on each scenario's own scale: best is the certified optimum or the "
    "best known, random the mean random design that meets the specs. Made by benchmarks/record_bench.py."
)
CERTIFIED = (
    "accelerator/alexnet-simba-coarse", "accelerator/alexnet-eyeriss-coarse",
    "accelerator/alexnet-eyeriss-coarse-front",
    "cluster/archgym-compute-physical", "cluster/archgym-compute-astra-sim",
    "cluster/archgym-workload-physical", "cluster/llama-7b-coarse", "cluster/llama-7b-coarse-front",
    "codesign/w1-hardware-coarse", "codesign/w1-hardware-coarse-front",
    "dram/bfs-10k-front-refresh", "dram/bfs-10k-low-latency-refresh", "dram/xz-10k-low-energy-refresh",
    "dram/stream-joint-refresh", "dram/stream-low-latency-refresh", "dram/stream-low-power-refresh",
    "ffet/mac16-coarse", "ffet/mac16-coarse-frequency", "ffet/mac16-coarse-front",
    "memory/ddr5-mapping-exact", "memory/gddr6-mapping-exact", "memory/lpddr4-mapping-exact",
    "memory/hbm3-controller-exact",
    "serving/deepseek-r1-disaggregation", "serving/deepseek-r1-front", "serving/glm-5-reasoning",
    "serving/gpt-oss-batch", "serving/gpt-oss-front", "serving/llama-70b-chat", "serving/llama-70b-front",
    "serving/llama-70b-long", "serving/llama-70b-which-gpu", "serving/qwen3-235b-chat",
    "soc/audio-coarse", "soc/audio-coarse-front", "soc/cava-coarse", "soc/cava-coarse-front",
    "soc/edge-coarse", "soc/edge-coarse-front",
)  # fmt: skip
KNOWN = (
    "cluster/llama-7b-network-cost", "codesign/w3-single", "mapping/resnet18-conv2-gamma",
)  # fmt: skip
SEARCHERS = ("ant_colony", "coordinate_descent", "differential_evolution", "genetic_algorithm")
SEARCH_BUDGET, SEARCH_SEEDS = 1000, 2
# what is played for the record: tasks whose tables are at hand
PLAYED = ("cluster/*", "codesign/*-hardware-*", "dram/*", "serving/*", "soc/*-coarse*")
AGENTS = (
    "random_walk", "sobol", "hill_climbing", "coordinate_descent", "simulated_annealing",
    "genetic_algorithm", "ant_colony",
)  # fmt: skip
SLOWER = (
    "nsga2", "differential_evolution", "particle_swarm", "cma_es", "portfolio",
)  # fmt: skip
OUTSIDE = (
    "OptunaTPE", "OptunaCMA", "OptunaNSGA2", "NevergradNGOpt", "NevergradDE",
    "CatCMA", "PymooGA", "SMAC",
)  # fmt: skip
SHORT = 100
SHORT_TASKS = (
    "cluster/llama-7b-coarse", "codesign/w1-hardware-coarse", "dram/bfs-10k-low-latency-refresh",
    "serving/deepseek-r1-front", "serving/llama-70b-chat", "soc/edge-coarse",
)  # fmt: skip


def best_known() -> Path:
    return shipped().parent / "best_known.yaml"


def write_known() -> None:
    """Search the tasks that nobody can enumerate, keep the best design of each."""
    entries = []
    for name in KNOWN:
        found = []
        for agent in SEARCHERS:
            for seed in range(SEARCH_SEEDS):
                trials = archgym.Study(name, agent, budget=SEARCH_BUDGET, seed=seed).run()
                best = trials.best
                found.append((float(trials.cost[best]), agent, seed, trials.x[best]))
        cost, agent, seed, x = min(found, key=lambda f: f[0])
        print(name, cost, agent, seed, flush=True)
        entries.append(
            {
                "scenario": name, "cost": cost,
                "record": f"{agent}, seed {seed}, {SEARCH_BUDGET:,} evaluations; best of {len(found)} runs "
                f"of {', '.join(SEARCHERS)}",
                "design": load_scenario(name).space.decode(x[None])[0],
            }
        )  # fmt: skip
    text = yaml.safe_dump({"best_known": entries}, sort_keys=False, width=110)
    write_text(best_known(), text)


def write_suite() -> None:
    """Measure every task, write the file."""
    known = {e["scenario"]: e for e in read_yaml(best_known())["best_known"]}
    tasks = []
    for name in sorted((*CERTIFIED, *known), key=lambda n: n.split("/")[0]):
        entry = known.get(name, {})
        task = measured(load_scenario(name), entry.get("cost"), entry.get("record", ""))
        print(
            f"{name}: {task.designs:,} designs, within 1 % {task.within}, easy {task.easy}",
            flush=True,
        )
        tasks.append(task)
    document = as_document(SUITE, tasks, ABOUT)
    for entry in document["tasks"]:
        for key in ("best", "random", "within", "at_100"):
            entry[key] = None if entry[key] is None else float(np.float64(entry[key]))
    write_text(shipped(), yaml.safe_dump(document, sort_keys=False, width=110))


def played(
    suite: Suite, output: Path, tables: Path | None, agents: dict[str, int], workers: int | None,
    patterns: tuple[str, ...] = PLAYED,
) -> Results:  # fmt: skip
    """Play agents on the tasks of the record that are not easy, and certified."""
    if (output / driver.LEDGER).exists():
        folder = driver.SweepFolder(output)
        sweep = folder.sweep()
    else:
        tasks = [
            n for n in playing.chosen(suite, patterns, easy=True)
            if not suite.tasks[n].easy and suite.tasks[n].kind == "certified"
        ]  # fmt: skip
        entries = [{"agent": a, "seeds": n} for a, n in agents.items()]
        document, skipped = playing.sweep_document(
            suite, entries, tasks, name="baselines", seeds=suite.seeds, tables=tables
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
    return Results(output)


def write_baselines(output: Path, tables: Path | None, seeds: int, workers: int | None) -> None:
    """Play every agent that is cheap, write the scores, at the whole ladder and at its short part."""
    suite = load_suite()
    agents = {**dict.fromkeys(AGENTS, seeds), **dict.fromkeys(SLOWER, min(seeds, 3))}
    results = played(suite, output, tables, agents, workers)
    scores.write(scores.scores(results, suite), suite, recorded())
    join_short(scores.scores(results, suite.short(SHORT)), suite.short(SHORT))


def write_outside(output: Path, tables: Path | None, seeds: int, workers: int | None) -> None:
    """Play optimisers that take long, write their scores beside the others'."""
    suite = load_suite().short(SHORT)
    agents = dict.fromkeys((f"archgym.bench.outside:{n}" for n in OUTSIDE), seeds)
    results = played(suite, output, tables, {**agents, "tpe": seeds}, workers, SHORT_TASKS)
    join_short(scores.scores(results, suite), suite)


def join_short(mine: pd.DataFrame, suite: Suite) -> None:
    """Put scores into the file of the short part, in place of older ones of the same agents."""
    place = recorded(SHORT)
    mine = mine[mine["task"].isin(SHORT_TASKS)]
    try:
        old = scores.read(place, suite)
        mine = pd.concat([old[~old["agent"].isin(mine["agent"])], mine])
    except archgym.errors.StoreError:  # there is none, or of another version
        pass
    scores.write(mine, suite, place)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("known", "suite", "baselines", "outside"))
    parser.add_argument("--output", type=Path, default=Path("bench/baselines"))
    parser.add_argument("--tables", type=Path)
    parser.add_argument(
        "--seeds", type=int, help="of a cheap agent (default: 5), of an outside one (default: 2)"
    )
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    if given.what == "known":
        write_known()
    elif given.what == "suite":
        write_suite()
    elif given.what == "baselines":
        write_baselines(given.output, given.tables, given.seeds or 5, given.workers)
    else:
        write_outside(given.output, given.tables, given.seeds or 2, given.workers)


if __name__ == "__main__":
    main()
