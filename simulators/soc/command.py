"""``archgym soc``: look at task graphs and draw systems."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from archgym.runs.named import opened
from archgym.terminal.output import print_json, print_table
from archgym.errors import ArchgymError
from archgym.goals.scenario import Scenario

from .drawing import draw
from .simulator import SoCSimulator
from .workloads import resolve


def add_info(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym soc info``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument("workload", help="a name, names joined with +, or a file")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=_info)


def add_draw(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym soc draw``.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument(
        "what", help="a run folder (its best design), or a scenario (its reference design)"
    )
    p.add_argument(
        "--output", type=Path, help="folder for the pictures (default: the run folder, or drawing/)"
    )
    p.set_defaults(go=_draw)


def _info(options: argparse.Namespace) -> None:
    w = resolve(options.workload)
    about: dict[str, Any] = {
        "workload": w.name,
        "tasks": len(w.tasks),
        "compute_tasks": int(np.sum(w.work > 0)),
        "edges": len(w.edges),
        "bytes": float(sum(b for _, _, b in w.edges)),
        "serial_a53_s": float(w.work.sum() / 2e9),
        "ends": {name: ", ".join(w.tasks[t].name for t in ends) for name, ends in w.ends.items()},
    }
    if options.json:
        print_json(about)
        return
    print_table(["workload", ""], list(about.items()))
    rows = [[t.name, f"{t.work:.4g}", t.cycles or "-", t.iterations] for t in w.tasks]
    print_table(["task", "instructions", "accelerator cycles at 100 MHz", "loop iterations"], rows)


def _limits(scenario: Scenario) -> dict[str, float]:
    """The upper limits [s] of the scenario's specs in time, by workload ('' for all of them)."""
    return {
        spec.metric.removeprefix("latency").removeprefix("_"): float(spec.upper)
        for spec in scenario.resolved[1]
        if spec.metric.startswith("latency") and isinstance(spec.upper, float | int)
    }


def _draw(options: argparse.Namespace) -> None:
    scenario, best = opened(options.what)
    if best is not None:
        design = scenario.space.encode([best])
        folder = options.output or Path(options.what)
    else:
        if scenario.reference_design is None:
            raise ArchgymError(f"scenario {scenario.name!r} names no reference design to draw")
        design = scenario.reference_design
        folder = options.output or Path("drawing")
    simulator = scenario.simulators[0]
    if not isinstance(simulator, SoCSimulator):
        raise ArchgymError(f"{options.what} is not about systems on chip but {simulator.name!r}")
    system = simulator.system(scenario.to_simulator(design)[0])
    outcome = simulator.simulate(system)
    print_table(["block", "utilisation"], [[n, f"{u:.1%}"] for n, u in outcome.utilisation.items()])
    rows = [[i, f"{1e3 * dt:.4g} ms", block] for i, (dt, block) in enumerate(outcome.phases)]
    print_table(["phase", "length", "bottleneck"], rows)
    for picture in draw(simulator.graph, system, outcome, folder, _limits(scenario)):
        print(picture)
