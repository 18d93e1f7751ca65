"""Features of accelerators: bounds of the mapper's answers, the same columns for every network."""

from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.layout import DIMENSIONS
from archgym.simulators.accelerator.network_features import (
    Shapes,
    columns,
    network_features,
    repeated,
)
from archgym.simulators.accelerator.simulator import AcceleratorSimulator
from archgym.simulators.accelerator.technology import TechnologyError

from archgym.collection.sample import sample
from archgym.datasets.reader import Dataset
from archgym.goals.objectives import Expression, Objective
from archgym.goals.scenario import Scenario
from archgym.proxies.hooks import simulators_for
from archgym.proxies.matching import require_trained_on
from archgym.proxies.proxy import Proxy
from archgym.proxies.rows import ProxyError, Rows
from archgym.proxies.training import train
from archgym.testing import check_simulator

SMALL = Network("small", (Layer("a", K=16, C=8, P=14, Q=14, R=3, S=3), Layer("b", K=32, C=16)))


def simulator(network=SMALL, space="archgym-timeloop"):
    return AcceleratorSimulator(network, space=space, effort=400, threads=1)


@pytest.mark.parametrize("space", ["archgym-timeloop", "eyeriss", "simba"])
def test_contract_and_order_of_designs(space):
    sim = simulator(space=space)
    check_simulator(sim, designs=6)
    x = sim.space.sample(40, np.random.default_rng(3))
    e, found = sim.evaluate(x), sim.features(x)
    for metric in ("energy", "latency"):
        logs = np.log([found.estimates[metric][e.feasible], e.metrics[metric][e.feasible]])
        assert np.corrcoef(logs)[0, 1] > 0.7, metric
    assert set(found.estimates) == {m.name for m in sim.metrics}
    for exact in ("area", "energy_mac"):
        assert found.estimates[exact][e.feasible] == pytest.approx(
            e.metrics[exact][e.feasible], rel=1e-9
        )


def test_multipliers_are_never_busier_than_the_sketch_says():
    """A square layer that fills the array is computed in products over multipliers."""
    sim = simulator(Network("full", (Layer("a", K=14, C=4, P=12, Q=10),)))
    x = sim.space.encode([sim.default_design()])
    found = dict(zip(sim.features(x).names, sim.features(x).values[0]))
    assert found["use of multipliers"] == 1.0
    assert found["multipliers"] == 168
    assert sim.evaluate(x).metrics["utilisation"][0] <= 1.0


def test_what_fits_passes_once_and_what_does_not_comes_again():
    tensors = np.array([[100.0, 40.0, 60.0]])
    assert repeated(tensors, np.array([100.0, 100.0, 100.0])) == 200
    assert (
        repeated(tensors, np.array([50.0, 50.0, 50.0])) == 100 + 2 * 40 + 60
    )  # weights in two tiles
    assert (
        repeated(tensors, np.array([10.0, 50.0, 50.0])) == 2 * 100 + 40 + 60
    )  # the rest in two tiles
    assert repeated(tensors, np.array([0.0, 0.0, 0.0])) > 200


def test_a_design_that_cannot_be_built_has_the_same_columns():
    def build(design):
        raise TechnologyError("no such memory")

    sim = simulator()
    names = columns(sim.hardware.build(sim.hardware.default))
    found = network_features(SMALL, names, build, sim.space.sample(2, np.random.default_rng(0)))
    assert found.names == names and not found.values.any()
    assert all((rough == 1).all() for rough in found.estimates.values())


def test_columns_do_not_grow_with_the_network():
    more = [replace(layer, name=layer.name + "2") for layer in SMALL.layers]
    one, many = simulator(SMALL), simulator(Network("twice", (*SMALL.layers, *more)))
    x = one.space.sample(10, np.random.default_rng(1))
    a, b = one.features(x), many.features(x)
    assert a.names == b.names and np.allclose(a.values, b.values)
    assert np.allclose(2 * a.estimates["energy"], b.estimates["energy"])
    assert len(Shapes.of(many.network).layers) == 2, "equal shapes are looked at once"
    column = dict(zip(a.names, a.values[0]))
    assert all(f"mean {d}" in column for d in DIMENSIONS)


def test_one_proxy_serves_a_network_that_it_did_not_see(tmp_path):
    scenario = Scenario(
        "two",
        "accelerator",
        ("alexnet/fc6", "alexnet/fc8"),
        (Objective(Expression.parse("energy", AcceleratorSimulator.metrics)),),
        config={"effort": 60},
    )
    sample(scenario, 120, tmp_path / "d.parquet")
    rows = Rows.of(Dataset(tmp_path / "d.parquet"))
    proxy = train(rows, "ridge", simulators=simulators_for("auto", rows))
    proxy.save(tmp_path / "p")
    unseen = AcceleratorSimulator("alexnet/fc7", effort=60, threads=1)
    again = Proxy.load(tmp_path / "p")
    require_trained_on(again, unseen)
    x = unseen.space.sample(20, np.random.default_rng(5))
    with pytest.raises(ProxyError, match=r"proxy.bound\(simulator\)"):
        again.predict(x, "alexnet/fc7")
    mean = again.bound(unseen).predict(x, "alexnet/fc7").mean["latency"]
    truth = unseen.evaluate(x)
    error = np.abs(np.log(mean / truth.metrics["latency"]))[truth.feasible]
    assert np.median(error) < 0.25, "a matrix product like those that it saw"
    other = AcceleratorSimulator("alexnet/fc7", effort=61, threads=1)
    with pytest.raises(ProxyError, match="other data"):
        require_trained_on(again, other)
