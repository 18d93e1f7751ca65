"""What `guided` stands on: fronts of several costs, a model of costs, and new beginnings."""

import itertools

import numpy as np
import pytest
from archgym.agents import guided, kriging
from archgym.agents.drawing import redrawn
from archgym.agents.farsi import Farsi
from archgym.agents.fronts import Front
from archgym.agents.guided import Guided
from archgym.agents.kriging import MOST, Kriging
from scipy.stats import norm

from archgym import Evaluation
from archgym.contracts.feedback import Feedback
from archgym.goals.pareto import hypervolume
from archgym.goals.scenario_file import from_document
from archgym.space import Constraint, DesignSpace, categorical, ordinal


def filled(costs):
    front = Front()
    joined = [front.add(i, row) for i, row in enumerate(costs)]
    return front, joined


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_front_holds_what_no_other_beats(k):
    rng = np.random.default_rng(k)
    for _ in range(50):
        costs = rng.integers(0, 4, (12, k)).astype(float)
        costs[rng.random(12) < 0.2] = np.inf
        front, joined = filled(costs)
        beaten = [
            any((costs[j] <= c).all() and ((costs[j] < c).any() or j < i) for j in range(12))
            for i, c in enumerate(costs)
        ]
        expected = [i for i in range(12) if not beaten[i] and np.isfinite(costs[i]).all()]
        assert front.rows == expected and (front.costs == costs[expected]).all()
        assert all(joined[i] for i in expected)
        assert front.least(3) == sorted(expected, key=lambda i: (costs[i, -1], i))[:3]


def test_designs_far_from_others_on_a_front_count_more():
    front, _ = filled(np.array([[0.0, 10.0], [1.0, 9.0], [2.0, 8.0], [9.0, 1.0], [10.0, 0.0]]))
    spacing = front.spacing()
    # neighbours of each, as shares of the extent, summed over both costs
    assert spacing[1:4] == pytest.approx([0.4, 1.6, 1.6]) and spacing[[0, 4]] == pytest.approx(3.2)
    assert filled(np.array([[0.0, 1.0], [1.0, 0.0]]))[0].spacing().tolist() == [1, 1]


def test_blends_are_least_on_the_front_and_worst_where_nothing_is_known():
    rng = np.random.default_rng(0)
    table = [*rng.random((40, 2)), np.array([np.inf, np.inf]), np.empty(0)]
    front, _ = filled([c if len(c) else np.full(2, np.inf) for c in table])
    instead = np.append(np.zeros(40), [5.0, 4.0])
    winners = set()
    for _ in range(200):
        blend = front.blended(table, instead, rng)
        assert np.isfinite(blend).all() and blend[:40].max() < blend[41] < blend[40]
        winners.add(int(np.argmin(blend)))
    assert winners == set(front.rows)  # all of them, each for some weights
    alone, _ = filled(np.array([[1.0, 1.0]]))
    assert alone.blended([np.ones(2)], np.array([3.0]), rng).tolist() == [3.0]


SPACE = DesignSpace(
    [*(ordinal(f"k{i}", (0, 1, 2, 3, 4)) for i in range(3)), categorical("c", "abcd")]
)
GRID = np.concatenate(list(SPACE.grid()))


def costs_of(x):
    return (x[:, 0] - 3) ** 2 + 2.0 * (x[:, 1] - 1) ** 2 + 3.0 * (x[:, 3] != 2)


def apart(model, x, other):
    """Squared distances by their definition."""
    out = model._inverse[3] * (x[:, None, 3] != other[None, :, 3])
    return out + ((x[:, None, :3] - other[None, :, :3]) ** 2 / 16) @ model._inverse[:3]


def test_promise_is_the_expected_improvement():
    model = Kriging(SPACE)
    x = SPACE.sample(30, np.random.default_rng(1))
    model.fit(x, costs_of(x))
    kernel = model._kernel(apart(model, x, x))
    kernel += kriging.NOISE * np.eye(len(x))
    k = model._kernel(apart(model, GRID, x))
    mean = k @ np.linalg.solve(kernel, model.y)
    spread = 1 + kriging.NOISE - np.einsum("ij,ji->i", k, np.linalg.solve(kernel, k.T))
    spread = np.sqrt(model._variance * spread)
    z = (model.y.min() - mean) / spread
    expected = spread * (z * norm.cdf(z) + norm.pdf(z))
    near = z > -5
    promise = model.promise(GRID)
    assert near.sum() > 100 and np.exp(promise[near]) == pytest.approx(expected[near], rel=1e-6)
    # far below, where the formula loses its digits, order is by z still
    far = z < -7
    assert np.isfinite(promise).all()
    if far.any():
        assert promise[far].max() < promise[near].max()


