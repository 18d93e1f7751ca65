"""The progress bar of a run: the best design so far in the units of its objectives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..goals.scenario import Scenario
from ..goals.wording import in_words
from ..search.study import Progress
from ..terminal.output import bar_of


def note_of(scenario: Scenario, p: Progress) -> str:
    """What the bar says after a batch."""
    best = "no feasible design yet" if p.best is None else f"best {in_words(scenario, p.best)}"
    return f"{best}; {p.computed:,} computed"


@contextmanager
def study_bar(
    scenario: Scenario, budget: int, title: str, quiet: bool
) -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar for a study, unless ``quiet``."""
    with bar_of(budget, title, quiet) as bar:
        if bar is None:
            yield None
            return

        def show(p: Progress) -> None:
            bar(p.done, note_of(scenario, p))

        yield show
