"""``archgym compare``: runs side by side."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import trust
from ..answers.evaluator import make_evaluator
from ..errors import ArchgymError
from ..goals.convergence import Curve, curves, stretched
from ..goals.scenario import Scenario
from ..goals.scenario_file import AROUND_THE_GOAL
from ..runs.goal_rows import objective_label, spec_cell
from ..runs.naming import title_of
from ..runs.plots import plot_runs
from ..runs.rough_file import spent_of
from ..runs.run_folder import RunFolder
from ..runs.summary import read_trials
from ..statistics.sensitivity import KnobEffect, one_at_a_time
from ..terminal.output import busy, print_json, print_table
from ..units import format_quantity

SHOWN_RUNS = 8  # columns of a table
SHOWN_KNOBS = 16
# of a manifest: what tells the runs of one scenario apart, besides agent, hyperparameters and seed
PLAN = ("answers", "screen", "screen_factor", "from_reference", "batch", "budget")
FREE = (*AROUND_THE_GOAL, "parameters", "others")


@dataclass(frozen=True)
class Compared:
    """One run with its name in tables, and the name of the group whose seeds are taken together."""

    folder: RunFolder
    result: dict[str, Any]
    group: str
    name: str

    @property
    def rank(self) -> tuple[bool, float]:
        """Runs sort by it: those that meet the specs first, then by cost."""
        best = self.result["best"]
        return (True, np.inf) if best is None else (not best["specs_met"], best["cost"])


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("compare", help="runs of one scenario side by side")
    p.add_argument("runs", type=Path, nargs="+", help="two or more run folders")
    p.add_argument(
        "--output",
        type=Path,
        help="a picture of their convergence (.png); several seeds of one agent are a median and a band (default: none)",
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Print the best designs, where they differ, and what each knob does around the best of all.

    Args:
        options: the parsed command line: run folders, the picture to draw, JSON or not.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: a folder holds no finished run, or the runs searched for different things.
    """
    with trust.looking("compare"):
        return _go(options)


def _go(options: argparse.Namespace) -> int:
    folders = [RunFolder.open(path) for path in options.runs]
    _require_one_goal(folders)
    runs = _named(folders)
    with busy("reading …", options.json):
        first = min(runs, key=lambda r: r.rank)
        scenario = _opened(first.folder)
        effects = _effects(scenario, first)
    if options.output:
        _draw(scenario, runs, options.output)
    if options.json:
        knobs = [
            {
                "knob": e.knob,
                "value": e.value,
                "worst": float(e.gaps.max()),
                "values": list(e.values),
            }
            for e in effects
        ]
        print_json({"runs": [dict(r.result, run=str(r.folder.path)) for r in runs], "knobs": knobs})
        return 0
    _show(scenario, runs, first, effects)
    if options.output:
        print(f"Convergence: {options.output}")
    return 0


def _require_one_goal(folders: Sequence[RunFolder]) -> None:
    """Refuse runs that searched for different things; knobs may be fixed differently.

    Raises:
        ArchgymError: says in what they differ.
    """
    first = folders[0]
    for other in folders[1:]:
        a, b = first.manifest["scenario"], other.manifest["scenario"]
        keys = sorted(k for k in {*a, *b} if k not in FREE and a.get(k) != b.get(k))
        for k in ("workload", "workload_hash", "version"):
            facts = [[s.get(k) for s in f.manifest["simulators"]] for f in (first, other)]
            if facts[0] != facts[1]:
                keys.append(k.replace("_", " "))
        if keys:
            raise ArchgymError(
                f"{first.path} and {other.path} cannot be compared: they searched different scenarios or "
                f"workloads ({', '.join(keys)} differ)"
            )


