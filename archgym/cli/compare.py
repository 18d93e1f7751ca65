"""``archgym compare``: runs side by side."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..runs.plots import plot_runs
from ..runs.run_folder import RESULT, RunFolder
from ..runs.summary import read_costs
from ..statistics.sensitivity import KnobEffect, one_at_a_time
from ..terminal.output import busy, print_json, print_table
from ..units import format_quantity


def add_to(words: Any) -> None:
    """Add the word to the parser."""
    p = words.add_parser("compare", help="runs of one scenario side by side")
    p.add_argument("runs", type=Path, nargs="+", help="two or more run folders")
    p.add_argument("--output", type=Path, help="a picture of their convergence (.png)")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Best designs, where they differ, what each knob does around the best of all."""
    folders = [RunFolder.open(path) for path in options.runs]
    with busy("reading …", options.json):
        scenario = folders[0].scenario()
        results = [_result(f) for f in folders]
    goals = {
        json.dumps([f.manifest["scenario"].get("name"), f.manifest["workloads"]]) for f in folders
    }
    if len(goals) > 1:
        raise ArchgymError(
            "these runs searched different scenarios or workloads: " + "; ".join(sorted(goals))
        )
    names = [f"{f.manifest['agent']}, seed {f.manifest['seed']}" for f in folders]
    costs = [np.inf if r["best"] is None else r["best"]["cost"] for r in results]
    first = int(np.argmin(costs))
    effects: list[KnobEffect] = []
    if np.isfinite(costs[first]):
        design = scenario.space.encode(results[first]["best"]["design"])[0]
        effects = one_at_a_time(scenario, design)
    if options.output:
        plot_runs(
            scenario, [(n, read_costs(f.path)) for n, f in zip(names, folders)], options.output
        )
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
        print_json(
            {"runs": [dict(r, run=str(f.path)) for r, f in zip(results, folders)], "knobs": knobs}
        )
        return 0
    _show(scenario, names, folders, results, costs, first, effects)
    if options.output:
        print(f"Convergence: {options.output}")
    return 0


def _result(folder: RunFolder) -> dict[str, Any]:
    path = folder.path / RESULT
    if not path.exists():
        raise ArchgymError(
            f"{folder.path} is not finished; continue it with archgym run --resume {folder.path}"
        )
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _show(
    scenario: Scenario,
    names: list[str],
    folders: list[RunFolder],
    results: list[dict[str, Any]],
    costs: list[float],
    first: int,
    effects: list[KnobEffect],
) -> None:
    units = results[first]["units"]
    bests = [r["best"] for r in results]
    rows: list[list[object]] = [
        ["evaluations charged", *(r["charged"] for r in results)],
        ["computed", *(r["computed"] for r in results)],
        ["best cost", *(f"{c:.6g}" for c in costs)],
        [
            "gap to the best of them",
            *(f"{float(scenario.gap(np.array(c), costs[first])):.3%}" for c in costs),
        ],
        [
            "meets every spec",
            *("-" if b is None else "yes" if b["specs_met"] else "no" for b in bests),
        ],
    ]
    rows += [
        [m, *("-" if b is None else format_quantity(b["metrics"][m], units[m]) for b in bests)]
        for m in units
    ]
    hyper = [f.manifest["hyperparameters"] for f in folders]
    for h in sorted({k for one in hyper for k in one}):
        values = [one.get(h, "") for one in hyper]
        if len({str(v) for v in values}) > 1:
            rows.append([f"hyper {h}", *values])
    print_table([scenario.name, *names], rows)
    designs = [{} if b is None else b["design"] for b in bests]
    differing = [
        [knob, *(d.get(knob, "-") for d in designs)]
        for knob in scenario.space.names
        if len({str(d.get(knob)) for d in designs if d}) > 1
    ]
    if differing:
        print_table(["knobs that differ", *names], differing)
    else:
        print("All found the same design.")
    if effects:
        ranked = sorted(effects, key=lambda e: -float(e.others.max()))
        print_table(
            ["knob", "value", "moved alone, at worst", "at best"],
            [[e.knob, e.value, _gap(e.others.max()), _gap(e.others.min())] for e in ranked[:16]],
            title=f"Around the best design ({names[first]}): change of the objective",
        )


def _gap(value: float) -> str:
    return f"{value:+.2%}" if np.isfinite(value) else "invalid or breaks a spec"
