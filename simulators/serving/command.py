"""``archgym serving roofline``: which parts of a deployment memory limits, and which operations do."""

from __future__ import annotations

import argparse
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.runs.named import design_values, opened
from archgym.terminal.output import print_json, print_table
from archgym.units import format_quantity

from .roofline import draw_roofline, roofline
from .simulator import ServingSimulator


def add_roofline(parser: argparse.ArgumentParser) -> None:
    """``archgym serving roofline``."""
    parser.add_argument("what", help="a run folder (its best design), or a serving scenario")
    parser.add_argument(
        "--design", help="of a scenario: NAME=VALUE,… or a .yaml file (default: its reference)"
    )
    parser.add_argument("--output", type=Path, help="the picture (default: roofline.png)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(go=_roofline)


def _roofline(options: argparse.Namespace) -> None:
    path = Path(options.what)
    scenario, best = opened(options.what)
    simulator = scenario.simulators[0]
    if not isinstance(simulator, ServingSimulator):
        raise ArchgymError(f"{options.what} is no serving scenario; this command draws those")
    if best is not None:
        x = scenario.to_simulator(scenario.space.encode(best))[0]
    elif scenario.reference_design is None and not options.design:
        raise ArchgymError(f"{options.what} has no reference design: give --design NAME=VALUE,…")
    else:
        start = (
            scenario.space.decode(scenario.reference_design)[0]
            if scenario.reference_design is not None
            else {}
        )
        changes = design_values(options.design) if options.design else {}
        x = scenario.to_simulator(scenario.space.encode(start | changes))[0]
    dots = roofline(simulator, x)
    target = options.output or (path / "roofline.png" if path.is_dir() else Path("roofline.png"))
    draw_roofline(dots, f"{scenario.name}: passes of decode and of prefill", target)
    if options.json:
        print_json({"picture": str(target), "parts": [dot._asdict() for dot in dots]})
        return
    rows = [
        [d.phase, d.name, format_quantity(d.seconds, "s"), f"{d.balance:.3g}", f"{d.achieved:.1%}",
         d.limit] for d in dots
    ]  # fmt: skip
    print_table(["pass", "part", "time", "balance", "of peak", "limited by"], rows)
    print(f"Picture: {target}")
