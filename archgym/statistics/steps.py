"""Around one design: what one step of each knob does to every metric, evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
    here = np.asarray(design, np.int64)
    rows, knobs = [here], []
    for column, parameter in enumerate(scenario.space.parameters):
        for value in _neighbours(parameter, int(here[column])):
            row = here.copy()
            row[column] = value
            rows.append(row)
            knobs.append((column, parameter))
    x = np.stack(rows)
    valid = scenario.space.is_valid(x)
    e = scenario.evaluate(x[valid])
    gaps = scenario.gap(scenario.costs(e)[:, 0], float(scenario.costs(e)[0, 0]))
    own = e.row(0)
    out, position = [], 0
    for i, (column, parameter) in enumerate(knobs, 1):
        if not valid[i]:
            continue
        position += 1
        metrics = e.row(position)
        changes = {
            n: metrics[n] / own[n] - 1 if own[n] else math.nan if metrics[n] else 0.0 for n in own
        }
        out.append(
            Step(
                parameter.name, parameter.values[int(here[column])],
                parameter.values[int(x[i, column])], metrics, changes, float(gaps[position]),
                e.reason(position),
            )
        )  # fmt: skip
    return out


def _neighbours(parameter: Parameter, here: int) -> list[int]:
    if parameter.kind == "categorical" and len(parameter) <= FEW:
        return [v for v in range(len(parameter)) if v != here]
    return [v for v in (here - 1, here + 1) if 0 <= v < len(parameter)]
