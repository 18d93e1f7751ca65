"""``archgym codesign schedule``: who runs which layer when, as a table and a Gantt chart."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError
from archgym.runs.named import design_values, opened
from archgym.terminal.output import print_json, print_table

from .drawing import draw_schedule
from .simulator import CoDesignSimulator
from .tables import BANDWIDTHS, DATAFLOWS, PES


def add_schedule(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym codesign schedule``.

    Args:
        parser: the command's parser.
    """
    parser.add_argument("what", help="a run folder (its best design), or a co-design scenario")
    parser.add_argument(
        "--design", help="of a scenario: NAME=VALUE,… or a .yaml file (default: none)"
    )
    parser.add_argument("--output", type=Path, help="the chart (default: schedule.png)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(go=_schedule)


def _schedule(options: argparse.Namespace) -> None:
    path = Path(options.what)
    scenario, best = opened(options.what)
    design = _design(options.design) if best is None else best
    simulator = scenario.simulators[0]
    if not isinstance(simulator, CoDesignSimulator):
        raise ArchgymError(f"{options.what} is no co-design scenario; this command draws those")
    x = scenario.to_simulator(scenario.space.encode(design))[0]
    schedule = simulator.schedule(x)
    names = [
        f"{DATAFLOWS[f]}, {PES[p]} PEs, {BANDWIDTHS[b]} GB/s"
        for f, p, b in simulator.subs(x[None])[0]
    ]
    target = options.output or (path / "schedule.png" if path.is_dir() else Path("schedule.png"))
    draw_schedule(simulator, schedule, names, target)
    order = np.argsort(schedule.start, kind="stable")
    rows = [
        [
            simulator.tasks.tasks[schedule.layers[i][0]], schedule.layers[i][1],
            names[schedule.assign[i]], f"{schedule.start[i]:,.0f}",
            f"{schedule.latency[i, schedule.assign[i]]:,.0f}",
            f"{schedule.energy[i, schedule.assign[i]]:.3g}",
        ]
        for i in order
    ]  # fmt: skip
    header = ["network", "layer", "sub-accelerator", "start", "cycles", "J"]
    if options.json:
        print_json({"chart": str(target), "cycles": schedule.length, "energy": schedule.joules,
                    "layers": [dict(zip(header, row)) for row in rows]})  # fmt: skip
    else:
        print_table(header, rows, title=f"{schedule.length:,.0f} cycles, {schedule.joules:.3g} J")
        print(f"Chart: {target}")


def _design(text: str | None) -> dict[str, object]:
    if not text:
        raise ArchgymError(
            "give a run folder, or a scenario with --design NAME=VALUE,… or a .yaml file"
        )
    return design_values(text)
