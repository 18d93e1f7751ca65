"""The suite of `archgym bench` and its recorded results: what makes all its files.

    python benchmarks/record_bench.py known      # searches what cannot be enumerated
    python benchmarks/record_bench.py suite      # measures every task, writes the suite
    python benchmarks/record_bench.py tables     # enumerates tasks, so that what follows looks designs up
    python benchmarks/record_bench.py baselines  # plays cheap agents to the end of the ladder
    python benchmarks/record_bench.py tuned      # the same with tuned hyperparameters (tune_bench.py)
    python benchmarks/record_bench.py outside    # optimisers of other libraries, 100 evaluations
    python benchmarks/record_bench.py learners   # agents with models or policies, 100 evaluations

The last four go on where they were stopped, and put their scores in place of older ones of the same agents.
`--tables FOLDER` looks designs up where `tables` or `archgym enumerate` has been there. Figures are the same.
"""

import argparse
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tune_bench as tuned
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
from archgym.tables.by_name import enumerate_space
from archgym.tables.coverage import default_root

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
# what is played for the record, of all that is certified and not easy: domains whose tables take minutes
PLAYED = ("cluster/*", "codesign/*", "dram/*", "serving/*", "soc/*")
AGENTS = (
    "random_walk", "sobol", "latin_hypercube", "hill_climbing", "coordinate_descent",
    "simulated_annealing", "genetic_algorithm", "ant_colony", "gamma", "nsga2",
    "differential_evolution", "particle_swarm", "cma_es", "portfolio", "guided",
)  # fmt: skip
OUTSIDE = (
    "OptunaTPE", "OptunaCMA", "OptunaNSGA2", "NevergradNGOpt", "NevergradDE", "NevergradOnePlusOne",
    "CatCMA", "PymooGA", "SkoptForest", "OptunaGP", "SMAC",
)  # fmt: skip
LEARNERS = (
    "tpe", "ppo", "a2c", "maskable_ppo", "dqn", "reinforce_controller", "sac",
    "bayesian_optimization", "botorch",
)  # fmt: skip
SHORT = 100
SHORT_TASKS = (
    "cluster/llama-7b-coarse", "codesign/w1-hardware-coarse", "dram/bfs-10k-low-latency-refresh",
    "serving/deepseek-r1-front", "serving/llama-70b-chat", "soc/edge-coarse",
)  # fmt: skip
WORKERS = 2


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


def hard(suite: Suite, patterns: Sequence[str] = ()) -> list[str]:
    """The tasks of the record: certified, and not solved by random search."""
    names = playing.chosen(suite, patterns, easy=False)
    return [n for n in names if not suite.tasks[n].easy and suite.tasks[n].kind == "certified"]


def write_tables(tasks: Sequence[str], root: Path) -> None:
    """Enumerate tasks of the record, so that all other commands look designs up."""
    for name in tasks:
        start = time.process_time()
        enumerate_space(name, root)
        print(f"{name}: {time.process_time() - start:.0f} s of processor time", flush=True)


def played(
    suite: Suite, output: Path, tables: Path | None, entries: Sequence[Mapping[str, Any]],
    tasks: Sequence[str], workers: int,
) -> Results:  # fmt: skip
    """Play agents on tasks, or go on with what the folder has begun."""
    if (output / driver.LEDGER).exists():
        folder = driver.SweepFolder(output)
        sweep = folder.sweep()
    else:
        document, skipped = playing.sweep_document(
            suite, entries, tasks, name=output.name, seeds=suite.seeds, tables=tables
        )
        print(skipped or "no task is skipped", flush=True)
        sweep = from_sweep_document(document)
        folder = driver.SweepFolder.create(output, sweep)
    told = [0]

    def show(p: driver.SweepProgress) -> None:
        if p.done >= told[0] + 100 or p.done == p.runs:
            told[0] = p.done
            print(f"{p.done} of {p.runs} runs, {p.rate:.2f} a second", flush=True)

    print(driver.carry_out(folder, sweep, make_engine("local", workers, None), on_progress=show))
    return Results(output)


def with_seeds(agents: Sequence[str], seeds: int) -> list[dict[str, Any]]:
    """Agents as entries of a sweep, with their defaults."""
    return [{"agent": a, "seeds": seeds} for a in agents]


def write_quick(
    entries: Sequence[Mapping[str, Any]],
    tasks: Sequence[str],
    output: Path,
    tables: Path | None,
    workers: int,
    suffix: str = "",
) -> None:
    """Play entries that are cheap, write the scores, at the whole ladder and at its short part."""
    suite = load_suite()
    results = played(suite, output, tables, entries, tasks, workers)
    results.runs["label"] = results.runs["agent"] + suffix
    keep(results, suite, set(results.runs["label"]), tasks)


def write_slow(
    entries: Sequence[Mapping[str, Any]], output: Path, tables: Path | None, workers: int
) -> None:
    """Play optimisers that take long, write their scores beside the others'."""
    suite = load_suite().short(SHORT)
    join(scores.scores(played(suite, output, tables, entries, SHORT_TASKS, workers), suite), suite)


def keep(results: Results, suite: Suite, agents: Collection[str], tasks: Collection[str]) -> None:
    """Put scores into the files of the whole ladder and of its short part."""
    for part, names in ((suite, tasks), (suite.short(SHORT), SHORT_TASKS)):
        mine = scores.scores(results, part)
        join(mine[mine["agent"].isin(agents) & mine["task"].isin(names)], part)


def join(mine: pd.DataFrame, suite: Suite) -> None:
    """Put scores into the recorded ones, in place of older ones of the same agents and tasks."""
    last = suite.ladder[-1]
    place = recorded(None if last == load_suite().ladder[-1] else last)
    try:
        old = scores.read(place, suite)
        new = pd.MultiIndex.from_frame(mine[["agent", "task"]])
        again = pd.MultiIndex.from_frame(old[["agent", "task"]]).isin(new)
        mine = pd.concat([old[~again], mine])
    except archgym.errors.StoreError:  # there is none, or of another version
        pass
    scores.write(mine, suite, place)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = ("known", "suite", "tables", "baselines", "tuned", "outside", "learners")
    parser.add_argument("what", choices=what)
    parser.add_argument("--output", type=Path, help="folder of the runs (default: bench/WHAT)")
    parser.add_argument("--tables", type=Path, help="folder of tables, to look designs up")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--agents", nargs="+", help="these alone")
    parser.add_argument(
        "--tasks", nargs="+", default=PLAYED, help="patterns (default: those of the record)"
    )
    given = parser.parse_args()
    tasks = hard(load_suite(), given.tasks)
    output = given.output or Path("bench") / given.what
    how = (output, given.tables, given.workers)
    if given.what == "known":
        write_known()
    elif given.what == "suite":
        write_suite()
    elif given.what == "tables":
        write_tables(tasks, given.tables or default_root())
    elif given.what == "baselines":
        write_quick(with_seeds(given.agents or AGENTS, given.seeds), tasks, *how)
    elif given.what == "tuned":
        entries = tuned.entries(tasks, given.seeds)
        wanted = [e for e in entries if not given.agents or e["agent"] in given.agents]
        write_quick(wanted, tasks, *how, tuned.SUFFIX)
    elif given.what == "outside":
        names = [f"archgym.bench.outside:{n}" for n in given.agents or OUTSIDE]
        write_slow(with_seeds(names, given.seeds), *how)
    else:
        write_slow(with_seeds(given.agents or LEARNERS, given.seeds), *how)


if __name__ == "__main__":
    main()
