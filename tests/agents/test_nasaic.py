"""What ``nasaic`` adds to the published episodes: ranking of networks, and several networks a batch."""

import numpy as np
import pytest
from archgym.agents.network_ranking import NetworkRanking
from scipy.stats import kendalltau

from archgym.space import DesignSpace, categorical, ordinal

pytest.importorskip("torch", reason="the extra 'rl' is not installed")
from archgym.agents.nasaic import Nasaic

NETWORK = (
    ordinal("net1.filters", (8, 16, 32, 64), scale="log"),
    ordinal("net1.skips", (0, 1, 2)),
    categorical("net1.kind", ("a", "b", "c")),
    ordinal("net2.filters", (8, 16, 32, 64), scale="log"),
)
SPACE = DesignSpace((*NETWORK, ordinal("acc1.pes", tuple(range(16, 513, 16)))))


def value(x):
    """A score (n,) that grows with filters and skips, and least for kind b."""
    return x[:, 0] - 0.1 * x[:, 0] ** 2 + 0.5 * x[:, 1] - (x[:, 2] == 1) + 0.3 * x[:, 3]


def networks_of(x):
    return [tuple(row) for row in x[:, : len(NETWORK)].tolist()]


def test_networks_are_ranked_by_the_choices_of_known_ones():
    rng = np.random.default_rng(0)
    x = np.unique(DesignSpace(NETWORK).sample(400, rng), axis=0)
    x = x[rng.permutation(len(x))]
    ranking = NetworkRanking(NETWORK)
    assert not ranking
    for row in x[:30]:
        ranking.learn(tuple(row.tolist()), float(value(row[None])[0]))
    assert ranking
    assert kendalltau(ranking(x[30:]), value(x[30:])).statistic > 0.9
    before = ranking(x[:1])[0]
    for row in x[30:40]:
        ranking.learn(tuple(row.tolist()), 0.0)
    assert ranking(x[:1])[0] != before, "what is learned later counts too"


def test_a_batch_holds_more_networks_where_nothing_better_is_found():
    agent = Nasaic(SPACE, seed=0, budget=1_000, patience=2)
    assert agent.batch == 11
    held, costs = [], [5.0, 5.0, 5.0, 5.0, 4.0, 4.0]
    for cost in costs:
        x = agent.ask(agent.batch)
        held.append(len(set(networks_of(x))))
        agent.tell(x, np.full(len(x), cost))
    assert held == [1, 1, 1, 2, 2, 1]
    never = Nasaic(SPACE, seed=0, budget=1_000, patience=0)
    for _ in range(8):
        x = never.ask(11)
        assert len(set(networks_of(x))) == 1
        never.tell(x, np.full(11, 5.0))


def test_a_batch_never_holds_more_networks_than_steps():
    agent = Nasaic(SPACE, seed=1, budget=1_000, patience=1)
    for n in (11, 11, 11, 11, 3, 3, 1, 2):
        x = agent.ask(n)
        assert len(x) == n
        agent.tell(x, np.full(n, 1.0))


def test_every_network_earns_what_its_own_steps_found():
    """Of two networks in a batch the better one becomes the elite, with its own hardware."""
    agent = Nasaic(SPACE, seed=0, elites=1)
    x = np.array([[0, 0, 0, 0, 3], [0, 0, 0, 0, 4], [1, 1, 0, 0, 5], [1, 1, 0, 0, 6]])
    agent.tell(x, [3.0, np.inf, 2.0, 1.0])
    assert [(v, e.tolist()) for v, e in agent._elites.values()] == [(-1.0, x[3].tolist())]
    assert agent._ranking.known == {(0, 0, 0, 0): -3.0, (1, 1, 0, 0): -1.0}


def test_networks_that_are_known_are_not_tried_again_while_there_are_others():
    agent = Nasaic(SPACE, seed=3, budget=600, patience=1)
    tried = []
    for _ in range(20):
        x = agent.ask(5)
        agent.tell(x, -value(x))
        tried += list(dict.fromkeys(networks_of(x)))
    assert len(tried) > 40 and len(set(tried)) >= 0.95 * len(tried)
