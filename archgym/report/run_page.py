"""The page of one run: what was wanted, what was found, what it is made of, and how to get it again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ArchgymError
from ..figures.base import plotly
from ..files.text import write_text
from ..runs.goal_rows import goal_rows
from ..runs.keeping import load
from ..runs.naming import title_of
from ..runs.run import Run
from ..runs.run_words import headline, moved_knobs
from .parts import Parts
from .why import add_why

PAGE = "page.html"


def write_run_page(folder: Path, output: Path | None = None, *, effects: bool = False) -> Path:
    """Write the page of a finished run as one HTML file that asks the network for nothing.

    Args:
        folder: of the run.
        output: the file to write (default: ``page.html`` in the folder).
        effects: move every knob of the best design through its values and show what is lost; the
            simulator evaluates the neighbours, which are charged to nobody.

    Returns:
        The file.

    Raises:
        ArchgymError: no run there, or one that is not finished; StoreError: a damaged file, or one that
            cannot be written; MissingExtraError: plotly is not installed.
    """
    plotly()
    page = output or folder / PAGE
    write_text(page, _page(load(folder), folder, effects).document())
    return page


def _page(run: Run, folder: Path, effects: bool) -> Parts:
    page = Parts(title_of(run.scenario))
    page.note(headline(run.scenario, run.manifest, run.result))
    page.note(str(run.scenario.description))
    page.items(run.result["notes"], "warn")
    _goals(page, run)
    _changes(page, run, effects)
    add_why(page, run)
    page.head("Convergence", "Each objective over the evaluations charged.")
    _drawn(page, run.plot_convergence)
    page.head("Front", "Designs over two quantities; the box under the pointer says the design.")
    _drawn(page, run.plot_front)
    page.head(
        "Parallel coordinates",
        "The 2,000 least costly feasible trials at most. Drag along an axis to keep a part of it.",
    )
    _drawn(page, run.plot_parallel)
    _infeasible(page, run)
    _again(page, run, folder)
    return page


def _goals(page: Parts, run: Run) -> None:
    result = run.result
    page.head("Objectives and specs")
    if result["best"] is None:
        page.note("No design is feasible, so there is nothing to compare.")
        return
    reference = result["reference"]
    compared = reference if reference and reference["metrics"] else None
    beside = ["reference", "best / reference"] if compared else []
    page.rows(["goal", "best", *beside], goal_rows(result, result["best"], compared))


def _changes(page: Parts, run: Run, effects: bool) -> None:
    if run.result["best"] is None:
        return
    reference = run.result["reference"]
    moved = moved_knobs(run.scenario, run.result)
    page.head(
        "What changed",
        "The knobs of the best design that differ from the reference design."
        if reference
        else "The best design; the scenario has no reference design to compare it with.",
    )
    if moved:
        rows = [[n, str(v), *([str(there)] if reference else [])] for n, v, there in moved]
        page.rows(["knob", "best", *(["reference"] if reference else [])], rows)
    else:
        page.note("No knob: the best design is the reference design.")
    if effects:
        page.head(
            "Around the best design",
            "What is lost when one knob alone is moved. The simulator evaluated the neighbours for this page; "
            "they are charged to nobody and stand in no count of the run.",
        )
        _drawn(page, run.plot_effects)
    else:
        page.note("What each knob buys was not evaluated: archgym page --effects does it.")


def _drawn(page: Parts, draw: Callable[[], Any]) -> None:
    """A figure, or the reason why there is none."""
    try:
        page.figure(draw())
    except ArchgymError as error:
        page.note(str(error))


def _infeasible(page: Parts, run: Run) -> None:
    e = run.trials.evaluation
    reasons = Counter(e.reason(i) or "no reason given" for i in (~e.feasible).nonzero()[0])
    page.head("What was infeasible, and why")
    if reasons:
        page.note(f"{sum(reasons.values()):,} of {len(run.trials):,} trials.")
        page.rows(["reason", "trials"], [[r, f"{n:,}"] for r, n in reasons.most_common()])
    else:
        page.note("Every trial was feasible.")


def _again(page: Parts, run: Run, folder: Path) -> None:
    m, result = run.manifest, run.result
    page.head("How to reproduce it", "The manifest holds all that is needed to replay the run:")
    page.items([f"archgym verify {shlex.quote(str(folder))}"])
    hyper = ", ".join(f"{k}={v}" for k, v in m["hyperparameters"].items()) or "none"
    page.rows(
        ["what", "value"],
        [
            ["agent", m["agent"]],
            ["hyperparameters", hyper],
            ["seed", m["seed"]],
            ["budget", f"{m['budget']:,}"],
            ["evaluations charged", f"{result['charged']:,}"],
            ["different", f"{result['different']:,}"],
            ["computed", f"{result['computed']:,}"],
            ["page written by", f"archgym {__version__}"],
        ],
    )
