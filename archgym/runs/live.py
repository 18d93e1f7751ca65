"""What a run says of itself while it goes on: ``live.json``, for the dashboard; gone when the run has ended."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from ..errors import StoreError
from ..files.text import write_json
from ..goals.tradeoff import front_of
from ..goals.wording import in_words
from ..search.callbacks import Callback, Progress, Watched
from .course import course
from .summary import goals_told

LIVE = "live.json"
EVERY_S = 2.0
SHARE = 0.02  # of a run's time that may go into it


class LiveNotes(Callback):
    """Writes ``live.json`` every two seconds, or as seldom as keeps it below 2 % of the run's time.

    What cannot be written is left out: nothing here ends a run.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self.file, self.run = folder / LIVE, run
        self._next = 0.0

    def on_start(self, study: Watched) -> None:
        """Start the clock: short runs write nothing."""
        self._next = time.monotonic() + EVERY_S

    def on_batch(self, study: Watched, progress: Progress) -> None:
        """Write how far the run is, where it is time to."""
        began = time.monotonic()
        if began < self._next:
            return
        trials, scenario = study.trials, study.scenario
        with contextlib.suppress(StoreError):
            write_json(
                self.file,
                {
                    "run": self.run,
                    "time": time.time(),
                    "done": progress.done,
                    "budget": progress.budget,
                    "computed": progress.computed,
                    "specs_met": progress.specs_met,
                    "best": None if progress.best is None else in_words(scenario, progress.best),
                    "course": course(
                        goals_told(scenario), trials.evaluation.metrics, trials.satisfied,
                        front_of(scenario, trials),
                    ),
                },
            )  # fmt: skip
        now = time.monotonic()
        self._next = now + max(EVERY_S, (now - began) / SHARE)

    def on_end(self, study: Watched) -> None:
        """Take the file away; one of a run that broke off stays, and tells how far it came."""
        if study.ended is not None:
            with contextlib.suppress(OSError):
                self.file.unlink(missing_ok=True)
