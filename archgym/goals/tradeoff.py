"""The front of a run that a person wants to see: over objectives, or objective against spec."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from .objectives import Expression
from .pareto import pareto_front
from .scenario import Scenario
from .trials import Trials


@dataclass(frozen=True)
class Axis:
    """A quantity that a front is shown over: an objective, or a single metric."""

    expression: Expression
    unit: str
    lower_is_better: bool

    @property
    def name(self) -> str:
        """The expression's text."""
        return self.expression.text


def front_axes(scenario: Scenario) -> tuple[Axis, ...]:
    """What the front of a scenario is made of: its objectives, or the two metrics of :func:`axes_of`.

    Args:
        scenario: what was searched.

    Returns:
        The axes: what each is, its unit, and whether less is better.
    """
    metrics = scenario.simulators[0].metrics
    if scenario.k > 1:
        return tuple(
            Axis(o.expression, o.expression.unit(metrics), o.sign > 0) for o in scenario.objectives
        )
    return tuple(
        Axis(Expression(n, ((n, 1),)), scenario.units[n], _sign(scenario, n) > 0)
        for n in axes_of(scenario)
    )


def axes_of(scenario: Scenario) -> tuple[str, ...]:
    """The two metrics a front is drawn over: those of objectives, then specs, then any other.

    One name where the simulator has one metric.

    Args:
        scenario: what was searched.

    Returns:
        Names of metrics.
    """
    wanted = [n for o in scenario.objectives for n, _ in o.expression.factors]
    wanted += [s.metric for s in scenario.specs]
    wanted += [m.name for m in scenario.simulators[0].metrics]
    return tuple(dict.fromkeys(wanted))[:2]


def front_of(scenario: Scenario, trials: Trials) -> NDArray[np.intp]:
    """Positions of the non-dominated trials that meet the specs.

    Over the objectives where there are several; with a single one, over :func:`axes_of`.

    Args:
        scenario: what was searched.
        trials: n of them.

    Returns:
        Positions among the trials, ascending or in the order of the front.
    """
    if scenario.k > 1 or not len(trials):
        return trials.front
    return pareto_front(front_costs(scenario, trials.evaluation))


def front_costs(scenario: Scenario, e: Evaluation) -> Floats:
    """What a front is made of, (n, axes); less is better, +inf where a spec is violated.

    Args:
        scenario: what was searched.
        e: of n designs, over all workloads.

    Returns:
        (n, axes).
    """
    if scenario.k > 1:
        return scenario.costs(e, vector=True)
    columns = [_sign(scenario, n) * e.metrics[n] for n in axes_of(scenario)]
    costs = np.stack(columns, axis=1)
    costs[~scenario.satisfied(e)] = np.inf
    return costs


def _sign(scenario: Scenario, metric: str) -> int:
    """+1 where less of a metric is better, by the objectives, else by the specs."""
    for objective in scenario.objectives:
        for name, power in objective.expression.factors:
            if name == metric:
                return objective.sign * power
    for spec in scenario.specs:
        if spec.metric == metric and spec.upper is None:
            return -1
    return 1
