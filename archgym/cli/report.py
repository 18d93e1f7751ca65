"""``archgym report``: what a sweep shows, as one page and as tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..tables.coverage import default_root
from ..terminal.output import busy, print_json


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("report", help="one HTML page and CSV tables of a sweep")
    p.add_argument("sweep", type=Path, help="folder of the sweep; it may still be running")
    p.add_argument("--output", type=Path, help="folder to write to (default: SWEEP/report)")
    p.add_argument("--tables", type=Path, help="where certificates lie (default: ./tables)")
    p.add_argument("--png", action="store_true", help="the main figures as pictures too")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Write the report of a sweep, then say the same in the terminal.

    Args:
        options: the parsed command line: sweep, target, folder of certificates, pictures or not, JSON or
            not.

    Returns:
        The exit code, 0.
    """
    from ..report.page import write_report

    root = options.tables or default_root()
    with busy("reading the ledger, drawing …", options.json):
        done = write_report(options.sweep, options.output, root, pictures=options.png)
    if options.json:
        print_json(
            {
                "page": str(done.page),
                "tables": [str(p) for p in done.csv],
                "pictures": [str(p) for p in done.pictures],
                "summary": list(done.summary),
                "warnings": list(done.warnings),
            }
        )
        return 0
    for line in done.summary:
        print(f"- {line}")
    for line in done.warnings:
        print(f"! {line}")
    print(f"Page: {done.page} ({len(done.csv)} tables beside it as CSV)")
    return 0
