"""The runs of a sweep as Parquet, by scenario and agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..documents import parse_json
from ..files.parquet import arrow, write_table
from .ledger import Ledger

_COLUMNS = (
    "id, seed, budget, panel, phase, charged, computed, different, feasible, satisfied, best, "
    "agent_seconds, simulator_seconds, seconds, hyperparameters, curve"
)


def write_runs(ledger: Ledger, folder: Path) -> int:
    """Write a sweep's runs as Parquet files, ``scenario=…/agent=…/part.parquet``.

    ``step`` and ``best_so_far`` hold each run's improvements. Hyperparameters are
    ``hyperparameters.NAME``, queries that were used ``queries.NAME``.

    Args:
        ledger: of the sweep.
        folder: where to.

    Returns:
        How many runs.
    """
    pa = arrow()
    total, used = 0, ledger.queries()
    names = sorted({n for counts in used.values() for n in counts})
    groups = sorted({(s, a) for s, a in ledger.rows("scenario, agent")})
    for scenario, agent in groups:
        rows = list(ledger.rows(_COLUMNS, "scenario = ? AND agent = ?", (scenario, agent)))
        columns: dict[str, list[Any]] = {
            n: [r[i] for r in rows] for i, n in enumerate(_COLUMNS.split(", "))
        }
        hyperparameters = [
            parse_json(h, "a run's hyperparameters") for h in columns.pop("hyperparameters")
        ]
        curves = [parse_json(c, "a run's curve") for c in columns.pop("curve")]
        for name in sorted({n for h in hyperparameters for n in h}):
            columns[f"hyperparameters.{name}"] = [h.get(name) for h in hyperparameters]
        for name in names:
            columns[f"queries.{name}"] = [used.get(r[0], {}).get(name, 0) for r in rows]
        columns["step"] = [[int(s) for s, _ in c] for c in curves]
        columns["best_so_far"] = [[float(v) for _, v in c] for c in curves]
        place = folder / f"scenario={scenario.replace('/', '-')}" / f"agent={agent}"
        write_table(pa.table(columns), place / "part.parquet")
        total += len(rows)
    return total
