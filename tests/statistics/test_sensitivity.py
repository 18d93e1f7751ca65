"""Knobs moved one at a time: what is told, what it takes, when it is given up."""

import time

import numpy as np
import pytest

from archgym.statistics.sensitivity import one_at_a_time

DESIGN = {"size": 16, "ways": 2, "policy": "lru"}
NEIGHBOURS = 7 + 3 + 2  # every other value of the toy's three knobs


@pytest.fixture
def design(toy_scenario):
    return toy_scenario.space.encode(DESIGN)[0]


def test_each_knob_is_moved_to_each_value_and_nothing_else_is(toy_scenario, design):
    found = one_at_a_time(toy_scenario, design)
    assert [e.knob for e in found.effects] == ["size", "ways", "policy"]
    assert found.complete and found.evaluations == NEIGHBOURS + 1
    (cost,) = toy_scenario.costs(toy_scenario.evaluate(design[None]))[:, 0]
    for column, effect in enumerate(found.effects):
        assert effect.value == DESIGN[effect.knob] and len(effect.others) == len(effect.values) - 1
        for value, gap in enumerate(effect.gaps):
            x = design.copy()
            x[column] = value
            there = toy_scenario.costs(toy_scenario.evaluate(x[None]))[:, 0]
            np.testing.assert_array_equal(gap, toy_scenario.gap(there, float(cost))[0])


def test_a_limit_that_is_kept_changes_nothing(toy_scenario, design):
    whole, limited = (
        one_at_a_time(toy_scenario, design),
        one_at_a_time(toy_scenario, design, limit_s=3600.0),
    )
    assert limited.complete and limited.evaluations == whole.evaluations
    for a, b in zip(whole.effects, limited.effects, strict=True):
        np.testing.assert_array_equal(a.gaps, b.gaps)


def test_slow_neighbours_are_given_up_after_one(toy_scenario, design, monkeypatch):
    clock = iter(np.arange(100) * 1e6)  # every look at the clock is 11 days later
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    (simulator,) = toy_scenario.simulators
    toy_scenario.costs(toy_scenario.evaluate(design[None]))  # evaluates the reference design, once
    before = simulator.calls
    found = one_at_a_time(toy_scenario, design, limit_s=2.0)
    assert not found.complete and found.effects == []
    assert found.evaluations == 2 == simulator.calls - before


def test_of_a_knob_with_many_values_some_are_tried(toy_scenario, design):
    whole = one_at_a_time(toy_scenario, design).effects
    some = one_at_a_time(toy_scenario, design, most=5)
    sizes, ways, policy = some.effects
    assert sizes.values == (1, 8, 16, 32, 128)  # the ends, and those beside 16
    assert sizes.gaps[sizes.values.index(16)] == 0
    for few, all_ in zip(some.effects, whole, strict=True):
        told = dict(zip(all_.values, all_.gaps))
        np.testing.assert_array_equal(few.gaps, [told[v] for v in few.values])
    assert len(ways.others) == 3 and len(policy.others) == 2
    assert some.evaluations == 1 + 4 + 3 + 2
