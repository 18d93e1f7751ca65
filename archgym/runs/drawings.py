"""What the simulator draws of a design: a section of a run's page, and a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..contracts.drawing import Drawing
from ..files.text import write_text
from ..pages.parts import Parts
from .finished import Finished


def add_drawings(page: Parts, run: Finished) -> None:
    """The best design as its simulator draws it, on every workload.

    Left out where the simulator draws nothing, is expensive or starts programs.

    Args:
        page: to add to.
        run: the run.
    """
    scenario = run.scenario
    first = scenario.simulators[0]
    if run.result["best"] is None or first.expensive or first.starts_programs:
        return
    design = scenario.to_simulator(run.best_indices()[None])[0]
    for simulator in scenario.simulators:
        where = f", {simulator.workload}" if len(scenario.simulators) > 1 else ""
        for drawing in simulator.draw(design):
            page.head(f"{drawing.title}{where}", drawing.note)
            page.figure(drawing.figure)


def write_drawings(title: str, drawings: Sequence[Drawing], path: Path) -> None:
    """Drawings as one HTML file that asks the network for nothing.

    Args:
        title: of the page.
        drawings: in order.
        path: the file.

    Raises:
        StoreError: the file cannot be written.
    """
    page = Parts(title)
    for drawing in drawings:
        page.head(drawing.title, drawing.note)
        page.figure(drawing.figure)
    write_text(path, page.document())
