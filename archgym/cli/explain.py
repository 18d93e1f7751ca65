"""``archgym explain``: what limits a design, and what the next change would buy."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Floats
from ..errors import ArchgymError
from ..goals.explained import BY, Explained, explained
from ..goals.scenario import Scenario
from ..runs.naming import title_of
from ..runs.run_folder import MANIFEST, RunFolder
from ..space import Designs
from ..statistics.steps import Step, single_steps
from ..terminal.output import PREPARING, busy, print_json, print_table, settings
from ..units import format_quantity, knob_value
from .scenarios import add_scenario_options, scenario_of

SHOWN_PARTS, SHOWN_STEPS = 12, 8


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "explain", help="what a design's metrics are made of, and what limits them"
    )
    p.add_argument("scenario", metavar="RUN|SCENARIO", help="a run's folder, or a scenario")
    p.add_argument(
        "--design",
        action="append",
        default=[],
        metavar="KNOB=VALUE",
        help="knobs of the design to explain (default: as in the run's best design, or the reference design); "
        "repeatable",
    )
    p.add_argument(
        "--metric",
        action="append",
        default=[],
        metavar="NAME",
        help="a metric to explain; repeatable (default: those of the objectives)",
    )
    p.add_argument("--by", choices=BY, default="resource", help="how parts are added up")
    p.add_argument(
        "--no-steps",
        action="store_true",
        help="do not evaluate what one step of each knob would change",
    )
    p.add_argument(
        "--output", type=Path, help="an interactive picture to write (.html; default: none)"
    )
    p.add_argument("--json", action="store_true")
    add_scenario_options(p)
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Print what the metrics of a design are made of, what limits them, and which steps would help.

    Args:
        options: the parsed command line: run or scenario, knobs, metrics, picture, JSON or not.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: the picture's name does not end in .html, or a run was given together with changes
            of a scenario.
    """
    if options.output and options.output.suffix != ".html":
        raise ArchgymError(f"--output {options.output}: expected a file that ends in .html")
    with busy(PREPARING, options.json):
        scenario, design, told = _asked(options)
        reference = scenario.reference_design
        other = None if reference is None else reference[0]
        if other is not None and (other == design).all():
            other = None
        found = explained(scenario, design, other, options.metric, options.by)
        steps = [] if options.no_steps else single_steps(scenario, design)
    if options.output:
        _draw(scenario, found, options.output)
    if options.json:
        print_json(_document(scenario, design, found, steps))
        return 0
    print(f"{title_of(scenario)}: {told}")
    for one in found:
        _show(scenario, one)
    for told in _warnings(found):
        print(f"\nwarning: {told}")
    if steps:
        _show_steps(scenario, steps)
    if options.output:
        print(f"Picture: {options.output}")
    return 0


def _asked(options: argparse.Namespace) -> tuple[Scenario, Designs, str]:
    """The scenario, the design (d,) and what it is."""
    folder = Path(options.scenario)
    if (folder / MANIFEST).exists():
        if any(
            (
                options.workload,
                options.config,
                options.objective,
                options.spec,
                options.fix,
                options.vary,
            )
        ):
            raise ArchgymError(
                "a run is explained as it was: options of scenarios do not apply to it"
            )
        run = RunFolder.open(folder)
        scenario, start, told = run.scenario(), run.best_design(), "the best design of the run"
    else:
        scenario = scenario_of(options)
        first = scenario.reference_design
        if first is None:
            first = scenario.space.encode([scenario.simulators[0].default_design()])
        start, told = scenario.space.decode(first)[0], "the reference design"
    given = settings(options.design, "--design")
    for name in given:
        scenario.space.position(name)
    design = scenario.space.encode([{**start, **given}])[0]
    if given:
        told += " with " + ", ".join(f"{k} = {v}" for k, v in given.items())
    return scenario, design, told


