"""``archgym serving roofline``: which parts of a deployment memory limits, and which operations do."""

from __future__ import annotations

import argparse
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.runs.drawings import write_drawings
from archgym.runs.named import chosen
from archgym.terminal.output import print_json, print_table
from archgym.units import format_quantity

from .roofline import drawing
from .simulator import ServingSimulator


def add_roofline(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym serving roofline``.

    Args:
        parser: the command's parser.
    """
    parser.add_argument("what", help="a run folder (its best design), or a serving scenario")
    parser.add_argument(
        "--design", help="knobs to change: NAME=VALUE,… or a .yaml file (default: none)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the page (default: roofline.html, in the run folder if there is one)",
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(go=_roofline)


def _roofline(options: argparse.Namespace) -> None:
    path = Path(options.what)
    scenario, design = chosen(options.what, options.design)
    simulator = scenario.simulators[0]
    if not isinstance(simulator, ServingSimulator):
        raise ArchgymError(f"{options.what} is no serving scenario; this command draws those")
    dots = simulator.roofline(design)
    target = options.output or (path / "roofline.html" if path.is_dir() else Path("roofline.html"))
    write_drawings(scenario.name, [drawing(dots)], target)
    if options.json:
        print_json({"picture": str(target), "parts": [dot._asdict() for dot in dots]})
        return
    rows = [
        [d.phase, d.name, format_quantity(d.seconds, "s"), f"{d.balance:.3g}", f"{d.achieved:.1%}",
         d.limit] for d in dots
    ]  # fmt: skip
    print_table(["pass", "part", "time", "balance", "of peak", "limited by"], rows)
    print(f"Picture: {target}")
