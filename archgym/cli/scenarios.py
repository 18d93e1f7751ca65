"""Options by which every word of the command line takes a scenario, and changes it."""

from __future__ import annotations

import argparse
import re
from typing import Any

from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..terminal.output import settings

_SPEC = re.compile(r"^\s*(\w+)\s*(<=|>=)\s*(.+?)\s*$")


def add_scenario_options(p: argparse.ArgumentParser) -> None:
    """``--workload``, ``--config`` and the overrides of goal and knobs."""
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
        help="a setting of the simulator, see archgym info SIMULATOR; repeatable",
    )
    p.add_argument(
        "--objective",
        action="append",
        default=[],
        metavar="[max:]METRICS",
        help="minimise (max: maximise) this in place of the scenario's objectives; repeatable",
    )
    p.add_argument(
        "--spec",
        action="append",
        default=[],
        metavar="'METRIC <= VALUE'",
        help="add or replace a spec ('energy <= 1.05 x reference', 'power >= 2 mW'; METRIC=none removes "
        "it); repeatable",
    )
    p.add_argument(
        "--fix", action="append", default=[], metavar="KNOB=VALUE", help="pin a knob; repeatable"
    )
    p.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="KNOB=V1,V2,…|all",
        help="the values a knob may take; repeatable",
    )


def changes_of(options: argparse.Namespace) -> dict[str, Any]:
    """The overrides as changes of a scenario's document."""
    out: dict[str, Any] = {}
    if options.objective:
        out["objectives"] = [_objective(text) for text in options.objective]
    specs: dict[str, Any] = {}
    for text in options.spec:
        name, equals, word = text.partition("=")
        match = _SPEC.match(text)
        if match:
            key = "upper" if match[2] == "<=" else "lower"
            specs[match[1]] = {**(specs.get(match[1]) or {}), key: match[3]}
        elif equals and word.strip() == "none":
            specs[name.strip()] = None
        else:
            raise ArchgymError(
                f"--spec {text!r}: expected 'METRIC <= VALUE', 'METRIC >= VALUE' or METRIC=none"
            )
    if specs:
        out["specs"] = specs
    knobs: dict[str, Any] = {n: [v] for n, v in settings(options.fix, "--fix").items()}
    for name, text in settings(options.vary, "--vary").items():
        if name in knobs:
            raise ArchgymError(f"knob {name!r} is given to --fix and to --vary; choose one")
        knobs[name] = None if text == "all" else [v.strip() for v in text.split(",")]
    if knobs:
        out["parameters"] = knobs
    return out


def _objective(text: str) -> dict[str, str]:
    for prefix, goal in (("max:", "maximize"), ("min:", "minimize")):
        if text.startswith(prefix):
            return {"metric": text[len(prefix) :].strip(), "goal": goal}
    return {"metric": text.strip()}


def scenario_of(options: argparse.Namespace, name: str | None = None) -> Scenario:
    """The scenario that a command line names, with its overrides."""
    return load_scenario(
        name or options.scenario,
        options.workload,
        settings(options.config, "--config"),
        changes_of(options),
    )