def _named(folders: Sequence[RunFolder]) -> list[Compared]:
    """Runs with names that tell them apart; runs that differ in their seed alone share a group."""
    plans = [
        {k: f.manifest.get(k) for k in PLAN} | dict(f.manifest["hyperparameters"]) for f in folders
    ]
    agents = [f.manifest.get("player", f.manifest["agent"]) for f in folders]  # a game: who played
    groups = []
    for agent, plan in zip(agents, plans):
        rivals = [p for a, p in zip(agents, plans) if a == agent]
        told = [k for k in sorted({k for p in rivals for k in p}) if _moves(k, rivals)]
        groups.append(", ".join([agent, *(f"{k} {plan.get(k) or 'none'}" for k in told)]))
    names = [f"{g}, seed {f.manifest['seed']}" for g, f in zip(groups, folders)]
    return [
        Compared(f, f.result(), g, n if names.count(n) == 1 else f"{n} ({f.path.name})")
        for f, g, n in zip(folders, groups, names)
    ]


def _moves(key: str, plans: Sequence[dict[str, Any]]) -> bool:
    return len({json.dumps(p.get(key)) for p in plans}) > 1


def _opened(folder: RunFolder) -> Scenario:
    """The scenario of a run; a reference that takes long to evaluate is read from the run's store."""
    scenario = folder.scenario()
    if scenario.simulators[0].expensive and folder.keeps_evaluations:
        with folder.evaluations() as store:
            scenario.settle_reference(make_evaluator(scenario, "exact", store))
    return scenario


def _effects(scenario: Scenario, first: Compared) -> list[KnobEffect]:
    """What every knob does around the best design, where it meets the specs and is quick to evaluate."""
    best = first.result["best"]
    if best is None or not best["specs_met"] or scenario.simulators[0].expensive:
        return []
    return one_at_a_time(scenario, scenario.space.encode(best["design"])[0]).effects


def _draw(scenario: Scenario, runs: Sequence[Compared], path: Path) -> None:
    groups: dict[str, list[list[Curve]]] = {}
    counts = {r.group: sum(o.group == r.group for o in runs) for r in runs}
    for run in runs:
        name = run.group if counts[run.group] > 1 else run.name
        if "confirmed" in run.result:
            name += " (finalists, as simulated)"
        groups.setdefault(name, []).append(_curves(scenario, run))
    plot_runs(scenario, groups, path)


def _curves(scenario: Scenario, run: Compared) -> list[Curve]:
    """The curves of a run; of one that a proxy answered its end alone, which is no guess."""
    if "confirmed" not in run.result:
        metrics, met = read_trials(run.folder.path, scenario)
        spent = spent_of(run.folder.path, len(met))
        told = curves(scenario, metrics, met)
        return told if spent is None else [stretched(c, spent) for c in told]
    best = run.result["best"]
    designs = [] if best is None else [best, *run.result["front"]]
    names = [m.name for m in scenario.simulators[0].metrics]
    metrics = {n: np.array([d["metrics"][n] for d in designs], float) for n in names}
    met = np.array([d["specs_met"] for d in designs], np.bool_)
    nothing = np.full(run.result["charged"], np.nan)
    out = []
    for curve in curves(scenario, metrics, met):
        best_so_far = nothing.copy()
        best_so_far[-1:] = curve.best[-1:] if len(designs) else np.nan
        out.append(replace(curve, values=nothing, best=best_so_far))
    return out


def _show(
    scenario: Scenario, runs: Sequence[Compared], first: Compared, effects: list[KnobEffect]
) -> None:
    print(title_of(scenario))
    groups = list(dict.fromkeys(r.group for r in runs))
    if len(groups) < len(runs):
        _show_groups(runs, groups, first)
    shown = sorted(runs, key=lambda r: r.rank)[:SHOWN_RUNS] if len(runs) > SHOWN_RUNS else runs
    if len(shown) < len(runs):
        print(f"The best {SHOWN_RUNS} of {len(runs)} runs:")
    names = [r.name for r in shown]
    reference = first.result["reference"]
    told = reference if reference and reference["metrics"] else None
    head = ["", *names, *(["reference"] if told else [])]
    print_table(head, _rows(scenario, shown, first, told))
    designs = [{} if r.result["best"] is None else r.result["best"]["design"] for r in shown]
    differing = [
        [knob, *(d.get(knob, "-") for d in designs)]
        for knob in scenario.space.names
        if len({str(d.get(knob)) for d in designs if d}) > 1
    ]
    if differing:
        print_table(["knobs that differ", *names], differing)
    elif any(designs):
        print("All found the same design.")
    if effects:
        ranked = sorted(effects, key=lambda e: -float(e.others.max()))
        what = "the objective" if scenario.k == 1 else "the weighted objectives"
        print_table(
            ["knob", "value", "moved alone, at worst", "at best"],
            [
                [e.knob, e.value, _gap(e.others.max()), _gap(e.others.min())]
                for e in ranked[:SHOWN_KNOBS]
            ],
            title=f"Around the best design ({first.name}): change of {what}, + is worse",
        )


