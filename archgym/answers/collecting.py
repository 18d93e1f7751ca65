"""A store in memory whose new evaluations are handed over by value, for workers that share no disk."""

from __future__ import annotations

from .opened_store import Batch
from .store import EvaluationStore


class CollectingStore(EvaluationStore):
    """Evaluations of one process; what was put since the last :meth:`drain` waits for whoever keeps it."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self._new: list[Batch] = []

    def absorb(self, batch: Batch, claimed: bool = False) -> None:
        """Record evaluations, and note them."""
        super().absorb(batch, claimed)
        self._new.append(batch)

    def drain(self) -> list[Batch]:
        """What is new."""
        out, self._new = self._new, []
        return out
