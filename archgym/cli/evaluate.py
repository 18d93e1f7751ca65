"""``archgym evaluate`` and ``verify``."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..answers.checking import check_store
from ..contracts.column_names import BOOKKEEPING
from ..contracts.fidelity import FULL
from ..errors import ArchgymError, DesignError
from ..files.cells import csv_text, restored
from ..files.sqlite import check_pages
from ..files.text import write_text
from ..goals.scenario import Scenario
from ..runs.verify import verify as verify_run
from ..sweeps.driver import LEDGER, STORE
from ..sweeps.ledger import Ledger
from ..terminal.output import PREPARING, busy, print_json
from .judging import UNCONFINED, judged
from .scenarios import add_scenario_options, scenario_of


def add_to(words: Any) -> None:
    """Add both words to the parser.

    Args:
        words: the subparsers of the program; two are added.
    """
    p = words.add_parser("evaluate", help="metrics of designs from a file")
    p.add_argument("scenario", help="name or .yaml file")
    p.add_argument(
        "--designs",
        type=Path,
        required=True,
        help=".csv or .jsonl with a column per parameter, or a run's trials.csv; parameters that it lacks are "
        "those of the reference design",
    )
    p.add_argument("--output", type=Path, help="CSV to write (default: standard output)")
    add_scenario_options(p)
    p.set_defaults(go=evaluate)
    p = words.add_parser(
        "verify", help="evaluate a sample of a run (or leaderboard) again and compare"
    )
    p.add_argument("run", type=Path, nargs="?", help="a run folder, or a sweep's")
    p.add_argument(
        "--leaderboard",
        type=Path,
        metavar="PLACE",
        help="a leaderboard's file, of which a sample of runs is replayed, or a folder of archgym submit (or of "
        "several), of which all runs are (default: none)",
    )
    p.add_argument(
        "--sample",
        type=int,
        metavar="COUNT",
        help="how many (default: 32 evaluations, 8 runs of a file, all of a submission)",
    )
    p.add_argument("--all", action="store_true", help="every recorded evaluation of a run")
    p.add_argument("--unconfined", action="store_true", help=UNCONFINED)
    p.add_argument("--seed", default=0)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=verify)


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate the designs of a file. The CSV that comes out has metrics in SI units beside the designs.

    Args:
        options: the parsed command line: scenario with its changes, file of designs, target.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: the file of designs cannot be read.
        DesignError: a design is not a member of the scenario's space.
    """
    with busy(PREPARING, not sys.stderr.isatty()):
        scenario = scenario_of(options)
    rows = _completed(scenario, read_designs(options.designs))
    known = set(scenario.space.names)
    for row in rows[:1]:
        scenario.space.encode([{k: row[k] for k in row if k in known}])
        for name in row:
            if name not in known:
                scenario.space.position(name)
    try:
        x = scenario.space.encode(rows)
    except DesignError as error:
        raise DesignError(f"{options.designs}: {error}") from error
    e = scenario.evaluate(x)
    columns = scenario.columns
    lines = [[*columns.knobs.values(), "feasible", "reason", *columns.metrics.values()]]
    for i, design in enumerate(scenario.space.decode(x)):
        values = [repr(float(e.metrics[m][i])) if e.feasible[i] else "" for m in columns.metrics]
        lines.append([*map(str, design.values()), str(int(e.feasible[i])), e.reason(i), *values])
    if options.output:
        write_text(options.output, csv_text(lines))
        print(
            f"{len(x)} designs evaluated, {int(np.sum(e.feasible))} feasible: {options.output}",
            file=sys.stderr,
        )
    else:
        sys.stdout.write(csv_text(lines))
    for told in scenario.doubts(e):
        print(f"warning: {told}", file=sys.stderr)
    units = ", ".join(f"{columns.metrics[m]} in {u}" for m, u in scenario.units.items() if u)
    print(f"units: {units or 'none'}", file=sys.stderr)
    return 0


