"""``archgym validate codesign``: NASAIC's figures and relations N1 to N11 (papers.md C.2)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from archgym.terminal.output import busy, print_json, print_table

from .figures import areas, preferences, rewards, scale, verdicts
from .schedules import schedules
from .searches import searches

VERDICTS = {True: "yes", False: "NO", None: "-"}


def main(argv: Sequence[str]) -> int:
    """Exit 1 where a relation does not come out."""
    parser = argparse.ArgumentParser(prog="archgym validate codesign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="seeds of the searches (default 20)")
    parser.add_argument("--agent", default="nasaic", help="who searches (default nasaic)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with busy("closed forms, schedules, searches …", options.json):
        checks = [*areas(), verdicts(), rewards(), *scale(), *preferences(), schedules()]
        checks += searches(options.agent, options.seeds)
    if options.json:
        print_json([asdict(c) for c in checks])
    else:
        rows = [[c.relation, c.found, c.asked, VERDICTS[c.holds]] for c in checks]
        print_table(["relation", "found", "asked", "holds"], rows)
    return 0 if all(c.holds is not False for c in checks) else 1
