"""``archgym leaderboard``: sweeps, or submissions to the benchmark, as one table that can be checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..sweeps.driver import LEDGER
from ..tables.coverage import default_root
from ..terminal.output import busy, print_json, print_table
from .judging import UNCONFINED, judged

SHOWN = 40


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "leaderboard", help="tuned agents of sweeps, or submissions to the benchmark, side by side"
    )
    p.add_argument("sweeps", type=Path, nargs="+", help="folders of sweeps, or of submissions")
    p.add_argument(
        "--output",
        type=Path,
        help="the file to write (default: leaderboard.json; of submissions the page leaderboard.html)",
    )
    p.add_argument(
        "--sample",
        type=int,
        metavar="RUNS",
        help="of each submission, how many runs to play again (default: all)",
    )
    p.add_argument("--unconfined", action="store_true", help=UNCONFINED)
    p.add_argument("--tables", type=Path, help="where certificates lie (default: ./tables)")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Collect the tuned agents of sweeps, write them into a file, show the first rows.

    Submissions are judged first; those that do not hold are not ranked.

    Args:
        options: the parsed command line: sweeps or submissions, target, folder of certificates, JSON or not.

    Returns:
        The exit code: 0, or 1 where a submission does not hold.
    """
    from ..report import leaderboard

    if not any((path / LEDGER).exists() for path in options.sweeps):
        page = options.output or Path("leaderboard.html")
        return judged(options.sweeps, options.sample, options.json, page, options.unconfined)
    output = options.output or Path("leaderboard.json")
    with busy("collecting …", options.json):
        rows = leaderboard.collect(options.sweeps, options.tables or default_root())
        leaderboard.write(rows, output)
    if options.json:
        print_json({"leaderboard": str(output), "rows": rows})
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
    print(f"{output} (and .csv); check it with archgym verify --leaderboard {output}")
    return 0
