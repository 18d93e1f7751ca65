import json
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator import AcceleratorSimulator, MappingSimulator
from archgym.simulators.accelerator.hardware import SPACES, _archgym_build
from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.mapping import evaluate_mapping
from archgym.simulators.accelerator.mapping_spaces import useful_factors

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.goals.scenario_file import load_scenario, shipped
from archgym.testing import check_simulator

TINY = Network("tiny", (Layer("a", K=8, C=4, P=6, Q=6, R=3, S=3), Layer("b", K=10, C=8, count=2)))


@pytest.mark.parametrize("space", sorted(SPACES))
def test_contract_of_hardware_spaces(space):
    check_simulator(lambda: AcceleratorSimulator(TINY, space=space, effort=60), designs=24)


@pytest.mark.parametrize(
    "settings",
    [
        {"space": "loops", "architecture": "eyeriss"},
        {"space": "loops", "architecture": "simba", "reuse": "timeloop"},
        {"space": "gamma"},
    ],
    ids=str,
)
@pytest.mark.parametrize("workload", [TINY, "mobilenet-v2/block2_depthwise"], ids=str)
def test_contract_of_mapping_spaces(settings, workload):
    check_simulator(lambda: MappingSimulator(workload, **settings), designs=200)


def test_archgyms_space_has_its_size():
    space = AcceleratorSimulator().space
    assert len(space) == 26 and space.cardinality == 2_154_550_209_231_716_352
    assert len(MappingSimulator("alexnet/conv3", space="gamma").space) == 17


def test_energy_adds_up_over_layers_and_levels():
    x = AcceleratorSimulator().space.sample(3, np.random.default_rng(0))
    whole = AcceleratorSimulator(TINY, effort=200).evaluate(x)
    a, b = (AcceleratorSimulator(layer, effort=200).evaluate(x) for layer in TINY.layers)
    for name in ("energy", "latency", "traffic_dram", "energy_mac"):
        # b occurs twice and was asked for with its count
        assert whole.metrics[name] == pytest.approx(a.metrics[name] + b.metrics[name])
    parts = sum(whole.metrics[f"energy_{g}"] for g in ("dram", "glb", "pe", "mac"))
    assert parts == pytest.approx(whole.metrics["energy"])
    assert whole.metrics["power"] == pytest.approx(
        whole.metrics["energy"] / whole.metrics["latency"]
    )
    assert (a.metrics["area"] == b.metrics["area"]).all()


def test_one_evaluation_is_what_the_mapper_says():
    simulator = AcceleratorSimulator(TINY, space="eyeriss", effort=300)
    design = simulator.space.sample(1, np.random.default_rng(1))[0]
    e = simulator.evaluate(design[None])
    found = simulator.mappings(design)
    assert all(isinstance(f, Found) for _, f in found)
    pj = sum(layer.count * f.cost.energy_pj for layer, f in found)
    assert e.metrics["energy"][0] == pytest.approx(1e-12 * pj)


def test_within_a_share_of_the_best_is_sought_beyond_the_effort():
    plain, near = (
        AcceleratorSimulator(
            "mobilenet-v2/head", space="eyeriss", objective="energy", effort=200, within=share
        )
        for share in (0.0, 0.3)
    )
    x = plain.space.sample(1, np.random.default_rng(1))
    assert near.key != plain.key and "within" not in plain.config
    enough = near.gaps(x[0])["head"]
    assert enough == plain.gaps(x[0])["head"] <= 0.3  # what is known at once is enough: no search
    exact = AcceleratorSimulator(
        "mobilenet-v2/head", space="eyeriss", objective="energy", effort=200, within=0.001
    )
    assert exact.gaps(x[0])["head"] <= 0.001 < enough
    assert exact.evaluate(x).metrics["energy"] < plain.evaluate(x).metrics["energy"]
    with pytest.raises(ArchgymError, match="within is a share"):
        AcceleratorSimulator(objective="dram-traffic", within=0.1)


def test_archgyms_targets_are_thirty_fifteen_twenty_percent_below_the_baseline():
    scenario = load_scenario("accelerator/alexnet-archgym")
    (simulator,) = scenario.simulators
    baseline = dict(scenario.reference) | {
        "ifmap_spad_depth": 12, "weights_spad_depth": 192, "psum_spad_depth": 16,
    }  # fmt: skip
    machine = _archgym_build(baseline)
    energy = cycles = 0.0
    for layer in simulator.network.layers:
        cost = find_mapping(layer, machine, effort=simulator.config["effort"], moves="single").cost
        energy += cost.energy_pj * 1e-12
        cycles += cost.cycles
    bounds = {s.metric: s.upper for s in scenario.resolved[1]}
    assert bounds["energy"] == pytest.approx(0.7 * energy, rel=1e-3)
    assert bounds["cycles"] == pytest.approx(0.8 * cycles, rel=1e-3)
    assert bounds["area"] == pytest.approx(0.85 * machine.area_um2 * 1e-12, rel=1e-3)


