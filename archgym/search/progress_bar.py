"""A progress bar for a study, as a callback: in a terminal or a notebook."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..goals.scenario import Scenario
from ..goals.wording import in_words
from ..terminal.output import Bar, bar_of
from .callbacks import Callback, Progress, Watched


def note_of(scenario: Scenario, p: Progress) -> str:
    """What the bar says after a batch.

    Args:
        scenario: what is searched.
        p: the progress of the batch.

    Returns:
        The words.
    """
    best = "no feasible design yet" if p.best is None else f"best {in_words(scenario, p.best)}"
    return f"{best}; {p.computed:,} computed"


class ProgressBar(Callback):
    """A bar on standard error: evaluations charged, and the best design so far in its units."""

    def __init__(self) -> None:
        self._open: AbstractContextManager[Bar | None] | None = None
        self._bar: Bar | None = None

    def on_start(self, study: Watched) -> None:
        """Show it."""
        self._open = bar_of(study.budget, study.agent.name, quiet=False)
        self._bar = self._open.__enter__()

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """Move it."""
        if self._bar is not None:
            self._bar(progress.done, note_of(study.scenario, progress))

    def on_end(self, study: Watched) -> None:
        """Leave it as it stands."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
        self._open = self._bar = None
