"""What the browser draws of one run or sweep, from its files."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ..contracts.evaluation import Metric
from ..documents import read_json
from ..errors import StoreError
from ..files.cells import restored
from ..files.seal import damaged
from ..files.sqlite import read_only, refuse_links
from ..goals.objectives import Expression
from ..runs.course import course
from ..runs.live import LIVE
from ..runs.result_file import in_present_names
from ..runs.run_folder import RESULT, TRIALS
from ..sweeps.driver import LEDGER
from ..units import format_quantity
from .folders import FAULTS, Item

MOST_CELLS = 400


def run_course(path: Path) -> dict[str, Any]:
    """Objectives over the trials and the front of a run, finished or not.

    Args:
        path: the run folder.

    Returns:
        What the browser draws: plain values for JSON.

    Raises:
        StoreError: nothing there yet, or files that cannot be read.
    """
    if (path / RESULT).exists():
        told = read_json(path / RESULT)
        if damaged(told):
            raise StoreError(f"{path / RESULT}: its digest differs, it is damaged")
        try:
            metrics, met = _read_trials(path / TRIALS, list(told["units"]))
            front = np.array([int(e["step"]) for e in in_present_names(told)["front"]], np.intp)
            return course(told, metrics, met, front[front < len(met)])
        except FAULTS as error:
            raise StoreError(f"{path / TRIALS} cannot be read: {error}") from error
    if (path / LIVE).exists():
        return dict(read_json(path / LIVE)["course"])
    raise StoreError(f"{path} has told nothing yet: a run tells its course every two seconds")


def _read_trials(file: Path, names: list[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Metrics (n,) and which trials meet the specs, of a finished run."""
    import pyarrow.csv as pa

    if file.is_symlink():
        raise StoreError("it is a symbolic link, which is not followed")
    with file.open(encoding="utf-8", newline="") as lines:
        head = [restored(name) for name in next(csv.reader(lines))]
    table = pa.read_csv(
        file,
        read_options=pa.ReadOptions(column_names=head, skip_rows=1),
        parse_options=pa.ParseOptions(newlines_in_values=True),
        convert_options=pa.ConvertOptions(include_columns=["specs_met", *names]),
    )
    metrics = {n: table[n].to_numpy().astype(np.float64) for n in names}
    return metrics, table["specs_met"].to_numpy() == 1


def sweep_row(item: Item) -> dict[str, Any]:
    """A sweep as a row of the table: planned and finished runs.

    A damaged ledger is told in ``note``. No error is raised.

    Args:
        item: the sweep.

    Returns:
        Plain values for JSON, with the keys of :func:`archgym.dashboard.folders.run_row`.
    """
    row: dict[str, Any] = {
        "id": item.id, "kind": "sweep", "name": item.name, "scenario": "", "agent": "", "seed": "",
        "state": "", "done": 0, "budget": 0, "best": "", "met": False, "note": "", "page": False,
        "seen": max((ns / 1e9 for _, ns, _ in item.stamp), default=0.0),
    }  # fmt: skip
    try:
        rows = _asked(item.path / LEDGER, "SELECT status, count(*) FROM runs GROUP BY 1")
        counts = {str(s): int(n) for s, n in rows}
        scenarios, agents = _asked(
            item.path / LEDGER, "SELECT count(DISTINCT scenario), count(DISTINCT agent) FROM runs"
        )[0]
    except (StoreError, sqlite3.Error, TypeError, ValueError) as error:
        return row | {"state": "unreadable", "note": str(error)[:200]}
    whole = sum(counts.values())
    left = counts.get("planned", 0)
    failed = whole - left - counts.get("done", 0)
    return row | {
        "scenario": _counted(scenarios, "scenario"), "agent": _counted(agents, "agent"), "budget": whole,
        "done": whole - left, "state": "running" if left else "done",
        "note": f"{failed:,} failed" if failed else "",
    }  # fmt: skip


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def sweep_groups(path: Path) -> list[dict[str, Any]]:
    """A sweep by scenario and agent: runs done and planned, and the best design in words.

    Args:
        path: the sweep's folder.

    Returns:
        A row per scenario and agent.

    Raises:
        StoreError: no ledger there, or one that cannot be read.
    """
    # SQLite gives the metrics of the row that has the least cost
    query = (
        "SELECT scenario, agent, count(*), sum(status = 'done'), sum(status NOT IN ('done', 'planned')), "
        "min(best), metrics, charged FROM runs GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?"
    )
    try:
        rows = _asked(path / LEDGER, query, MOST_CELLS)
        told = _asked(path / LEDGER, "SELECT value FROM meta WHERE key = 'goals'")
        goals = json.loads(told[0][0]) if told else {}
        return [
            {
                "scenario": str(scenario), "agent": str(agent), "runs": int(runs), "done": int(done),
                "failed": int(failed), "charged": int(charged or 0),
                "best": "" if best is None else _in_words(goals.get(scenario), json.loads(metrics)),
            }
            for scenario, agent, runs, done, failed, best, metrics, charged in rows
        ]  # fmt: skip
    except (sqlite3.Error, *FAULTS) as error:
        raise StoreError(f"{path / LEDGER} cannot be read: {error}") from error


def _in_words(goals: Mapping[str, Any] | None, metrics: Mapping[str, float]) -> str:
    """Objectives and metrics of specs in units; of ledgers that do not tell them, all metrics in SI units."""
    if goals is None:
        return ", ".join(f"{n} {float(v):.4g}" for n, v in metrics.items())
    units = [Metric(str(n), str(u)) for n, u in goals["units"].items()]
    values = {n: np.array([float(v)]) for n, v in metrics.items()}
    out = []
    for text in goals["shown"]:
        expression = Expression.parse(text, units)
        out.append(
            f"{text} {format_quantity(float(expression(values)[0]), expression.unit(units))}"
        )
    return ", ".join(out)


def _asked(file: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    log = refuse_links(file).with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        connection = read_only(file, 5.0)
    else:  # nobody writes: SQLite is kept from making its log's index beside the file
        place = f"file:{quote(str(file.resolve()))}?immutable=1"
        connection = sqlite3.connect(place, uri=True, isolation_level=None)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()
