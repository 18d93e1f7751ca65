"""Importance of knobs: against scipy's test, a known effect, and too little to say anything."""

import numpy as np
import pytest
from scipy.stats import kruskal

from archgym.statistics.importance import importances


def _designs(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, [4, 5, 6, 7], (n, 4)), rng


def test_p_values_are_those_of_kruskal_and_wallis():
    x, rng = _designs(60)
    x = np.unique(x, axis=0)
    cost = x[:, 0] + rng.normal(0, 1, len(x))
    cost[:5] = np.inf
    found = {i.position: i for i in importances(x[:, :], cost)}
    groups = [cost[x[:, 0] == v] for v in np.unique(x[:, 0])]
    test = kruskal(*[np.where(np.isfinite(g), g, 1e9) for g in groups])
    n, k = len(x), len(groups)
    assert found[0].share == pytest.approx((test.statistic - k + 1) / (n - k))
    others = sorted(i.p for i in found.values())
    assert others[0] == pytest.approx(4 * test.pvalue)  # Holm: the least of four


def test_the_knob_that_decides_comes_first_and_the_others_are_not_told_from_chance():
    x, rng = _designs(300)
    found = importances(x, 10.0 ** x[:, 2] * (1 + 0.1 * rng.random(300)))
    assert found[0].position == 2 and found[0].share > 0.9 and found[0].separated
    assert not any(i.separated for i in found[1:]) and max(i.share for i in found[1:]) < 0.05


def test_a_knob_without_effect_gets_nothing_on_average():
    shares = []
    for seed in range(40):
        x, rng = _designs(80, seed)
        shares += [i.share for i in importances(x, rng.random(80))]
    assert np.mean(shares) < 0.02


def test_repeated_designs_count_once_and_few_say_nothing():
    x, _ = _designs(19)
    x = np.unique(x, axis=0)
    again = np.repeat(x, 50, axis=0)
    assert importances(again, again[:, 0].astype(float)) == []
    still = np.column_stack([np.zeros(60, int), np.arange(60) % 3, np.arange(60)])
    assert [i.position for i in importances(still, np.ones(60))] == [
        1,
        2,
    ]  # no variance: shares of 0
    assert all(i.share == 0 and i.p == 1 for i in importances(still, np.ones(60)))
