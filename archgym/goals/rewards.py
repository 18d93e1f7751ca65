"""Named reward formulations: metrics to one cost to minimise, shared by all environments.

Each takes the metrics, objectives and specs of a scenario and returns costs (n,) of feasible rows.
A reward is minus the cost; infeasible designs cost +inf and are rewarded ``INFEASIBLE_REWARD``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..contracts.evaluation import Floats
from .objectives import Objective, Spec

VIOLATED = 100.0
INFEASIBLE_REWARD = -1000.0
TARGET_CAP = 1000.0

Formulation = Callable[[Mapping[str, Floats], Sequence[Objective], Sequence[Spec], float], Floats]


def satisfy_then_improve(
    metrics: Mapping[str, Floats],
    objectives: Sequence[Objective],
    specs: Sequence[Spec],
    rho: float,
) -> Floats:
    """Specs first, then objectives.

    A design that violates specs costs 100 plus the sum of log(1 + violation); one that meets them
    costs the weighted mean of the log-ratios of its objectives to the reference design (negative
    is better than the reference; -0.69 is twice as good).
    """
    if len(objectives) == 1:
        cost = _log_ratio(objectives[0], metrics)
    else:
        weight = sum(o.weight for o in objectives)
        cost = sum(o.weight * _log_ratio(o, metrics) for o in objectives) / weight  # type: ignore[assignment]
    if not specs:
        return cost
    violation = np.log1p(specs[0].violation(metrics))
    for spec in specs[1:]:
        violation = violation + np.log1p(spec.violation(metrics))
    return np.where(violation > 0, VIOLATED + violation, cost)


def _log_ratio(objective: Objective, metrics: Mapping[str, Floats]) -> Floats:
    value = objective.expression(metrics)
    reference = objective.reference if objective.reference is not None else 1.0
    return objective.sign * np.log(value / reference)


def target_distance(
    metrics: Mapping[str, Floats],
    objectives: Sequence[Objective],
    specs: Sequence[Spec],
    rho: float,
) -> Floats:
    """ArchGym's original reward, product of target / |target - value|, negated, capped at 1000.

    Kept for comparability.  Its flaw: it peaks *at* the target, so a design better than the target
    scores worse than one that just meets it.
    """
    reward = np.ones(1)
    for objective in objectives:
        target = objective.target if objective.target is not None else objective.reference
        assert target is not None  # the scenario has checked it
        distance = np.abs(target - objective.expression(metrics))
        with np.errstate(divide="ignore"):
            reward = reward * np.minimum(abs(target) / distance, TARGET_CAP)
    return -np.minimum(reward, TARGET_CAP)


def weighted_accuracy(
    metrics: Mapping[str, Floats],
    objectives: Sequence[Objective],
    specs: Sequence[Spec],
    rho: float,
) -> Floats:
    """NASAIC (arXiv 2002.04116): weighted mean of the objectives minus rho times the penalties."""
    weight = sum(o.weight for o in objectives)
    value = sum(o.weight * -o.cost(metrics) for o in objectives) / weight
    penalty = sum((s.penalty(metrics) for s in specs), start=np.zeros(1))
    return -(value - rho * penalty)


FORMULATIONS: dict[str, Formulation] = {
    "satisfy-then-improve": satisfy_then_improve,
    "target-distance": target_distance,
    "weighted-accuracy": weighted_accuracy,
}
