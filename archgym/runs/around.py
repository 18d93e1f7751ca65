"""What each knob buys around the best design: a section of a run's page."""

from __future__ import annotations

from ..figures.effects import effects, table_of
from ..pages.parts import Parts
from ..statistics.sensitivity import QUICK_S, one_at_a_time
from .finished import Finished

FORCE = "archgym page --effects does it."


def add_around(page: Parts, run: Finished, wanted: bool | None) -> None:
    """The best design with one knob alone moved, evaluated by the simulator for the page.

    Left out where no design meets the specs, as there is no gap to tell then.

    Args:
        page: to add to.
        run: the run.
        wanted: evaluate the neighbours; None: where all of them take about two seconds at most, and the
            simulator neither starts programs nor calls itself expensive.
    """
    best = run.result["best"]
    if best is None or wanted is False:
        if best is not None:
            page.note(f"What each knob buys was not evaluated: {FORCE}")
        return
    if not best["specs_met"]:
        page.note("No design meets every spec, so it is not shown what each knob buys.")
        return
    simulator = run.scenario.simulators[0]
    if wanted is None and (simulator.expensive or simulator.starts_programs):
        page.note(f"What each knob buys was not evaluated, as evaluations are expensive: {FORCE}")
        return
    found = one_at_a_time(run.scenario, run.best_indices(), None if wanted else QUICK_S)
    if not found.complete:
        page.note(
            f"What each knob buys was not evaluated, as it would take more than {QUICK_S:g} s: {FORCE} "
            f"(The simulator carried out {_counted(found.evaluations)} to find that out, charged to nobody.)"
        )
        return
    page.head(
        "Around the best design",
        "What is lost when one knob alone is moved. Under each knob stands its value in the best design. For this "
        f"page the simulator carried out {_counted(found.evaluations)}: every value of every knob. They are "
        "charged to nobody and stand in no count of the run.",
    )
    idle = [e.knob for e in found.effects if not (e.others > 0).any()]
    if len(idle) < len(found.effects):
        page.figure(effects(table_of(found.effects)))
    if idle:
        page.note(f"No value is worse than the best design's for: {', '.join(idle)}.")


def _counted(evaluations: int) -> str:
    return f"{evaluations:,} evaluation{'s' * (evaluations != 1)}"
