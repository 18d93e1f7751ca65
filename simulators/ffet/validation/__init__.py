"""``archgym validate ffet``: published relations F1 to F14, fitted ones apart from held-out ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from archgym.terminal.output import busy, print_json, print_table

from ..calibration import ARGUMENTS, BOUNDS, FITTED, FITTED_ON
from ..simulator import BlockPPASimulator
from .averages import Averages
from .relations import RELATIONS
from .report import Relation
from .sensitivity import sensitivities
from .tools import tools

CORES = ("picorv32", "vexriscv")


def main(argv: Sequence[str]) -> int:
    """Exit 1 where a relation or a comparison is out of its bounds."""
    parser = argparse.ArgumentParser(prog="archgym validate ffet", description=__doc__)
    parser.add_argument("--seeds", type=int, default=64, help="placements a point (default 64)")
    parser.add_argument("--core", action="append", choices=CORES, help="only these (default: both)")
    parser.add_argument("--stack", default="gt2n", help="metal stack (default gt2n)")
    parser.add_argument(
        "--sensitivity", action="store_true", help="derivatives to each constant too"
    )
    parser.add_argument(
        "--tools", action="store_true", help="compare with OpenSTA, KLayout, graywolf too"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    found: list[Relation] = []
    for core in options.core or CORES:
        simulator = BlockPPASimulator(core, placements=options.seeds, stack=options.stack)
        averages = Averages(simulator)
        for relation in RELATIONS:
            with busy(f"{core}: {relation.__name__.strip('_')} …", options.json):
                found += relation(averages)
    compared = []
    if options.tools:
        with busy("other tools …", options.json):
            compared = tools(options.core or CORES, options.stack)
    derived = []
    if options.sensitivity:
        with busy("sensitivities …", options.json):
            derived = sensitivities(options.stack, max(4, options.seeds // 4))
    if options.json:
        print_json({
            "constants": asdict(FITTED), "relations": [asdict(r) for r in found],
            "tools": [asdict(r) for r in compared], "sensitivity": derived,
        })  # fmt: skip
    else:
        _print(found, compared, derived)
    return 0 if all(r.holds is not False for r in [*found, *compared]) else 1


def _print(found: list[Relation], compared: list[Relation], derived: list[list[str]]) -> None:
    rows = [
        [name, f"{value:g}", "{} to {}".format(*BOUNDS[name]), FITTED_ON.get(name, "argued"), ARGUMENTS[name]]
        for name, value in asdict(FITTED).items()
    ]  # fmt: skip
    print_table(["constant", "value", "bounds", "fitted on", "why"], rows, title="Constants")
    for title, chosen in (
        ("Fitted (PicoRV32)", [r for r in found if r.fitted and r.core == "picorv32"]),
        ("Held out", [r for r in found if not (r.fitted and r.core == "picorv32")]),
        ("Other tools", compared),
    ):
        if chosen:
            table = [[r.core, r.relation, r.found, r.asked, r.verdict] for r in chosen]
            print_table(["core", "relation", "found", "asked", "holds"], table, title=title)
    if derived:
        header = ["constant", *derived[0]]
        print_table(header, derived[1:], title="Change of each relation for 1 % more of a constant")
