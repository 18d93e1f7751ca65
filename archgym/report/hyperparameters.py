"""Which hyperparameters decide the lottery: functional ANOVA over a sweep's runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .. import registry
from ..contracts.evaluation import Floats
from ..documents import parse_json
from ..statistics.effects import exact_effects
from .results import Results

LARGEST_GRID = 200_000


def importances(results: Results) -> pd.DataFrame:
    """Main and total share of the variance that each hyperparameter explains, by agent.

    The outcome is a run's rank among the agent's runs on the same scenario (0 best, 1 worst), at the
    largest checkpoint. Where the runs cover a full grid, its means are decomposed exactly. Elsewhere a
    random forest is fitted to the runs and decomposed over the grid of all values tried (Hutter et al.,
    ICML 2014). Its out-of-bag R² says how far to trust it.

    Args:
        results: of the sweep.

    Returns:
        A row per agent and hyperparameter. Agents are left out whose runs vary no hyperparameter, are too
        few, or span a grid of more than 200,000 points.
    """
    rows: list[dict[str, Any]] = []
    for label, runs in results.tuning.groupby("label"):
        budget = int(runs["budget"].max())
        checkpoint = max((c for c in results.checkpoints if c <= budget), default=None)
        if checkpoint is None:
            continue
        names, levels, index = _axes(runs)
        if not names or len(runs) < 2 * len(names):
            continue
        outcome = runs.groupby("scenario")[f"area.{checkpoint}"].rank(pct=True, method="average")
        known = outcome.notna().to_numpy()
        grid, fit, how = _surface(index[known], outcome.to_numpy()[known], [len(v) for v in levels])
        if grid is None:
            continue
        effects = exact_effects(grid, names, [len(v) for v in levels])
        for i, name in enumerate(names):
            rows.append(
                {
                    "agent": label, "hyperparameter": name, "main": effects.main[i],
                    "total": effects.total[i], "best value": _best(grid, levels, i),
                    "default": _default(str(runs["agent"].iloc[0]), name), "method": how, "R2": fit,
                    "runs": int(known.sum()),
                }
            )  # fmt: skip
    columns = [
        "agent",
        "hyperparameter",
        "main",
        "total",
        "best value",
        "default",
        "method",
        "R2",
        "runs",
    ]
    return pd.DataFrame(rows, columns=columns)


def _axes(runs: pd.DataFrame) -> tuple[list[str], list[list[Any]], np.ndarray]:
    """Hyperparameters that vary, the values tried, and each run's position among them."""
    table = [parse_json(h, "a run's hyperparameters") for h in runs["hyperparameters"]]
    names = sorted({n for row in table for n in row})
    levels = [sorted({row[n] for row in table}, key=lambda v: (str(type(v)), v)) for n in names]
    moving = [i for i, values in enumerate(levels) if len(values) > 1]
    names, levels = [names[i] for i in moving], [levels[i] for i in moving]
    index = np.array(
        [[lv.index(row[n]) for n, lv in zip(names, levels)] for row in table], np.int64
    )
    return names, levels, index.reshape(len(table), len(names))


def _surface(
    index: np.ndarray, outcome: Floats, shape: list[int]
) -> tuple[Floats | None, float, str]:
    size = int(np.prod(shape))
    if size > LARGEST_GRID:
        return None, np.nan, ""
    rank = np.ravel_multi_index(tuple(index.T), shape)
    count = np.bincount(rank, minlength=size)
    if (count > 0).all():
        return np.bincount(rank, weights=outcome, minlength=size) / count, 1.0, "exact"
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(
        200, min_samples_leaf=3, oob_score=True, random_state=0, n_jobs=1
    )
    forest.fit(index, outcome)
    grid = np.stack(np.unravel_index(np.arange(size), shape), axis=1)
    return np.asarray(forest.predict(grid)), float(forest.oob_score_), "forest"


def _best(grid: Floats, levels: list[list[Any]], axis: int) -> str:
    shaped = grid.reshape([len(v) for v in levels])
    mean = shaped.mean(axis=tuple(k for k in range(len(levels)) if k != axis))
    return str(levels[axis][int(np.argmin(mean))])


def _default(agent: str, name: str) -> str:
    if agent not in registry.names("agents"):  # out of a ledger: a name, never a path
        return ""
    return str(registry.load("agents", agent).defaults.get(name, ""))
