"""Lines of JSON between a judge and an agent: designs, costs, spaces. No pickles: one side is not trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from ...contracts.evaluation import Evaluation
from ...contracts.feedback import Feedback
from ...space import Columns, Constraint, Designs, DesignSpace, Parameter

# which constraint, and designs (n, d): which of them keep it
Holds = Callable[[int, Designs], Any]


def space_message(space: DesignSpace) -> dict[str, Any]:
    """A space as plain values; of a constraint its name and its reason alone.

    Args:
        space: what is searched.

    Returns:
        A mapping for JSON.
    """
    return {
        "parameters": [
            [p.name, list(p.values), p.kind, p.unit, p.scale, p.description]
            for p in space.parameters
        ],
        "constraints": [[c.name, c.reason] for c in space.constraints],
    }


def space_of(message: Mapping[str, Any], holds: Holds) -> DesignSpace:
    """The space of a message.

    Args:
        message: what :func:`space_message` made.
        holds: asks the judge which designs keep a constraint.

    Returns:
        A space that is equal to the judge's.
    """
    parameters = [
        Parameter(name, tuple(values), kind, unit, scale, text)
        for name, values, kind, unit, scale, text in message["parameters"]
    ]
    constraints = [
        Constraint(name, partial(_asked, parameters, holds, i), reason)
        for i, (name, reason) in enumerate(message["constraints"])
    ]
    return DesignSpace(parameters, constraints)


def _asked(parameters: list[Parameter], holds: Holds, i: int, columns: Columns) -> Any:
    """Which designs, given by their values, keep a constraint, (n,) bool."""
    x = [[p.index(v) for v in columns[p.name]] for p in parameters]
    return holds(i, np.array(x, np.int64).T.reshape(-1, len(parameters)))


def feedback_message(feedback: Feedback) -> dict[str, Any]:
    """What an agent is told besides costs, as plain values.

    Args:
        feedback: of n designs.

    Returns:
        A mapping for JSON, whose numbers may be NaN or infinite.
    """
    e = feedback.evaluation
    return {
        "metrics": {n: v.tolist() for n, v in e.metrics.items()},
        "feasible": e.feasible.tolist(),
        "reasons": list(e.reasons),
        "violations": {n: v.tolist() for n, v in feedback.violations.items()},
        "penalty": feedback.penalty.tolist(),
        "objectives": None if feedback.objectives is None else feedback.objectives.tolist(),
    }


def evaluation_of(message: Mapping[str, Any]) -> Evaluation:
    """The evaluation of a message.

    Args:
        message: what :func:`feedback_message` made.

    Returns:
        The evaluation of n designs, bit for bit.
    """
    metrics = {n: np.array(v, np.float64) for n, v in message["metrics"].items()}
    return Evaluation(metrics, np.array(message["feasible"], np.bool_), message["reasons"])
