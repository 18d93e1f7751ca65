"""What sizing says of a block before it is routed: near for every core, and finite for every design."""

import numpy as np
import pytest
from archgym.simulators.ffet.simulator import BlockPPASimulator


@pytest.fixture(scope="module")
def simulator():
    return BlockPPASimulator("mac16", placements=1, threads=1)


def test_estimates_are_near(simulator):
    names = ("technology", "front_layers", "back_layers", "back_pin_share")
    designs = []
    for technology, front, back, share in (("cfet-4t", 12, 0, 0.0), ("ffet-3.5t", 8, 8, 0.5)):
        for target in (1.0, 2.5):
            design = {
                **simulator.default_design(),
                **dict(zip(names, (technology, front, back, share))),
            }
            designs.append({**design, "target_frequency": target})
    x = simulator.space.encode(designs)
    e, rough = simulator.evaluate(x), simulator.features(x).estimates
    assert e.feasible.all()
    for metric, near in (
        ("core_area", 1e-9), ("frequency", 0.05), ("power", 0.03), ("leakage", 1e-9),
        ("wirelength_front", 0.3),
    ):  # fmt: skip
        assert np.abs(rough[metric] / e.metrics[metric] - 1).max() < near, metric


def test_features_of_designs_that_cannot_be_built_are_finite(simulator):
    x = simulator.space.sample(6, np.random.default_rng(3))
    assert not simulator.evaluate(x).feasible.all()
    found = simulator.features(x)  # which are checked
    assert found.values.shape == (6, len(found.names))
    assert len(simulator.features(x[:0]).values) == 0


def test_several_netlists_have_no_features():
    assert BlockPPASimulator("picorv32", netlists="by-target").features_version == ""
