"""Each step of the scheduler alone, on instances small enough to work out by hand.

``latency`` and ``energy`` (layers, sub-accelerators); every layer is a network of its own unless said.
"""

import itertools

import numpy as np
import pytest
from archgym.simulators.codesign.schedule import cheapen, exchange, makespan, total


def stepped(step, latency, energy, limit, assign, chain=None):
    latency, energy = np.array(latency, float), np.array(energy, float)
    chain = np.arange(len(latency) + 1) if chain is None else np.array(chain)
    assign = np.array(assign, np.int64)
    start = np.empty(len(latency))
    step(latency, energy, chain, float(limit), assign, start)
    length = makespan(latency, chain, assign, start, float(limit))
    return assign.tolist(), length, total(energy, assign)


def test_cheapening_moves_every_layer_that_may_go_and_the_largest_saving_first():
    # both savings would overload sub-accelerator 1 (limit 4): only the larger one is taken
    latency, energy = [[2, 3], [2, 3]], [[5, 1], [9, 1]]
    assert stepped(cheapen, latency, energy, 4, [0, 0]) == ([0, 1], 3, 6)
    assert stepped(cheapen, latency, energy, 6, [0, 0]) == ([1, 1], 6, 2)
    # none fits: all stay
    assert stepped(cheapen, latency, energy, 2, [0, 0])[0] == [0, 0]


def test_cheapening_looks_a_second_time_when_a_move_made_room():
    # layer 0 saves more, but fits on 1 only after layer 1 has left it
    latency, energy = [[4, 4], [4, 4]], [[9, 1], [1, 2]]
    assert stepped(cheapen, latency, energy, 4, [0, 1]) == ([0, 1], 4, 11), "one at a time: stuck"
    # with a third place for layer 1 to go to, the second round moves layer 0
    latency, energy = [[4, 4, 9], [9, 4, 4]], [[9, 1, 9], [9, 3, 1]]
    assert stepped(cheapen, latency, energy, 4, [0, 1]) == ([1, 2], 4, 2)


def test_cheapening_takes_the_cheapest_place_and_never_a_dearer_one():
    latency, energy = [[1, 1, 1, 1]], [[5, 4, 3, 2]]
    assert stepped(cheapen, latency, energy, 9, [0]) == ([3], 1, 2)
    assert stepped(cheapen, latency, [[2, 2, 3, 2]], 9, [0])[0] == [0]


def test_exchange_swaps_two_layers_where_no_single_move_keeps_the_limit():
    latency, energy = [[4, 4], [4, 4]], [[9, 1], [1, 2]]
    assert stepped(exchange, latency, energy, 4, [0, 1]) == ([1, 0], 4, 2)
    # nothing to gain: nothing moves; a swap that would break the limit is not made
    assert stepped(exchange, latency, energy, 4, [1, 0])[0] == [1, 0]
    assert stepped(exchange, [[4, 5], [4, 4]], energy, 4, [0, 1])[0] == [0, 1]


def test_exchange_goes_for_the_limit_first_whatever_the_energy():
    # 4 + 4 on one sub-accelerator; both swapped to where they are short, though that is dear
    latency, energy = [[4, 3], [4, 9]], [[1, 50], [1, 1]]
    assert stepped(exchange, latency, energy, 4, [0, 0]) == ([1, 0], 4, 51)


def test_exchange_takes_the_largest_gain_first():
    # three layers of one network each on three places of one slot; the best pair swap saves 14
    latency = np.full((3, 3), 4.0)
    energy = [[9, 1, 7], [3, 9, 9], [9, 9, 9]]
    assert stepped(exchange, latency, energy, 4, [0, 1, 2])[0] == [1, 0, 2]


def test_exchange_leaves_out_places_where_a_layer_cannot_run():
    latency, energy = [[4, np.inf], [4, 4]], [[9, 1], [1, 2]]
    assert stepped(exchange, latency, energy, np.inf, [0, 1]) == ([0, 0], 8, 10)


@pytest.mark.parametrize("seed", range(30))
def test_after_a_step_no_change_of_its_kind_is_left(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    latency, energy = rng.integers(1, 9, (n, k)) + 0.0, rng.integers(1, 30, (n, k)) + 0.0
    chain, first = np.array([0, n // 2, n]), rng.integers(0, k, n)
    start = np.empty(n)
    limit = makespan(latency, chain, first.copy(), start, 0.0) * rng.uniform(1, 1.3)
    assign, length, cost = stepped(exchange, latency, energy, limit, first, chain)
    assert length <= limit and cost <= total(energy, first)
    for i, j in itertools.combinations(range(n), 2):
        for s, t in itertools.product(range(k), repeat=2):
            other = np.array(assign)
            other[[i, j]] = s, t
            if total(energy, other) < cost:
                assert makespan(latency, chain, other, start, limit) > limit
    _, length, cheap = stepped(cheapen, latency, energy, limit, first, chain)
    assert length <= limit and cheap <= total(energy, first)
