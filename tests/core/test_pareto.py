import numpy as np
import pytest

from archgym.goals.pareto import hypervolume, pareto_front


def slow_front(costs):
    keep = []
    for i, a in enumerate(costs):
        if not np.isfinite(a).all():
            continue
        dominated = any(
            (b <= a).all() and ((b < a).any() or j < i)
            for j, b in enumerate(costs)
            if j != i and np.isfinite(b).all()
        )
        if not dominated:
            keep.append(i)
    return sorted(keep)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_front_equals_its_definition(k):
    rng = np.random.default_rng(k)
    for _ in range(30):
        costs = rng.integers(0, 6, (40, k)).astype(float)
        costs[rng.random((40, k)) < 0.05] = np.inf
        assert sorted(pareto_front(costs).tolist()) == slow_front(costs)


def test_front_of_nothing():
    assert len(pareto_front(np.empty((0, 2)))) == 0
    assert len(pareto_front(np.full((3, 2), np.inf))) == 0


def test_hypervolume_of_known_shapes():
    assert hypervolume(np.array([[1.0, 1.0]]), np.array([3.0, 2.0])) == 2.0
    assert hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([3.0, 3.0])) == 3.0
    assert hypervolume(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), np.ones(3) * 2) == 8.0
    assert hypervolume(np.array([[5.0, 5.0]]), np.array([3.0, 3.0])) == 0.0


def test_hypervolume_agrees_with_counting():
    rng = np.random.default_rng(0)
    costs = rng.integers(0, 8, (12, 3)).astype(float)
    cells = np.stack(np.meshgrid(*[np.arange(8) + 0.5] * 3), -1).reshape(-1, 3)
    covered = (costs[:, None] <= cells[None]).all(axis=2).any(axis=0).sum()
    assert hypervolume(costs, np.full(3, 8.0)) == pytest.approx(covered)
