"""What a model is worth on rows it did not see: every kind of split, hyperparameters tuned before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import registry
from ..contracts.cost_model import CostModel
from ..contracts.simulator import Simulator
from ..datasets.operations import split
from ..datasets.reader import Dataset
from ..datasets.schema import DatasetError
from .quality import evaluate
from .rows import Rows
from .training import train

TUNING_ROWS = 8000


def split_qualities(
    data: Dataset,
    rows: Rows,
    model: str,
    hyper: Mapping[str, Any],
    splits: Sequence[str],
    *,
    test: float = 0.2,
    seed: int = 0,
    on_step: Callable[[str], None] | None = None,
    simulators: Sequence[Simulator] = (),
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Train on one side of each split, and judge on the other.

    Args:
        data: the data set.
        rows: the same rows in memory.
        model: a registered cost model.
        hyper: its hyperparameters.
        splits: kinds of held-out rows: ``random``, ``agent``, ``region``, ``workload``.
        test: the share of rows to hold out, between 0 and 1.
        seed: of random splits and of the model.
        on_step: told in words what is done next, before each split.
        simulators: whose features the model sees beside the knobs, one a workload.

    Returns:
        Quality by split and metric, and the splits that the data does not allow, with the reason.

    Raises:
        UnknownNameError: no such split; ProxyError: too few rows.
    """
    table: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    for name in splits:
        if on_step is not None:
            on_step(f"training apart from held-out rows ({name})")
        try:
            parts = split(data, name, test=test, seed=seed)
        except DatasetError as error:
            skipped[name] = str(error)
            continue
        proxy = train(
            rows.take(parts.train), model, seed=seed, hyperparameters=hyper, simulators=simulators
        )
        for quality in evaluate(proxy, rows.take(parts.test)):
            table.append({"split": name, "held_out": parts.held_out, **quality.as_dict()})
    return table, skipped


def tuned(
    rows: Rows,
    model: str,
    draws: int,
    seed: int,
    on_step: Callable[[str], None] | None = None,
    simulators: Sequence[Simulator] = (),
) -> dict[str, Any]:
    """The best of ``draws`` points of hyperparameters by mean relative error on held-out designs.

    At most 8,000 rows take part; designs that behave alike are never on both sides.

    Args:
        rows: to learn from and to judge by.
        model: a cost model's name.
        draws: points that are tried.
        seed: of the draws.
        on_step: told in words what is done next, before each point.
        simulators: whose features the model sees beside the knobs, one a workload.

    Returns:
        The best hyperparameters.
    """
    make: type[CostModel] = registry.load("cost_models", model)
    space, rng = make.hyperparameters, np.random.default_rng(seed)
    if not len(space):
        return {}
    order = rng.permutation(len(rows))[:TUNING_ROWS]
    inside = rows.canonical[order] % 5 != 0
    learn, judge = rows.take(order[inside]), rows.take(order[~inside])
    best: tuple[float, dict[str, Any]] = (np.inf, {})
    points = [dict(make.defaults), *space.decode(space.sample(max(0, draws - 1), rng))]
    for number, point in enumerate(points, 1):
        if on_step is not None:
            on_step(f"hyperparameters, draw {number} of {len(points)}")
        proxy = train(learn, model, seed=seed, hyperparameters=point, simulators=simulators)
        qualities = evaluate(proxy, judge)
        error = float(np.mean([np.log(max(q.relative_rmse, 1e-12)) for q in qualities]))
        if error < best[0]:
            best = error, dict(point)
    return best[1]


def hyperparameters(given: Mapping[str, str], model: str) -> dict[str, Any]:
    """Read hyperparameters that were typed.

    Args:
        given: texts by name.
        model: a cost model's name.

    Returns:
        Values of the declared kinds.
    """
    space = registry.load("cost_models", model).hyperparameters
    return {n: space[n].values[space[n].index(text)] for n, text in given.items()}
