"""How much each knob alone told of the order of a search's trials, with the chance that it told nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc
from scipy.stats import rankdata

from ..contracts.evaluation import Floats
from ..space import Designs
from .comparison import holm

FEWEST = 20  # different designs below which nothing is said
LEVEL = 0.05


@dataclass(frozen=True)
class Importance:
    """One knob: its ``share`` of the variance of ranks, and the corrected ``p`` of a knob without effect.

    ``tried`` is the number of its values among the ``designs`` different designs.
    """

    position: int
    share: float
    p: float
    tried: int
    designs: int

    @property
    def separated(self) -> bool:
        """Whether chance alone is an unlikely explanation."""
        return self.p < LEVEL


def importances(x: Designs, cost: Floats) -> list[Importance]:
    """The share of the variance of the trials' ranks that the values of each knob alone explain.

    Different designs are ranked from the least costly to the most, infeasible ones last.  The share is
    epsilon squared of Kruskal and Wallis' test (JASA 1952; Tomczak and Tomczak, Trends in Sport Sciences
    2014), corrected for the number of values, so that a knob without effect gets 0 on average.  P-values
    are corrected for the number of knobs (Holm).

    It describes the trials, not the space: knobs that an agent moved together share what they told, and an
    effect that needs two knobs at once may not be seen.

    Args:
        x: designs (n, d), repeated ones count once.
        cost: their costs (n,), +inf or NaN where infeasible.

    Returns:
        Knobs that were moved, the most telling first; none with fewer than 20 different designs.
    """
    designs, first = np.unique(x, axis=0, return_index=True)
    if len(designs) < FEWEST:
        return []
    worst = np.where(np.isfinite(cost[first]), cost[first], np.inf)
    ranks = rankdata(worst)
    found = []
    for k in range(x.shape[1]):
        values = np.unique(designs[:, k], return_inverse=True)[1]
        if (tried := int(values.max()) + 1) > 1:
            found.append((k, tried, *_share(ranks, values, tried)))
    corrected = holm([p for *_, p in found])
    out = [
        Importance(k, share, float(p), tried, len(designs))
        for (k, tried, share, _), p in zip(found, corrected)
    ]
    return sorted(out, key=lambda i: (-i.share, i.p, i.position))


def _share(ranks: Floats, values: np.ndarray, tried: int) -> tuple[float, float]:
    """Corrected share of the variance of ranks (n,) between groups, and its p-value."""
    n, centred = len(ranks), ranks - ranks.mean()
    total = float((centred**2).sum())
    if total == 0 or tried >= n:
        return 0.0, 1.0
    sizes = np.bincount(values)
    between = float((np.bincount(values, weights=centred) ** 2 / sizes).sum())
    h = (n - 1) * between / total
    return max(0.0, (h - tried + 1) / (n - tried)), float(chdtrc(tried - 1, h))
