"""What a proxy says of designs: means, intervals, chances of feasibility, and how unusual they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats

LEVEL = 0.9  # of intervals, unless another is asked for


@dataclass(frozen=True)
class Prediction:
    """What a proxy says of n designs.

    Attributes:
        mean: (n,) by metric, in SI units.
        low: (n,) lower end of the interval, by metric.
        high: (n,) upper end of the interval, by metric.
        feasible: (n,) the chance that a design works.
        shift: (n,) how far a design lies from the training data; beyond 1, farther than 95 % of fresh
            data of the same kind.
    """

    mean: Mapping[str, Floats]
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    feasible: Floats
    shift: Floats

    def width(self, metric: str) -> Floats:
        """Half the width of a metric's interval as a share of the mean, (n,).

        Args:
            metric: its name.

        Returns:
            (n,) shares.
        """
        return (self.high[metric] - self.low[metric]) / (2 * np.abs(self.mean[metric]))

    def evaluation(self, towards: str = "", share: float = 1.0, likely: float = 0.5) -> Evaluation:
        """The prediction as a simulator would say it.

        Args:
            towards: ``low`` or ``high``, the end of the interval to move to; '' for the means.
            share: how far to move from the mean to that end, 0 to 1.
            likely: the chance from which on a design counts as feasible.

        Returns:
            Metrics (n,), NaN where infeasible.
        """
        feasible = self.feasible >= likely
        bounds = getattr(self, towards) if towards else self.mean
        metrics = {}
        for name, mean in self.mean.items():
            value = mean + share * (bounds[name] - mean)
            value = np.where(mean > 0, np.maximum(value, 0.01 * mean), value)  # no negative energy
            metrics[name] = np.where(feasible, value, np.nan)
        return Evaluation(metrics, feasible, reasons(feasible))


def reasons(feasible: NDArray[np.bool_]) -> list[str]:
    """Why an evaluation calls designs infeasible that a proxy thinks so.

    Args:
        feasible: (n,) bool.

    Returns:
        A text per design, '' for feasible ones; no texts at all where every design is feasible.
    """
    if feasible.all():
        return []
    return ["" if ok else "the proxy expects it to be infeasible" for ok in feasible]


def conformal_quantile(scores: Floats, level: float) -> Floats:
    """The score that a fresh one does not exceed with a probability (split conformal, Vovk et al. 2005).

    Args:
        scores: of designs kept aside, sorted, (..., n).
        level: the probability.

    Returns:
        The ceil((n + 1) level)-th of the scores, (...); +inf where n is too small.
    """
    n = scores.shape[-1]
    k = int(np.ceil((n + 1) * level))
    return scores[..., k - 1] if k <= n else np.full(scores.shape[:-1], np.inf)
