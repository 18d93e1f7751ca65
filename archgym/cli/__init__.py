"""The command line; ``archgym`` and ``python -m archgym`` are the same program.

Exit codes:

- 0: done.
- 1: the answer is no, such as a validation out of bounds, a run that does not reproduce, or specs not met
  when asked for.
- 2: bad input, or a disk that cannot take what is written.
- 130: interrupted (Ctrl-C).
- 141: the reader of a pipe has gone.
- 143: ended by the system (SIGTERM).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from .. import __version__, trust
from ..domains import domains
from ..errors import ArchgymError, Terminated, UnknownNameError, interruption
from ..extras import explained
from ..terminal import plain
from .parsing import Parser, add_plain, add_trust

OK, NO, BAD_INPUT, INTERRUPTED, PIPE_CLOSED, TERMINATED = 0, 1, 2, 130, 141, 143


# words of the core; a domain cannot take their place
WORDS = (
    "list", "info", "run", "compare", "sweep", "bench", "submit", "arena", "report", "page", "dashboard",
    "leaderboard", "export", "dataset", "train", "propose", "enumerate", "evaluate", "explain", "audit",
    "serve", "verify", "validate", "new", "check", "doctor",
    "completion",
)  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """The parser with every word of the core.

    Words of domains are not in it: they are dispatched before it is made.
    """
    from . import (
        arena,
        audit,
        bench,
        check,
        compare,
        completion,
        dashboard,
        dataset,
        doctor,
        enumerate,
        evaluate,
        explain,
        inspect,
        leaderboard,
        new,
        page,
        propose,
        report,
        run,
        serve,
        submit,
        sweep,
        train,
        validate,
    )

    parser = Parser(
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
        bench,
        submit,
        arena,
        report,
        page,
        dashboard,
        leaderboard,
        dataset,
        train,
        propose,
        enumerate,
        evaluate,
        explain,
        audit,
        serve,
        validate,
        new,
        check,
        doctor,
        completion,
    ):
        module.add_to(words)
    for word in words.choices.values():
        add_trust(word)
        add_plain(word)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    An error that archgym raises on purpose is printed on standard error as one line; the exit code is 2.

    Args:
        argv: the arguments after the program's name (default: those of this process).

    Returns:
        The exit code, as the module's docstring lists them.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with _ended_like_an_interrupt():
            code = _dispatch(arguments)
            sys.stdout.flush()  # a full disk under standard output is told here, not at exit
            return code
    except ArchgymError as error:
        print(f"archgym: {error}", file=sys.stderr)
        return BAD_INPUT
    except ModuleNotFoundError as error:
        told = explained(error, "this command")
        if told is None:
            raise
        print(f"archgym: {told}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except SystemError as error:
        cause = interruption(error)
        if cause is None:
            raise
        return _interrupted(cause)
    except BrokenPipeError:
        _drop_output()
        return PIPE_CLOSED
    except OSError as error:  # a full disk, a read-only place, a folder where a file should be
        if error.errno is None or error.strerror is None:
            raise
        what = f"{error.filename}: " if error.filename is not None else ""
        print(
            f"archgym: {what}{error.strerror}; choose another place or free some", file=sys.stderr
        )
        _drop_output()
        return BAD_INPUT


def _interrupted(error: KeyboardInterrupt) -> int:
    """Say how to go on."""
    word = "terminated" if isinstance(error, Terminated) else "interrupted"
    commands = list(dict.fromkeys(getattr(error, "__notes__", ())))
    how = f"; go on with: {commands[-1]}" if commands else ""
    print(f"archgym: {word}; nothing recorded is lost{how}", file=sys.stderr)
    return TERMINATED if isinstance(error, Terminated) else INTERRUPTED


def _drop_output() -> None:
    """Let Python write what is left of standard output to nowhere when it ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return


@contextmanager
def _ended_like_an_interrupt() -> Iterator[None]:
    """SIGTERM in here ends what is going on as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _dispatch(arguments: list[str]) -> int:
    word = arguments[0] if arguments else ""
    if not word:
        build_parser().print_help()
        return OK
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
    with trust.consent(options.trust), plain.plainly(options.plain):
        return int(options.go(options) or OK)
