"""``archgym check``: the checkers that a file, a folder or a class must pass."""

from __future__ import annotations

import argparse
import sys
import traceback
from typing import Any

from ..errors import AgentError, ArchgymError, DesignError, EvaluationError
from ..terminal.output import busy, print_json

BROKEN = (EvaluationError, AgentError, DesignError)  # of code under test: it breaks its contract


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "check",
        help="run the checkers on a file, folder or class",
        description="Checks a scenario, sweep, program or architecture (.yaml), a simulator, agent or cost model "
        "(FILE.py, FILE.py:Class, module:Class, a registered name), a run or sweep folder, a proxy, a table, a data "
        "set, a leaderboard, a certificate, or a workload (trace, network, task graph, netlist). "
        "Exit code 0: all passed; 1: a contract is broken; 2: it cannot be read.",
    )
    p.add_argument("path", nargs="+", help="scenario, program or sweep .yaml, or FILE.py:Class")
    p.add_argument(
        "--workload", help="what a simulator is made with (default: its first named one)"
    )
    p.add_argument(
        "--sample", type=int, default=200, metavar="DESIGNS", help="of a scenario, to be evaluated"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=check)


def check(options: argparse.Namespace) -> int:
    """Run the checkers and print one verdict per thing checked.

    Args:
        options: the parsed command line: paths, workload, sample size, JSON or not.

    Returns:
        The exit code: 0 where all passed, 1 where a contract is broken, 2 where something cannot be read.

    Raises:
        ArchgymError: the sample is smaller than 1.
    """
    if options.sample < 1:
        raise ArchgymError(f"--sample must be at least 1, got {options.sample}")
    found = [_one(text, options) for text in options.path]
    rows = [row for part in found for row in part]
    if options.json:
        print_json(rows)
    else:
        for row in rows:
            print(f"{row['path']}: {row['what']}: {row['verdict']}: {row['text']}")
            for note in row["notes"]:
                print(f"  note: {note}")
    verdicts = {row["verdict"] for row in rows}
    return 2 if "unreadable" in verdicts else int("BROKEN" in verdicts)


def _one(text: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    from ..testing.paths import tasks_of

    out = []
    try:
        with busy(f"checking {text} …", options.json or not sys.stderr.isatty()):
            tasks = tasks_of(text, options.workload, options.sample)
    except ArchgymError as error:
        return [_row(text, "input", "unreadable", str(error))]
    except Exception as error:
        return [_row(text, "code", "BROKEN", _place(error))]
    for task in tasks:
        out.append(_carried_out(text, task))
    return out


def _carried_out(text: str, task: Any) -> dict[str, Any]:
    from ..testing import ContractError

    code = task.what.split()[0] in ("simulator", "agent", "cost")
    try:
        words, notes = task.check()
        return _row(text, task.what, "passed", words, notes)
    except ContractError as error:
        return _row(text, task.what, "BROKEN", str(error))
    except ArchgymError as error:
        broken = code and isinstance(error, BROKEN)
        return _row(text, task.what, "BROKEN" if broken else "unreadable", str(error))
    except Exception as error:
        return _row(text, task.what, "BROKEN", _place(error))


def _row(path: str, what: str, verdict: str, text: str, notes: Any = ()) -> dict[str, Any]:
    return {"path": path, "what": what, "verdict": verdict, "text": text, "notes": list(notes)}


def _place(error: Exception) -> str:
    """An error of somebody's code, with the line that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