def _rows(
    scenario: Scenario, runs: Sequence[Compared], first: Compared, reference: Any
) -> list[list[object]]:
    """Counts, then objectives, specs and metrics, one column a run and one for the reference."""
    bests = [r.result["best"] for r in runs]
    designs = [*bests, *([reference] if reference else [])]
    empty = [""] if reference else []
    rows: list[list[object]] = [
        [f"evaluations {word}", *(f"{r.result[word]:,}" for r in runs), *empty]
        for word in ("charged", "different", "computed")
    ]
    for name in first.result.get("queries", {}):
        used = [r.result.get("queries", {}).get(name, "-") for r in runs]
        rows.append([f"{name} queries", *used, *empty])
    for o in first.result["objectives"]:
        values = [
            "-" if d is None else _value(d["objectives"][o["name"]], o["unit"]) for d in designs
        ]
        rows.append([objective_label(o), *values])
    rows.append(
        ["worse than the best of them by", *(_behind(scenario, r, first) for r in runs), *empty]
    )
    for spec in first.result["specs"]:
        rows.append(
            [f"spec {spec['text']}", *("-" if d is None else spec_cell(spec, d) for d in designs)]
        )
    units = first.result["units"]
    rows += [
        [m, *("-" if d is None else format_quantity(d["metrics"][m], units[m]) for d in designs)]
        for m in units
    ]
    return rows


def _value(value: float | None, unit: str) -> str:
    return "-" if value is None else format_quantity(value, unit)


def _behind(scenario: Scenario, run: Compared, first: Compared) -> str:
    """How far the best of a run is from the best of all, where both meet the specs."""
    best, leader = run.result["best"], first.result["best"]
    if best is None:
        return "nothing feasible"
    if not best["specs_met"]:
        return "misses a spec"
    return f"{100 * float(scenario.gap(np.array(best['cost']), leader['cost'])):.3g} %"


def _show_groups(runs: Sequence[Compared], groups: Sequence[str], first: Compared) -> None:
    """Median and range over the seeds of each agent."""
    objectives = first.result["objectives"]
    rows = []
    for group in groups:
        mine = [r.result for r in runs if r.group == group]
        met = [r["best"] for r in mine if r["best"] is not None and r["best"]["specs_met"]]
        row: list[object] = [group, len(mine), f"{len(met)} of {len(mine)}"]
        for o in objectives:
            values = [b["objectives"][o["name"]] for b in met]
            values = [v for v in values if v is not None]
            row.append(_spread(values, o["unit"]))
        rows.append(row)
    head = [
        "",
        "runs",
        "meet the specs",
        *(f"{objective_label(o)}: median (range)" for o in objectives),
    ]
    print_table(head, rows, title="Over seeds, of the runs that meet the specs")


def _spread(values: Sequence[float], unit: str) -> str:
    if not values:
        return "-"
    middle = format_quantity(float(np.median(values)), unit)
    return (
        f"{middle} ({format_quantity(min(values), unit)} to {format_quantity(max(values), unit)})"
    )


def _gap(value: float) -> str:
    return f"{100 * value:+.3g} %" if np.isfinite(value) else "infeasible or breaks a spec"
