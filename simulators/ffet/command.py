"""``archgym ffet max-utilization|export``: a block's highest utilisation, its files."""

from __future__ import annotations

import argparse
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.terminal.output import busy, print_json, print_table

from .designs import named
from .export import export
from .floorplan import NoRoom
from .max_utilization import highest, sweep
from .opensta import period_ps


def add_export(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym ffet export``.

    Args:
        p: the subcommand's parser.
    """
    _add_design(p)
    p.add_argument("--to", type=Path, required=True, help="folder")
    p.add_argument("--opensta", action="store_true", help="time the files with OpenSTA too")
    p.set_defaults(go=_export)


def add_max_utilization(p: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym ffet max-utilization``.

    Args:
        p: the subcommand's parser.
    """
    _add_design(p)
    p.set_defaults(go=_sweep)


def _add_design(p: argparse.ArgumentParser) -> None:
    p.add_argument("what", help="a run folder (its best design) or a scenario (its reference)")
    p.add_argument(
        "--design", help="changes: NAME=VALUE,NAME=VALUE…, or a .yaml file (default: none)"
    )
    p.add_argument("--json", action="store_true")


def _sweep(options: argparse.Namespace) -> int:
    simulator, choices = named(options.what, options.design)
    with busy("one utilisation after the other …", options.json):
        found = sweep(simulator, choices)
    best = highest(found)
    if options.json:
        print_json({
            "max_utilization": best,
            "sweep": [{"utilization": u, "drv": v, "reason": r} for u, v, r in found],
        })  # fmt: skip
    else:
        rows = [[f"{u:.2f}", f"{v:.1f}", reason or "valid"] for u, v, reason in found]
        print_table(["utilization", "drv", ""], rows, title=f"Highest valid: {best:.2f}")
    return 0 if best == best else 1


def _export(options: argparse.Namespace) -> int:
    simulator, choices = named(options.what, options.design)
    try:
        block, _ = simulator.build_one(choices, simulator.seed)
    except NoRoom as error:
        raise ArchgymError(f"this design cannot be exported: {error}") from None
    paths = export(block, options.to)
    about: dict[str, object] = {"files": [str(p) for p in paths], "period_ps": block.period_ps}
    if options.opensta:
        about["opensta_ps"] = period_ps(block)
    if options.json:
        print_json(about)
        return 0
    for path in paths:
        print(path)
    print(f"least period {block.period_ps:.1f} ps")
    if options.opensta:
        print(f"OpenSTA      {about['opensta_ps']:.1f} ps")
    return 0
