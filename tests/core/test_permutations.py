"""Permutations as parameters: known by their values, neighbours by exchange, places as features."""

from itertools import permutations

import numpy as np

from archgym.proxies.features import FeatureMap
from archgym.space import DesignSpace, categorical, exchanged, exchanges, items_of, ordinal, places

ORDER = categorical("order", [",".join(p) for p in permutations("abcd")])


def test_permutations_are_known_by_their_values():
    assert items_of(ORDER) == ("a", "b", "c", "d")
    for other in (
        categorical("x", ("a,b,c", "a,c,d")),
        categorical("x", ("a,b", "b,a")),
        categorical("x", ("a,b,b", "b,a,b")),
        categorical("x", (1, 2, 3)),
        ordinal("x", ("a,b,c", "a,c,b")),
    ):
        assert items_of(other) == () and exchanges(other) is None


def test_neighbours_exchange_two_items():
    space = DesignSpace([ORDER, ordinal("n", (1, 2, 3))])
    here = space.encode({"order": "a,b,c,d", "n": 2})[0]
    near = {(d["order"], d["n"]) for d in space.decode(space.neighbors(here))}
    assert ("b,a,c,d", 2) in near and ("d,b,c,a", 2) in near and ("a,b,c,d", 3) in near
    assert len(near) == 6 + 2 and ("b,c,d,a", 2) not in near


def test_a_narrowed_permutation_keeps_the_legal_exchanges():
    few = ORDER.narrowed(["a,b,c,d", "b,a,c,d", "d,c,b,a"])
    assert exchanges(few).max() == 2
    assert set(exchanges(few)[0]) == {0, 1}
    apart = ORDER.narrowed(["a,b,c,d", "b,c,d,a"])  # no exchange leads from one to the other
    assert exchanges(apart) is None
    assert len(DesignSpace([apart]).neighbors([0])) == 1


def test_exchanged_moves_permutations_alone():
    space = DesignSpace([ordinal("n", (1, 2, 3)), ORDER])
    rng = np.random.default_rng(0)
    x = space.sample(50, rng)
    y = exchanged(x, space.parameters, rng)
    assert (x[:, 0] == y[:, 0]).all() and (x[:, 1] != y[:, 1]).all()


def test_places_are_features():
    assert places(ORDER)[0].tolist() == [0, 1 / 3, 2 / 3, 1]
    features = FeatureMap(DesignSpace([ORDER]))
    assert features(np.array([[0]])).shape == (1, 4)
