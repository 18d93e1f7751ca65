"""``archgym audit``: are the best designs of runs, or certified optima, to be believed?"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..audit import subject
from ..audit.findings import NO, TOLD, Finding, audit
from ..audit.subject import Subject
from ..audit.table import markdown
from ..errors import ArchgymError
from ..files.text import write_text
from ..goals.wording import in_words
from ..terminal.output import bar_of, busy, print_json, print_table


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "audit", help="are the best designs of runs, or certified optima, to be believed?"
    )
    p.add_argument("optima", nargs="*", help="run folders, or scenarios whose optimum is certified")
    p.add_argument("--certified", action="store_true", help="every certificate that ships")
    p.add_argument(
        "--no-neighbours",
        action="store_true",
        help="do not evaluate the designs one step away (default: done, charged to nobody)",
    )
    p.add_argument(
        "--output", type=Path, help="write the table as Markdown (.md) too (default: none)"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Audit each optimum, print what was found.

    Args:
        options: the parsed command line: runs and scenarios, all certificates or not, the table to write, JSON
            or not.

    Returns:
        The exit code: 0, or 1 where an optimum is refuted.

    Raises:
        ArchgymError: nothing is named, or something that has no best design.
    """
    if bool(options.optima) == options.certified:
        raise ArchgymError(
            "name run folders or scenarios, or give --certified for all certificates"
        )
    if options.output and options.output.suffix != ".md":
        raise ArchgymError(f"--output: expected a file that ends in .md, got {options.output}")
    missing: dict[str, str] = {}
    with busy("reading …", options.json):
        if options.certified:
            subjects, missing = subject.certified()
        else:
            subjects = [subject.subject(what) for what in options.optima]
    found: list[tuple[Subject, list[Finding]]] = []
    with bar_of(len(subjects), "audit", options.json) as bar:
        for i, s in enumerate(subjects):
            if bar is not None:
                bar(i, s.name)
            found.append((s, audit(s, neighbours=not options.no_neighbours)))
    if options.output:
        write_text(options.output, markdown(found, missing))
    if options.json:
        print_json({"optima": [_as_dict(s, f) for s, f in found], "skipped": missing})
    else:
        for s, findings in found:
            print_table(
                ["question", "", "answer"],
                [[f.question, f.verdict, f.text] for f in findings],
                title=f"{s.name} ({s.kind}): {in_words(s.scenario, s.metrics)}",
            )
        for name, reason in missing.items():
            print(f"skipped {name}: {reason}")
        refuted, weak = (
            sum(any(f.verdict == v for f in findings) for _, findings in found) for v in (NO, TOLD)
        )
        print(f"{len(found)} optima: {refuted} refuted, {weak} with something to know.")
        if options.output:
            print(f"Table: {options.output}")
    return int(any(f.verdict == NO for _, findings in found for f in findings))


def _as_dict(s: Subject, findings: list[Finding]) -> dict[str, Any]:
    return {
        "name": s.name,
        "kind": s.kind,
        "scenario": s.scenario.name,
        "design": s.scenario.space.decode(s.best[None])[0],
        "metrics": dict(s.metrics),
        "findings": [asdict(f) for f in findings],
    }
