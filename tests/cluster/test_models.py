"""Shapes of models against published parameter counts; what the scenarios train fits their accelerators."""

import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.models import MODELS, parameters
from archgym.simulators.cluster.training import Workload, memory_parts, total

from archgym import load_scenario
from tests.conftest import ROOT

SCENARIOS = sorted(p.stem for p in (ROOT / "scenarios" / "cluster").glob("*.yaml"))
# in billions, all of them and those of a token, as the papers say (Llama 2 70B and Mixtral: as their
# configuration files come to)
PUBLISHED = {
    "gpt3-13b": (13.0, 13.0),
    "gpt3-175b": (175.0, 175.0),
    "vit-base": (0.086, 0.086),
    "vit-large": (0.307, 0.307),
    "llama-7b": (6.7, 6.7),
    "llama-70b": (68.98, 68.98),
    "mixtral-8x7b": (46.7, 12.9),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_models_have_as_many_parameters_as_published(name):
    found = [n / 1e9 for n in parameters(MODELS[name])]
    assert found == pytest.approx(PUBLISHED[name], rel=0.02)


@pytest.mark.parametrize("name", PUBLISHED)
def test_one_npu_holds_16_bytes_of_each_parameter(name):
    shape = MODELS[name]
    held = memory_parts(Workload(name, shape, "train", 1, 1), 1, 1, 1, 1, 0, "1f1b")
    del held["activations"]
    assert total(held) == pytest.approx(16 * parameters(shape)[0], rel=1e-9)


def test_results_say_how_many_parameters_were_read():
    told = ClusterSimulator("mixtral-8x7b-train").workload_notes["parameters"]
    assert told == "46.6 billion, 12.7 billion of them per token"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_begins_with_a_design_that_meets_its_specs(name):
    scenario = load_scenario(f"cluster/{name}")
    assert any(spec.metric == "memory" for spec in scenario.specs)
    assert scenario.satisfied(scenario.evaluate(scenario.reference_design)).all()


@pytest.mark.parametrize(
    "name", ["gpt3-175b-training", "llama-7b-network-cost", "mixtral-training"]
)
def test_memory_binds(name):
    """Each NPU with the whole model: the fullest holds more than it has."""
    scenario = load_scenario(f"cluster/{name}")
    npus = scenario.simulators[0].npus
    design = scenario.space.decode(scenario.reference_design)[0]
    alone = {f"npus{d}": 1 for d in range(4) if f"npus{d}" in design}
    split = design | alone | {"npus0": npus, "role0": "data", "micro_batches": 1, "zero": 0}
    e = scenario.evaluate(scenario.space.encode([split]))
    assert e.feasible.all(), e.reasons
    assert not scenario.satisfied(e).any()
