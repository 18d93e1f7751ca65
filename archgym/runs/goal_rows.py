"""Objectives and specs of a run's result as rows of words: what is wanted, and what designs give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..units import format_quantity


def goal_rows(
    result: Mapping[str, Any], best: Mapping[str, Any], compared: Mapping[str, Any] | None
) -> list[list[str]]:
    """Objectives and specs as rows: what is wanted, then value (and pass or fail) by design.

    Args:
        result: a run's summary, as ``result.json`` holds it.
        best: an entry of it, such as ``result["best"]``.
        compared: the entry of the reference design, or None for no columns of it.

    Returns:
        Cells by row: the goal, the value of best; of ``compared`` its value and the ratio best /
        compared.
    """
    rows = []
    for o in result["objectives"]:
        row = [objective_label(o), quantity(best["objectives"][o["name"]], o["unit"])]
        if compared is not None:
            there = compared["objectives"][o["name"]]
            row += [quantity(there, o["unit"]), ratio(best["objectives"][o["name"]], there)]
        rows.append(row)
    for spec in result["specs"]:
        row = [f"spec {spec['text']}", spec_cell(spec, best)]
        if compared is not None:
            name = spec["metric"]
            row += [
                spec_cell(spec, compared),
                ratio(best["metrics"][name], compared["metrics"][name]),
            ]
        rows.append(row)
    return rows


def objective_label(objective: Mapping[str, Any]) -> str:
    """``minimise energy * latency``, with the target where there is one.

    Args:
        objective: an entry of ``result["objectives"]``.

    Returns:
        The label.
    """
    verb = {"minimize": "minimise", "maximize": "maximise"}[objective["goal"]]
    target = objective.get("target")
    aimed = f" (target {quantity(target, objective['unit'])})" if target is not None else ""
    return f"{verb} {objective['name']}{aimed}"


def spec_cell(spec: Mapping[str, Any], design: Mapping[str, Any]) -> str:
    """The value that a spec is about, and whether it passes: ``3.2 W, fail by 6.7 %``.

    Args:
        spec: an entry of ``result["specs"]``.
        design: an entry such as ``result["best"]``.

    Returns:
        The cell.
    """
    value = quantity(design["metrics"][spec["metric"]], spec["unit"])
    off = design["missed"].get(spec["metric"])
    if off is None:
        return f"{value}, pass"
    limited = any(spec.get(k) for k in ("upper", "lower"))
    return f"{value}, fail" + (f" by {100 * off:.3g} %" if limited else "")


def quantity(value: float | None, unit: str) -> str:
    """A figure with its unit; ``-`` for none.

    Args:
        value: in the SI unit, or None.
        unit: the SI unit, or ''.

    Returns:
        The figure with a fitting prefix.
    """
    return "-" if value is None else format_quantity(value, unit)


def ratio(value: float | None, there: float | None) -> str:
    """Best over reference, with four digits.

    Args:
        value: of the best design.
        there: of the reference design.

    Returns:
        The ratio; ``-`` where one is missing, the reference is zero or their signs differ: it would say
        nothing.
    """
    if value is None or there is None or there == 0 or value / there < 0:
        return "-"
    return f"{value / there:.4g}"
