"""The facts that a certificate must hold, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..documents import is_number

NEEDED = (
    "scenario", "goal", "simulators", "designs", "valid", "feasible", "satisfied", "optimum", "front",
    "cost_quantiles", "share_within", "effects",
)  # fmt: skip


def faults_of(facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with a certificate's facts.

    Args:
        facts: what a certificate's file says.

    Returns:
        A fault for each fact that is missing, of another kind or out of its range.
    """
    out = [f"key {k!r} is missing" for k in NEEDED if k not in facts]
    if out:
        return out
    last = 0
    for key in ("satisfied", "feasible", "valid", "designs"):  # each among the next
        value = facts[key]
        if type(value) is not int or value < last:
            out.append(f"{key}: expected a whole number of at least {last}, got {value!r}")
        else:
            last = value
    best = facts["optimum"]
    if best is not None and not (isinstance(best, Mapping) and is_number(best.get("cost"))):
        out.append(f"optimum: expected a cost or null, got {best!r:.80}")
    table = facts["cost_quantiles"]
    pairs = isinstance(table, list) and all(
        isinstance(row, list) and len(row) == 2 for row in table
    )
    if (
        not pairs
        or not table
        or not all(is_number(s) and (c is None or is_number(c)) for s, c in table)
    ):
        return [*out, "cost_quantiles: expected pairs of a share and a cost"]
    shares = [row[0] for row in table]
    costs = [float("inf") if row[1] is None else row[1] for row in table]
    if (
        shares != sorted(shares)
        or not 0 <= shares[0] <= shares[-1] <= 1 + 1e-9
        or costs != sorted(costs)
    ):
        out.append("cost_quantiles: shares and costs must rise, shares up to 1")
    within = facts["share_within"]
    if not isinstance(within, Mapping) or not all(
        is_number(v) and 0 <= v <= 1 for v in within.values()
    ):
        out.append("share_within: expected shares from 0 to 1")
    if not isinstance(facts["front"], Mapping) or not isinstance(
        facts["front"].get("points"), list
    ):
        out.append("front: expected a mapping with points")
    return out
