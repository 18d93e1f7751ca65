"""The page of one run: what was wanted, what was found, what it is made of, and how to get it again."""

from __future__ import annotations

import shlex
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ArchgymError
from ..figures.base import MOST_POINTS
from ..files.text import write_text
from ..pages.parts import Parts
from . import sentences
from .around import add_around
from .drawings import add_drawings
from .finished import Finished
from .goal_rows import goal_rows
from .naming import title_of
from .run_words import headline, moved_knobs
from .why import add_why

PAGE = "page.html"


def write_page_if_possible(run: Finished, folder: Path, effects: bool | None = None) -> None:
    """Write the page at the end of a run: whatever goes wrong costs the page and a warning, not the run.

    Args:
        run: what is shown.
        folder: of the run.
        effects: as of :func:`page_of`.
    """
    try:
        write_text(folder / PAGE, page_of(run, folder, effects).document())
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        warnings.warn(
            f"{folder / PAGE} was not written ({told}); the run is whole. Write it with archgym page "
            f"{shlex.quote(str(folder))}, or leave it out with --no-page",
            RuntimeWarning,
            stacklevel=2,
        )


def page_of(run: Finished, folder: Path | None, effects: bool | None = None) -> Parts:
    """The page of a run.

    Args:
        run: what is shown.
        folder: stands in the command that replays it; None where the run lies in memory.
        effects: evaluate the neighbours of the best design, and show what each knob buys; None: where that
            takes about two seconds at most.

    Returns:
        The page; nothing is written.
    """
    page = Parts(title_of(run.scenario))
    page.note(headline(run.scenario, run.manifest, run.result))
    page.lead([sentences.wanted(run.result), *sentences.found(run.result)])
    page.note(str(run.scenario.description))
    page.items(run.result["notes"], "warn")
    _goals(page, run)
    _changes(page, run, effects)
    add_why(page, run)
    add_drawings(page, run)
    page.head(
        "Convergence",
        "Each objective over the evaluations charged. The axis is fitted to the trials that meet the specs: "
        "double-click to see all." + _thinned(run),
    )
    _drawn(page, run.plot_convergence)
    page.head(
        "Front",
        "Designs over two quantities; the box under the pointer says the design. Double-click to see all trials.",
    )
    _drawn(page, run.plot_front)
    page.head(
        "Parallel coordinates",
        "The 2,000 least costly feasible trials at most, from violet (best) to yellow. Drag along an "
        "axis to keep a part of it, and drag a name to move its axis. On a narrow screen it scrolls sideways.",
    )
    _drawn(page, run.plot_parallel)
    page.head(
        "Which knobs matter",
        "How much of the order of the different designs, from best to worst, the values of one knob alone explain "
        "(epsilon squared of Kruskal and Wallis' test on ranks, corrected for the number of values; infeasible "
        "designs rank last). Grey: chance explains as much (p ≥ 0.05 after Holm). It describes what this run "
        "tried, not the whole space: knobs that the agent moved together share what they tell, and what two "
        "knobs do only together may not show.",
    )
    _drawn(page, run.plot_importance)
    _infeasible(page, run)
    _again(page, run, folder)
    return page


def _thinned(run: Finished) -> str:
    if len(run.trials) <= MOST_POINTS:
        return ""
    return (
        f" At most {MOST_POINTS:,} trials of a kind are drawn, evenly spread, with those that improved; "
        "trials.csv holds all."
    )


def _goals(page: Parts, run: Finished) -> None:
    result = run.result
    page.head("Objectives and specs")
    if result["best"] is None:
        page.note("No design is feasible, so there is nothing to compare.")
        return
    reference = result["reference"]
    compared = reference if reference and reference["metrics"] else None
    beside = ["reference", "best / reference"] if compared else []
    page.rows(["goal", "best", *beside], goal_rows(result, result["best"], compared))


def _changes(page: Parts, run: Finished, effects: bool | None) -> None:
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
    add_around(page, run, effects)


def _drawn(page: Parts, draw: Callable[[], Any]) -> None:
    """A figure, or the reason why there is none."""
    try:
        page.figure(draw())
    except ArchgymError as error:
        page.note(str(error))


def _infeasible(page: Parts, run: Finished) -> None:
    e = run.trials.evaluation
    reasons = Counter(e.reason(int(i)) or "no reason given" for i in (~e.feasible).nonzero()[0])
    page.head("What was infeasible, and why")
    if reasons:
        whole, all_ = sum(reasons.values()), len(run.trials)
        page.note(f"{whole:,} of {all_:,} trials ({100 * whole / all_:.3g} %).")
        page.rows(["reason", "trials"], [[r, f"{n:,}"] for r, n in reasons.most_common()])
    else:
        page.note("Every trial was feasible.")


def _again(page: Parts, run: Finished, folder: Path | None) -> None:
    m, result = run.manifest, run.result
    page.head("How to reproduce it")
    if folder is not None:
        page.note(
            "The manifest of the run holds all that is needed to replay it. To evaluate a part of it again:"
        )
        page.command(f"archgym verify {shlex.quote(str(folder))}")
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
            ["simulator", ", ".join(dict.fromkeys(f"{s['simulator']} {s['version']}" for s in m["simulators"]))],
            ["page written by", f"archgym {__version__}"],
        ],
    )  # fmt: skip
