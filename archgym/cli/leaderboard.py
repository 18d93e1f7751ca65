"""``archgym leaderboard``: sweeps as one table that can be checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..tables.coverage import default_root
from ..terminal.output import busy, print_json, print_table

SHOWN = 40


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("leaderboard", help="tuned agents of sweeps, with manifests to replay")
    p.add_argument("sweeps", type=Path, nargs="+", help="folders of sweeps")
    p.add_argument(
        "--output", type=Path, default=Path("leaderboard.json"), help="the file to write"
    )
    p.add_argument("--tables", type=Path, help="where certificates lie (default: ./tables)")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Collect the tuned agents of sweeps, write them into a file, show the first rows.

    Args:
        options: the parsed command line: sweeps, target, folder of certificates, JSON or not.

    Returns:
        The exit code, 0.
    """
    from ..report import leaderboard

    with busy("collecting …", options.json):
        rows = leaderboard.collect(options.sweeps, options.tables or default_root())
        leaderboard.write(rows, options.output)
    if options.json:
        print_json({"leaderboard": str(options.output), "rows": rows})
        return 0
    print_table(
        ["scenario", "evaluations", "agent", "IQM gap", "95 %", "RI", "seeds"],
        [
            [
                r["scenario"], r["evaluations"], r["agent"], f"{r['gap']:.3%}",
                f"{r['gap_low']:.3%} … {r['gap_high']:.3%}",
                "-" if r["improvement"] is None else f"{r['improvement']:.1f} %", r["seeds"],
            ]
            for r in rows[:SHOWN]
        ],
        title=f"{len(rows)} rows" + (f", first {SHOWN} shown" if len(rows) > SHOWN else ""),
    )  # fmt: skip
    print(
        f"{options.output} (and .csv); check it with archgym verify --leaderboard {options.output}"
    )
    return 0
