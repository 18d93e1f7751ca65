"""What players are told, as plain values with units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..goals.explained import Explained
from ..goals.scenario import Scenario
from ..goals.trials import Trials
from ..goals.wording import in_words
from ..runs.summary import goals_told, judged
from ..units import format_quantity

SHOWN_PARTS = 12
LISTED = 32  # values of a knob that are told one by one


def described(scenario: Scenario, reference: bool) -> dict[str, Any]:
    """What is searched and what for: knobs, metrics, objectives, specs.

    Args:
        scenario: what is played.
        reference: whether the reference design was paid for, so that its metrics may be told.

    Returns:
        Plain values, ready for JSON.
    """
    goals = goals_told(scenario)
    there = goals.pop("reference")
    out = {
        "scenario": scenario.name,
        "about": scenario.description.strip(),
        "workloads": [s.workload for s in scenario.simulators],
        "designs": scenario.space.cardinality,
        "knobs": [
            {
                "name": p.name,
                "kind": p.kind,
                "values": list(p.values) if len(p) <= LISTED else p.describe_values(),
                "unit": p.unit,
                "meaning": p.description,
            }
            for p in scenario.space.parameters
        ],
        "constraints": [f"{c.name}: {c.reason}" for c in scenario.space.constraints],
        "metrics": [
            {"name": m.name, "unit": m.unit, "meaning": m.description}
            for m in scenario.simulators[0].metrics
        ],
        "objectives": goals["objectives"],
        "specs": goals["specs"],
    }
    if there is None:
        return out
    kept = there if reference else {"design": there["design"]}
    return out | {"reference": kept}


def evaluated(scenario: Scenario, trials: Trials, i: int) -> dict[str, Any]:
    """One trial: the design, and what it is worth, or why it is infeasible.

    Args:
        scenario: what is played.
        trials: all trials of the game.
        i: which of them, from 0.

    Returns:
        Plain values, ready for JSON.
    """
    out: dict[str, Any] = {"step": i, "design": scenario.space.decode(trials.x[i : i + 1])[0]}
    if not trials.evaluation.feasible[i]:
        return out | {"feasible": False, "reason": trials.evaluation.reason(i)}
    e = trials.evaluation.take([i])
    cost, doubts = float(trials.cost[i]), scenario.doubts(e)
    return {
        **out,
        "feasible": True,
        **judged(scenario, e),
        **({"warnings": doubts} if doubts else {}),
        "cost": cost if math.isfinite(cost) else None,
        "in_words": in_words(scenario, e.row(0)),
    }


def why(found: list[Explained]) -> list[dict[str, Any]]:
    """What limits a design, by workload and metric.

    Args:
        found: explanations of one design, one per workload and metric.

    Returns:
        Per explanation: the metric with its value, its largest parts, and sentences.
    """
    return [
        {
            "workload": one.workload,
            "metric": one.metric,
            "value": format_quantity(one.value, one.unit),
            "parts": [
                {"of": one.names[i], "value": format_quantity(float(one.shares[i]), one.unit)}
                for i in one.order[:SHOWN_PARTS]
            ],
            "in_words": one.sentences(),
        }
        for one in found
    ]


def spent(charged: int, budget: int, queries: Mapping[str, int]) -> dict[str, Any]:
    """How much of the budget is used.

    Args:
        charged: evaluations that were used.
        budget: evaluations that the game has.
        queries: how many of each costly part of evaluations were used, by name; may be empty.

    Returns:
        Evaluations used and left, and the queries where there are any.
    """
    out: dict[str, Any] = {"charged": charged, "left": budget - charged, "budget": budget}
    return out | ({"queries": dict(queries)} if queries else {})
