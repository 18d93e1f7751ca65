"""Around one design: what one step of each knob does to every metric, evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..contracts.explanation import Move, moved
from ..goals.scenario import Scenario
from ..space import Designs, Parameter, Value

FEW = 8  # values of a categorical knob up to which every other one is tried


@dataclass(frozen=True)
class Step:
    """One knob moved by one step, the others as they are.

    Attributes:
        knob: its name.
        before: its value in the design.
        after: its value after the step.
        metrics: after the step, in SI units; NaN where that is infeasible.
        changes: by metric, the value after the step over that before, less 1; NaN where infeasible, or where
            the metric was 0.
        gap: change of the cost as a share of the objective; below 0 is better, +inf infeasible or against a
            spec.
        reason: why the step is infeasible; ''.
    """

    knob: str
    before: Value
    after: Value
    metrics: Mapping[str, float]
    changes: Mapping[str, float]
    gap: float
    reason: str = ""

    def elasticity(self, metric: str) -> float:
        """Logarithmic change of a metric over that of the knob: -1 where doubling a knob halves the metric.

        NaN for knobs that are no positive number, and for metrics that are not positive.

        Args:
            metric: its name.

        Returns:
            The ratio of logarithms, without unit.
        """
        ends = (self.before, self.after)
        if any(isinstance(v, bool) or not isinstance(v, int | float) or v <= 0 for v in ends):
            return math.nan
        ratio = 1 + self.changes[metric]
        if not ratio > 0:
            return math.nan
        return math.log(ratio) / math.log(float(self.after) / float(self.before))


def single_steps(scenario: Scenario, design: Designs) -> list[Step]:
    """One step each way of every ordinal knob of a design, and every other value of a small categorical one.

    The scenario's simulators evaluate all of them in one batch, and the design itself; that is charged to
    nobody. Of a categorical knob with more than 8 values the two neighbours are tried.

    Args:
        scenario: whose metrics and costs are meant.
        design: value indices (d,).

    Returns:
        Steps in the order of the knobs; those that break a constraint of the space are left out.
    """
    here, space = np.asarray(design, np.int64), scenario.space
    x = moved(space, here, [move for p in space.parameters for move in _moves(p)])
    e = scenario.evaluate(np.concatenate([here[None], x]))
    costs = scenario.costs(e)[:, 0]
    gaps = scenario.gap(costs, float(costs[0]))
    own = e.row(0)
    out = []
    for i, row in enumerate(x, 1):
        column = int(np.flatnonzero(row != here)[0])
        parameter, metrics = space.parameters[column], e.row(i)
        changes = {
            n: metrics[n] / own[n] - 1 if own[n] else math.nan if metrics[n] else 0.0 for n in own
        }
        out.append(
            Step(
                parameter.name, parameter.values[int(here[column])],
                parameter.values[int(row[column])], metrics, changes, float(gaps[i]), e.reason(i),
            )
        )  # fmt: skip
    return out


def _moves(parameter: Parameter) -> list[Move]:
    if parameter.kind == "categorical" and len(parameter) <= FEW:
        return [Move(parameter.name, 0)]
    return [Move(parameter.name, -1), Move(parameter.name, 1)]
