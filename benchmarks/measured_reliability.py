"""How far the scores of a table of trained networks tell networks apart."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

Scores = NDArray[np.float64]
SEEDS = 5  # of every network; the best have more
TOP = 0.1  # share of networks that are the best


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


def of_more_seeds(reliability: float, times: float) -> float:
    """The reliability of means over so many times the seeds (Spearman and Brown)."""
    return times * reliability / (1 + (times - 1) * reliability)


def scores_by_network(table: Path, task: str, column: str) -> dict[str, dict[int, float]]:
    """A column of a task, by network and seed."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    with open(table, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["task"] == task:
                found[row["network"]][int(row["seed"])] = float(row[column])
    return found


def first_and_more(known: dict[str, dict[int, float]]) -> tuple[Scores, Scores]:
    """The first seeds' scores (networks, SEEDS) and those of more seeds (networks, m).

    NaN where a network has none.  Networks that lack one of the first seeds are left out.
    """
    more = sorted({s for seeds in known.values() for s in seeds if s >= SEEDS})
    whole = [seeds for seeds in known.values() if all(s in seeds for s in range(SEEDS))]
    scores = np.full((len(whole), SEEDS + len(more)), np.nan)
    for i, seeds in enumerate(whole):
        scores[i] = [seeds.get(s, np.nan) for s in (*range(SEEDS), *more)]
    return scores[:, :SEEDS], scores[:, SEEDS:]


def top_reliability(first: Scores, more: Scores) -> float:
    """The reliability of the ranking among the best networks, by all their seeds.

    Chosen by the scores that are judged, the best would hold the lucky ones and their spread would be
    noise.  So the first seeds choose, more seeds are judged, and the outcome is stated for all seeds.
    """
    mean = first.mean(axis=1)
    judged = more[mean >= np.quantile(mean, 1 - TOP)]
    return of_more_seeds(reliability(judged), (first.shape[1] + more.shape[1]) / more.shape[1])


def report(table: Path, tasks: Sequence[str]) -> None:
    """Print range, noise and reliability of each task."""
    for task in tasks:
        known = scores_by_network(table, task, "validation")
        first, more = first_and_more(known)
        if not len(first):
            print(f"{task}: not trained yet")
            continue
        test = scores_by_network(table, task, "test")
        means = [(np.mean(list(known[n].values())), np.mean(list(test[n].values()))) for n in known]
        mean, tested = np.array(means).T
        best = mean >= np.quantile(mean, 1 - TOP)
        print(
            f"{task}: {len(first)} networks, {first.shape[1]} seeds, validation "
            f"{mean.min():.3f} to {mean.max():.3f}, deviation of a seed "
            f"{np.median(first.std(axis=1, ddof=1)):.4f}\n"
            f"  reliability {reliability(first):.3f}, {_top(first, more)}\n"
            f"  validation against test: Kendall's tau {_tau(mean, tested):.3f}, in the "
            f"top decile {_tau(mean[best], tested[best]):.3f}"
        )


def _top(first: Scores, more: Scores) -> str:
    mean = first.mean(axis=1)
    if not more.size or np.isnan(more[mean >= np.quantile(mean, 1 - TOP)]).any():
        return "the best lack seeds to judge the top decile by"
    seeds = first.shape[1] + more.shape[1]
    return f"in the top decile {top_reliability(first, more):.3f} by {seeds} seeds"


def _tau(a: Scores, b: Scores) -> float:
    return float(kendalltau(a, b).statistic)
