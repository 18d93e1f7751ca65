"""Comparing agents over several scenarios and seeds; less is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..contracts.evaluation import Floats
from .intervals import draw_again, interquartile_mean, stratified_bootstrap

Scores = Mapping[str, Floats]  # scenario -> (seeds,)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def aggregate(scores: Scores) -> Estimate:
    """The interquartile mean over scenarios and seeds, with a stratified bootstrap interval.

    Args:
        scores: scores by scenario, an array (seeds,) each; lower is better.

    Returns:
        The mean and its 95 % interval.
    """
    parts = [np.asarray(scores[s]) for s in sorted(scores)]
    value = float(interquartile_mean(np.concatenate(parts)))
    return Estimate(value, *stratified_bootstrap(parts))


def performance_profile(scores: Scores, limits: Floats) -> Floats:
    """The share of all runs at or below each limit, (limits,).

    Args:
        scores: scores by scenario, an array (seeds,) each.
        limits: (limits,) scores.

    Returns:
        (limits,) shares, from 0 to 1.
    """
    flat = np.concatenate([np.asarray(v) for v in scores.values()])
    return np.asarray((flat[None, :] <= np.asarray(limits)[:, None]).mean(axis=1))


@dataclass(frozen=True)
class Pair:
    """Is ``first`` better than ``second``? ``p`` is two-sided, not corrected."""

    first: str
    second: str
    improvement: Estimate
    p: float


def compare(first: str, a: Scores, second: str, b: Scores, seed: int = 0) -> Pair:
    """The probability that a run of ``first`` beats one of ``second``, averaged over scenarios.

    Ties count half.  The p-value is van Elteren's: Mann-Whitney's statistic summed over scenarios,
    with its tie correction (Bull. Int. Stat. Inst. 1960).

    Args:
        first: the name of the one agent.
        a: its scores by scenario, an array (seeds,) each; lower is better.
        second: the name of the other.
        b: its scores. Scenarios that only one of them has are left out.
        seed: of the bootstrap.

    Returns:
        The probability, its 95 % interval and the p-value.
    """
    common = sorted(set(a) & set(b))
    xs, ys = [np.asarray(a[s]) for s in common], [np.asarray(b[s]) for s in common]
    value = float(np.mean([_wins(x[None], y[None])[0] for x, y in zip(xs, ys)]))
    drawn = [
        _wins(x, y) for x, y in zip(draw_again(xs, 1000, seed), draw_again(ys, 1000, seed + 1))
    ]
    low, high = np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    difference, variance = 0.0, 0.0
    for x, y in zip(xs, ys):
        d, v = _mann_whitney(x, y)
        difference, variance = difference + d, variance + v
    p = float(2 * stats.norm.sf(abs(difference) / np.sqrt(variance))) if variance > 0 else 1.0
    return Pair(first, second, Estimate(value, float(low), float(high)), p)


def _wins(x: Floats, y: Floats) -> Floats:
    """P(x < y) + P(x = y) / 2 by row, (rows,)."""
    less = (x[:, :, None] < y[:, None, :]).mean(axis=(1, 2))
    same = (x[:, :, None] == y[:, None, :]).mean(axis=(1, 2))
    return np.asarray(less + same / 2)


def _mann_whitney(x: Floats, y: Floats) -> tuple[float, float]:
    """U minus its mean, and its variance with ties, under equality."""
    n, m = len(x), len(y)
    u = float(_wins(x[None], y[None])[0]) * n * m
    _, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    total = n + m
    tied = float((ties**3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
    return u - n * m / 2, n * m / 12 * (total + 1 - tied)


def holm(p: Sequence[float]) -> Floats:
    """P-values corrected for their number (Holm, Scandinavian Journal of Statistics 1979).

    Args:
        p: (n,) p-values.

    Returns:
        (n,) corrected p-values in the same order, at most 1.
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    out = np.empty(len(values))
    out[order] = np.minimum(stepped, 1.0)
    return out
