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
    """Every trial, one row each; ``attrs["units"]`` maps knobs and metrics to their units."""
    import pandas as pd

    e = trials.evaluation
    columns: dict[str, Any] = {"step": np.arange(len(trials))}
    for i, p in enumerate(scenario.space.parameters):
        columns[p.name] = p.array[trials.x[:, i]]
    columns |= {"feasible": e.feasible, "specs_met": trials.satisfied, "cost": trials.cost}
    columns |= {m.name: e.metrics[m.name] for m in scenario.simulators[0].metrics}
    columns["reason"] = [e.reason(i) for i in range(len(trials))]
    return _with_units(pd.DataFrame(columns), scenario)


def frame_of_front(scenario: Scenario, entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The front of a result: ``trial``, the knobs, the metrics."""
    import pandas as pd

    rows = [{"trial": e["trial"], **e["design"], **e["metrics"]} for e in entries]
    names = ["trial", *scenario.space.names, *scenario.units]
    return _with_units(pd.DataFrame(rows, columns=names), scenario)


def _with_units(frame: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    knobs = {p.name: p.unit for p in scenario.space.parameters if p.unit}
    frame.attrs["units"] = knobs | {n: u for n, u in scenario.units.items() if u}
    return frame
