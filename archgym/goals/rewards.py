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
FLOOR = 1e-9  # of the reference: where logarithms end, see `compared`

Formulation = Callable[[Mapping[str, Floats], Sequence[Objective], Sequence[Spec], float], Floats]


def satisfy_then_improve(
    metrics: Mapping[str, Floats],
    objectives: Sequence[Objective],
    specs: Sequence[Spec],
    rho: float,
) -> Floats:
    """Specs first, then objectives.

    A design that violates specs costs 100 plus the sum of log(1 + violation); one that meets them
    costs the weighted mean of its objectives as compared with the reference design: the logarithm of
    their ratio (negative is better than the reference; -0.69 is twice as good), or for objectives that
    may be 0 or negative the inverse hyperbolic sine of their difference (:func:`compared`).

    Args:
        metrics: (n,) by name, in SI units.
        objectives: with plain numbers.
        specs: with plain numbers.
        rho: is not used here.

    Returns:
        (n,) costs without unit.
    """
    if len(objectives) == 1:
        cost = compared(objectives[0], metrics)
    else:
        weight = sum(o.weight for o in objectives)
        cost = sum(o.weight * compared(o, metrics) for o in objectives) / weight  # type: ignore[assignment]
    if not specs:
        return cost
    violation = np.log1p(specs[0].violation(metrics))
    for spec in specs[1:]:
        violation = violation + np.log1p(spec.violation(metrics))
    return np.where(violation > 0, VIOLATED + violation, cost)


def compared(objective: Objective, metrics: Mapping[str, Floats]) -> Floats:
    """An objective against its reference, (n,); less is better, 0 is equal.

    By ratio: log(value / reference).  Below a billionth of the reference, 0 and negative values
    included, the logarithm is continued by an inverse hyperbolic sine of the same slope, so that
    every value has a finite cost and the order of designs is kept.

    By difference, and where the reference itself is 0 or negative: asinh((value - reference) / scale),
    which is the relative difference near the reference and grows like a logarithm far from it.

    Args:
        objective: with plain numbers.
        metrics: (n,) by name, in SI units.

    Returns:
        (n,) without unit.
    """
    value = objective.expression(metrics)
    reference = objective.reference if objective.reference is not None else 1.0
    assert isinstance(reference, float | int)  # resolved by the scenario
    if objective.compare == "difference" or reference <= 0:
        scale = objective.scale or abs(reference) or 1.0
        return objective.sign * np.arcsinh((value - reference) / scale)
    ratio = value / reference
    if not (ratio < FLOOR).any():
        return objective.sign * np.log(ratio)
    continued = np.log(FLOOR) + np.arcsinh((ratio - FLOOR) / FLOOR)
    return objective.sign * np.where(ratio < FLOOR, continued, np.log(np.maximum(ratio, FLOOR)))


def target_distance(
    metrics: Mapping[str, Floats],
    objectives: Sequence[Objective],
    specs: Sequence[Spec],
    rho: float,
) -> Floats:
    """ArchGym's original reward, product of target / |target - value|, negated, capped at 1000.

    Kept for comparability.  Its flaw: it peaks *at* the target, so a design better than the target
    scores worse than one that just meets it.

    Args:
        metrics: (n,) by name, in SI units.
        objectives: each with a target.
        specs: are not used here.
        rho: is not used here.

    Returns:
        (n,) costs without unit.
    """
    reward = np.ones(1)
    for objective in objectives:
        target = objective.target if objective.target is not None else objective.reference
        assert isinstance(target, float | int)  # resolved, and checked by the scenario
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
    """NASAIC (arXiv 2002.04116): weighted mean of the objectives minus rho times the penalties.

    Args:
        metrics: (n,) by name, in SI units.
        objectives: with weights.
        specs: with their worst values.
        rho: weight of the penalties.

    Returns:
        (n,) costs without unit.
    """
    weight = sum(o.weight for o in objectives)
    value = sum(o.weight * -o.cost(metrics) for o in objectives) / weight
    penalty = sum((s.penalty(metrics) for s in specs), start=np.zeros(1))
    return -(value - rho * penalty)


FORMULATIONS: dict[str, Formulation] = {
    "satisfy-then-improve": satisfy_then_improve,
    "target-distance": target_distance,
    "weighted-accuracy": weighted_accuracy,
}
