"""Why a design has the metrics that it has: a section of a run's page, and a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..figures.explanation import explanation
from ..files.text import write_text
from ..goals.explained import Explained, explained
from ..pages.parts import Parts
from .finished import Finished


def add_why(page: Parts, run: Finished) -> None:
    """The best design beside the reference design, one picture per metric of the objectives.

    Left out where the simulator knows no parts, is expensive or starts programs: both designs are evaluated.

    Args:
        page: to add to.
        run: the run.
    """
    simulator = run.scenario.simulators[0]
    if run.result["best"] is None or simulator.expensive or simulator.starts_programs:
        return
    reference = run.scenario.reference_design
    other = None if reference is None else reference[0]
    found = explained(run.scenario, run.best_indices(), other)
    if not any(len(one.names) > 1 for one in found):
        return
    page.head(
        "Why",
        "What the metrics of the best design are made of, and what limits them. The simulator evaluated it "
        + ("and the reference design " if other is not None else "")
        + "again for that, charged to nobody.",
    )
    _fill(page, [one for one in found if len(one.names) > 1])


def write_explanation(title: str, found: Sequence[Explained], path: Path) -> None:
    """An explanation as one HTML file that asks the network for nothing.

    Args:
        title: what is explained.
        found: the explanation of each metric.
        path: of the file.

    Raises:
        MissingPackageError: plotly is not installed.
        StoreError: the file cannot be written.
    """
    page = Parts(f"Explained: {title}")
    _fill(page, found)
    write_text(path, page.document())


def _fill(page: Parts, found: Sequence[Explained]) -> None:
    for one in found:
        page.note(f"{one.metric} on {one.workload}")
        page.figure(explanation(one))
        page.items(one.sentences())
