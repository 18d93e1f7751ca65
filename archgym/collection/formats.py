"""Data sets in other formats: plain CSV, and Minari, Gymnasium's standard for offline learning."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..answers.evaluator import make_evaluator
from ..datasets.reader import Dataset
from ..errors import ArchgymError, MissingExtraError, StoreError
from ..files.cells import neutral
from ..files.text import share
from ..runs.run_folder import RunFolder


def to_csv(data: Path, path: Path) -> int:
    """All columns of a data set as CSV. Numbers are written so that they read back to the same bits.

    Text that a spreadsheet would execute is marked by an apostrophe. Reading takes it off again.

    Args:
        data: the data set's Parquet file.
        path: the CSV to write.

    Returns:
        The number of rows.

    Raises:
        StoreError: the file cannot be written.
    """
    rows = 0
    temporary = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for table in Dataset(data).batches():
                if not rows:
                    writer.writerow([neutral(n) for n in table.column_names])
                columns = [table[n].to_pylist() for n in table.column_names]
                writer.writerows([neutral(cell) for cell in row] for row in zip(*columns))
                rows += len(table)
        share(temporary)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {path}: {error.strerror}; free some space and export again"
        ) from error
    return rows


def to_minari(runs: Sequence[Path], name: str) -> tuple[str, int]:
    """Run folders as a Minari data set: one episode per run, one step per evaluation.

    The action is the design (``MultiDiscrete``). The observation is the metrics that it got (NaN of
    infeasible designs becomes 0); the first is all zeros. The reward is the scenario's.

    Args:
        runs: the run folders, all of one scenario.
        name: of the Minari data set.

    Returns:
        The name, and the number of episodes.

    Raises:
        MissingExtraError: minari is not installed.
        ArchgymError: the runs are of different scenarios, or a run has no trial.
    """
    try:
        import minari
        from minari.data_collector import EpisodeBuffer
    except ModuleNotFoundError as error:
        raise MissingExtraError("Minari export", "minari", "minari") from error
    from gymnasium import spaces

    buffers: list[Any] = []
    first = None
    for i, path in enumerate(runs):
        folder = RunFolder.open(path)
        scenario = folder.scenario()
        first = first or scenario
        if scenario.space != first.space or scenario.document != first.document:
            raise ArchgymError(
                f"{path} searched {scenario.name!r}, {runs[0]} searched {first.name!r}: export apart"
            )
        with folder.evaluations() as store:
            x = store.proposed(folder.manifest["id"], len(scenario.space))
            if not len(x):
                raise EmptyRunError(path)
            evaluator = make_evaluator(scenario, "exact", store)
            scenario.settle_reference(evaluator)
            e = evaluator(x)
        seen = np.nan_to_num(np.stack(list(e.metrics.values()), axis=1)).astype(np.float64)
        ends = np.zeros(len(x), np.bool_)
        last = ends.copy()
        last[-1] = True
        buffers.append(
            EpisodeBuffer(
                id=i,
                observations=np.concatenate([np.zeros((1, seen.shape[1])), seen]),
                actions=x,
                rewards=scenario.rewards(e).tolist(),
                terminations=ends.tolist(),
                truncations=last.tolist(),
            )
        )
    assert first is not None
    metrics = first.simulators[0].metrics
    minari.create_dataset_from_buffers(
        name,
        buffers,
        action_space=spaces.MultiDiscrete(first.space.nvec),
        observation_space=spaces.Box(-np.inf, np.inf, (len(metrics),), np.float64),
        description=f"archgym scenario {first.name}; observations are {', '.join(m.name for m in metrics)}",
        data_format="hdf5",
    )
    return name, len(buffers)


class EmptyRunError(ArchgymError):
    """A run folder without a trial."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no trial; continue it with archgym run --resume {path}")