def test_the_loops_of_a_design_cover_the_layer_and_fit():
    simulator = MappingSimulator("alexnet/conv2", architecture="eyeriss")
    x = simulator.space.sample(300, np.random.default_rng(0))
    e = simulator.evaluate(x)
    assert e.feasible.all()
    for design in x[:40]:
        ((layer, mapping),) = simulator.mappings(design)
        assert (mapping.factor.prod(axis=(0, 1)) >= layer.dims).all()
    ((layer, mapping),) = simulator.mappings(x[7])
    cost = evaluate_mapping(layer, simulator.architecture, mapping)
    assert e.metrics["energy"][7] == pytest.approx(1e-12 * cost.energy_pj, rel=1e-12)
    assert e.metrics["cycles"][7] == cost.cycles


def test_gammas_integers_mean_what_archgym_says():
    simulator = MappingSimulator(Layer("l", K=8, C=6, P=4, Q=4, R=3, S=3), space="gamma")
    design = {
        "order.l2": 0, "parallel.l2": "K", "tile.l2.S": 3, "tile.l2.R": 3, "tile.l2.K": 2,
        "tile.l2.C": 3, "tile.l2.X": 4, "tile.l2.Y": 2, "parallel.l1": "C", "tile.l1.S": 3,
        "tile.l1.R": 3, "tile.l1.K": 1, "tile.l1.C": 1, "tile.l1.X": 1, "tile.l1.Y": 1,
        "order.l1": 719, "num_pe": 256,
    }  # fmt: skip
    x = simulator.space.encode([design])
    ((_, mapping),) = simulator.mappings(x[0])
    # four clusters of 256: K over all four, two channels of the three in a cluster's tile at once
    assert mapping.format() == [
        ["WIO", "", "", ""],
        ["WIO", "C2 P2", "K4", ""],
        ["", "P2 Q4 K2", "", "C3"],
        ["WIO", "R3 S3", "", ""],
    ]
    assert simulator.evaluate(x).metrics["cycles"][0] >= 4 * 2 * 16 * 9 / 2


def test_useful_factors():
    assert useful_factors(1) == (1,)
    assert useful_factors(13) == (1, 2, 3, 4, 5, 7, 13)
    many = useful_factors(50257)
    assert many[0] == 1 and many[-1] == 50257 and len(many) <= 26


@pytest.mark.parametrize(
    "name", [n for n in shipped() if n.startswith(("accelerator/", "mapping/"))]
)
def test_every_scenario_loads_and_its_reference_is_feasible(name):
    scenario = load_scenario(name)
    if len(scenario.simulators[0].network.layers) < 9:
        assert scenario.reference_evaluation.feasible[0]
    assert scenario.space.cardinality > 1e4


def test_bad_settings():
    for make in (
        lambda: AcceleratorSimulator(space="eyris"),
        lambda: AcceleratorSimulator(objective="speed"),
        lambda: AcceleratorSimulator(reuse="none"),
        lambda: AcceleratorSimulator("alexnett"),
        lambda: MappingSimulator(space="loop"),
        lambda: MappingSimulator(architecture="eyris"),
        lambda: MappingSimulator(space="gamma", architecture="eyeriss"),
    ):
        with pytest.raises(UnknownNameError):
            make()


def test_a_machine_too_small_is_infeasible_with_its_reason():
    simulator = AcceleratorSimulator(TINY, space="eyeriss", effort=20)
    simulator.hardware = replace(
        simulator.hardware,
        build=lambda d: SPACES["eyeriss"]().build(d).with_level("psum_spad", size_bits=4.0),
    )
    e = simulator.evaluate(simulator.space.sample(2, np.random.default_rng(0)))
    assert not e.feasible.any() and np.isnan(e.metrics["energy"]).all()
    assert e.reason(0).startswith("layer a: capacity: tiles at psum_spad need 1 words")


def test_commands(capsys, tmp_path):
    picture = tmp_path / "deep" / "energy.png"
    assert main(["accelerator", "map", "alexnet", "--effort", "60", "--plot", str(picture)]) == 0
    assert picture.stat().st_size > 5000
    assert main(["accelerator", "systolic", "alexnet", "--dataflow", "os"]) == 0
    assert "cycles in all" in capsys.readouterr().out
    assert main(["accelerator", "systolic", "alexnet", "--rows", "0"]) == 2
    assert main(["accelerator", "layers"]) == 0 and "mobilenet-v2" in capsys.readouterr().out
    assert main(["accelerator", "layers", "alexnet", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["layers"]) == 8
    assert main(["accelerator", "architectures"]) == 0 and "simba" in capsys.readouterr().out
    assert main(["accelerator", "architectures", "eyeriss"]) == 0
    assert "psum_spad" in capsys.readouterr().out
    assert main(["accelerator", "map", "alexnet/conv3", "--effort", "200", "--nests"]) == 0
    out = capsys.readouterr().out
    assert "multiply, accumulate" in out and "energy" in out
    assert main(["accelerator", "map", "alexnet/conv3", "--effort", "200", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["layers"]
    assert row["utilisation"] > 0 and set(row["traffic_words"]) >= {"DRAM", "GLB"}
    assert main(["accelerator", "map", "alexnet", "--architecture", "nope"]) == 2
    assert main(["accelerator", "map", "alexnet/conv3", "--effort", "0"]) == 2
