"""A run in sentences: what was wanted, and what the best design gives, with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..units import format_quantity
from .goal_rows import quantity

LITTLE = 5e-4  # shares below are called equal


def wanted(result: Mapping[str, Any]) -> str:
    """One sentence, such as ``Wanted: the least power, with total_time at most 52.53 µs.``.

    Args:
        result: a run's summary, as ``result.json`` holds it.

    Returns:
        The sentence.
    """
    goals = [_goal(o) for o in result["objectives"]]
    specs = [limit for s in result["specs"] for limit in _limits(s)]
    held = f", with {_listed(specs)}" if specs else ""
    return f"Wanted: {_listed(goals)}{held}."


def found(result: Mapping[str, Any]) -> list[str]:
    """What the best design gives, against the reference design, and how it stands to the specs.

    Args:
        result: a run's summary, as ``result.json`` holds it.

    Returns:
        One to two sentences.
    """
    best, reference = result["best"], result["reference"]
    if best is None:
        return [f"None of {result['charged']:,} evaluations gave a feasible design."]
    there = reference["objectives"] if reference and reference["metrics"] else {}
    told = [_against(o, best["objectives"][o["name"]], there.get(o["name"])) for o in result["objectives"]]  # fmt: skip
    out = [f"The best design has {_listed(told)}."]
    if not result["specs"]:
        return out
    if best["specs_met"]:
        every = "its spec" if len(result["specs"]) == 1 else "every spec"
        gives = [_value(s, best) for s in result["specs"]]
        return [*out, f"It meets {every}: {_listed(gives)}."]
    missed = [
        f"{_value(s, best)}" + (f", off by {100 * best['missed'][s['metric']]:.3g} %" if _bounded(s) else "")
        for s in result["specs"]
        if s["metric"] in best["missed"]
    ]  # fmt: skip
    return [*out, f"No design met every spec. It misses: {'; '.join(missed)}."]


def _goal(objective: Mapping[str, Any]) -> str:
    target = objective.get("target")
    if target is not None:
        return f"{objective['name']} near {quantity(target, objective['unit'])}"
    return f"the {'least' if objective['goal'] == 'minimize' else 'greatest'} {objective['name']}"


def _limits(spec: Mapping[str, Any]) -> list[str]:
    words = (("lower", "at least"), ("upper", "at most"))
    return [
        f"{spec['metric']} {word} {format_quantity(spec[key], spec['unit'])}"
        for key, word in words
        if spec.get(key) is not None
    ]


def _against(objective: Mapping[str, Any], value: float | None, there: float | None) -> str:
    """``power 1.664 W (2.2 % less than the reference design's 1.701 W)``."""
    text = f"{objective['name']} {quantity(value, objective['unit'])}"
    if value is None or there is None:
        return text
    if there == 0 or value / there <= 0:
        return f"{text} (the reference design: {quantity(there, objective['unit'])})"
    ratio = value / there
    if abs(ratio - 1) < LITTLE:
        how = "as much as"
    elif ratio > 2:
        how = f"{ratio:.3g} times"
    elif ratio < 0.5:
        how = f"{1 / ratio:.3g} times less than"
    else:
        how = f"{100 * abs(ratio - 1):.2g} % {'more' if ratio > 1 else 'less'} than"
    return f"{text} ({how} the reference design's {quantity(there, objective['unit'])})"


def _value(spec: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    value = format_quantity(best["metrics"][spec["metric"]], spec["unit"])
    return f"{spec['metric']} {value} (wanted {' and '.join(_limits(spec)).replace(spec['metric'] + ' ', '')})"


def _bounded(spec: Mapping[str, Any]) -> bool:
    return any(spec.get(k) for k in ("upper", "lower"))


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)
