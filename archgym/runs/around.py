"""What each knob buys around the best design: a section of a run's page."""

from __future__ import annotations

from ..figures.effects import MOST_BARS, effects, table_of
from ..pages.parts import Parts
from ..statistics.sensitivity import QUICK_S, Neighbourhood, one_at_a_time
from .finished import Finished

FORCE = "archgym page --effects does it."
MOST = 12  # other values of a knob that are tried, unless all are asked for


def add_around(page: Parts, run: Finished, wanted: bool | None) -> None:
    """The best design with one knob alone moved, evaluated by the simulator for the page.

    Left out where no design meets the specs, as there is no gap to tell then.

    Args:
        page: to add to.
        run: the run.
        wanted: evaluate every value of every knob; None: twelve others of a knob at most, and only where they
            take about two seconds at most and the simulator neither starts programs nor calls itself expensive.
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
    found = one_at_a_time(
        run.scenario, run.best_indices(), *((None, None) if wanted else (QUICK_S, MOST))
    )
    if not found.complete:
        page.note(
            f"What each knob buys was not evaluated, as it would take more than {QUICK_S:g} s: {FORCE} "
            f"(The simulator carried out {_counted(found.evaluations)} to find that out, charged to nobody.)"
        )
        return
    page.head(
        "Around the best design",
        "What is lost when one knob alone is moved. Under each knob stands its value in the best design. For this "
        f"page the simulator carried out {_counted(found.evaluations)}, charged to nobody and in no count of the "
        f"run. {_which(run, found)}",
    )
    idle = [e.knob for e in found.effects if not (e.others > 0).any()]
    if len(idle) < len(found.effects):
        page.figure(effects(table_of(found.effects)))
        felt = len(found.effects) - len(idle)
        if felt > MOST_BARS:
            page.note(
                f"Of {felt} knobs that lose something the {MOST_BARS} that lose most are drawn."
            )
    if idle:
        page.note(f"No value is worse than the best design's for: {', '.join(idle)}.")


def _which(run: Finished, found: Neighbourhood) -> str:
    sizes = {p.name: len(p) for p in run.scenario.space.parameters}
    thinned = [e.knob for e in found.effects if len(e.values) < sizes[e.knob]]
    if not thinned:
        return "Every value of every knob was tried."
    return (
        f"Every value of every knob was tried, but of {', '.join(thinned)} about {MOST}: the neighbours, the ends, and "
        "others between. archgym page --effects tries all."
    )


def _counted(evaluations: int) -> str:
    return f"{evaluations:,} evaluation{'s' * (evaluations != 1)}"
