"""The best design of each scenario of a sweep, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..documents import parse_json
from ..goals.scenario import Scenario
from ..goals.wording import in_words
from ..runs.run_words import differing_knobs
from .results import Results

SHOWN_KNOBS = 10


def best_designs(results: Results) -> list[str]:
    """A sentence per scenario: what the best design reaches, who found it, which knobs it moved.

    The sentence describes the certified optimum where there is one, else the best design that any run
    found.

    Args:
        results: of the sweep.

    Returns:
        One sentence per scenario, in the sweep's order. Where no run found a design that works, it says so.
    """
    out = []
    for name, target in results.targets.items():
        scenario = results.sweep.scenarios[name]
        runs = results.runs[results.runs["scenario"] == name]
        reached = runs[runs["best"] <= target.best + 1e-12]
        if target.certificate is not None and target.certified:
            found = target.certificate["optimum"]
            design, metrics, what = found["design"], found["metrics"], "the certified optimum"
        elif np.isfinite(runs["best"]).any():
            run = runs.loc[runs["best"].idxmin()]
            indices = np.array(parse_json(run["design"], "a run's best design"), np.int64)
            design = scenario.space.decode(indices[None])[0]
            metrics = parse_json(run["metrics"], "a run's metrics")
            what = "the best found"
        else:
            out.append(f"{name}: no run found a design that works.")
            continue
        who = ", ".join(reached["label"].value_counts().index[:4])
        by = (
            f"reached by {len(reached)} of {len(runs)} runs ({who})"
            if len(reached)
            else "reached by no run"
        )
        out.append(
            f"{name}: {in_words(scenario, metrics)}, {what}, {by}. {_moved(scenario, design)}"
        )
    return out


def _moved(scenario: Scenario, design: Mapping[str, Any]) -> str:
    """The knobs that differ from the reference design, with both values; all where there is none."""
    reference = scenario.reference_design
    usual = {} if reference is None else scenario.space.decode(reference)[0]
    shown = [
        f"{name} {value} instead of {there}" if usual else f"{name} {value}"
        for name, value, there in differing_knobs(scenario, design, usual)
    ]
    if not shown:
        return "It is the reference design."
    start = "Against the reference design" if usual else "Knobs"
    more = f" and {len(shown) - SHOWN_KNOBS} more" if len(shown) > SHOWN_KNOBS else ""
    return f"{start}: {', '.join(shown[:SHOWN_KNOBS])}{more}."
