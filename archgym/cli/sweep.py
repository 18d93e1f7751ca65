"""``archgym sweep``: scenarios × agents × hyperparameters × seeds, on every core, resumable."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import ArchgymError, MissingExtraError
from ..sweeps import driver
from ..sweeps.engine import ENGINES, make_engine
from ..sweeps.estimate import estimate
from ..sweeps.ledger import Ledger, error_of
from ..sweeps.plan import load_sweep
from ..sweeps.query_counts import totals as query_totals
from ..sweeps.repair import repair
from ..sweeps.runs_file import write_runs
from ..sweeps.tables_needed import planned_sweep, tables_missing
from ..tables.certificate import file_name
from ..tables.expected import expected
from ..terminal.output import bar_of, busy, counts, print_json, print_table
from ..units import duration, parse_quantity
from .enumerate import certified


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "sweep", help="run many studies: agents, hyperparameters, seeds, scenarios"
    )
    p.add_argument("file", nargs="?", help="a sweep's .yaml, or the name of a study that ships")
    p.add_argument("--output", type=Path, help="folder of the sweep (default: sweeps/NAME)")
    p.add_argument("--engine", default="local", help=" or ".join(ENGINES))
    p.add_argument("--address", help="of a Ray cluster, with --engine ray (default: a local one)")
    p.add_argument(
        "--workers", type=int, metavar="PROCESSES", help="at the same time (default: all cores)"
    )
    p.add_argument(
        "--store",
        metavar="PLACE",
        help="evaluations shared with other sweeps: an SQLite file of this machine, or "
        "postgresql://USER@HOST/DATABASE (extra 'server'; password in PGPASSWORD or ~/.pgpass; default: none)",
    )
    p.add_argument(
        "--timeout",
        help="of a run, such as 60 (seconds) or '90 s' (default: the file's, else none)",
    )
    p.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="go on with an interrupted sweep (default: begin one)",
    )
    p.add_argument(
        "--retry-failed", action="store_true", help="with --resume: failed runs once more"
    )
    p.add_argument(
        "--repair",
        type=Path,
        metavar="FOLDER",
        help="save what a damaged ledger still tells (default: none is repaired)",
    )
    p.add_argument(
        "--queries",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="end each run before more than NUMBER costly parts of evaluations were used, such as accuracy=500; "
        "repeatable (default: the file's, else no limit but the budget)",
    )
    p.add_argument("--dry-run", action="store_true", help="check, print the plan and an estimate")
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Begin, go on with or repair a sweep; with ``--dry-run``, print its plan.

    Args:
        options: the parsed command line: file or folder, engine, workers, limits, JSON or not.

    Returns:
        The exit code: 0, or 1 where a run failed.

    Raises:
        ArchgymError: options that exclude each other, or a number that is out of range.
    """
    if options.repair is not None:
        kept, lost, planned = repair(options.repair)
        print(
            f"{options.repair}: {kept} finished runs kept, {lost} could not be read, {planned} planned; "
            f"go on with archgym sweep --resume {options.repair}"
        )
        return 0
    if (options.file is None) == (options.resume is None):
        raise ArchgymError("give either a sweep's file (or study's name), or --resume FOLDER")
    if options.workers is not None and options.workers < 1:
        raise ArchgymError(f"--workers must be at least 1, got {options.workers}")
    changes = {"queries": counts(options.queries, "--queries")} if options.queries else {}
    if options.resume is not None and changes:
        raise ArchgymError("--queries: a sweep goes on as it began; give it where the sweep starts")
    if options.resume is not None:
        folder = driver.SweepFolder(options.resume)
        sweep = folder.sweep()
    else:
        if options.dry_run:
            return _dry_run(options, changes)
        for scenario, root in tables_missing(Path(options.file)):
            certified(scenario, root, root / file_name(scenario), options.json)
        with busy("checking the sweep …", options.json):
            sweep = load_sweep(Path(options.file), **changes)
        for name, reason in sweep.skipped.items():
            print(f"skipped {name}: {reason}", file=sys.stderr)
        folder = driver.SweepFolder.create(
            options.output or Path("sweeps") / sweep.name, sweep, options.store
        )
    timeout = sweep.timeout if options.timeout is None else _seconds(options.timeout)
    engine = make_engine(options.engine, options.workers, timeout, options.address)
    with bar_of(1, sweep.name, options.json) as bar:

        def show(p: driver.SweepProgress) -> None:
            if bar is not None:
                failed = f", {p.failed} failed" if p.failed else ""
                bar(p.done, f"{p.phase}: {p.rate:.1f} runs/s{failed}; best {p.best}", p.runs)

        totals = driver.carry_out(
            folder,
            sweep,
            engine,
            store=options.store,
            retry_failed=options.retry_failed,
            on_progress=show,
        )
    return _finish(folder.path, totals, options)


