"""How far the scores of a table of trained networks tell networks apart."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

Scores = NDArray[np.float64]


def reliability(scores: Scores) -> float:
    """The share of the variance of means that is the networks': scores (networks, seeds).

    Cronbach's alpha, which is the intraclass correlation ICC(C, k): what all networks have in common
    with a seed, such as the order of images, does not change their ranking and is left out.
    """
    n, k = scores.shape
    mean = scores.mean(axis=1, keepdims=True)
    rest = scores - mean - scores.mean(axis=0) + scores.mean()
    noise = (rest**2).sum() / ((n - 1) * (k - 1))
    between = k * mean.var(ddof=1)
    return float(1 - noise / between)


def scores_of(table: Path, task: str, column: str) -> Scores:
    """A column of a task, (networks, seeds): networks that lack a seed are left out."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    with open(table, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["task"] == task:
                found[row["network"]][int(row["seed"])] = float(row[column])
    seeds = sorted(set().union(*found.values()))
    if not seeds:
        return np.empty((0, 0))
    return np.array([[s[i] for i in seeds] for s in found.values() if len(s) == len(seeds)])


def top_reliability(scores: Scores, share: float = 0.1) -> float:
    """The reliability of the ranking among the best networks (share of all).

    Chosen by the scores that are judged, the best would hold the lucky ones and their spread would be
    noise.  So two seeds choose, and the others are judged: the mean over all such splits, on the scale of
    all seeds (Spearman-Brown).
    """
    k = scores.shape[1]
    found = []
    for chosen in itertools.combinations(range(k), 2):
        mean = scores[:, chosen].mean(axis=1)
        rest = np.delete(scores[mean >= np.quantile(mean, 1 - share)], chosen, axis=1)
        one = reliability(rest)
        one = one / (rest.shape[1] - (rest.shape[1] - 1) * one)  # of a single seed
        found.append(k * one / (1 + (k - 1) * one))
    return float(np.mean(found))


def report(table: Path, tasks: Sequence[str]) -> None:
    """Print range, noise and reliability of each task."""
    for task in tasks:
        validation, test = (scores_of(table, task, c) for c in ("validation", "test"))
        if not validation.size:
            print(f"{task}: not trained yet")
            continue
        mean = validation.mean(axis=1)
        best = mean >= np.quantile(mean, 0.9)
        print(
            f"{task}: {len(mean)} networks, {validation.shape[1]} seeds, validation "
            f"{mean.min():.3f} to {mean.max():.3f}, deviation of a seed "
            f"{np.median(validation.std(axis=1, ddof=1)):.4f}\n"
            f"  reliability {reliability(validation):.3f}, in the top decile "
            f"{top_reliability(validation):.3f}\n"
            f"  validation against test: Kendall's tau {_tau(mean, test.mean(axis=1)):.3f}, in the "
            f"top decile {_tau(mean[best], test.mean(axis=1)[best]):.3f}"
        )


def _tau(a: Scores, b: Scores) -> float:
    return float(kendalltau(a, b).statistic)
