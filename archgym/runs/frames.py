"""Trials and fronts as data frames, under the names of ``trials.csv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..goals.scenario import Scenario
from ..goals.trials import Trials

if TYPE_CHECKING:
    import pandas as pd


def frame_of_trials(scenario: Scenario, trials: Trials) -> pd.DataFrame:
    """Every trial, one row each; ``attrs["units"]`` maps knobs and metrics to their units.

    Args:
        scenario: what was searched.
        trials: everything that was tried, in order.

    Returns:
        Metrics in SI units, NaN where infeasible; columns as in ``trials.csv``.
    """
    import pandas as pd

    e = trials.evaluation
    names = scenario.columns
    columns: dict[str, Any] = {"step": np.arange(len(trials))}
    for i, p in enumerate(scenario.space.parameters):
        columns[names.knobs[p.name]] = p.array[trials.x[:, i]]
    columns |= {"feasible": e.feasible, "specs_met": trials.satisfied, "cost": trials.cost}
    columns |= {column: e.metrics[m] for m, column in names.metrics.items()}
    columns["reason"] = [e.reason(i) for i in range(len(trials))]
    return _with_units(pd.DataFrame(columns), scenario)


def frame_of_front(scenario: Scenario, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The front of a result: ``step``, the knobs, the metrics.

    Args:
        scenario: what was searched.
        entries: ``front`` of a result.

    Returns:
        One row per design of the front, metrics in SI units.
    """
    import pandas as pd

    names = scenario.columns
    rows = [
        [
            e["step"],
            *(e["design"][k] for k in names.knobs),
            *(e["metrics"][m] for m in names.metrics),
        ]
        for e in entries
    ]
    columns = ["step", *names.knobs.values(), *names.metrics.values()]
    return _with_units(pd.DataFrame(rows, columns=columns), scenario)


def _with_units(frame: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    names = scenario.columns
    units = {names.knobs[p.name]: p.unit for p in scenario.space.parameters}
    units |= {names.metrics[m]: unit for m, unit in scenario.units.items()}
    frame.attrs["units"] = {column: unit for column, unit in units.items() if unit}
    return frame
