"""Options by which every word of the command line takes a scenario, and changes it."""

from __future__ import annotations

import argparse

from ..goals.changes import changes_of
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..terminal.output import settings


def add_scenario_options(p: argparse.ArgumentParser) -> None:
    """Add ``--workload``, ``--config`` and the options that change goal and knobs.

    Args:
        p: the parser of a word that takes a scenario.
    """
    p.add_argument(
        "--workload",
        action="append",
        metavar="NAME|FILE",
        help="another workload: a name, or a file of the user's own; repeatable (default: the scenario's)",
    )
    p.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="a setting of the simulator, see archgym info SIMULATOR; repeatable (default: the scenario's)",
    )
    p.add_argument(
        "--objective",
        action="append",
        default=[],
        metavar="[max:]METRICS",
        help="minimise (max: maximise) this in place of the scenario's objectives; repeatable (default: the scenario's)",
    )
    p.add_argument(
        "--spec",
        action="append",
        default=[],
        metavar="'METRIC <= VALUE'",
        help="add or replace a spec ('energy <= 1.05 x reference', 'power >= 2 mW'; METRIC=none removes "
        "it); repeatable (default: the scenario's)",
    )
    p.add_argument(
        "--fix",
        action="append",
        default=[],
        metavar="KNOB=VALUE",
        help="pin a knob; repeatable (default: none is)",
    )
    p.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="KNOB=V1,V2,…|all",
        help="the values a knob may take; repeatable (default: the scenario's)",
    )


def scenario_of(options: argparse.Namespace, name: str | None = None) -> Scenario:
    """The scenario that a command line names, with its changes.

    Args:
        options: what a parser with :func:`add_scenario_options` read.
        name: of the scenario (default: ``options.scenario``).

    Returns:
        The scenario, checked.
    """
    return load_scenario(
        name or options.scenario,
        options.workload,
        settings(options.config, "--config"),
        changes_of(options.objective, options.spec, options.fix, options.vary, written="--{}"),
    )
