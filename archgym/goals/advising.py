"""What an agent is told besides costs: how far specs are missed, what limits a design, what could help."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..contracts.evaluation import Evaluation, Floats
from ..contracts.explanation import Explanation
from ..contracts.feedback import Feedback, Relief
from ..contracts.simulator import Simulator
from ..errors import DesignError
from ..space import Designs, DesignSpace
from .objectives import Objective, Spec
from .relief import closeness, relief


class Searched(Protocol):
    """What is used of a scenario, see :class:`archgym.Scenario`."""

    @property
    def parameters(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def objectives(self) -> tuple[Objective, ...]: ...  # noqa: D102
    @property
    def space(self) -> DesignSpace: ...  # noqa: D102
    @property
    def simulators(self) -> tuple[Simulator, ...]: ...  # noqa: D102
    @property
    def resolved(self) -> tuple[tuple[Objective, ...], tuple[Spec, ...]]: ...  # noqa: D102
    def costs(self, e: Evaluation, vector: bool = False) -> Floats: ...  # noqa: D102
    def to_simulator(self, x: Designs) -> Designs: ...  # noqa: D102
    def from_simulator(self, x: Designs) -> Designs: ...  # noqa: D102
    def explain(self, x: Designs, evaluation: Evaluation) -> Sequence[Explanation]: ...  # noqa: D102


def feedback_of(scenario: Searched, e: Evaluation) -> Feedback:
    """What an agent may know of designs besides their costs, from their evaluation alone.

    Args:
        scenario: that is searched.
        e: of a batch of n designs, over all workloads.

    Returns:
        The evaluation, how far each spec is missed, costs of several objectives, and advice.
    """
    penalty, violations = np.zeros(len(e)), {}
    for spec in scenario.resolved[1]:
        violations[spec.metric] = spec.violation(e.metrics)
        penalty += spec.penalty(e.metrics)
    penalties = np.where(e.feasible, penalty, np.inf)
    return Feedback(
        e, violations, penalties, partial(_advise, scenario), partial(_relieve, scenario),
        objectives=scenario.costs(e, vector=True) if len(scenario.objectives) > 1 else None,
    )  # fmt: skip


def urgent_of(scenario: Searched, e: Evaluation) -> dict[str, float]:
    """Metrics of one design that matter, most first, with how much they do.

    Args:
        scenario: that is searched.
        e: of one design.

    Returns:
        Weights by metric: of those outside of their specs, by how far; where every spec is met, of those of the
        objectives, all alike.
    """
    off = {
        s.metric: math.log1p(max(0.0, float(s.violation(e.metrics)[0])))
        for s in scenario.resolved[1]
    }
    missed = {m: v for m, v in off.items() if v > 0}
    if missed:
        return dict(sorted(missed.items(), key=lambda item: -item[1]))
    return dict.fromkeys((n for o in scenario.objectives for n in o.metrics), 1.0)


def _relieve(scenario: Searched, design: Designs, e: Evaluation) -> Relief:
    """Moves from one design (d,) that should relieve what limits it, with weights."""
    found = scenario.explain(design[None], e)
    wanted = urgent_of(scenario, e)
    close = {
        s.metric: closeness(s, e.metrics)
        for s in scenario.resolved[1]
        if s.metric not in wanted and float(s.violation(e.metrics)[0]) <= 0
    }
    matters = [(one[m], w) for one in found for m, w in wanted.items()]
    guarded = [(one[m], w) for one in found for m, w in close.items() if w > 0]
    return relief(scenario.space, design, matters, guarded)


def _advise(scenario: Searched, design: Designs, e: Evaluation) -> Designs:
    """Moves (k, d) from one design (d,), by its evaluation and the simulator's knowledge."""
    metric = next(iter(urgent_of(scenario, e)))
    whole = scenario.to_simulator(design[None])[0]
    moves = scenario.simulators[0].advise(whole, metric, e)
    if not scenario.parameters:
        return moves
    kept = []
    for move in moves:  # moves that leave the narrowed space are no advice here
        try:
            kept.append(scenario.from_simulator(move[None])[0])
        except DesignError:
            continue
    return np.array(kept, np.int64).reshape(len(kept), len(scenario.space))
