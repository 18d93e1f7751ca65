"""Relative improvement over the mean random design, against the designs themselves."""

import numpy as np
import pytest

from archgym.goals.improvement import mean_cost, mean_random, relative_improvement
from archgym.goals.scenario_file import from_document
from archgym.tables.build import build
from archgym.tables.certificate import certify, random_cost


def everything(scenario):
    """Costs and evaluations of all designs of a small scenario."""
    x = np.concatenate(list(scenario.space.grid()))
    e = scenario.evaluate(x)
    return scenario.costs(e)[:, 0], scenario.satisfied(e), e


def test_it_is_the_share_that_the_mean_valid_design_is_undercut_by(toy_scenario):
    cost, met, e = everything(toy_scenario)
    assert 0 < met.sum() < len(met)
    random = mean_cost(toy_scenario, cost[met])
    mean = e.metrics["latency"][met].mean()
    asked = 100 * (mean - e.metrics["latency"]) / mean
    found = relative_improvement(toy_scenario, cost, random)
    np.testing.assert_allclose(found[met], asked[met], rtol=1e-9)
    assert (found[~met] == -np.inf).all(), "meets no specs"


def test_a_reward_that_is_the_objective_itself(toy_document):
    toy_document.update(reward="weighted-accuracy", specs={}, reference=None)
    toy_document["objectives"] = [{"metric": "latency", "goal": "maximize"}]
    scenario = from_document({k: v for k, v in toy_document.items() if v is not None})
    cost, _, e = everything(scenario)
    value = e.metrics["latency"]
    fine = np.isfinite(cost)
    found = relative_improvement(scenario, cost[fine], mean_cost(scenario, cost[fine]))
    mean = value[fine].mean()
    np.testing.assert_allclose(found, 100 * (value[fine] - mean) / mean, rtol=1e-9)


def test_a_certificate_knows_the_mean_of_all_designs_and_a_sample_comes_near(
    toy_scenario, tmp_path
):
    cost, met, _ = everything(toy_scenario)
    exact = mean_cost(toy_scenario, cost[met])
    tables = tuple(build(s, {}, tmp_path) for s in toy_scenario.simulators)
    certificate = certify(toy_scenario, tables)
    assert random_cost(toy_scenario, certificate) == pytest.approx(exact, abs=0.02)
    assert random_cost(toy_scenario, None) == mean_random(toy_scenario)
    assert mean_random(toy_scenario, 2_000) == pytest.approx(exact, abs=0.05)


def test_where_no_design_meets_the_specs_there_is_no_figure(toy_document):
    toy_document["specs"] = {"energy": {"upper": "1e-9 pJ"}}
    scenario = from_document(toy_document)
    random = mean_random(scenario)
    assert np.isnan(random)
    assert np.isnan(relative_improvement(scenario, np.zeros(2), random)).all()