def test_a_model_finds_what_few_designs_suggest_and_which_knob_does_nothing():
    better = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = GRID[rng.permutation(len(GRID))[:40]]
        model = Kriging(SPACE)
        for n in (20, 30, 40):
            model.fit(x[:n], costs_of(x[:n]))
        new = GRID[int(np.argmax(model.promise(GRID)))]
        better += float(costs_of(new[None])[0]) <= 1.0
        assert model._inverse[2] < min(model._inverse[[0, 1, 3]])  # no effect: the longest length
    assert better >= 8  # 8 of 500 designs are so good


def test_a_model_bears_infinite_alike_and_many_costs():
    rng = np.random.default_rng(0)
    x = SPACE.sample(2 * MOST, rng)
    costs = costs_of(x)
    costs[::3] = np.inf
    for known in (costs, np.zeros(len(x)), np.full(len(x), np.inf)):
        model = Kriging(SPACE)
        model.fit(x, known)
        assert len(model.x) == MOST and np.isfinite(model.promise(GRID)).all()
    model.fit(x, costs)
    best = np.sort(costs[: -MOST // 2])[: MOST - MOST // 2]
    assert (np.sort(costs_of(model.x[: len(best)])) == best).all()


def test_redrawn_designs_change_few_knobs_and_keep_constraints():
    space = DesignSpace(
        [ordinal(f"k{i}", tuple(range(9))) for i in range(6)],
        [Constraint("order", lambda c: c["k0"] <= c["k1"], "k0 is above k1")],
    )
    parent, good = np.full(6, 4), np.full((1, 6), 8)
    out = redrawn(space, parent, good, 2, 400, np.random.default_rng(0))
    assert 300 < len(out) < 400 and space.is_valid(out).all()
    assert (out != parent).sum(axis=1).max() == 2
    assert (out == 8).sum() > (out == 0).sum() > 0  # good values most, others too


def found(agent, cost, budget, objectives=None):
    """All designs and costs of a search without explanations."""
    xs, costs = [], []
    while sum(map(len, xs)) < budget:
        x = agent.ask(agent.batch)
        c = cost(x)
        feedback = Feedback(
            Evaluation({"m": c}, np.ones(len(x), np.bool_)), {}, np.zeros(len(x)),
            lambda d, _: agent.space.neighbors(d), objectives=objectives and objectives(x),
        )  # fmt: skip
        agent.tell(x, c, feedback)
        xs.append(x)
        costs.append(c)
    return np.concatenate(xs), np.concatenate(costs)


TRAP = DesignSpace([ordinal(f"k{i}", tuple(range(6))) for i in range(6)])


def trap(x):
    """A broad basin with its best at 1, and a narrow one at the other end that is better."""
    broad, narrow = np.abs(x - 1).sum(axis=1), 1.2 * np.abs(x - 5).sum(axis=1)
    return np.minimum(2.0 + broad, narrow)


def test_the_search_starts_anew_where_nothing_new_comes(monkeypatch):
    def solved(seeds):
        return sum(found(Guided(TRAP, seed=s), trap, 400)[1].min() == 0 for s in seeds)

    mine = solved(range(4))
    monkeypatch.setattr(guided, "STALE", 10**9)
    assert mine >= 3 and solved(range(4)) <= 1


def two(x):
    """The more of a knob the better for one objective, the worse for the other, by the square."""
    share = x / 5
    return np.stack([share.mean(axis=1), ((1 - share) ** 2).mean(axis=1)], axis=1)


def test_several_objectives_are_searched_along_their_front():
    def volume(seed, told):
        agent = Guided(TRAP, seed=seed)
        x, _ = found(agent, lambda x: two(x).sum(axis=1), 150, two if told else None)
        return hypervolume(two(x), np.ones(2))

    told = [volume(s, True) for s in range(3)]
    blind = [volume(s, False) for s in range(3)]
    assert min(told) > max(blind) and np.mean(told) > 1.05 * np.mean(blind)


def test_walks_neither_follow_fronts_nor_start_anew():
    x, _ = found(Farsi(TRAP, seed=0), lambda x: two(x).sum(axis=1), 120, two)
    y, _ = found(Farsi(TRAP, seed=0), lambda x: two(x).sum(axis=1), 120)
    assert (x == y).all()


def test_feedback_tells_objectives_where_there_are_several(toy_document):
    several = from_document({**toy_document, "objectives": ["latency", "energy"]})
    x = several.space.sample(40, np.random.default_rng(0))
    e = several.evaluate(x)
    feedback = several.feedback(e)
    assert (feedback.objectives == several.costs(e, vector=True)).all()
    assert np.isinf(feedback.objectives).any() and np.isfinite(feedback.objectives).any()
    halves = feedback.take(slice(0, 20)).joined(feedback.take(slice(20, 40)))
    assert (halves.objectives == feedback.objectives).all()
    alone = from_document(toy_document)
    assert alone.feedback(alone.evaluate(x)).objectives is None
    assert list(itertools.chain(alone.feedback(e).take(slice(0, 3)).violations)) == ["energy"]
