"""Everything a study did, in order, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..space import Designs
from .pareto import pareto_front
from .scenario import Scenario


@dataclass(frozen=True)
class Trials:
    """Everything a study did, in order: designs (n, d), evaluation, costs (n,), objectives (n, k).

    ``charged`` (n,) is what the study had been charged after each trial, in full evaluations; None where
    that is the number of trials, since none was evaluated at a cheaper fidelity.
    """

    x: Designs
    evaluation: Evaluation
    cost: Floats
    objectives: Floats
    satisfied: NDArray[np.bool_]
    charged: Floats | None = None

    @classmethod
    def of(cls, scenario: Scenario, x: Designs, e: Evaluation) -> Trials:
        """Designs (n, d) of a scenario with their combined evaluation, priced.

        Args:
            scenario: prices them.
            x: value indices (n, d).
            e: their evaluation over all workloads.

        Returns:
            The trials, in the given order.
        """
        cost = scenario.costs(e)[:, 0]
        return cls(x, e, cost, scenario.costs(e, vector=True), scenario.satisfied(e))

    def __len__(self) -> int:
        return len(self.x)

    @property
    def best(self) -> int:
        """The position of the first trial of least cost; -1 where none is feasible."""
        if not len(self) or not np.isfinite(self.cost).any():
            return -1
        return int(np.argmin(self.cost))

    @property
    def spent(self) -> Floats:
        """What had been charged after each trial, (n,), in full evaluations."""
        return np.arange(1.0, len(self) + 1) if self.charged is None else self.charged

    @property
    def front(self) -> NDArray[np.intp]:
        """Positions of the Pareto front of the objectives among designs that meet the specs."""
        return pareto_front(self.objectives)

    @property
    def best_so_far(self) -> Floats:
        """The least cost after each trial, (n,)."""
        return np.minimum.accumulate(self.cost) if len(self) else self.cost
