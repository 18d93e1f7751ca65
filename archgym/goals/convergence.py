"""How the objectives of a search improved: the best of the designs that meet the specs, so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from .objectives import Objective
from .scenario import Scenario


@dataclass(frozen=True)
class Curve:
    """One objective over the trials of a search, in its unit.

    ``values`` (n,) are those of the trials, NaN where infeasible.  ``best`` (n,) is the best value
    among the trials so far that meet every spec, NaN before the first: it never gets worse.
    ``reference`` is the value of the reference design, where there is one.
    """

    label: str
    unit: str
    lower_is_better: bool
    values: Floats
    best: Floats
    reference: float | None

    @property
    def improved(self) -> NDArray[np.intp]:
        """The trials at which the best improved."""
        before = np.concatenate([[np.nan], self.best[:-1]]) if len(self.best) else self.best
        return np.flatnonzero(np.isfinite(self.best) & (self.best != before))


def stretched(curve: Curve, spent: Floats) -> Curve:
    """A curve over whole evaluations charged in place of trials.

    Args:
        curve: over trials.
        spent: (n,) what had been charged after each trial, in full evaluations.

    Returns:
        Its best so far after 1, 2, 3 … evaluations; values are left out.
    """
    charged = np.arange(1, math.ceil(spent[-1] - 1e-9) + 1) if len(spent) else np.empty(0)
    at = np.searchsorted(spent - 1e-9, charged, side="right") - 1
    best = np.where(at >= 0, curve.best[at], np.nan) if len(charged) else curve.best
    return replace(curve, values=np.full(len(charged), np.nan), best=best)


def curves(
    scenario: Scenario, metrics: Mapping[str, Floats], satisfied: NDArray[np.bool_]
) -> list[Curve]:
    """One curve an objective.

    Args:
        scenario: whose objectives are meant.
        metrics: of all trials in order, (n,) each, NaN where infeasible.
        satisfied: which trials meet every spec, (n,).

    Returns:
        The curves, in the order of the objectives.
    """
    out = []
    reference = scenario.compared
    units = scenario.simulators[0].metrics
    for objective in scenario.resolved[0]:
        value = _valued(objective, scenario.reward)
        values = value(metrics)
        sign = 1 if scenario.reward == "target-distance" else objective.sign
        there = None
        if reference is not None and reference.values:
            there = float(value({n: np.array([v]) for n, v in reference.values.items()})[0])
        out.append(
            Curve(
                label_of(scenario, objective),
                objective.expression.unit(units),
                sign > 0,
                values,
                best_so_far(values, satisfied, sign > 0),
                there,
            )
        )
    return out


def best_so_far(values: Floats, satisfied: NDArray[np.bool_], lower: bool) -> Floats:
    """The least (or greatest) value among the satisfied so far, (n,); NaN before the first.

    Args:
        values: (n,) in the order of the trials, NaN where infeasible.
        satisfied: which trials meet every spec, (n,).
        lower: whether less is better.

    Returns:
        (n,) in the unit of the values; it never gets worse.
    """
    sign = 1.0 if lower else -1.0
    usable = satisfied & np.isfinite(values)
    best = np.minimum.accumulate(np.where(usable, sign * values, np.inf))
    return np.where(np.isfinite(best), sign * best, np.nan)


def label_of(scenario: Scenario, objective: Objective) -> str:
    """What is improved, in words: the objective, or its distance from the target.

    Args:
        scenario: whose formulation decides.
        objective: one of its objectives.

    Returns:
        The label.
    """
    if scenario.reward == "target-distance":
        return f"distance of {objective.name} from its target"
    return objective.name


def _valued(objective: Objective, reward: str) -> Callable[[Mapping[str, Floats]], Floats]:
    def value(metrics: Mapping[str, Floats]) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = objective.expression(metrics)
        if reward != "target-distance":
            return found
        target = objective.target if objective.target is not None else objective.reference
        assert isinstance(target, float | int)  # resolved, and checked by the scenario
        return np.abs(found - target)

    return value
