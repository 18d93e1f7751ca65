import itertools

import numpy as np
import pytest
from scipy import stats

from archgym.errors import ArchgymError
from archgym.statistics.comparison import aggregate, compare, holm, performance_profile
from archgym.statistics.effects import exact_effects
from archgym.statistics.intervals import interquartile_mean, stratified_bootstrap, wilson
from archgym.statistics.lottery import expected_best, one_draw, tuning_curve


# ---------------------------------------------------------------- exact effects
def test_an_additive_function_has_main_effects_only():
    a, b, c = np.arange(4.0), np.array([0.0, 3.0]), np.zeros(3)
    y = (a[:, None, None] + b[None, :, None] + c[None, None, :]).reshape(-1)
    e = exact_effects(y, ["a", "b", "c"], [4, 2, 3])
    share = a.var() / (a.var() + b.var())
    assert e.main == pytest.approx([share, 1 - share, 0])
    assert e.total == pytest.approx(e.main)
    assert all(abs(v) < 1e-12 for v in e.pairs.values())


def test_a_pure_interaction_has_no_main_effect():
    y = np.outer([-1, 1], [-1, 1]).reshape(-1).astype(float)
    e = exact_effects(y, ["a", "b"], [2, 2])
    assert e.main == pytest.approx([0, 0]) and e.total == pytest.approx([1, 1])
    assert e.pairs["a", "b"] == pytest.approx(1)


def test_effects_agree_with_their_definition_by_brute_force():
    shape, rng = (3, 4, 2, 5), np.random.default_rng(0)
    y = rng.normal(size=shape)
    e = exact_effects(y.reshape(-1), list("abcd"), shape)
    for i in range(4):
        rest = [k for k in range(4) if k != i]
        levels = [
            np.mean([y[p] for p in itertools.product(*map(range, shape)) if p[i] == v])
            for v in range(shape[i])
        ]
        assert e.main[i] == pytest.approx(np.var(levels) / y.var())
        spread = []
        for others in itertools.product(*(range(shape[k]) for k in rest)):
            index = dict(zip(rest, others))
            spread.append(
                np.var([y[tuple(index.get(k, v) for k in range(4))] for v in range(shape[i])])
            )
        assert e.total[i] == pytest.approx(np.mean(spread) / y.var())
    # what single parameters and pairs do not explain is interactions of three and more
    assert e.main.sum() + sum(e.pairs.values()) < 1


def test_constants_pinned_knobs_and_holes():
    assert exact_effects(np.ones(6), ["a", "b"], [3, 2]).total.tolist() == [0, 0]
    assert exact_effects(np.arange(3.0), ["pinned", "b"], [1, 3]).main.tolist() == pytest.approx(
        [0, 1]
    )
    names = [f"k{i}" for i in range(80)]  # more than numpy's 64 dimensions, nearly all pinned
    assert exact_effects(np.arange(2.0), names, [1] * 79 + [2]).total[-1] == pytest.approx(1)
    for bad in (np.array([1, np.nan, 2, 3, 4, 5]), np.ones(5)):
        with pytest.raises(ArchgymError, match="each of the 6 points"):
            exact_effects(bad, ["a", "b"], [3, 2])


# ---------------------------------------------------------------- intervals
def test_interquartile_mean_ignores_a_quarter_at_each_end():
    assert interquartile_mean(np.array([-1e9, 1, 2, 3, 4, 5, 6, 1e9])) == pytest.approx(3.5)


def test_the_bootstrap_covers_what_it_promises():
    rng, hits = np.random.default_rng(1), 0
    for trial in range(120):
        scores = [rng.normal(size=20), rng.normal(3, 2, size=20)]
        low, high = stratified_bootstrap(scores, lambda flat: flat.mean(axis=-1), seed=trial)
        hits += low <= 1.5 <= high
    assert 0.87 <= hits / 120 <= 1.0


def test_the_bootstrap_resamples_within_tasks():
    """Two tasks far apart, no spread inside: no spread of the mean."""
    assert stratified_bootstrap([np.zeros(5), np.full(5, 9.0)], lambda f: f.mean(axis=-1)) == (
        4.5,
        4.5,
    )


def test_wilson_matches_its_formula():
    low, high = wilson(8, 10)
    z, p, n = stats.norm.ppf(0.975), 0.8, 10
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (low, high) == pytest.approx(
        ((centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n))
    )
    assert wilson(0, 0) == (0, 1)


# ---------------------------------------------------------------- the lottery
@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_expected_best_of_k_is_the_mean_over_all_choices(k):
    gaps = np.array([0.4, 0.0, 0.2, 0.9, 0.05, np.inf, 0.3])
    clipped = np.minimum(gaps, 1)
    expected = np.mean([min(c) for c in itertools.combinations(clipped, k)])
    assert expected_best(gaps, k) == pytest.approx(expected)


def test_one_draw_counts_and_orders():
    d = one_draw(np.array([0.0, 0.005, 0.03, 0.2, np.inf]))
    assert (d.best, d.median, d.worst) == (0.0, 0.03, np.inf)
    assert (d.within_1, d.within_5) == (0.4, 0.6)
    assert d.within_1_interval[0] < 0.4 < d.within_1_interval[1]


def test_tuning_is_paid_for_and_never_hurts():
    curve = tuning_curve(np.random.default_rng(0).random(40), budget=100)
    assert curve[0][:2] == (1, 100) and curve[-1][:2] == (40, 4000)
    assert all(a[2] >= b[2] for a, b in itertools.pairwise(curve))


# ---------------------------------------------------------------- comparisons
def test_one_scenario_is_mann_whitneys_test():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, 12).astype(float), rng.integers(1, 8, 15).astype(float)
    pair = compare("a", {"s": x}, "b", {"s": y})
    reference = stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=False)
    assert pair.p == pytest.approx(reference.pvalue)
    assert pair.improvement.value == pytest.approx(1 - reference.statistic / (12 * 15))


def test_equal_agents_are_not_separated_and_different_ones_are():
    same = {f"s{i}": np.zeros(10) for i in range(3)}
    pair = compare("a", same, "b", same)
    assert pair.improvement.value == 0.5 and pair.p == 1.0
    rng = np.random.default_rng(0)
    a = {f"s{i}": rng.random(10) for i in range(3)}
    b = {k: v + 1 for k, v in a.items()}
    pair = compare("a", a, "b", b)
    assert pair.improvement.value == 1.0 and pair.p < 1e-6


def test_p_values_are_uniform_under_equality():
    rng = np.random.default_rng(3)
    p = [
        compare("a", {s: rng.random(8) for s in "xyz"}, "b", {s: rng.random(8) for s in "xyz"}).p
        for _ in range(200)
    ]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10


def test_holm_on_a_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert len(holm([])) == 0


def test_aggregate_and_profile():
    scores = {"a": np.array([0.0, 0.1, 0.2, 0.3]), "b": np.array([0.0, 0.0, 1.0, 1.0])}
    e = aggregate(scores)
    assert e.low <= e.value <= e.high
    assert performance_profile(scores, np.array([0.0, 0.5, 1.0])).tolist() == [3 / 8, 6 / 8, 1.0]
