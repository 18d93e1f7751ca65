"""The result of a run for people: objectives, specs, metrics and knobs of best and reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..goals.scenario import Scenario
from ..goals.tradeoff import front_axes
from ..goals.wording import misses_in_words
from ..runs.goal_rows import goal_rows, quantity, ratio
from ..runs.naming import title_of
from ..terminal.output import print_table
from ..units import format_quantity

SHOWN_FRONT = 12
SHOWN_KNOBS = 40


def show_result(scenario: Scenario, result: Mapping[str, Any]) -> None:
    """Print what a run found: best and reference, the front, notes and counts.

    Args:
        scenario: what was searched.
        result: the run's summary, as ``result.json`` holds it.
    """
    best, reference = result["best"], result["reference"]
    if best is None:
        print(f"{title_of(scenario)}: no feasible design in {result['charged']:,} evaluations.")
    else:
        _title(scenario, result)
        compared = reference if reference and reference["metrics"] else None
        print_table(["goal", "best", *_head(compared)], goal_rows(result, best, compared))
        print_table(["metric", "best", *_head(compared)], _metric_rows(result, best, compared))
        _knobs(best["design"], reference["design"] if reference else None)
        _front(scenario, result)
    _around(scenario, result)


def _title(scenario: Scenario, result: Mapping[str, Any]) -> None:
    charged, best = result["charged"], result["best"]
    found = f"{title_of(scenario)}: best of {charged:,} evaluations"
    if not result["specs"]:
        print(f"{found}, there is no spec to meet")
    elif best["specs_met"]:
        print(f"{found}, meets every spec")
    else:
        print(f"{found}, does NOT meet every spec")
        for missed in misses_in_words(scenario, best["metrics"]):
            print(f"  misses {missed}")


def _head(compared: Mapping[str, Any] | None) -> list[str]:
    return [] if compared is None else ["reference", "best / reference"]


def _metric_rows(
    result: Mapping[str, Any], best: Mapping[str, Any], compared: Mapping[str, Any] | None
) -> list[list[str]]:
    rows = []
    for name, value in best["metrics"].items():
        row = [name, quantity(value, result["units"][name])]
        if compared is not None:
            there = compared["metrics"][name]
            row += [quantity(there, result["units"][name]), ratio(value, there)]
        rows.append(row)
    return rows


def _knobs(best: Mapping[str, Any], reference: Mapping[str, Any] | None) -> None:
    names = list(best)
    left_out = 0
    if len(names) > SHOWN_KNOBS:
        moved = [n for n in names if reference is None or best[n] != reference[n]]
        left_out = len(names) - len(moved[:SHOWN_KNOBS])
        names = moved[:SHOWN_KNOBS]
    if names:
        rows = [[n, best[n], *([reference[n]] if reference else [])] for n in names]
        print_table(["knob", "best", *(["reference"] if reference else [])], rows)
    if left_out:
        print(f"{left_out:,} more knobs are in result.json.")


def _front(scenario: Scenario, result: Mapping[str, Any]) -> None:
    front, axes = result["front"], front_axes(scenario)
    if len(front) < 2 or len(axes) < 2:
        return
    rows = []
    for design in front[:SHOWN_FRONT]:
        at = {n: np.array([v]) for n, v in design["metrics"].items()}
        rows.append([format_quantity(float(a.expression(at)[0]), a.unit) for a in axes])
    more = f", first {SHOWN_FRONT} shown" if len(front) > SHOWN_FRONT else ""
    print_table([a.name for a in axes], rows, title=f"Pareto front: {len(front):,} designs{more}")


def _around(scenario: Scenario, result: Mapping[str, Any]) -> None:
    """What has to be known besides the figures: who answered, notes, counts."""
    if "confirmed" in result:
        confirmed = result["confirmed"]
        who = "Rough answers led" if result.get("fidelities") else "A proxy answered"
        print(
            f"{who} the search; best and front are the best of {confirmed['designs']} finalists, "
            f"evaluated by the simulator itself ({confirmed['by']}), and so is the reference."
        )
    for note in result["notes"]:
        print(f"note: {note}")
    for workload, facts in result.get("workload_notes", {}).items():
        print(f"workload {workload}: " + "; ".join(f"{k}: {v}" for k, v in facts.items()))
    guessed = ", as guessed" if "confirmed" in result else ""
    met = f"; {result['satisfied']:,} meet the specs{guessed}" if scenario.specs else ""
    for f in result.get("fidelities", []):
        told = f"fidelity {f['name']}: {f['evaluations']:,} evaluations at {f['cost']:.3g} of a full one"
        if f["charged"]:
            print(
                f"{told}, {f['charged']:.4g} charged; best and front are of full evaluations alone."
            )
        else:
            print(f"{told}; every trial was charged in full all the same.")
    queries = "".join(f"{n:,} {name} queries; " for name, n in result.get("queries", {}).items())
    print(
        f"{queries}{result['charged']:,} evaluations charged, {result['different']:,} different, "
        f"{result['computed']:,} computed; {result['feasible']:,} feasible{guessed}{met}."
    )
