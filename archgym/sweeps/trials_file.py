"""Every trial of a sweep's run as Parquet, where they are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..contracts.evaluation import Evaluation
from ..errors import StoreError
from ..files.parquet import DAMAGES, DIGEST, arrow, table_bytes, table_digest
from ..files.text import write_bytes
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..space import Designs
from .plan import RunSpec


def trials_bytes(spec: RunSpec, scenario: Scenario, trials: Trials) -> bytes:
    """Every trial of one run as the bytes of a Parquet file: the columns of a data set, and the cost.

    Args:
        spec: of the run.
        scenario: names knobs and metrics.
        trials: what was asked and answered.

    Returns:
        The file's bytes.
    """
    pa = arrow()
    names = scenario.columns
    columns: dict[str, Any] = {"step": range(len(trials))}
    for i, p in enumerate(scenario.space.parameters):
        columns[names.knobs[p.name]] = p.array[trials.x[:, i]]
    for i, p in enumerate(scenario.space.parameters):
        columns[names.indices[p.name]] = trials.x[:, i].astype("int32")
    columns |= {names.metrics[n]: v for n, v in trials.evaluation.metrics.items()}
    columns |= {"feasible": trials.evaluation.feasible, "cost": trials.cost}
    columns["reason"] = [trials.evaluation.reason(i) for i in range(len(trials))]
    table = pa.table({k: pa.array(v) for k, v in columns.items()})
    facts = {"run": spec.id, "seed": str(spec.seed), DIGEST: table_digest(table)}
    return table_bytes(table.replace_schema_metadata(facts))


def write_trials(folder: Path, scenario: str, agent: str, run: str, data: bytes) -> None:
    """Put the trials of a run, as a worker sent them, where :func:`trials_file` says.

    Args:
        folder: of all trials.
        scenario: its name.
        agent: its name.
        run: the run's id.
        data: the bytes of :func:`trials_bytes`.

    Raises:
        StoreError: the disk is full or cannot be written.
    """
    path = trials_file(folder, scenario, agent, run)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path.parent}: {error.strerror}") from error
    write_bytes(path, data)


def trials_file(folder: Path, scenario: str, agent: str, run: str) -> Path:
    """Where the trials of a run lie.

    Args:
        folder: of all trials.
        scenario: its name.
        agent: its name.
        run: the run's id.

    Returns:
        A path; nothing is made.
    """
    return folder / f"scenario={scenario.replace('/', '-')}" / f"agent={agent}" / f"{run}.parquet"


def read_trials(path: Path, scenario: Scenario) -> tuple[Designs, Evaluation]:
    """The trials of a run, as :func:`trials_bytes` has them.

    Files of archgym 0.1 are read too: there a knob's own name is that of its index, and metrics are
    ``metric.NAME``.

    Args:
        path: of the file.
        scenario: whose space and metrics it should have.

    Returns:
        Designs (n, d) and their metrics, over several workloads the aggregated ones.

    Raises:
        StoreError: the file cannot be read, is damaged, or lacks a column.
    """
    try:
        table = arrow().parquet.read_table(path, page_checksum_verification=True)
        said = (table.schema.metadata or {}).get(DIGEST.encode())
        if said is not None and said.decode() != table_digest(table):
            raise ValueError("its digest differs: it is damaged")
    except DAMAGES as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    names = scenario.columns
    indices, metrics = list(names.indices.values()), names.metrics
    if indices[0] not in table.column_names:
        indices, metrics = list(names.indices), {m: f"metric.{m}" for m in names.metrics}
    lacking = {*indices, *metrics.values()} - set(table.column_names)
    if lacking:
        raise StoreError(f"{path} lacks the columns {sorted(lacking)}; carry the sweep out again")
    x = np.stack([table[n].to_numpy() for n in indices], axis=1).astype(np.int64)
    found = {m: table[column].to_numpy() for m, column in metrics.items()}
    return x, Evaluation(found, table["feasible"].to_numpy(), table["reason"].to_pylist())
