"""``archgym page``: a finished run as one page to look at."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..terminal.output import busy, print_json


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("page", help="one interactive HTML page of a finished run")
    p.add_argument("run", type=Path, help="folder of the run")
    p.add_argument("--output", type=Path, help="file to write (default: RUN/page.html)")
    p.add_argument(
        "--effects",
        action=argparse.BooleanOptionalAction,
        help="evaluate the neighbours of the best design, and show what each knob is worth (default: where that "
        "takes about 2 s at most)",
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Write the page, and say where it lies and how large it is.

    Args:
        options: the parsed command line: run folder, target, whether effects are drawn, JSON or not.

    Returns:
        The exit code, 0.
    """
    from ..runs.keeping import load
    from ..runs.page import PAGE

    with busy("reading the run, drawing …", options.json):
        page = load(options.run).write_page(
            options.output or options.run / PAGE, effects=options.effects
        )
    size = page.stat().st_size
    if options.json:
        print_json({"page": str(page), "bytes": size})
    else:
        print(f"Page: {page} ({size / 1e6:.1f} MB, needs no network)")
    return 0
