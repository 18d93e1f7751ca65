"""Around one design: what every single knob does when the others stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts.evaluation import Floats
from ..goals.scenario import Scenario
from ..space import Designs, Value


@dataclass(frozen=True)
class KnobEffect:
    """One knob moved through its values: ``gaps`` (values,) to the cost of the design itself.

    A gap below 0 is an improvement, +inf a design that is infeasible or breaks a spec.
    """

    knob: str
    value: Value
    values: tuple[Value, ...]
    gaps: Floats

    @property
    def others(self) -> Floats:
        """The gaps of the values it does not have."""
        return np.delete(self.gaps, self.values.index(self.value))


def one_at_a_time(scenario: Scenario, design: Designs) -> list[KnobEffect]:
    """What happens when one knob of a design alone is moved.

    Args:
        scenario: says what a change is worth, and evaluates.
        design: (d,) value indices.

    Returns:
        An effect for each knob that has more than one value.
    """
    out = []
    for column, parameter in enumerate(scenario.space.parameters):
        if len(parameter) < 2:
            continue
        x = np.repeat(np.asarray(design, np.int64)[None], len(parameter), axis=0)
        x[:, column] = np.arange(len(parameter))
        cost = scenario.costs(scenario.evaluate(x))[:, 0]
        here = int(design[column])
        gaps = scenario.gap(cost, float(cost[here]))
        out.append(KnobEffect(parameter.name, parameter.values[here], parameter.values, gaps))
    return out
