"""A run in a few words, for terminals and notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..goals.scenario import Scenario
from ..units import knob_value
from .goal_rows import goal_rows
from .naming import title_of

SHOWN_KNOBS = 12
LONG = 60  # characters of a value


def text(
    scenario: Scenario, manifest: Mapping[str, Any], result: Mapping[str, Any], path: Path | None
) -> str:
    """A run in a few lines: what searched what, goals of the best design, the knobs it moved.

    Args:
        scenario: what was searched.
        manifest: of the run.
        result: the run's summary, as ``result.json`` holds it.
        path: the run's folder; None for a run in memory.

    Returns:
        Lines without a line break at the end.
    """
    lines = [headline(scenario, manifest, result)]
    lines += ["  " + _in_line(row) for row in _rows(result)]
    moved = moved_knobs(scenario, result)
    if moved:
        lines.append("  knobs: " + ", ".join(f"{n} {v}" for n, v, _ in moved[:SHOWN_KNOBS]))
        if len(moved) > SHOWN_KNOBS:
            lines[-1] += f" and {len(moved) - SHOWN_KNOBS:,} more (see .best)"
    return "\n".join([*lines, "  " + _footing(result, path)])


def html_text(
    scenario: Scenario, manifest: Mapping[str, Any], result: Mapping[str, Any], path: Path | None
) -> str:
    """A run as tables without scripts, for notebooks.

    Args:
        scenario: what was searched.
        manifest: of the run.
        result: the run's summary, as ``result.json`` holds it.
        path: the run's folder; None for a run in memory.

    Returns:
        HTML, with all texts escaped.
    """
    has_reference = bool(result["reference"] and result["reference"]["metrics"])
    head = ["goal", "best", *(["reference", "best / reference"] if has_reference else [])]
    moved = moved_knobs(scenario, result)
    knobs = [
        [n, str(v), *([] if there is None else [str(there)])] for n, v, there in moved[:SHOWN_KNOBS]
    ]
    more = (
        f"<p>{len(moved) - SHOWN_KNOBS:,} more knobs: see <code>.best</code></p>"
        if len(moved) > SHOWN_KNOBS
        else ""
    )
    return (
        f"<div><p><b>{escape(headline(scenario, manifest, result))}</b></p>"
        + (_table(head, _rows(result)) if result["best"] else "")
        + (_table(["knob", "best", *(["reference"] if result["reference"] else [])], knobs) if knobs else "")
        + f"{more}<p>{escape(_footing(result, path))}</p></div>"
    )  # fmt: skip


def headline(scenario: Scenario, manifest: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """What searched what, and whether the best design meets the specs, in one line.

    Args:
        scenario: what was searched.
        manifest: of the run.
        result: the run's summary.

    Returns:
        The line.
    """
    if result["best"] is None:
        found = "no feasible design"
    elif not result["specs"]:
        found = "best design found"
    else:
        found = "meets every spec" if result["best"]["specs_met"] else "does NOT meet every spec"
    return (
        f"Run: {title_of(scenario)}, {manifest['agent']}, seed {manifest['seed']}, "
        f"{result['charged']:,} evaluations: {found}"
    )


def _rows(result: Mapping[str, Any]) -> list[list[str]]:
    best, reference = result["best"], result["reference"]
    if best is None:
        return []
    return goal_rows(result, best, reference if reference and reference["metrics"] else None)


def _in_line(row: list[str]) -> str:
    """``minimise energy: 3 mJ (reference 4 mJ, ratio 0.75)``."""
    goal, best, *compared = row
    return f"{goal}: {best}" + (
        f" (reference {compared[0]}; ratio {compared[1]})" if compared else ""
    )


def moved_knobs(scenario: Scenario, result: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Knobs of the best design that differ from the reference; all of them where there is no reference.

    Args:
        scenario: what was searched.
        result: the run's summary.

    Returns:
        Name, value with unit, the reference's value or None; empty where nothing is feasible.
    """
    if result["best"] is None:
        return []
    there = result["reference"]["design"] if result["reference"] else {}
    return differing_knobs(scenario, result["best"]["design"], there)


def differing_knobs(
    scenario: Scenario, design: Mapping[str, Any], there: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    """Knobs of a design that another design sets differently or lacks.

    Args:
        scenario: knows the units of knobs.
        design: values by knob.
        there: the other design's values by knob; it may lack some.

    Returns:
        Name, value with unit, the other's value or None; long texts are cut.
    """
    units = {p.name: p.unit for p in scenario.space.parameters}
    return [
        (n, _short(knob_value(v, units.get(n, ""))), _short(there[n]) if n in there else None)
        for n, v in design.items()
        if n not in there or there[n] != v
    ]


def _short(value: Any) -> Any:
    return value[: LONG - 1] + "…" if isinstance(value, str) and len(value) > LONG else value


def _footing(result: Mapping[str, Any], path: Path | None) -> str:
    counts = f"{result['different']:,} different, {result['computed']:,} computed, {result['feasible']:,} feasible"
    ended = result.get("ended", {}).get("text", "")
    place = "in memory: .save(FOLDER) keeps it" if path is None else f"in {path}"
    return "; ".join(filter(None, [counts, ended, place]))


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
