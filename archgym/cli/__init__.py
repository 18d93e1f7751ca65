"""The command line; ``archgym`` and ``python -m archgym`` are the same program.

Exit codes: 0 done; 1 the answer is no (a validation out of bounds, a run that does not reproduce,
specs not met when asked for); 2 bad input; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..domains import domains
from ..errors import ArchgymError, UnknownNameError

OK, NO, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


# words of the core; a domain cannot take their place
WORDS = (
    "list", "info", "run", "compare", "sweep", "report", "leaderboard", "export", "dataset", "train",
    "enumerate", "evaluate", "verify", "validate", "new", "check",
)  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """The parser with every word of the core; domains are dispatched before it."""
    from . import (
        check,
        compare,
        dataset,
        enumerate,
        evaluate,
        inspect,
        leaderboard,
        new,
        report,
        run,
        sweep,
        train,
        validate,
    )

    parser = argparse.ArgumentParser(
        prog="archgym",
        description="Search design spaces of hardware over fast, validated simulators.",
        epilog=f"Domains: {', '.join(domains())}. Say archgym DOMAIN for the verbs of one.",
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
        validate,
        new,
        check,
    ):
        module.add_to(words)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
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


def _dispatch(arguments: list[str]) -> int:
    word = arguments[0] if arguments else ""
    if word == "validate":
        from .validate import validate

        return validate(arguments[1:])
    if word and word not in WORDS and not word.startswith("-"):
        from . import domain

        if word not in domains():
            domain.misplaced(word)
            raise UnknownNameError("word", word, [*WORDS, *domains()])
        return domain.run(domains()[word], arguments[1:])
    options = build_parser().parse_args(arguments)
    return int(options.go(options) or OK)
