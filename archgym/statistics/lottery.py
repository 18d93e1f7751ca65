"""The hyperparameter lottery: what a random draw of hyperparameters is worth.

A *gap* is how far a result is from the best one, as a share (0.01 is 1 %); +inf is no valid result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from ..contracts.evaluation import Floats
from .intervals import wilson

CLIP = 1.0  # a design twice as bad as the best, or invalid, is simply lost


@dataclass(frozen=True)
class Draw:
    """What one draw of hyperparameters gives: gaps at quartiles and ends, chances with intervals."""

    runs: int
    best: float
    quartile1: float
    median: float
    quartile3: float
    worst: float
    within_1: float
    within_1_interval: tuple[float, float]
    within_5: float
    within_5_interval: tuple[float, float]


def one_draw(gaps: Floats) -> Draw:
    """Describe the lottery's tickets.

    Args:
        gaps: (n,) gaps of the tickets, at least one; +inf where a run found nothing.

    Returns:
        Quantiles and chances of one random ticket.
    """
    ordered = np.sort(np.asarray(gaps, np.float64))
    n = len(ordered)

    def quantile(q: float) -> float:  # of the values themselves: +inf stays +inf, no NaN
        return float(ordered[min(n - 1, int(np.ceil(q * n)) - 1 if q > 0 else 0)])

    close = [int((ordered <= limit * (1 + 1e-9)).sum()) for limit in (0.01, 0.05)]
    return Draw(
        n, quantile(0), quantile(0.25), quantile(0.5), quantile(0.75), quantile(1),
        close[0] / n, wilson(close[0], n), close[1] / n, wilson(close[1], n),
    )  # fmt: skip


def expected_best(gaps: Floats, draws: int) -> float:
    """The expected best gap of ``draws`` different tickets, gaps clipped at 1.

    Exact: of n sorted gaps the i-th is the best of k drawn without replacement with probability
    C(n-i, k-1) / C(n, k).  (Dodge et al., EMNLP 2019, arXiv 1909.03004, draw with replacement.)

    Args:
        gaps: (n,) gaps of the tickets.
        draws: how many tickets are bought, without replacement.

    Returns:
        The expected gap, at most 1.
    """
    ordered = np.sort(np.minimum(np.asarray(gaps, np.float64), CLIP))
    n = len(ordered)
    k = min(draws, n)
    behind = n - 1 - np.arange(n)  # how many are worse
    possible = behind >= k - 1
    log_share = np.full(n, -np.inf)
    log_share[possible] = _log_choose(behind[possible], k - 1) - _log_choose(np.array([n]), k)
    return float(np.exp(log_share) @ ordered)


def _log_choose(n: np.ndarray, k: int) -> Floats:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))


def tuning_curve(gaps: Floats, budget: int, points: int = 12) -> list[tuple[int, int, float]]:
    """What tuning buys, its cost included.

    Args:
        gaps: (n,) gaps of the tickets.
        budget: evaluations per ticket.
        points: the most points of the curve, spread geometrically.

    Returns:
        (draws, evaluations charged, expected best gap) of each point; k draws cost k budgets.
    """
    n = len(gaps)
    ks = np.unique(np.round(np.geomspace(1, n, points)).astype(int))
    return [(int(k), int(k) * budget, expected_best(gaps, int(k))) for k in ks]
