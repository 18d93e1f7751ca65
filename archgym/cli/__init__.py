"""The command line; ``archgym`` and ``python -m archgym`` are the same program.

Exit codes: 0 done; 1 the answer is no (a validation out of bounds, a run that does not reproduce,
specs not met when asked for); 2 bad input; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__, registry
from ..errors import ArchgymError

OK, NO, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def build_parser() -> argparse.ArgumentParser:
    """The parser with every built-in word; others are dispatched by the registry."""
    from . import (
        compare,
        dataset,
        enumerate,
        evaluate,
        inspect,
        leaderboard,
        report,
        run,
        sweep,
        train,
    )

    parser = argparse.ArgumentParser(
        prog="archgym",
        description="Search design spaces of hardware over fast, validated simulators.",
        epilog="Further words: " + ", ".join(registry.names("commands")) + " (archgym WORD --help)",
    )
    parser.add_argument("--version", action="version", version=f"archgym {__version__}")
    words = parser.add_subparsers(dest="word", metavar="WORD", required=True)
    for module in (
        inspect,
        run,
        compare,
        sweep,
        report,
        leaderboard,
        dataset,
        train,
        enumerate,
        evaluate,
    ):
        module.add_to(words)
    for name in registry.names("commands"):
        words.add_parser(name, add_help=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in registry.names("commands"):
            return int(registry.load("commands", arguments[0])(arguments[1:]) or OK)
        options = build_parser().parse_args(arguments)
        return int(options.go(options) or OK)
    except ArchgymError as error:
        print(f"archgym: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(
            "archgym: interrupted; nothing recorded is lost (continue a run with --resume)",
            file=sys.stderr,
        )
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return OK
