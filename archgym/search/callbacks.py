"""What watches a study while it runs, and may end it early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..contracts.agent import Agent
from ..goals.scenario import Scenario
from ..goals.trials import Trials


@dataclass(frozen=True)
class Progress:
    """What a study reports after each batch.

    ``best`` are the metrics of the least costly design so far, of those that meet every spec where
    ``specs_met``; None where none is feasible yet.  ``cost`` is its cost, ``improved`` how many evaluations were
    charged when it was found.  ``replayed`` says that the batch was recorded before: the run is being resumed.
    """

    done: int
    budget: int
    computed: int
    best: Mapping[str, float] | None
    specs_met: bool
    cost: float = float("inf")
    improved: int = 0
    replayed: bool = False


@dataclass(frozen=True)
class Ended:
    """Why a study ended: ``by`` is one word for programs, ``text`` a sentence.

    ``by`` is ``budget``, ``queries``, ``specs``, ``time``, ``stagnation``, ``gap``,
    ``callback``, or of a game ``submitted`` or ``player``.
    """

    by: str
    text: str

    @property
    def early(self) -> bool:
        """Whether a callback ended it, so that the run can go on to its budget."""
        return self.by not in ("budget", "queries", "specs", "submitted")


class Watched(Protocol):
    """What a callback sees of a study; it changes nothing there."""

    scenario: Scenario
    agent: Agent
    budget: int
    batch: int
    ended: Ended | None

    @property
    def done(self) -> int:
        """How many evaluations have been charged."""

    @property
    def trials(self) -> Trials:
        """What has been done so far."""


class Callback:
    """Base of what is told of a study's course; override what you need.

    A callback changes nothing that the agent sees: the trials of a study that was ended early are the first
    trials of the same study without the callback.  Callbacks are no part of a run's recipe; whoever resumes a
    run gives them again.  A batch is never cut: what ends a study ends it after a batch.
    """

    def on_start(self, study: Watched) -> None:
        """Before the first batch; ``study`` has ``scenario``, ``agent``, ``budget`` and ``batch``.

        Args:
            study: about to begin.
        """

    def on_batch(self, study: Watched, progress: Progress) -> Ended | str | None:
        """After every batch.

        Args:
            study: its ``trials`` are those so far.
            progress: counts, and the best design so far.

        Returns:
            Why the study is to end here, or None to go on.  While a run is resumed, the batches that it
            recorded before are passed whatever is returned.
        """
        return None

    def on_end(self, study: Watched) -> None:
        """After the last batch, also when an error or Ctrl-C ended the study (``study.ended`` is None then).

        Args:
            study: that ended.
        """


def reason_to_end(answers: list[Ended | str | None]) -> Ended | None:
    """The first reason among what callbacks returned.

    Args:
        answers: of the callbacks, in their order; a text is a reason too.

    Returns:
        The reason; None where nobody gave one.
    """
    for answer in answers:
        if answer:
            return answer if isinstance(answer, Ended) else Ended("callback", str(answer))
    return None
