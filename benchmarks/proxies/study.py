"""The study of proxies: accuracy, splits, learning curves, diversity, DRAMSys rows, escalation, speed.

    python benchmarks/proxies/study.py FOLDER               # everything that is not there yet (hours)
    python benchmarks/proxies/study.py FOLDER --only speed --only escalation
    python benchmarks/proxies/report.py FOLDER > docs/studies/proxies.md

Every step leaves a JSON file in the folder and is not done again.  ArchGym's traces are found
through ARCHGYM_TRACES, its DRAMSys rows through --reference; what needs them is left out without.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cases import BOOSTING, CASES, DRAM4, Case

from archgym import Study, load_scenario
from archgym.answers.confirm import confirm
from archgym.collection.export import export
from archgym.collection.sample import sample
from archgym.datasets.operations import merge
from archgym.datasets.reader import Dataset
from archgym.errors import ArchgymError
from archgym.proxies.proxy import Proxy
from archgym.proxies.quality import evaluate
from archgym.proxies.report import split_qualities
from archgym.proxies.rows import Rows
from archgym.proxies.training import train
from archgym.runs.runner import run

AGENTS = ("random_walk", "genetic_algorithm", "ant_colony", "simulated_annealing")
ESCALATION = {  # full space on 10,000 requests of a captured program, and ArchGym's on its trace
    "dram-full": ("dram/bfs-low-latency", "bfs@10000", {"energy": "<= 0.1804 mJ"}),
    "dram-random": ("dram/random-joint", None, {}),
    "block-ppa": ("ffet/mac16-frequency", None, {}),
}


def data(folder: Path, case: Case) -> Path:
    """The case's data set, sampled where it is not there."""
    path = folder / f"{case.name}.parquet"
    if not path.exists():
        sample(load_scenario(case.scenario), case.train + case.test, path)
    return path


def parts(folder: Path, case: Case) -> tuple[Rows, Rows]:
    """Training and test rows: the designs were drawn apart, and no two behave alike."""
    rows = Rows.of(Dataset(data(folder, case)))
    many = len(rows.workloads)
    rows = rows.take(np.arange((case.train + case.test) * many))
    first = np.arange(len(rows)) < case.train * many
    if many > 1:  # blocks come by workload: rows of one design share their hash
        learnt = set(rows.canonical[: case.train * many].tolist())
        first = np.array([c in learnt for c in rows.canonical.tolist()])
    return rows.take(np.flatnonzero(first)), rows.take(np.flatnonzero(~first))


def accuracy(folder: Path, case: Case, model: str, hyper: dict[str, Any]) -> dict[str, Any]:
    """One model on one case; the proxy is kept for the speeds."""
    learn, test = parts(folder, case)
    start = time.perf_counter()
    proxy = train(learn, model, hyperparameters=hyper)
    seconds = time.perf_counter() - start
    proxy.save(folder / "proxies" / f"{case.name}-{model}")
    qualities = [q.as_dict() for q in evaluate(proxy, test)]
    return {"case": case.name, "model": model, "hyper": hyper, "rows": len(learn), "seconds": seconds,
            "qualities": qualities, "constant": proxy.facts["constant"]}  # fmt: skip


def splits(folder: Path, case: Case) -> list[dict[str, Any]]:
    """Held-out region and workload."""
    source = Dataset(data(folder, case))
    table, _ = split_qualities(source, Rows.of(source), *BOOSTING, ("region", "workload"))
    return table


def curve(folder: Path, case: Case) -> list[dict[str, Any]]:
    """Error over the number of training rows, every model but the network."""
    learn, test = parts(folder, case)
    out = []
    for n in (300, 1_000, 3_000, 10_000, 20_000):
        few = learn.take(np.arange(n))
        for model in ("ridge", "random_forest", "gradient_boosting", "gaussian_process"):
            for q in evaluate(train(few, model), test):
                if q.metric in case.metrics:
                    out.append({"n": n, "model": model, **q.as_dict()})
    return out


