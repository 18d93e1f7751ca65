"""Sweeps as Parquet: a table of runs by scenario and agent, and of every trial where they are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..errors import MissingExtraError, StoreError
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs
from .ledger import Ledger
from .plan import RunSpec

_COLUMNS = (
    "id, seed, budget, panel, phase, charged, computed, distinct_designs, feasible, satisfied, best, "
    "agent_seconds, simulator_seconds, seconds, hyper, curve"
)


def arrow() -> Any:
    """pyarrow, imported late."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingExtraError("Parquet", "pyarrow", "data") from error
    return pyarrow


def write_runs(ledger: Ledger, folder: Path) -> int:
    """``runs/scenario=…/agent=…/part.parquet``; returns how many runs.

    ``step`` and ``best_so_far`` hold each run's improvements; hyperparameters are ``hyper.*``.
    """
    pa = arrow()
    total = 0
    groups = sorted({(s, a) for s, a in ledger.rows("scenario, agent")})
    for scenario, agent in groups:
        rows = list(ledger.rows(_COLUMNS, "scenario = ? AND agent = ?", (scenario, agent)))
        columns: dict[str, list[Any]] = {
            n: [r[i] for r in rows] for i, n in enumerate(_COLUMNS.split(", "))
        }
        hyper = [json.loads(h) for h in columns.pop("hyper")]
        curves = [json.loads(c) for c in columns.pop("curve")]
        for name in sorted({n for h in hyper for n in h}):
            columns[f"hyper.{name}"] = [h.get(name) for h in hyper]
        columns["step"] = [[int(s) for s, _ in c] for c in curves]
        columns["best_so_far"] = [[float(v) for _, v in c] for c in curves]
        place = folder / f"scenario={scenario.replace('/', '-')}" / f"agent={agent}"
        _write(pa, pa.table(columns), place / "part.parquet")
        total += len(rows)
    return total


def write_trials(folder: Path, spec: RunSpec, scenario: Scenario, trials: Trials) -> None:
    """Every trial of one run: value indices, metrics, cost."""
    pa = arrow()
    columns: dict[str, Any] = {"step": range(len(trials))}
    columns |= {name: trials.x[:, i].astype("int32") for i, name in enumerate(scenario.space.names)}
    columns |= {f"metric.{n}": v for n, v in trials.evaluation.metrics.items()}
    columns |= {"feasible": trials.evaluation.feasible, "cost": trials.cost}
    columns["reason"] = [trials.evaluation.reason(i) for i in range(len(trials))]
    table = pa.table({k: pa.array(v) for k, v in columns.items()})
    facts = {"run": spec.id, "seed": str(spec.seed)}
    _write(
        pa,
        table.replace_schema_metadata(facts),
        trials_file(folder, scenario.name, spec.agent, spec.id),
    )


def trials_file(folder: Path, scenario: str, agent: str, run: str) -> Path:
    """Where the trials of a run lie."""
    return folder / f"scenario={scenario.replace('/', '-')}" / f"agent={agent}" / f"{run}.parquet"


def read_trials(path: Path, scenario: Scenario) -> tuple[Designs, Evaluation]:
    """The designs of a run and their (aggregated) metrics, as :func:`write_trials` wrote them."""
    try:
        table = arrow().parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    x = np.stack([table[n].to_numpy() for n in scenario.space.names], axis=1).astype(np.int64)
    metrics = {m.name: table[f"metric.{m.name}"].to_numpy() for m in scenario.simulators[0].metrics}
    return x, Evaluation(metrics, table["feasible"].to_numpy(), table["reason"].to_pylist())


def _write(pa: Any, table: Any, path: Path) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pa.parquet.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error}; free some space and try again") from error
