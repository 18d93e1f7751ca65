"""Tuned configurations for the baselines of `archgym bench`, chosen from the runs of a sweep.

    archgym sweep suite-lottery
    python benchmarks/tune_bench.py sweeps/suite-lottery   # writes scenarios/suites/tuned.yaml

Each domain of the suite gets the configuration that was best on the tasks of all other domains. So no task is
played with what was chosen on it or on its siblings. Best is the least mean area under the gap curve up to
the budget of the sweep. What the choice cost is written beside it.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from archgym.bench import scores
from archgym.bench.suite import load_suite, shipped
from archgym.documents import read_yaml
from archgym.files.text import write_text
from archgym.report.results import Results
from archgym.sweeps.plan import TUNING

SUFFIX = " (tuned)"
BASELINES = ("random_walk", "sobol")  # there is nothing to choose


def place() -> Path:
    return shipped().parent / "tuned.yaml"


def domain(task: str) -> str:
    return task.split("/")[0]


def rounded(value: float) -> float:
    return float(f"{value:.4g}")


def choose(runs: pd.DataFrame, apart: str) -> dict[str, Any]:
    """The best configuration of one agent on tasks outside of a domain, and what the choice cost."""
    used = runs[runs["task"].map(domain) != apart]
    by_task = used.groupby(["hyperparameters", "task"])["area"].mean()
    mean = by_task.groupby("hyperparameters").mean()
    best = str(mean.idxmin())
    own = runs[runs["task"].map(domain) == apart]
    there = own.groupby(["hyperparameters", "task"])["area"].mean()
    shown = {"chosen": there[best].mean(), "any": there.mean()} if len(own) else {}
    return {
        "hyperparameters": json.loads(best), "area": rounded(mean[best]),
        "on_its_own_tasks": {k: rounded(v) for k, v in shown.items()},
        "configurations": len(mean), "tasks": int(used["task"].nunique()), "runs": len(used),
        "evaluations": int(used["charged"].sum()),
    }  # fmt: skip


def write(sweep: Path) -> None:
    """Choose for every agent of the sweep and every domain of the suite."""
    results, suite = Results(sweep), load_suite()
    runs = results.phase(TUNING).reset_index(drop=True)
    short = suite.short(max(results.checkpoints))
    frame = scores.scores(results, short, TUNING)
    frame = frame.assign(hyperparameters=runs["hyperparameters"], charged=runs["charged"])
    tuned_on = {domain(t) for t in frame["task"]}
    entries = []
    for agent, mine in frame[~frame["agent"].isin(BASELINES)].groupby("agent"):
        domains = {d: choose(mine, d) for d in sorted(tuned_on)}
        domains["others"] = choose(mine, "others")
        entries.append({"agent": str(agent), "domains": domains})
        print(agent, {d: c["hyperparameters"] for d, c in domains.items()}, flush=True)
    about = (
        f"Tuned agents of {suite.title}, by domain of the tasks they play. Chosen by the mean area up to "
        f"{short.ladder[-1]} evaluations on tasks of other domains; evaluations is what that cost, "
        "on_its_own_tasks the area there of what was chosen and of the mean configuration. Made by "
        "benchmarks/tune_bench.py."
    )
    text = yaml.safe_dump({"description": about, "tuned": entries}, sort_keys=False, width=110)
    write_text(place(), text)


def entries(tasks: Sequence[str], seeds: int) -> list[dict[str, Any]]:
    """Entries of a sweep that plays the tuned agents, each domain with its own configuration."""
    out: list[dict[str, Any]] = []
    for item in read_yaml(place())["tuned"]:
        named: Mapping[str, Any] = item["domains"]
        groups: dict[str, list[str]] = {}
        for task in tasks:
            groups.setdefault(domain(task) if domain(task) in named else "others", []).append(task)
        out += [
            {
                "agent": item["agent"], "panel": f"tuned {group}", "scenarios": members, "seeds": seeds,
                "hyperparameters": {k: [v] for k, v in named[group]["hyperparameters"].items()},
            }
            for group, members in groups.items()
        ]  # fmt: skip
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweep", type=Path, help="folder of a sweep over tasks of the suite")
    write(parser.parse_args().sweep)


if __name__ == "__main__":
    main()
