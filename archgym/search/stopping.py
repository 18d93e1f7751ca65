"""Callbacks that end a study early: by time, by stagnation, by the gap to a certified optimum."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ..errors import ArchgymError
from ..tables.certificate import file_name, find
from ..units import format_quantity
from .callbacks import Callback, Ended, Progress, Watched


class TimeLimit(Callback):
    """Ends a study after the batch in which a time is reached.

    Args:
        seconds: of wall time since the study started; where a run is resumed, since its first new batch began.

    Raises:
        ArchgymError: not a positive number.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds < float("inf"):
            raise ArchgymError(f"a time limit is a positive number of seconds, got {seconds!r}")
        self.seconds = float(seconds)
        self._start = 0.0

    def on_start(self, study: Watched) -> None:
        """Start the clock."""
        self._start = time.monotonic()

    def on_batch(self, study: Watched, progress: Progress) -> Ended | None:
        """End where the time is over."""
        if progress.replayed:
            self._start = time.monotonic()
            return None
        if time.monotonic() - self._start < self.seconds:
            return None
        return Ended("time", f"the time limit of {format_quantity(self.seconds, 's')} was reached")


class Stagnation(Callback):
    """Ends a study when the best design has not improved for a number of evaluations.

    Args:
        evaluations: charged since the last improvement.

    Raises:
        ArchgymError: below 1.
    """

    def __init__(self, evaluations: int) -> None:
        if evaluations < 1:
            raise ArchgymError(
                f"stagnation is counted in evaluations, at least 1, got {evaluations}"
            )
        self.evaluations = evaluations

    def on_batch(self, study: Watched, progress: Progress) -> Ended | None:
        """End where nothing was gained for long enough; a study without a feasible design goes on."""
        if progress.best is None or progress.done - progress.improved < self.evaluations:
            return None
        return Ended("stagnation", f"no improvement in {self.evaluations:,} evaluations")


class GapReached(Callback):
    """Ends a study when its best design is close enough to the certified optimum.

    Args:
        gap: as a share: 0.01 ends at 1 % from the optimum, 0 at the optimum.
        certificates: folder where certificates are looked for besides those that ship.

    Raises:
        ArchgymError: a negative gap.
    """

    def __init__(self, gap: float = 0.01, certificates: Path | None = None) -> None:
        if not 0 <= gap < float("inf"):
            raise ArchgymError(f"a gap is a share of at least 0, such as 0.01, got {gap!r}")
        self.gap = gap
        self.certificates = certificates
        self._optimum = np.inf

    def on_start(self, study: Watched) -> None:
        """Look the certificate up.

        Raises:
            ArchgymError: nothing certifies this scenario's optimum.
        """
        certificate = find(study.scenario, self.certificates)
        if certificate is None or not np.isfinite(certificate.optimum):
            raise ArchgymError(
                f"no certificate says what the optimum of {study.scenario.name!r} is ({file_name(study.scenario)} "
                "was not found); make one with archgym enumerate, or end by stagnation"
            )
        self._optimum = certificate.optimum

    def on_batch(self, study: Watched, progress: Progress) -> Ended | None:
        """End where the gap is reached by a design that meets every spec."""
        if not progress.specs_met:
            return None
        here = float(study.scenario.gap(np.array([progress.cost]), self._optimum)[0])
        # a certificate's cost may differ from a simulator's in the last bits
        if here > self.gap + 1e-9:
            return None
        return Ended("gap", f"within {100 * self.gap:g} % of the certified optimum")
