"""``--plain``: output for pipes, scripts and screen readers, without colours, boxes and moving bars."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_plain: ContextVar[bool] = ContextVar("plain", default=False)


def is_plain() -> bool:
    """Whether ``--plain`` was said."""
    return _plain.get()


@contextmanager
def plainly(said: bool) -> Iterator[None]:
    """What is printed in here is plain, where ``said``."""
    token = _plain.set(said or _plain.get())
    try:
        yield
    finally:
        _plain.reset(token)


def add_option(parser: argparse.ArgumentParser, default: object = False) -> None:
    """``--plain``, of a word and of the verbs below it."""
    parser.add_argument(
        "--plain",
        action="store_true",
        default=default,
        help="tables as tab-separated lines, no colours, no box characters, nothing cut or folded",
    )
    for action in parser._actions:
        below = action.choices if isinstance(action.choices, dict) else {}
        for verb in below.values():
            if isinstance(verb, argparse.ArgumentParser):
                add_option(verb, argparse.SUPPRESS)  # what was said before the verb stays said
