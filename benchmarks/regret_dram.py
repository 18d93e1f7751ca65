r"""Sample efficiency of every agent on DRAM scenarios: regret curves, medians and quartiles over seeds.

    python benchmarks/regret_dram.py --output docs/studies/dram_agents.json
    python benchmarks/regret_dram.py --output docs/studies/dram_agents.json \\
        --report docs/studies/dram_agents.md

Regret is the cost of the best design so far less the least cost that any run found (costs are
log-ratios to the reference design: 0.01 is one per cent; a design that misses a spec costs more than
100).  Model-based agents get 200 evaluations and 5 seeds, all others 1,000 and 20.  Interrupt it at
will: finished runs are kept and not repeated.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from archgym import load_scenario, registry
from archgym.contracts.wrappers import Cached

SCENARIOS = {
    "dram/cloud-1-low-latency": None,
    "dram/random-low-power": None,
    "dram/sqlite-low-latency": "sqlite@10000",
    "dram/xz-low-energy": "xz@10000",
    "dram/cloud-2-joint": None,
    "dram/bfs-low-latency": "bfs@10000",
    "dram/stream-low-power": None,
    "dram/json-low-energy": "json@10000",
}
WITH_MODELS = tuple(SCENARIOS)[:3]  # model-based agents on these
MODEL_BASED = ("bayesian_optimization", "botorch", "tpe")
CHECKPOINTS = (50, 100, 200, 500, 1000)


@cache
def scenario(name: str) -> Any:
    made = load_scenario(name, SCENARIOS.get(name))
    made.__dict__["simulators"] = tuple(Cached(s) for s in made.simulators)
    for simulator in made.simulators:
        simulator.inner._threads = 1
    return made


def one(job: tuple[str, str, int, int]) -> tuple[str, dict[str, Any]]:
    """Best cost after each evaluation at the checkpoints, and seconds spent inside the agent."""
    name, agent_name, seed, budget = job
    made = scenario(name)
    agent = registry.load("agents", agent_name)(made.space, seed=seed, budget=budget)
    costs: list[float] = []
    inside = 0.0
    while len(costs) < budget:
        start = time.perf_counter()
        x = agent.ask(min(agent.batch, budget - len(costs)))
        inside += time.perf_counter() - start
        cost = made.costs(made.evaluate(x))
        start = time.perf_counter()
        agent.tell(x, cost)
        inside += time.perf_counter() - start
        costs += cost[:, 0].tolist()
    best = np.minimum.accumulate(costs)
    found = {str(k): float(best[k - 1]) for k in CHECKPOINTS if k <= budget}
    curve = [float(best[k]) for k in range(0, budget, 10)]
    return "|".join((name, agent_name, str(seed))), {
        "best": found,
        "curve": curve,
        "agent_s": inside,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    done: dict[str, Any] = json.loads(given.output.read_text()) if given.output.exists() else {}
    if given.report:
        report(done, given.report)
        return
    given.output.parent.mkdir(parents=True, exist_ok=True)
    names = [n for n in registry.names("agents") if n != "farsi"]  # has no advice to follow here
    jobs = []
    for place in given.scenario or SCENARIOS:
        for agent in sorted(names, key=lambda n: n in MODEL_BASED):
            if agent in MODEL_BASED and place not in WITH_MODELS:
                continue
            seeds, budget = (5, 200) if agent in MODEL_BASED else (given.seeds, 1000)
            jobs += [
                (place, agent, s, budget)
                for s in range(seeds)
                if "|".join((place, agent, str(s))) not in done
            ]
    jobs.sort(key=lambda j: j[1] in MODEL_BASED)
    last = time.time()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for i, (key, value) in enumerate(pool.imap_unordered(one, jobs), 1):
            done[key] = value
            if time.time() - last > 20 or i == len(jobs):
                last = time.time()
                given.output.write_text(json.dumps(done))
                print(f"{i} of {len(jobs)} runs, {key}", flush=True)


def report(done: dict[str, Any], path: Path) -> None:
    """The tables, in Markdown, and the regret curves as a picture beside them."""
    lines = [
        "# Agents on the memory controller: sample efficiency",
        "",
        "Made by `python benchmarks/regret_dram.py --output X.json` and `--report` (ten minutes a scenario",
        "on two cores).",
        "Regret of the best design so far against the least cost any run found, in per cent of the",
        "objective (costs are log-ratios to the reference design); median over seeds [quartiles].",
        "`spec` means that the median run had no design within the specs yet. Default hyperparameters;",
        "agents start from scratch, not from the reference design.",
        "",
    ]
    done = _complete(done)
    for place in SCENARIOS:
        runs = {k: v for k, v in done.items() if k.startswith(place + "|")}
        if not runs:
            continue
        least = min(min(v["best"].values()) for v in runs.values())
        agents = sorted({k.split("|")[1] for k in runs})
        rows = []
        for agent in agents:
            mine = [v for k, v in runs.items() if k.split("|")[1] == agent]
            cells, key = [], []
            for point in CHECKPOINTS:
                values = (
                    np.array([v["best"][str(point)] for v in mine if str(point) in v["best"]])
                    - least
                )
                cells.append(_cell(values))
                if len(values):
                    key.append(float(np.median(values)))
            hit = np.mean([min(v["best"].values()) - least <= 0.01 for v in mine])
            budget = max(int(p) for p in mine[0]["best"])
            overhead = 1e3 * float(np.median([v["agent_s"] for v in mine])) / budget
            rows.append(
                (
                    key[min(2, len(key) - 1)],
                    f"| {agent} | {len(mine)} | "
                    + " | ".join(cells)
                    + f" | {hit:.0%} | {overhead:.3g} |",
                )
            )
        lines += [
            f"## {place}" + (f" (workload {SCENARIOS[place]})" if SCENARIOS[place] else ""),
            "",
            "| agent | seeds | "
            + " | ".join(f"at {p}" for p in CHECKPOINTS)
            + " | within 1 % at the end | agent's own ms per design |",
            "|---" * (len(CHECKPOINTS) + 4) + "|",
            *[row for _, row in sorted(rows)],
            "",
            "Sorted by the regret at 200 evaluations.",
            "",
        ]
    lines += _portfolio(done)
    path.write_text(_keep_commentary(path, "\n".join(lines)))
    _plot(done, path.with_suffix(".png"))


def _keep_commentary(path: Path, text: str) -> str:
    """What a person wrote between the head and the first table stays."""
    if not path.exists():
        return text
    old = path.read_text()
    start, end = old.find("!["), old.find("\n## ")
    if start < 0 or end < 0:
        return text
    place = text.find("\n## ")
    return text[:place] + "\n" + old[start:end].rstrip() + "\n" + text[place:]


def _complete(done: dict[str, Any]) -> dict[str, Any]:
    """The runs of scenarios that every agent has finished."""
    wanted = set(registry.names("agents")) - set(MODEL_BASED) - {"farsi"}
    out = {}
    for place in SCENARIOS:
        runs = {k: v for k, v in done.items() if k.startswith(place + "|")}
        count = {a: sum(k.split("|")[1] == a for k in runs) for a in wanted}
        if min(count.values()) == max(count.values()) > 0:
            out |= runs
    return out


def _portfolio(done: dict[str, Any]) -> list[str]:
    """How far the portfolio ends behind the best single agent, by scenario and budget."""
    lines = [
        "## The portfolio against the best single agent",
        "",
        "Median cost of the portfolio less that of the best single agent of the scenario (chosen",
        "with hindsight), in per cent of the objective.",
        "",
        "| scenario | " + " | ".join(f"at {p}" for p in CHECKPOINTS) + " |",
        "|---" * (len(CHECKPOINTS) + 1) + "|",
    ]
    gaps: dict[int, list[float]] = {p: [] for p in CHECKPOINTS}
    for place in SCENARIOS:
        runs = {k: v for k, v in done.items() if k.startswith(place + "|")}
        agents = {k.split("|")[1] for k in runs} - set(MODEL_BASED)
        if "portfolio" not in agents:
            continue
        cells = []
        for point in CHECKPOINTS:
            middle = {
                a: float(
                    np.median(
                        [v["best"][str(point)] for k, v in runs.items() if k.split("|")[1] == a]
                    )
                )
                for a in agents
            }
            gap = middle["portfolio"] - min(v for a, v in middle.items() if a != "portfolio")
            gaps[point].append(gap)
            cells.append(f"{100 * gap:.2g}")
        lines.append(f"| {place} | " + " | ".join(cells) + " |")
    middle_gaps = [f"**{100 * float(np.median(gaps[p])):.2g}**" for p in CHECKPOINTS]
    return [*lines, "| **median scenario** | " + " | ".join(middle_gaps) + " |", ""]


def _cell(values: np.ndarray) -> str:
    if not len(values):
        return ""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if middle > 50:
        return "spec"
    text = f"{100 * middle:.2g}"
    return text + (f" [{100 * low:.2g}, {'spec' if high > 50 else f'{100 * high:.2g}'}]")


def _plot(done: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    places = [p for p in SCENARIOS if any(k.startswith(p + "|") for k in done)]
    everyone = sorted({k.split("|")[1] for k in done})
    figure = Figure(figsize=(5.2 * len(places), 4.6), dpi=110, layout="constrained")
    for ax, place in zip(np.atleast_1d(figure.subplots(1, len(places), sharey=True)), places):
        runs = {k: v for k, v in done.items() if k.startswith(place + "|")}
        least = min(min(v["best"].values()) for v in runs.values())
        for i, agent in enumerate(everyone):
            if not any(k.split("|")[1] == agent for k in runs):
                continue
            curves = (
                np.array([v["curve"] for k, v in runs.items() if k.split("|")[1] == agent]) - least
            )
            middle = np.median(curves, axis=0)
            thick = agent == "random_walk"
            shown = np.where(middle > 50, np.nan, np.maximum(middle, 1e-4)) * 100
            ax.plot(
                np.arange(len(middle)) * 10 + 1,
                shown,
                lw=2.5 if thick else 1.1,
                color="black" if thick else f"C{i % 10}",
                ls=("-", "--", ":")[i // 10],
                label=agent,
            )
        ax.set_yscale("log")
        ax.set_xscale("log")
        ax.set_title(place, fontsize=10, loc="left")
        ax.set_xlabel("evaluations")
    figure.axes[0].set_ylabel("median regret [%]")
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside right upper",
        fontsize=7,
        frameon=False,
    )
    figure.savefig(path)


if __name__ == "__main__":
    main()