def _completed(scenario: Scenario, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Designs with every knob: results that archgym wrote are left out, missing knobs are the reference's."""
    names, columns = scenario.space.names, scenario.columns
    written = {column: knob for knob, column in columns.knobs.items()}
    results = {*BOOKKEEPING, *columns.indices.values(), *columns.metrics.values()}
    # a knob that shares its name may stand under it in a file that holds designs alone
    results -= {knob for column, knob in written.items() if column not in rows[0]}
    rows = [{written.get(k, k): v for k, v in row.items() if k not in results} for row in rows]
    for name in rows[0]:
        scenario.space.position(name)  # an unknown one is answered by its neighbours
    missing = [n for n in names if any(n not in row for row in rows)]
    reference = scenario.reference_design if missing else None
    if reference is None:
        return rows
    filled = scenario.space.decode(reference)[0]
    told = ", ".join(f"{n} = {filled[n]}" for n in missing)
    print(f"taken from the reference design: {told}", file=sys.stderr)
    return [filled | row for row in rows]


def read_designs(path: Path) -> list[dict[str, Any]]:
    """Designs of a CSV or JSON-lines file, as written.

    Args:
        path: the file; its ending (.csv, .jsonl, .ndjson) says which kind it is.

    Returns:
        One mapping per design, by column; cells of a CSV file are texts.

    Raises:
        ArchgymError: the file cannot be read, is of another kind or holds no design; names the line where
            a row is at fault.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ArchgymError(f"cannot read {path}: {error}") from error
    if path.suffix in (".jsonl", ".ndjson"):
        rows = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise ArchgymError(f"{path}, line {number}: not JSON ({error})") from error
                if not isinstance(row, dict):
                    raise ArchgymError(
                        f"{path}, line {number}: expected an object of parameters, got {row!r}"
                    )
                rows.append(row)
    elif path.suffix == ".csv":
        reader = csv.DictReader(text.splitlines())
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise ArchgymError(
                    f"{path}, line {reader.line_num}: not as many cells as the header has columns"
                )
            rows.append({restored(k.strip()): restored(v.strip()) for k, v in row.items()})
    else:
        raise ArchgymError(f"{path}: expected a .csv or .jsonl file")
    if not rows:
        raise ArchgymError(f"{path} holds no design")
    return rows


def verify(options: argparse.Namespace) -> int:
    """Compute once more what a run or a leaderboard recorded, and compare bit for bit.

    Of a sweep, the rows of its ledger and its store are checked against their checksums instead.

    Args:
        options: the parsed command line: folder or leaderboard, sample size, seed, JSON or not.

    Returns:
        The exit code: 0 where all of it comes out again, 1 where something does not.

    Raises:
        ArchgymError: neither or both of folder and leaderboard are given, or there is nothing to verify.
        StoreError: a file or a row of it is damaged.
    """
    if (options.run is None) == (options.leaderboard is None):
        raise ArchgymError("name a run folder, or give --leaderboard PLACE")
    if options.leaderboard is not None and options.leaderboard.is_dir():
        return judged(
            [options.leaderboard], options.sample, options.json, unconfined=options.unconfined
        )
    if options.leaderboard is not None:
        return _verify_leaderboard(options)
    if (options.run / LEDGER).exists():
        return _verify_sweep(options)
    report = verify_run(options.run, None if options.all else options.sample or 32, options.seed)
    if options.json:
        print_json(report)
    else:
        for d in report["differences"][:10]:
            at = "" if d["fidelity"] == FULL else f" at fidelity {d['fidelity']}"
            values = f"recorded {d['recorded']!r}, now {d['now']!r}"
            print(f"differs: {d['metric']}{at} {values} for {d['design']}")
        count = len(report["differences"])
        verdict = "all reproduce bit for bit" if not count else f"{count} values differ"
        print(
            f"{report['run']}: {report['checked']} recorded evaluations computed again, {verdict}"
        )
    return int(bool(report["differences"]))


def _verify_sweep(options: argparse.Namespace) -> int:
    """Look at every row of a sweep's ledger, and at every page of its files.

    Raises:
        StoreError: something is not what was written.
    """
    check_pages(options.run / LEDGER)
    if (options.run / STORE).exists():
        check_store(options.run / STORE)
    with Ledger(options.run / LEDGER) as ledger:
        runs = ledger.check()
    if options.json:
        print_json({"sweep": str(options.run), "runs": runs, "damaged": 0})
    else:
        print(f"{options.run}: {runs} runs of the ledger are what was written")
    return 0


def _verify_leaderboard(options: argparse.Namespace) -> int:
    """Exit 1 where a row's run does not come out again."""
    from ..report import leaderboard

    with busy("running a sample again …", options.json):
        report = leaderboard.verify(options.leaderboard, options.sample or 8, options.seed)
    if options.json:
        print_json(report)
    else:
        for r in report["rejected"]:
            print(f"rejected: {r['agent']} on {r['scenario']}, seed {r['seed']}: {r['reason']}")
        verdict = f"{len(report['rejected'])} rejected" if report["rejected"] else "all reproduce"
        print(
            f"{report['leaderboard']}: {report['checked']} of {report['runs']} runs ({report['rows']} rows) "
            f"carried out again by the simulators themselves, {verdict}"
        )
    return int(bool(report["rejected"]))
