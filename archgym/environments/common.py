"""What the three environments share: the scenario, its observation, its evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..answers.evaluator import make_evaluator
from ..answers.store import EvaluationStore
from ..contracts.evaluation import Evaluation
from ..goals.scenario import Scenario
from ..goals.scenario_file import load_scenario
from ..space import Designs

OBSERVATION_LIMIT = 20.0
Observations = NDArray[np.float32]


class View:
    """One scenario as seen from an environment.

    The observation of a design is the logarithm of each metric over the reference design's (over 1
    in SI units where the scenario names no reference), clipped to ±20, and 1 where it is feasible;
    an infeasible design, and the state before the first, is all zeros.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario,
        workload: str | Sequence[str] | None,
        store: str | Path | None,
        cost_model: str | Path | None = None,
    ) -> None:
        self.scenario = load_scenario(scenario, workload)
        by = "" if cost_model is None else f"proxy:{cost_model}"
        kept = None if store is None else EvaluationStore(store)
        self._evaluator = make_evaluator(self.scenario, by, kept)
        self._evaluator.prepare()
        self.space = self.scenario.space
        self.metrics = [m.name for m in self.scenario.simulators[0].metrics]
        self.units = {m.name: m.unit for m in self.scenario.simulators[0].metrics}
        reference = self.scenario.reference_evaluation
        scale = (
            [1.0] * len(self.metrics)
            if reference is None
            else [float(reference.metrics[n][0]) for n in self.metrics]
        )
        self._scales = [s if s > 0 else 1.0 for s in scale]
        self._scale = np.array(self._scales)

    @property
    def observation_size(self) -> int:
        """Metrics and the feasibility flag."""
        return len(self.metrics) + 1

    def observation_space(self, extra: int = 0) -> spaces.Box:
        """The box of observations, with ``extra`` further entries."""
        return spaces.Box(
            -OBSERVATION_LIMIT, OBSERVATION_LIMIT, (self.observation_size + extra,), np.float32
        )

    def evaluate(self, x: Designs) -> Evaluation:
        """Combined metrics; through the store where there is one."""
        return self._evaluator(x)

    def observe(self, e: Evaluation) -> Observations:
        """Observations of a batch, (n, metrics + 1) float32."""
        table = np.stack([e.metrics[n] for n in self.metrics], axis=1) / self._scale
        with np.errstate(divide="ignore", invalid="ignore"):
            np.log(table, out=table)
        out = np.empty((len(table), len(self.metrics) + 1), np.float32)
        np.clip(table, -OBSERVATION_LIMIT, OBSERVATION_LIMIT, out=out[:, :-1], casting="unsafe")
        out[:, -1] = e.feasible
        if not e.feasible.all():
            out[~e.feasible] = 0
        return out

    def observe_one(self, row: dict[str, float], feasible: bool) -> Observations:
        """:meth:`observe` of one design, without the cost of arrays."""
        if not feasible:
            return np.zeros(self.observation_size, np.float32)
        limit, log = OBSERVATION_LIMIT, math.log
        values = []
        for v, scale in zip(row.values(), self._scales):
            x = log(v / scale) if v > 0 else -limit
            values.append(x if -limit <= x <= limit else math.copysign(limit, x))
        values.append(1.0)
        return np.array(values, np.float32)

    def information(self, e: Evaluation) -> dict[str, Any]:
        """What ``info`` says of a batch of one: values by name with units, feasibility, specs.

        An infeasible design has no values, rather than NaN, which equals nothing, not even itself.
        """
        feasible = bool(e.feasible[0])
        return {
            "metrics": {n: float(e.metrics[n][0]) for n in self.metrics} if feasible else {},
            "units": dict(self.units),
            "feasible": feasible,
            "reason": "" if feasible else e.reason(0),
            "specs_met": feasible and bool(self.scenario.satisfied(e)[0]),
            "guessed": not self._evaluator.exact,
        }
