"""Relative improvement over random designs (Yang et al., "NAS evaluation is frustratingly hard", 1912.12522).

A search is worth what it gains over designs that nobody searched for.  RI is 100 (r - m) / r percent for an
objective m to minimise, where r is the mean of random designs that meet every spec.
"""

from __future__ import annotations

import numpy as np

from ..contracts.evaluation import Floats
from .scenario import Scenario

DRAWS = 200


def mean_cost(scenario: Scenario, costs: Floats, weights: Floats | None = None) -> float:
    """The cost of the mean objective of designs that meet the specs; NaN where there are none.

    Args:
        scenario: what the costs (n,) are of.
        costs: of designs that meet the specs.
        weights: how often each occurs, (n,); the same for all by default.

    Returns:
        A cost on the scenario's scale.
    """
    costs = np.asarray(costs, np.float64)
    if not len(costs):
        return float("nan")
    if scenario.reward != "satisfy-then-improve":
        return float(np.average(costs, weights=weights))
    if all(o.compare == "difference" for o in scenario.objectives):
        return float(np.arcsinh(np.average(np.sinh(costs), weights=weights)))
    least = costs.min()  # costs are logarithms of ratios
    return float(least + np.log(np.average(np.exp(costs - least), weights=weights)))


def mean_random(scenario: Scenario, draws: int = DRAWS) -> float:
    """:func:`mean_cost` of uniform random designs, of which those count that meet the specs.

    Args:
        scenario: what is searched.
        draws: designs that the simulator evaluates, always the same ones.

    Returns:
        A cost on the scenario's scale.
    """
    found = scenario.evaluate(scenario.space.sample(draws, np.random.default_rng(0)))
    return mean_cost(scenario, scenario.costs(found)[scenario.satisfied(found), 0])


def relative_improvement(scenario: Scenario, costs: Floats, random: float) -> Floats:
    """RI in percent.

    Args:
        scenario: what the costs (n,) are of.
        costs: of the designs that were found.
        random: a cost of :func:`mean_cost`.

    Returns:
        RI (n,): negative where a search is worse than a random design, -inf where it meets no specs, NaN where
        ``random`` is.
    """
    if np.isnan(random):
        return np.full(np.shape(costs), np.nan)
    return -100 * scenario.gap(np.asarray(costs, np.float64), random)
