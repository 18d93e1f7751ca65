"""``archgym validate accelerator``: the model against Timeloop, ZigZag, SCALE-Sim, MAESTRO, silicon."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archgym.terminal.output import busy, print_json, print_table
from archgym.errors import ArchgymError

from .report import Check


def main(argv: Sequence[str]) -> int:
    """Exit 1 where a demand is not met and no gap is explained."""
    parser = argparse.ArgumentParser(prog="archgym validate accelerator", description=__doc__)
    parser.add_argument(
        "--reference",
        type=Path,
        required=True,
        help="a file of the form of timeloop_reference.json or of dnn_reference.json",
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with busy("computing the reference rows …", options.json):
        checks, details = validate(options.reference)
    holds = all(c.holds or c.gap for c in checks)
    if options.json:
        table = [c.as_dict() for c in checks]
        print_json({"checks": table, "details": details, "holds": holds})
        return 0 if holds else 1
    rows = [
        [c.quantity, c.rows, c.measured, c.demand, "yes" if c.holds else "gap" if c.gap else "NO"]
        for c in checks
    ]
    print_table(
        ["quantity", "rows", "measured", "demand", "met"], rows, title=str(options.reference)
    )
    for name, table in details.items():
        columns = list(table[0])
        print_table(columns, [[_text(row[c]) for c in columns] for row in table], title=name)
    for c in checks:
        if c.gap and not c.holds:
            print(f"{c.quantity}: {c.gap}")
    print("every demand is met" if all(c.holds for c in checks) else "not every demand is met")
    return 0 if holds else 1


def validate(reference: Path) -> tuple[list[Check], dict[str, list[dict[str, Any]]]]:
    """All checks that a reference file allows, and tables of detail."""
    try:
        data = json.loads(reference.read_text(encoding="utf-8"))
        if "architectures" in data:
            from . import timeloop

            return timeloop.check(data), {}
        return _networks(data)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, ArchgymError):
            raise
        raise ArchgymError(
            f"{reference}: not an accelerator reference file ({type(error).__name__}: {error}); expected "
            "the form of timeloop_reference.json or dnn_reference.json"
        ) from error


def _networks(data: dict[str, Any]) -> tuple[list[Check], dict[str, list[dict[str, Any]]]]:
    from . import maestro, scalesim, silicon, zigzag
    from .shapes import shapes_of

    shapes = shapes_of(data)
    checks: list[Check] = []
    details: dict[str, list[dict[str, Any]]] = {}
    if "zigzag" in data:
        checks += zigzag.check(data, shapes)
    if "scalesim" in data:
        checks += scalesim.check(data, shapes)
    if "maestro" in data:
        checks += maestro.check(data, shapes)
    if "silicon" in data:
        check, details["Eyeriss, AlexNet at N = 4"] = silicon.eyeriss(data, shapes)
        more, details["NVDLA, ResNet-50"] = silicon.nvdla(data)
        checks += [check, *more]
    if not checks:
        raise ArchgymError("the file has none of the tables zigzag, scalesim, maestro, silicon")
    return checks, details


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
