"""``archgym validate ffet``: published relations F1 to F14, fitted ones apart from held-out ones."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from archgym.terminal.output import busy
from archgym.validation import Check, Validation

from ..calibration import ARGUMENTS, BOUNDS, FITTED, FITTED_ON
from ..simulator import BlockPPASimulator
from .averages import Averages
from .experiments import experiments
from .options import options as measured
from .relations import RELATIONS
from .sensitivity import sensitivities
from .tools import tools

EXPERIMENT_RUNS = 6  # placements of an experiment
CORES = ("picorv32", "vexriscv", "serv")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``archgym validate ffet``.

    Args:
        parser: the subcommand's parser.
    """
    parser.description = __doc__
    parser.add_argument(
        "--seeds", type=int, default=64, metavar="PLACEMENTS", help="per point (default 64)"
    )
    parser.add_argument("--core", action="append", choices=CORES, help="only these (default: all)")
    parser.add_argument("--stack", default="gt2n", help="metal stack (default gt2n)")
    parser.add_argument(
        "--sensitivity", action="store_true", help="derivatives to each constant too"
    )
    parser.add_argument(
        "--experiments", action="store_true",
        help="why relations do not hold: one change each, on these cores too",
    )  # fmt: skip
    parser.add_argument(
        "--options", action="store_true",
        help="what the flow's options bring on these cores, and what becomes of the relations",
    )  # fmt: skip
    parser.add_argument(
        "--tools", action="store_true", help="compare with OpenSTA, KLayout, graywolf too"
    )
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    checks: list[Check] = []
    for core in options.core or CORES:
        simulator = BlockPPASimulator(core, placements=options.seeds, stack=options.stack)
        averages = Averages(simulator)
        for relation in RELATIONS:
            with busy(f"{core}: {relation.__name__.strip('_')} …", options.json):
                checks += relation(averages)
    if options.tools:
        with busy("other tools …", options.json):
            checks += tools(options.core or CORES, options.stack)
    details = {"Constants": _constants()}
    if options.sensitivity:
        with busy("sensitivities …", options.json):
            names, *derived = sensitivities(options.stack, max(4, options.seeds // 4))
        details["Change of each relation for 1 % more of a constant"] = [
            dict(zip(["constant", *names], row)) for row in derived
        ]
    if options.experiments:
        found = []
        for core in options.core or CORES:
            with busy(f"{core}: experiments …", options.json):
                found += experiments(core, options.stack, min(EXPERIMENT_RUNS, options.seeds))
        details["One change each: why relations do not hold"] = found
    if options.options:
        found = []
        for core in options.core or CORES:
            with busy(f"{core}: options …", options.json):
                found += measured(core, options.stack, min(EXPERIMENT_RUNS, options.seeds))
        details["Options of the flow: what they bring"] = [r for r in found if "asked" not in r]
        details["Options of the flow: what becomes of the relations"] = [
            r for r in found if "asked" in r
        ]
    return Validation(checks, details)


def _constants() -> list[dict[str, Any]]:
    """What is fitted or set, within which bounds, and why."""
    return [
        {
            "constant": name,
            "value": value,
            "bounds": "{} to {}".format(*BOUNDS[name]),
            "fitted on": FITTED_ON.get(name, "argued"),
            "why": ARGUMENTS[name],
        }
        for name, value in asdict(FITTED).items()
    ]
