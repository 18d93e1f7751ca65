"""How much each knob decides, over every design of a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..goals.scenario import Scenario
from ..statistics.effects import Effects, exact_effects


def effects_of_knobs(
    scenario: Scenario,
    rows: Evaluation,
    cost: Floats,
    count: NDArray[np.int64],
    index: NDArray[np.int64],
) -> dict[str, Any]:
    """Effects on the cost's rank among all designs, and on the logarithm of each metric.

    The rank (0 best, 1 worst, all infeasible designs last) does not depend on the reward's scale.
    Metrics count where every design is feasible; one that is not positive is taken as it is.

    Args:
        scenario: what is certified.
        rows: the different evaluations, (r,).
        cost: of each row, (r,).
        count: how many designs come to each row, (r,).
        index: the row of every design, (n,), in the order of ranks.

    Returns:
        ``main``, ``total`` and ``pairs`` by the name of the function, ready for JSON.
    """
    _, place = np.unique(cost, return_inverse=True)
    share = np.bincount(place.reshape(-1), weights=count)
    middle = (np.cumsum(share) - share / 2) / share.sum()
    functions: dict[str, Floats] = {"rank of the cost": middle[place.reshape(-1)]}
    if rows.feasible.all():
        for name, values in rows.metrics.items():
            functions[f"log {name}" if (values > 0).all() else name] = (
                np.log(values) if (values > 0).all() else values
            )
    shape = scenario.space.nvec.tolist()
    out = {}
    for name, values in functions.items():
        exact = exact_effects(values[index], scenario.space.names, shape)
        out[name] = effects_as_dict(exact, [n for n, size in zip(exact.names, shape) if size > 1])
    return out


def effects_as_dict(e: Effects, shown: Sequence[str]) -> dict[str, Any]:
    """Plain values: main and total of the names ``shown``, the ten largest interactions.

    Args:
        e: effects of all knobs.
        shown: the names to keep.

    Returns:
        ``main``, ``total`` and ``pairs``, ready for JSON.
    """
    largest = sorted(e.pairs.items(), key=lambda item: -item[1])[:10]
    return {
        "main": {n: float(v) for n, v in zip(e.names, e.main) if n in shown},
        "total": {n: float(v) for n, v in zip(e.names, e.total) if n in shown},
        "pairs": [[a, b, v] for (a, b), v in largest],
    }
