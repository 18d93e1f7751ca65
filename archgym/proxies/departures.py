"""Metrics that may be zero, learnt as what they differ from a simulator's scaled estimate by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats

NEXT_TO = 0.01  # of the mean estimate: below, a departure is measured against this


@dataclass(frozen=True)
class Departures:
    """A metric is ``slope * estimate + departure * (estimate + offset)``.

    A metric of 0 has no ratio to an estimate whose logarithm could be learnt. Its departure is a share of
    the estimate, as a ratio is, so that designs and workloads of all sizes count alike. The offset keeps it
    small where the estimate is next to nothing.

    Attributes:
        slope: (m,) by what the estimate is scaled; NaN of metrics that are not learnt so.
        offset: (m,) in the metric's unit.
    """

    slope: Floats
    offset: Floats

    @classmethod
    def of(cls, values: Sequence[Floats | None], estimates: Sequence[Floats]) -> Departures:
        """Slopes and offsets of training rows.

        Args:
            values: of each metric, (n,); None of those that are not learnt so.
            estimates: of each metric, (n,); only those of ``values`` are looked at.

        Returns:
            The departures, with slopes the median ratio of rows where neither is 0.
        """
        slope, offset = np.full(len(values), np.nan), np.zeros(len(values))
        for k, (own, rough) in enumerate(zip(values, estimates)):
            if own is not None:
                some = (own != 0) & (rough > 0)
                slope[k] = np.median(own[some] / rough[some]) if some.any() else 0.0
                # an estimate that is 0 everywhere leaves the metric as it is, in its own size
                offset[k] = NEXT_TO * rough.mean() or np.abs(own).mean() or 1.0
        return cls(slope, offset)

    def learnt(self, k: int, values: Floats, estimate: Floats) -> Floats:
        """What is learnt of a metric.

        Args:
            k: which metric.
            values: (n,) of the metric.
            estimate: (n,) of it.

        Returns:
            Departures, (n,).
        """
        return (values - self.slope[k] * estimate) / self.size(k, estimate)

    def size(self, k: int, estimate: Floats) -> Floats:
        """By what a metric changes for a departure of 1.

        Args:
            k: which metric.
            estimate: (n,) of it.

        Returns:
            (n,), in the metric's unit.
        """
        return estimate + self.offset[k]

    def restore(
        self, table: Mapping[str, Floats], estimates: Mapping[str, Floats]
    ) -> dict[str, Floats]:
        """Metrics from what was learnt of them.

        Args:
            table: by metric, in order; departures where they were learnt.
            estimates: by metric, (n,) each.

        Returns:
            By metric, (n,) each.
        """
        out = dict(table)
        for k, (name, told) in enumerate(table.items()):
            if not np.isnan(self.slope[k]):
                rough = estimates[name]
                out[name] = self.slope[k] * rough + told * self.size(k, rough)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its numbers, by name."""
        return {"slope": self.slope, "offset": self.offset}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> Departures | None:
        """The departures whose :meth:`arrays` these are.

        Args:
            arrays: numbers, by name; none of proxies that have no such metric.

        Returns:
            The departures; None where there are no numbers.
        """
        return cls(arrays["slope"], arrays["offset"]) if arrays else None
