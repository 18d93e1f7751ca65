"""``archgym validate codesign``: NASAIC's figures and relations N1 to N11 (papers.md C.2)."""

from __future__ import annotations

import argparse

from archgym.errors import ArchgymError
from archgym.terminal.output import busy
from archgym.validation import Validation

from .figures import areas, image_sizes, preferences, rewards, scale, verdicts
from .schedules import schedules
from .searches import searches


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym validate codesign``.

    Args:
        parser: the command's parser.
    """
    parser.description = __doc__
    parser.add_argument(
        "--seeds",
        type=int,
        default=20,
        metavar="SEARCHES",
        help="by seed (default 20)",
    )
    parser.add_argument("--agent", default="nasaic", help="who searches (default nasaic)")
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    if options.seeds < 1:
        raise ArchgymError(f"--seeds must be at least 1, got {options.seeds}")
    with busy("closed forms, schedules, searches …", options.json):
        checks = [
            *areas(),
            verdicts(),
            rewards(),
            *scale(),
            image_sizes(),
            *preferences(),
            schedules(),
        ]
        checks += searches(options.agent, options.seeds)
    return Validation(checks)
