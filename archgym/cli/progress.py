"""A study's progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..search.study import Progress as StudyProgress
from ..terminal.output import bar_of


@contextmanager
def study_bar(
    budget: int, title: str, quiet: bool
) -> Iterator[Callable[[StudyProgress], None] | None]:
    """A progress bar for a study, unless ``quiet``."""
    with bar_of(budget, title, quiet) as bar:
        if bar is None:
            yield None
            return

        def show(p: StudyProgress) -> None:
            none = p.best_cost == float("inf")
            best = "no feasible design yet" if none else f"best cost {p.best_cost:.4g}"
            bar(p.done, f"{best}, {p.computed} new evaluations")

        yield show
