"""``archgym enumerate``: a whole design space as a table, its optimum and front certified."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from ..goals.scenario import Scenario
from ..goals.wording import misses_in_words, objectives_in_words
from ..tables import certificate as certificates
from ..tables.build import EnumerationProgress, build
from ..tables.certificate import Certificate
from ..tables.coverage import default_root, folder_name
from ..tables.description import DESCRIPTION
from ..tables.expected import expected
from ..tables.table import Table
from ..terminal.output import PREPARING, bar_of, busy, print_json, print_table
from ..units import duration, format_quantity
from .scenarios import add_scenario_options, scenario_of

SHOWN_FRONT = 12


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "enumerate", help="evaluate a scenario's whole space: exact optimum, front, effects"
    )
    p.add_argument("scenario", help="name or .yaml file")
    add_scenario_options(p)
    p.add_argument("--tables", type=Path, help="where tables are kept (default: ./tables)")
    p.add_argument(
        "--output", type=Path, help="the certificate to write (default: beside the tables)"
    )
    p.add_argument("--dry-run", action="store_true", help="count designs, estimate the time")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Build the tables that are missing, certify the optimum and the front, show them.

    Args:
        options: the parsed command line: scenario with its changes, folders, plan only or not, JSON or
            not.

    Returns:
        The exit code, 0.
    """
    with busy(PREPARING, options.json):
        scenario = scenario_of(options)
    root = options.tables or default_root()
    if options.dry_run:
        return _dry_run(scenario, options.json)
    start = time.perf_counter()
    path = options.output or root / certificates.file_name(scenario)
    certificate, tables = certified(scenario, root, path, options.json)
    if options.json:
        print_json({"certificate": str(path), **certificate.facts})
    else:
        _show(scenario, certificate, tables)
        print(f"Certificate: {path}  ({time.perf_counter() - start:.0f} s)")
    return 0


def certified(
    scenario: Scenario, root: Path, path: Path, quiet: bool
) -> tuple[Certificate, tuple[Table, ...]]:
    """The tables of a scenario's space, built where they are missing, and their certificate.

    Args:
        scenario: whose whole space is wanted.
        root: the folder of all tables.
        path: the file that the certificate is written to.
        quiet: show no progress.

    Returns:
        The certificate, and one table per workload.
    """
    tables = tuple(_table(scenario, i, root, quiet) for i in range(len(scenario.simulators)))
    with busy("exact optimum, front and effects …", quiet):
        certificate = certificates.certify(scenario, tables)
    certificates.save(certificate, path)
    return certificate, tables


def _table(scenario: Scenario, i: int, root: Path, quiet: bool) -> Table:
    simulator = scenario.simulators[i]
    folder = root / folder_name(simulator, scenario.parameters)
    if (folder / DESCRIPTION).exists():
        return Table.load(folder, simulator.space)
    with bar_of(scenario.space.cardinality, simulator.workload or simulator.name, quiet) as bar:

        def show(p: EnumerationProgress) -> None:
            if bar is not None:
                bar(
                    p.known,
                    f"{p.evaluated:,} evaluated, {p.evaluated / max(p.seconds, 1e-9):,.0f}/s",
                )

        return build(simulator, scenario.parameters, folder, show)


def _dry_run(scenario: Scenario, as_json: bool) -> int:
    plan = expected(scenario)
    if as_json:
        print_json(plan)
        return 0
    print_table(
        ["plan", ""],
        [
            ["designs", f"{plan['designs']:,}"],
            ["canonical designs, about", f"{plan['canonical']:,}"],
            ["simulators", plan["simulators"]],
            ["time per design, on all cores", format_quantity(plan["seconds_per_design"], "s")],
            ["time, at most about", duration(plan["seconds"])],
        ],
    )
    return 0


def _show(scenario: Scenario, c: Certificate, tables: tuple[Table, ...]) -> None:
    units = {m.name: m.unit for m in scenario.simulators[0].metrics}
    total = c["designs"]
    evaluated = sum(c["evaluated"])
    size = sum(t.nbytes for t in tables)
    rows = [
        ["designs", f"{total:,}"],
        ["valid", f"{c['valid']:,} ({c['valid'] / total:.2%})"],
        ["feasible", f"{c['feasible']:,} ({c['feasible'] / total:.2%})"],
        ["meet every spec", f"{c['satisfied']:,} ({c['satisfied'] / total:.3%})"],
        ["different outcomes", f"{c['different']:,}"],
        ["evaluated", f"{evaluated:,} (the rest are known to be alike)"],
        [
            "table",
            f"{size / 1e6:.1f} MB, {size / total / len(units) / len(tables):.2f} bytes per design and metric",
        ],
    ]
    print_table([scenario.name, ""], rows)
    best = c["optimum"]
    if best is None:
        print("No design is feasible.")
        return
    missed = misses_in_words(scenario, best["metrics"])
    met = (
        "meets every spec"
        if best["specs_met"]
        else f"no design does better: misses {'; '.join(missed)}"
    )
    print_table(
        ["metric", "optimum"],
        [[n, format_quantity(v, units[n])] for n, v in best["metrics"].items()],
        title=f"The optimum: {objectives_in_words(scenario, best['metrics'])}, {met}; "
        f"{best['designs']:,} designs share it",
    )
    moving = [p.name for p in scenario.space.parameters if len(p) > 1]
    print_table(["knob", "first of them"], [[k, best["design"][k]] for k in moving])
    front = c["front"]
    shown = [[format_quantity(p["metrics"][n], units[n]) for n in units] for p in front["points"]]
    print_table(
        list(units),
        shown[:SHOWN_FRONT],
        title=f"Exact Pareto front over {', '.join(front['axes'])}: {front['size']} points"
        + (f", first {SHOWN_FRONT} shown" if front["size"] > SHOWN_FRONT else ""),
    )
    effects = c["effects"]
    ranking = effects["rank of the cost"]
    wanted = {n for o in scenario.objectives for n, _ in o.expression.factors}
    logs = [f for f in effects if f.removeprefix("log ") in wanted]
    rows = [
        [
            knob,
            *(
                f"{effects[f][kind][knob]:.4f}"
                for f in ("rank of the cost", *logs)
                for kind in ("main", "total")
            ),
        ]
        for knob in sorted(ranking["total"], key=lambda k: -ranking["total"][k])
    ]
    header = [f"{f}, {kind}" for f in ("rank", *logs) for kind in ("main", "total")]
    print_table(["knob", *header], rows, title="Exact shares of the variance over all designs")
    sys.stdout.flush()
