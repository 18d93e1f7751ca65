"""From evaluations of several workloads to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..contracts.evaluation import Evaluation, Floats
from ..errors import ScenarioError


def combined(
    evaluations: Sequence[Evaluation], aggregate: str, lower_is_better: Mapping[str, bool]
) -> Evaluation:
    """One evaluation of the same designs on all workloads; infeasible anywhere is infeasible.

    Args:
        evaluations: one per workload, each of the same n designs.
        aggregate: ``sum``, ``geometric_mean`` or ``worst``.
        lower_is_better: of each metric of the objectives, whether less of it is better; of the others
            the largest is the worst.

    Returns:
        Metrics (n,) in SI units; NaN where a design is infeasible, with the first workload's reason.

    Raises:
        ScenarioError: a geometric mean of negative values.
    """
    if len(evaluations) == 1:
        return evaluations[0]
    feasible = np.logical_and.reduce([e.feasible for e in evaluations])
    metrics: dict[str, Floats] = {}
    for name in evaluations[0].metrics:
        stack = np.stack([e.metrics[name] for e in evaluations])
        if aggregate == "sum":
            value = stack.sum(axis=0)
        elif aggregate == "geometric_mean":
            if (stack[:, feasible] < 0).any():
                raise ScenarioError(
                    f"metric {name!r} is negative on some workload and has no geometric mean; "
                    "aggregate by sum or worst"
                )
            with np.errstate(divide="ignore"):
                value = np.exp(np.log(stack).mean(axis=0))
        else:
            value = stack.max(axis=0) if lower_is_better.get(name, True) else stack.min(axis=0)
        metrics[name] = np.where(feasible, value, np.nan)
    reasons = [
        next((e.reason(i) for e in evaluations if e.reason(i)), "") for i in range(len(feasible))
    ]
    return Evaluation(metrics, feasible, reasons if any(reasons) else ())
