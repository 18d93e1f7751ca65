"""Point estimates and intervals that survive outliers and few seeds.

Interquartile means with stratified bootstrap intervals follow Agarwal et al., "Deep Reinforcement
Learning at the Edge of the Statistical Precipice" (NeurIPS 2021, arXiv 2108.13264).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from ..contracts.evaluation import Floats

RESAMPLES = 2000
Statistic = Callable[[Floats], Floats]


def interquartile_mean(values: Floats, axis: int | None = None) -> Floats:
    """The mean of the middle half; a quarter of the values is cut off at each end.

    Args:
        values: an array; ``axis`` is what is averaged, all of it by default.
        axis: the axis that vanishes.

    Returns:
        The mean, an array without ``axis``.
    """
    array = np.asarray(values, np.float64)
    return np.asarray(stats.trim_mean(array, 0.25, axis=axis))


def stratified_bootstrap(
    scores: Sequence[Floats],
    statistic: Statistic = lambda flat: interquartile_mean(flat, axis=-1),
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """The percentile interval of a statistic over all scores together.

    Args:
        scores: one array (seeds,) for each task. Seeds are drawn again within each task, tasks are not.
        statistic: maps (resamples, all scores) to (resamples,).
        level: share of the bootstrap samples inside.
        resamples: bootstrap samples.
        seed: of the generator.

    Returns:
        The lower and the upper end.
    """
    drawn = draw_again(scores, resamples, seed)
    low, high = np.quantile(
        statistic(np.concatenate(drawn, axis=1)), [(1 - level) / 2, (1 + level) / 2]
    )
    return float(low), float(high)


def draw_again(scores: Sequence[Floats], resamples: int, seed: int) -> list[Floats]:
    """Bootstrap samples within each task.

    Args:
        scores: one array (seeds,) for each task.
        resamples: how many samples.
        seed: of the generator.

    Returns:
        An array (resamples, seeds) for each task.
    """
    rng = np.random.default_rng(seed)
    return [np.asarray(s)[rng.integers(0, len(s), (resamples, len(s)))] for s in scores]


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share (JASA 1927).

    Args:
        hits: how many of ``n``.
        n: trials; none at all gives the interval from 0 to 1.
        level: confidence.

    Returns:
        The lower and the upper end of the share.
    """
    if n == 0:
        return 0.0, 1.0
    interval = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)
