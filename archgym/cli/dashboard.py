"""``archgym dashboard``: a live page over run and sweep folders, on this machine alone."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path
from typing import Any

from ..dashboard.server import Dashboard


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("dashboard", help="a live page over folders of runs and sweeps")
    p.add_argument(
        "folder", nargs="?", type=Path, default=Path("runs"),
        help="folder that holds runs and sweeps, to six levels (default: runs)",
    )  # fmt: skip
    p.add_argument("--port", type=int, default=0, help="port of 127.0.0.1 (default: a free one)")
    p.add_argument(
        "--open", action="store_true", help="open it in the browser (default: print the address)"
    )
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C, which ends it well.

    Args:
        options: the parsed command line: folder, port, whether to open a browser.

    Returns:
        The exit code, 0.

    Raises:
        PortError: the port cannot be listened on.
    """
    board = Dashboard(options.folder, options.port)
    print(f"Dashboard of {options.folder}: {board.address}", flush=True)
    print("Read-only, reached from this machine alone, with this address. End it with Ctrl-C.", flush=True)  # fmt: skip
    if options.open:
        webbrowser.open(board.address)
    try:
        board.serve()
    except KeyboardInterrupt:
        print("Dashboard ended.")
    return 0