def _seconds(text: str) -> float:
    try:
        return parse_quantity(float(text) if text.replace(".", "").isdigit() else text, "s")
    except ValueError as error:
        raise ArchgymError(f"--timeout: {error}") from error


def _finish(path: Path, totals: dict[str, float], options: argparse.Namespace) -> int:
    with Ledger(path / driver.LEDGER) as ledger:
        failures = ledger.failures()
        used = query_totals(ledger.queries().values())
        failed = ledger.count() - ledger.count(status="done")
        try:
            write_runs(ledger, path / "runs")
            parquet = f"{path / 'runs'} (Parquet)"
        except MissingExtraError as error:
            parquet = f"not written: {error}"
    result = {"sweep": str(path), **totals, "queries": used, "failed": failed, "parquet": parquet}
    if options.json:
        print_json(result | {"failures": [f[:4] for f in failures]})
        return int(bool(failed))
    overhead = totals["seconds"] - totals["agent_seconds"] - totals["simulator_seconds"]
    print_table(
        ["sweep", str(path)],
        [
            ["runs finished", f"{totals['runs']:,.0f}"],
            ["runs failed", f"{failed:,}"],
            ["evaluations charged", f"{totals['charged']:,.0f}"],
            ["evaluations computed", f"{totals['computed']:,.0f} (the others were known)"],
            *([f"{name} queries", f"{n:,}"] for name, n in used.items()),
            ["seconds in agents", f"{totals['agent_seconds']:,.1f}"],
            ["seconds in simulators or tables", f"{totals['simulator_seconds']:,.1f}"],
            ["seconds around them", f"{overhead:,.1f}"],
            ["tables", parquet],
        ],
    )
    for name, scenario, agent, status, traceback in failures[:5]:
        print(f"failed: {agent} on {scenario} ({name}), {status}: {error_of(traceback)}")
    if failed:
        print("The tracebacks are in the ledger; try again with --resume FOLDER --retry-failed.")
    print(f"Report: archgym report {path}")
    return int(bool(failed))


def _dry_run(options: argparse.Namespace, changes: dict[str, Any]) -> int:
    """Count and time; nothing is written, so tables that are missing stay so."""
    with busy("checking the sweep …", options.json):
        sweep, roots = planned_sweep(Path(options.file), **changes)
    with busy("timing the simulators, and one short run of every agent …", options.json):
        tables = [
            {
                "scenario": name,
                "folder": str(root),
                "certificate": str(root / file_name(sweep.scenarios[name])),
                **expected(sweep.scenarios[name]),
            }
            for name, root in roots.items()
        ]
        plan = estimate(sweep, options.workers, looked_up=roots)
    if options.json:
        print_json(plan | {"tables": tables})
        return 0
    print_table(
        ["panel", "agent", "points", "tuning runs", "test runs", "evaluations", "CPU time, about"],
        [
            [
                r["panel"],
                r["agent"],
                r["points"],
                r["runs"],
                r["test_runs"],
                f"{r['evaluations']:,}",
                duration(r["seconds"]),
            ]
            for r in plan["agents"]
        ],
        title=f"{sweep.name}: {len(sweep.scenarios)} scenarios",
    )
    for name, reason in sweep.skipped.items():
        print(f"skipped {name}: {reason}")
    for name, limit in sweep.queries.items():
        print(
            f"each run ends before more than {limit:,} {name} queries, and may spend less than its budget"
        )
    if tables:
        print_table(
            ["table to build first", "with its certificate", "designs", "at most about"],
            [
                [t["scenario"], t["certificate"], f"{t['designs']:,}", duration(t["seconds"])]
                for t in tables
            ],
        )
    print(
        f"{plan['runs']:,} runs ({plan['tuning_runs']:,} tuning, {plan['test_runs']:,} test), "
        f"{plan['evaluations']:,} evaluations; about {duration(plan['hours'] * 3600)} on "
        f"{plan['workers']} workers"
        + (
            f", after about {duration(sum(t['seconds'] for t in tables))} for tables."
            if tables
            else "."
        )
    )
    return 0