def diversity(folder: Path, case: Case) -> list[dict[str, Any]]:
    """One agent's data against a mixture of all at equal size, judged on designs drawn uniformly."""
    scenario = load_scenario(case.scenario)
    _, test = parts(folder, case)
    found: dict[str, Rows] = {}
    for agent in AGENTS:
        runs = []
        for seed in range(8):
            path = folder / "runs" / case.name / f"{agent}-{seed}"
            if not (path / "result.json").exists():
                run(scenario, agent, budget=1_000, seed=seed, output=path, plots=False)
            runs.append(path)
        export(runs, folder / f"{agent}.parquet")
        merge([folder / f"{agent}.parquet"], folder / f"{agent}-once.parquet")
        found[agent] = Rows.of(Dataset(folder / f"{agent}-once.parquet"))
    n = min(len(r) for r in found.values())
    rng = np.random.default_rng(0)
    sets = {a: r.take(rng.permutation(len(r))[:n]) for a, r in found.items()}
    mixed: Rows | None = None
    for r in found.values():
        share = r.take(rng.permutation(len(r))[: n // len(found)])
        mixed = share if mixed is None else mixed.joined(share)
    assert mixed is not None
    return [
        {"data": name, "size": len(r), **q.as_dict()}
        for name, r in {**sets, "all together": mixed}.items()
        for q in evaluate(train(r, "random_forest"), test)
        if q.metric in case.metrics
    ]


def dramsys(folder: Path, reference: Path | None) -> list[dict[str, Any]]:
    """Rows of the real program, predicted by proxies that saw our simulator only."""
    if reference is None:
        raise ArchgymError("name archgym_dramsys_reference.csv with --reference")
    table = pd.read_csv(reference)
    names = {
        "PagePolicy": "page_policy", "Scheduler": "scheduler", "SchedulerBuffer": "scheduler_buffer",
        "RequestBufferSize": "request_buffer_size", "RespQueue": "response_queue",
        "RefreshPolicy": "refresh_policy", "RefreshMaxPostponed": "refresh_max_postponed",
        "RefreshMaxPulledin": "refresh_max_pulled_in", "Arbiter": "arbiter",
        "MaxActiveTransactions": "max_active_transactions",
    }  # fmt: skip
    units = {
        "energy": ("energy_pJ", 1e-12), "power": ("power_mW", 1e-3),
        "total_time": ("total_time_ns", 1e-9),
    }  # fmt: skip
    out = []
    for trace in DRAM4:
        rows = table[table.workload == f"{trace}.stl"]
        proxy = Proxy.load(folder / "proxies" / f"dram-{trace}-gradient_boosting")
        space = proxy.description.space
        x = [space.encode({**{p.name: p.values[0] for p in space.parameters},
                           **{ours: row[theirs] for theirs, ours in names.items()}})[0]
             for _, row in rows.iterrows()]  # fmt: skip
        guess = proxy.predict(np.array(x)).mean
        for metric, (column, unit) in units.items():
            truth = rows[column].to_numpy(float) * unit
            error = np.abs(guess[metric] - truth) / truth
            out.append(
                {"trace": trace, "metric": metric, "rows": len(rows),
                 "median": float(np.median(error)), "worst": float(error.max())}
            )  # fmt: skip
    return out


def escalation(name: str, agent: str) -> list[dict[str, Any]]:
    """Ten seeds: the search on the simulator and the same search escalating from nothing."""
    scenario, workload, specs = ESCALATION[name]
    plain = load_scenario(scenario, workload)
    document = {**plain.document, **({"specs": specs} if specs else {})}
    out = []
    from archgym.goals.scenario_file import from_document

    for seed in range(10):
        true = Study(from_document(document), agent, budget=2_000, seed=seed)
        best = true.run().cost.min()
        there = from_document(document)
        study = Study(there, agent, budget=2_000, seed=seed, answers="escalating")
        start = time.perf_counter()
        trials = study.run()
        confirmed = confirm(there, trials)
        gap = float(there.gap(np.array([confirmed.trials.cost.min()]), best)[0])
        out.append({"seed": seed, "gap": gap, "true": true.evaluator.computed,
                    "escalated": study.evaluator.computed + confirmed.computed,
                    "seconds": time.perf_counter() - start})  # fmt: skip
    return out


def speed(folder: Path, case: Case) -> list[dict[str, Any]]:
    """Designs a second of the simulator and of each proxy (batch of 100,000), and of single designs."""
    scenario = load_scenario(case.scenario)
    simulator = scenario.simulators[0]
    simulator.prepare()
    rng = np.random.default_rng(0)
    few = scenario.to_simulator(scenario.space.repair(scenario.space.sample(100, rng), rng))
    start = time.perf_counter()
    simulator.evaluate(few)
    own = (time.perf_counter() - start) / len(few)
    x = scenario.to_simulator(scenario.space.sample(100_000, rng))  # all different: no warm caches
    out = []
    for model, _ in case.models():
        if not (folder / "proxies" / f"{case.name}-{model}").exists():
            continue
        proxy = Proxy.load(folder / "proxies" / f"{case.name}-{model}")
        workload = proxy.workloads[0]
        proxy.means(x[:1000], workload)
        batch = min(_seconds(lambda p=proxy, w=workload: p.means(x, w)) for _ in range(3))
        single = min(_seconds(lambda p=proxy, w=workload: p.means(x[:1], w)) for _ in range(50))
        out.append(
            {"case": case.name, "model": model, "simulator_us": own * 1e6,
             "batch_us": batch / len(x) * 1e6, "single_us": single * 1e6}
        )  # fmt: skip
    return out


def _seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--reference", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    by_name = {c.name: c for c in CASES}
    steps: dict[str, Callable[[], Any]] = {}
    for case in CASES:
        for model, hyper in case.models():
            steps[f"accuracy-{case.name}-{model}"] = lambda c=case, m=model, h=hyper: accuracy(
                given.folder, c, m, h
            )
    for name in ("dram-full-programs", "accelerator-eyeriss"):
        steps[f"splits-{name}"] = lambda c=by_name[name]: splits(given.folder, c)
    for name in ("dram-random", "dram-full-bfs"):
        steps[f"curve-{name}"] = lambda c=by_name[name]: curve(given.folder, c)
    steps["diversity"] = lambda: diversity(given.folder, by_name["dram-random"])
    steps["dramsys"] = lambda: dramsys(given.folder, given.reference)
    for name in ESCALATION:
        for agent in ("genetic_algorithm", "simulated_annealing"):
            steps[f"escalation-{name}-{agent}"] = lambda n=name, a=agent: escalation(n, a)
    for case in CASES:
        steps[f"speed-{case.name}"] = lambda c=case: speed(given.folder, c)
    for name, step in steps.items():
        target = given.folder / f"{name}.json"
        if target.exists() or (given.only and not any(name.startswith(o) for o in given.only)):
            continue
        try:
            result = step()
        except (ArchgymError, FileNotFoundError) as error:
            print(f"{name}: left out: {error}", flush=True)
            continue
        target.write_text(json.dumps(result, indent=1))
        print(f"{name}: done", flush=True)


if __name__ == "__main__":
    main()