def _show(scenario: Scenario, one: Explained) -> None:
    where = f" on {one.workload}" if len(scenario.simulators) > 1 else ""
    compared = (
        f" (reference {format_quantity(one.compared, one.unit)})"
        if one.compared is not None
        else ""
    )
    title = f"\n{one.metric}{where}: {format_quantity(one.value, one.unit)}{compared}"
    beside = one.others is not None
    rows = []
    order = one.order
    for i in order[:SHOWN_PARTS]:
        row = [one.names[i], *_amount(one.shares, i, one)]
        if beside and one.others is not None:
            row += _amount(one.others, i, one)
        rows.append(row)
    head = ["part", "this design", "share", *(["reference", "share"] if beside else [])]
    print_table(head, rows, title=title)
    if len(order) > SHOWN_PARTS:
        print(f"  and {len(order) - SHOWN_PARTS} smaller ones (--json has all)")
    for sentence in one.sentences():
        print(f"  {sentence}")


def _warnings(found: list[Explained]) -> list[str]:
    """What is in doubt of the design, each once."""
    several = len({one.workload for one in found}) > 1
    told = [f"on {one.workload}, {d}" if several else d for one in found for d in one.doubts]
    return list(dict.fromkeys(told))


def _amount(values: Floats, i: int, one: Explained) -> list[str]:
    total = float(values.sum())
    share = f"{values[i] / total:.1%}" if total else "-"
    return [format_quantity(float(values[i]), one.unit), share]


def _show_steps(scenario: Scenario, steps: list[Step]) -> None:
    metrics = list(dict.fromkeys(n for o in scenario.objectives for n in o.metrics))
    units = {p.name: p.unit for p in scenario.space.parameters}
    better = sum(s.gap < 0 for s in steps)
    blocked = sum(not np.isfinite(s.gap) for s in steps)
    ranked = sorted(steps, key=lambda s: s.gap)[:SHOWN_STEPS]
    rows = [
        [
            s.knob, str(knob_value(s.before, units[s.knob])), str(knob_value(s.after, units[s.knob])),
            *(_percent(s.changes[m]) for m in metrics), _percent(s.gap),
        ]
        for s in ranked
    ]  # fmt: skip
    title = (
        f"\nOne step of one knob, {len(steps):,} evaluated, charged to nobody: {better:,} are better, "
        f"{blocked:,} infeasible or against a spec. The best:"
    )
    print_table(["knob", "from", "to", *metrics, "objective"], rows, title=title)


def _percent(change: float) -> str:
    return f"{change:+.3%}" if np.isfinite(change) else "-"


def _document(
    scenario: Scenario, design: Designs, found: list[Explained], steps: list[Step]
) -> dict[str, Any]:
    metrics = [
        {
            "metric": one.metric, "unit": one.unit, "workload": one.workload, "value": one.value,
            "reference": one.compared,
            "parts": [
                {
                    "name": name, "value": float(one.shares[i]),
                    "reference": None if one.others is None else float(one.others[i]),
                }
                for i, name in enumerate(one.names)
            ],
            "binding": one.breakdown.binding[0], "following": one.breakdown.following[0],
            "slack": float(one.breakdown.slack[0]),
            "relief": [{"knob": m.knob, "step": m.step} for m in one.breakdown.moves(0)],
        }
        for one in found
    ]  # fmt: skip
    shown = [
        {
            "knob": s.knob, "from": s.before, "to": s.after, "metrics": dict(s.metrics),
            "elasticity": {m: s.elasticity(m) for m in s.metrics},
            "gap": s.gap, "reason": s.reason,
        }
        for s in steps
    ]  # fmt: skip
    return {
        "design": scenario.space.decode(design[None])[0], "metrics": metrics, "steps": shown,
        "warnings": _warnings(found),
    }  # fmt: skip


def _draw(scenario: Scenario, found: list[Explained], path: Path) -> None:
    from ..runs.why import write_explanation

    write_explanation(title_of(scenario), found, path)
