"""``rough.csv``: what a run evaluated below full fidelity; none of it is a trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..contracts.evaluation import Floats
from ..errors import StoreError
from ..files.cells import csv_text
from ..goals.scenario import Scenario
from ..search.ladder import Rough

ROUGH = "rough.csv"


def rough_csv(scenario: Scenario, batches: Sequence[Rough]) -> str:
    """Every rough evaluation with its fidelity, its share of a full one, design and metrics (SI units).

    Args:
        scenario: what was searched.
        batches: in order.

    Returns:
        A header and one line per evaluation; ``before_step`` is the number of the next trial.
    """
    names = scenario.columns
    rows: list[list[object]] = [
        [
            *("before_step", "fidelity", "share"),
            *names.knobs.values(),
            *("feasible", "cost"),
            *names.metrics.values(),
        ]
    ]
    for batch in batches:
        costs = scenario.costs(batch.evaluation)[:, 0].tolist()
        for i, design in enumerate(scenario.space.decode(batch.x)):
            metrics = [repr(float(batch.evaluation.metrics[n][i])) for n in names.metrics]
            told = [int(batch.evaluation.feasible[i]), repr(costs[i]), *metrics]
            rows.append([batch.before, batch.fidelity, repr(batch.cost), *design.values(), *told])
    return csv_text(rows)


def spent_of(place: Path, trials: int) -> Floats | None:
    """What a run had been charged after each trial, in full evaluations.

    Args:
        place: the run's folder.
        trials: how many it has.

    Returns:
        (n,); None where nothing was evaluated below full fidelity.

    Raises:
        StoreError: ``rough.csv`` cannot be read.
    """
    file = place / ROUGH
    if not file.exists():
        return None
    shares = np.zeros(trials + 1)
    try:
        rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
        next(rows, None)
        for before_step, _, share, *_ in rows:  # by place: a knob may have one of these names
            shares[min(int(before_step), trials)] += float(share)
    except (OSError, ValueError, csv.Error) as error:
        raise StoreError(
            f"{file} cannot be read ({error}); write it again with --resume {place}"
        ) from error
    return np.asarray(np.arange(1.0, trials + 1) + np.cumsum(shares)[:trials])
