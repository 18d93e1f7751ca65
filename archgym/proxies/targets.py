"""What a proxy learns of each metric: the metric, its logarithm, or what it differs from an estimate by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from .departures import Departures
from .rows import ProxyError, Rows

DECADE = 10.0


@dataclass(frozen=True)
class Targets:
    """What is learnt of rows.

    Attributes:
        values: (n, m); of infeasible rows they mean nothing.
        logarithmic: metrics that are learnt as logarithms, over their estimate where they have one.
        departures: of the other metrics that have an estimate; None if there are none.
        right: (m,) the target if the scaled estimate were right; NaN without an estimate.
        sizes: (n, m) by what a metric changes for a change of its target by 1; 1 without an estimate.
    """

    values: Floats
    logarithmic: tuple[str, ...]
    departures: Departures | None
    right: Floats
    sizes: Floats

    @classmethod
    def of(
        cls,
        rows: Rows,
        works: NDArray[np.intp],
        inside: NDArray[np.intp],
        estimates: Mapping[str, Floats],
    ) -> Targets:
        """Targets of all metrics.

        Positive metrics that have an estimate or span a decade are learnt as logarithms. Others with an
        estimate are learnt as departures from it.

        Args:
            rows: designs with their evaluations.
            works: positions of feasible rows.
            inside: of those that are learnt from.
            estimates: of metrics by name, (n,) each.

        Returns:
            The targets.

        Raises:
            ProxyError: no metric ever changes.
        """
        names = [m.name for m in rows.description.metrics]
        still = constant_metrics(rows)
        if len(still) == len(names):
            raise ProxyError(
                f"every metric is the same in every row ({', '.join(still)}): there is nothing to learn"
            )
        logarithmic = tuple(n for n in names if _positive(rows.metrics[n][works], n in estimates))
        departures = _departures(rows, inside, estimates, logarithmic)
        values = np.stack([rows.metrics[n] for n in names], axis=1)
        sizes, right = np.ones_like(values), np.full(len(names), np.nan)
        for k, name in enumerate(names):
            rough = estimates.get(name)
            if name in logarithmic:
                own = np.where(rows.feasible, values[:, k], 1.0)
                values[:, k] = np.log(own / (1.0 if rough is None else rough))
                if rough is not None:
                    sizes[:, k], right[k] = own, np.median(values[inside, k])
            elif rough is not None and departures is not None:
                values[:, k] = departures.learnt(k, values[:, k], rough)
                sizes[:, k], right[k] = departures.size(k, rough), 0.0
        return cls(values, logarithmic, departures, right, sizes)


def _positive(seen: Floats, estimated: bool) -> bool:
    """Whether feasible values (n,) are learnt as logarithms."""
    return bool(seen.min() > 0 and (estimated or seen.max() > DECADE * seen.min()))


def _departures(
    rows: Rows,
    inside: NDArray[np.intp],
    estimates: Mapping[str, Floats],
    logarithmic: tuple[str, ...],
) -> Departures | None:
    names = [m.name for m in rows.description.metrics]
    learnt = [n in estimates and n not in logarithmic for n in names]
    if not any(learnt):
        return None
    return Departures.of(
        [rows.metrics[n][inside] if so else None for n, so in zip(names, learnt)],
        [estimates[n][inside] if so else np.zeros(0) for n, so in zip(names, learnt)],
    )


def constant_metrics(rows: Rows) -> dict[str, float]:
    """Metrics that are the same in every feasible row.

    Args:
        rows: designs with their evaluations.

    Returns:
        Their value, by name.
    """
    seen = {k: v[rows.feasible] for k, v in rows.metrics.items()}
    return {k: float(v[0]) for k, v in seen.items() if len(v) and np.ptp(v) == 0}
