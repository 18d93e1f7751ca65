"""A task as a benchmark problem of OptunaHub (``pip install 'archgym-bench[optunahub]'``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optunahub.benchmarks import BaseProblem

from .task import Task


class Problem(BaseProblem):
    """An objective for ``study.optimize``; every trial is charged to the task.

    Ordinal knobs are whole numbers, positions among their values. An infeasible design ends
    its trial as pruned, and is charged.

    Args:
        task: what is searched.
        vector: a value for each objective, for a study of several.
    """

    def __init__(self, task: Task, vector: bool = False) -> None:
        self.task, self.vector = task, vector and task.objectives > 1

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        """By knob of more than one value what Optuna may suggest."""
        return {
            k.name: IntDistribution(0, len(k.values) - 1)
            if k.kind == "ordinal"
            else CategoricalDistribution(k.values)
            for k in self.task.knobs
            if len(k.values) > 1
        }

    @property
    def directions(self) -> list[optuna.study.StudyDirection]:
        """All minimised."""
        count = self.task.objectives if self.vector else 1
        return [optuna.study.StudyDirection.MINIMIZE] * count

    def evaluate(self, params: Mapping[str, Any]) -> float | tuple[float, ...]:
        """What a design costs.

        Args:
            params: what Optuna suggested, by knob.

        Returns:
            The cost, or one for each objective.

        Raises:
            optuna.TrialPruned: the design is infeasible.
        """
        design = [
            0
            if len(k.values) == 1
            else params[k.name]
            if k.kind == "ordinal"
            else k.values.index(params[k.name])
            for k in self.task.knobs
        ]
        costs = self.task.evaluate(np.array([design]), self.vector)[0]
        if not np.isfinite(costs).all():
            raise optuna.TrialPruned("infeasible")
        return tuple(costs.tolist()) if self.vector else float(costs)
