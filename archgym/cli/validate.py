"""``archgym validate DOMAIN``: a simulator against other tools, silicon or published figures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from .. import registry
from ..domains import domains
from ..errors import ArchgymError, UnknownNameError
from ..terminal import plain
from ..terminal.output import print_json, print_table
from ..validation import Check, Validation
from .parsing import Parser, add_plain

HELP = "compare a domain's simulators with their references"


def add_to(words: Any) -> None:
    """Add the word to the parser, for its help alone; :func:`validate` reads the arguments.

    Args:
        words: the subparsers of the program; one is added.
    """
    words.add_parser("validate", help=HELP, add_help=False)


def validate(arguments: Sequence[str]) -> int:
    """Compare a domain's simulators with their references, and show every check.

    Args:
        arguments: the domain and what follows it on the command line.

    Returns:
        The exit code: 0 where everything that is demanded holds, 1 where something does not.

    Raises:
        UnknownNameError: the domain has no validation.
    """
    names = registry.names("validators")
    if not arguments or arguments[0] in ("-h", "--help"):
        known = domains()
        rows = [
            [n, known[n].text if n in known else registry.summary("validators", n)] for n in names
        ]
        print_table(["archgym validate DOMAIN [--help]", ""], rows)
        return 0
    name, *rest = arguments
    if name not in names:
        hint = "(there is nothing to compare it with)" if name in domains() else ""
        raise UnknownNameError("domain with a validation:", name, names, hint)
    parser = Parser(
        prog=f"archgym validate {name}",
        epilog="Exit code 0: everything that is demanded holds; 1: something does not.",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    registry.load("validators", name)(parser)
    parser.description = (parser.description or "").replace("``", "")
    add_plain(parser)
    options = parser.parse_args(rest)
    with plain.plainly(options.plain):
        return _judged(options, name)


def _judged(options: argparse.Namespace, name: str) -> int:
    """Carry the validation out and show it."""
    found = options.go(options)
    if not isinstance(found, Validation):
        raise ArchgymError(
            f"validator of {name!r}: expected an archgym.validation.Validation, got "
            f"{type(found).__name__}"
        )
    if options.json:
        print_json({"domain": name, **found.as_dict()})
    else:
        show(found, name)
    return found.exit_code


def show(found: Validation, title: str) -> None:
    """Print the checks (those that constants were fitted on apart), the details and the verdict.

    Args:
        found: what the validator found.
        title: the domain's name.
    """
    fitted = [c for c in found.checks if not c.held_out]
    others = [c for c in found.checks if c.held_out]
    about = f"{title} against {found.reference}" if found.reference else title
    if fitted:
        _table(fitted, f"{about}: constants were fitted on these figures")
    if others:
        _table(others, f"{about}: held out" if fitted else about)
    for name, rows in found.details.items():
        if rows:
            columns = list(rows[0])
            print_table(columns, [[_text(row[c]) for c in columns] for row in rows], title=name)
    for c in found.checks:
        if c.note and c.holds is not True:
            print(f"{c.quantity}: {c.note}")
    print(verdict(found))


def verdict(found: Validation) -> str:
    """The last line: how many checks hold, how many do not, and how many are not judged.

    Args:
        found: what the validator found.

    Returns:
        A sentence for people.
    """
    words = [c.verdict for c in found.checks]
    judged = len(words) - words.count("told")
    parts = [f"{words.count('yes')} of {judged} checks hold"]
    if words.count("gap"):
        parts.append(f"{words.count('gap')} not met and explained")
    if words.count("told"):
        parts.append(f"{words.count('told')} told without judging")
    ending = "every demand is met" if found.holds else "NOT every demand is met"
    return ", ".join(parts) + f": {ending}"


def _table(checks: Sequence[Check], title: str) -> None:
    """One line a check; columns that say nothing are left out."""
    columns: dict[str, list[Any]] = {
        "case": [c.case for c in checks],
        "quantity": [c.quantity for c in checks],
        "compared with": [c.source for c in checks],
        "rows": [c.rows or "" for c in checks],
        "measured": [c.measured for c in checks],
        "expected": [c.expected for c in checks],
        "holds": [c.verdict for c in checks],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    print_table(list(kept), [list(row) for row in zip(*kept.values())], title=title)


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
