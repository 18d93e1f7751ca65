"""Features of mappings: counted as an evaluation counts, on designs that work and on those that do not."""

import numpy as np
import pytest

from archgym.contracts.making import make_simulators


@pytest.mark.parametrize("space", ["loops", "gamma"])
@pytest.mark.parametrize(
    "layer", ["resnet18/conv2_1a", "mobilenet-v2/block1_depthwise", "alexnet-conv/conv1"]
)
def test_estimates_are_the_metrics_of_designs_that_work(space, layer):
    (sim,) = make_simulators("mapping", [layer], {"space": space})
    rng = np.random.default_rng(3)
    x = sim.space.repair(sim.space.sample(300, rng), rng)
    found, told = sim.features(x), sim.evaluate(x)
    assert np.isfinite(found.values).all()
    works = told.feasible
    assert works.any()
    energy, latency = (
        found.estimates[m][works] / told.metrics[m][works] for m in ("energy", "latency")
    )
    assert np.abs(energy - 1).max() < 1e-3
    assert np.abs(latency - 1).max() < 0.2 and np.median(np.abs(latency - 1)) < 0.02


def test_every_word_comes_from_dram_at_least_once():
    (sim,) = make_simulators("mapping", ["resnet18/conv2_1a"], {"space": "loops"})
    rng = np.random.default_rng(4)
    found = sim.features(sim.space.sample(500, rng))
    column = {n: found.values[:, i] for i, n in enumerate(found.names)}
    layer = sim.network.layers[0]
    asked = [column[n] for n in found.names if n.startswith("DRAM") and n.endswith("words")]
    assert len(asked) == 3
    for words, size in zip(asked, layer.tensor_sizes()):
        assert (words >= size * (1 - 1e-9)).all()
