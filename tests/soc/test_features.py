"""The sketch of a run: exact where nothing is shared, near elsewhere, and cheap to tell from a run."""

import numpy as np
import pytest
from archgym.simulators.soc.simulator import SoCSimulator

from archgym.testing import check_simulator


@pytest.fixture(scope="module")
def sampled():
    simulator = SoCSimulator("audio_decoder")
    x = simulator.space.sample(300, np.random.default_rng(4))
    return simulator, x, simulator.evaluate(x), simulator.features(x)


def test_features_keep_their_contract():
    check_simulator(SoCSimulator("audio_decoder"), designs=8)


def test_one_element_alone_is_sketched_exactly():
    simulator = SoCSimulator("audio_decoder")
    x = simulator.space.encode([simulator.default_design()])
    e, rough = simulator.evaluate(x), simulator.features(x).estimates
    assert rough["latency"] == pytest.approx(e.metrics["latency"], rel=1e-9)
    assert rough["energy"] == pytest.approx(e.metrics["energy"], rel=0.05)


def test_estimates_are_near(sampled):
    _, _, e, found = sampled
    for metric, near in (("latency", 0.001), ("power", 0.001), ("area", 0.005)):
        error = np.abs(found.estimates[metric] / e.metrics[metric] - 1)
        assert np.median(error) < near, metric
        assert np.corrcoef(np.log(found.estimates[metric]), np.log(e.metrics[metric]))[0, 1] > 0.95


def test_tasks_that_share_buses_are_sketched_as_slow_as_they_are(sampled):
    # averages of the company over a task's time had 79 % within half a percent
    _, _, e, found = sampled
    error = found.estimates["latency"] / e.metrics["latency"] - 1
    assert np.mean(np.abs(error) < 0.005) > 0.93
    assert np.sqrt(np.mean(error**2)) < 0.015


@pytest.fixture(scope="module")
def edge():
    simulator = SoCSimulator("edge_detection")
    x = simulator.space.sample(400, np.random.default_rng(6))
    e, rough = simulator.evaluate(x), simulator.features(x).estimates
    return {m: np.abs(rough[m] / e.metrics[m] - 1) for m in rough}


def test_a_task_that_another_holds_up_draws_no_power_meanwhile(edge):
    # spread evenly over a task's time, energy made power twice as high in one design of ten
    assert np.mean(edge["power"] < 0.005) > 0.96
    assert np.quantile(edge["latency"], 0.99) < 0.001


def test_outputs_take_memory_while_their_task_waits_for_its_element(edge):
    # taken once the task runs, memories were of another size in one design of twenty
    assert np.mean(edge["energy"] < 0.0005) > 0.97


def test_large_graphs_settle():
    simulator = SoCSimulator("random:series_parallel,n=30")
    x = simulator.space.sample(150, np.random.default_rng(7))
    e, rough = simulator.evaluate(x), simulator.features(x).estimates
    for metric in ("latency", "power", "area"):
        error = rough[metric] - e.metrics[metric]
        assert np.sqrt(np.mean(error**2)) < 0.05 * e.metrics[metric].mean(), metric


def test_columns_mean_what_their_names_say(sampled):
    simulator, x, e, found = sampled
    column = dict(zip(found.names, found.values.T))
    tasks = [t.name for t in simulator.graph.tasks]
    finishes = np.stack([column[f"{t}.finish"] for t in tasks])
    assert np.allclose(finishes.max(axis=0), column["stretched"]), "the last task ends the list"
    assert (column["longest path"] <= column["listed"] * (1 + 1e-12)).all()
    assert (column["busiest element"] <= column["listed"] * (1 + 1e-12)).all()
    total = column["element energy"] + column["carried energy"]
    assert np.allclose(total, found.estimates["energy"])
    assert np.median(np.abs(total / e.metrics["energy"] - 1)) < 0.05
    host = [i for i, n in enumerate(simulator.space.names) if n.startswith("host.")]
    one = x.copy()
    one[:, host] = 0
    assert (dict(zip(found.names, simulator.features(one).values.T))["elements"] == 1).all()


def test_the_limited_space_gives_none():
    limited = SoCSimulator("audio_decoder", space="archgym-limited")
    assert limited.features_version == ""
    assert limited.features(limited.space.encode([limited.default_design()])).names == ()
