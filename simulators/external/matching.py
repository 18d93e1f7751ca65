"""Regular expressions on what a program wrote, within a time: some patterns would never end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST_STEPS = 1e8  # below this bound a match is quick and needs no process of its own
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_ALONE = (
    "import json, re, sys\n"
    "pattern, flags, text = json.load(sys.stdin)\n"
    "json.dump(re.compile(pattern, flags).findall(text), sys.stdout)\n"
)


class SlowPatternError(ValueError):
    """A pattern that does not come to an end in time."""


def find_all(pattern: re.Pattern[str], text: str, seconds: float) -> list[Any]:
    """``pattern.findall(text)``, given up after so many seconds.

    ``re`` cannot be interrupted from a thread.  Where the pattern and the length of the text allow many
    steps it works in a process of its own, which is killed.

    Raises:
        SlowPatternError: it took longer.
    """
    if steps(pattern, len(text)) <= MOST_STEPS:
        return pattern.findall(text)
    task = json.dumps([pattern.pattern, pattern.flags & ~re.UNICODE.value, text])
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _ALONE],
            input=task, capture_output=True, text=True, encoding="utf-8", timeout=seconds, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SlowPatternError(
            f"pattern {pattern.pattern!r} did not come to an end within {seconds:g} s; repeats inside "
            "repeats, such as (x+x+)+, take exponential time: write it with one repeat"
        ) from None
    except subprocess.CalledProcessError as error:
        raise SlowPatternError(
            f"pattern {pattern.pattern!r} failed: {error.stderr[-200:]}"
        ) from error
    return list(json.loads(done.stdout))


def steps(pattern: re.Pattern[str], length: int) -> float:
    """A bound of the steps on a text of so many characters; infinite for repeats inside repeats."""
    try:
        repeats, nested = _repeats(parser.parse(pattern.pattern, pattern.flags), False)
    except RecursionError:
        return float("inf")
    return float("inf") if nested else float(max(length, 1)) ** min(repeats + 1, 12)


def _repeats(items: Any, inside: bool) -> tuple[int, bool]:
    """How many repeats without a small bound there are, and whether one lies in another."""
    count, nested = 0, False
    for code, argument in items:
        within = inside
        # inside a repeat, whatever can match in two ways doubles the steps with every turn
        if inside and code in (*_REPEATS, codes.BRANCH) and not _fixed(code, argument):
            nested = True
        if code in _REPEATS and argument[1] > 8:
            count, within = count + 1, True
        for part in _parts(argument):
            more, deeper = _repeats(part, within)
            count, nested = count + more, nested or deeper
    return count, nested


def _fixed(code: Any, argument: Any) -> bool:
    """Whether it is a repeat of a fixed number."""
    return code in _REPEATS and argument[0] == argument[1]


def _parts(argument: Any) -> list[Any]:
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [part for entry in argument for part in _parts(entry)]
    return []
