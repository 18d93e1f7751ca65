"""A scenario as a pymoo ``Problem``; apart from the other adapters since it is a subclass.

It imports pymoo, so it is itself imported when used: see :func:`archgym.search.adapters.pymoo_problem`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pymoo.core.problem import Problem

from ..answers.evaluator import make_evaluator
from ..goals.scenario import Scenario

BIG = 1e6  # what an infeasible design costs, where +inf is not understood


class ScenarioProblem(Problem):  # type: ignore[misc]
    """The scenario's objectives over value indices, and its specs as constraints.

    It can be pickled and deep-copied.
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(
            n_var=len(scenario.space),
            n_obj=scenario.k,
            n_ieq_constr=len(scenario.specs) + 1,
            xl=np.zeros(len(scenario.space)),
            xu=scenario.space.nvec - 1.0,
            vtype=int,
        )
        self.scenario = scenario
        self._ask = make_evaluator(scenario)

    def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        scenario = self.scenario
        indices = np.clip(np.rint(np.asarray(x, float)), 0, scenario.space.nvec - 1)
        e = self._ask(indices.astype(np.int64))
        objectives = np.stack([o.cost(e.metrics) for o in scenario.objectives], axis=1)
        limits = [
            np.where(e.feasible, 0.0, 1.0),
            *(s.violation(e.metrics) for s in scenario.resolved[1]),
        ]
        out["F"] = np.where(e.feasible[:, None], objectives, BIG)
        out["G"] = np.nan_to_num(np.stack(limits, axis=1), nan=1.0)
