"""One evaluated design in a few words: its objectives in their units, and the specs it misses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..units import format_quantity
from .scenario import Scenario


def objectives_in_words(scenario: Scenario, metrics: Mapping[str, float]) -> str:
    """``latency 12 ns, energy * latency 3.1 pJ·s``, of the metrics of one feasible design.

    Args:
        scenario: what was searched.
        metrics: of one feasible design, in SI units.

    Returns:
        The words.
    """
    at = {n: np.array([v]) for n, v in metrics.items()}
    parts = []
    for objective in scenario.objectives:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(objective.expression(at)[0])
        unit = objective.expression.unit(scenario.simulators[0].metrics)
        parts.append(f"{objective.name} {format_quantity(value, unit)}")
    return ", ".join(parts)


def misses_in_words(scenario: Scenario, metrics: Mapping[str, float]) -> list[str]:
    """``power 3.2 W, limit <= 3 W``, one of each spec that a feasible design does not meet.

    Args:
        scenario: what was searched.
        metrics: of one feasible design, in SI units.

    Returns:
        Words per spec; none where all are met.
    """
    at = {n: np.array([v]) for n, v in metrics.items()}
    return [
        f"{s.metric} {format_quantity(metrics[s.metric], scenario.units[s.metric])}, limit "
        + s.text(scenario.units[s.metric]).removeprefix(f"{s.metric} ")
        for s in scenario.resolved[1]
        if s.violation(at)[0] > 0
    ]


def in_words(scenario: Scenario, metrics: Mapping[str, float]) -> str:
    """Objectives, and the metrics of the specs that are missed.

    Args:
        scenario: what was searched.
        metrics: of one feasible design, in SI units.

    Returns:
        The words.
    """
    at = {n: np.array([v]) for n, v in metrics.items()}
    missed = [s.metric for s in scenario.resolved[1] if s.violation(at)[0] > 0]
    text = objectives_in_words(scenario, metrics)
    return f"{text} (misses {', '.join(missed)})" if missed else text
