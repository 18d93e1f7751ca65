"""Explanations: parts that add up, and a bottleneck that moves its metric when it is relieved."""

import math

import numpy as np
import pytest
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.mapping_simulator import MappingSimulator
from archgym.simulators.accelerator.simulator import AcceleratorSimulator
from archgym.simulators.cluster.simulator import ClusterSimulator
from archgym.simulators.codesign.simulator import CoDesignSimulator
from archgym.simulators.dram.memory.accelerated import AcceleratedSimulator
from archgym.simulators.dram.memory.simulator import MemorySimulator
from archgym.simulators.dram.simulator import DRAMSimulator
from archgym.simulators.ffet.simulator import BlockPPASimulator
from archgym.simulators.serving.simulator import ServingSimulator
from archgym.simulators.soc.simulator import SoCSimulator

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Move, Part, breakdown, moved
from archgym.errors import EvaluationError, UnknownNameError
from archgym.goals.explained import explained
from archgym.goals.scenario_file import load_scenario
from archgym.statistics.steps import Step, single_steps
from tests.core.test_simulator import ToySimulator

LAYER = Layer("conv", K=32, C=16, P=14, Q=14, R=3, S=3)
SMALL = Layer("small", K=8, C=8, P=4, Q=4, R=1, S=1)
EXPLAINED = {
    "archgym-timeloop": (lambda: AcceleratorSimulator(LAYER, effort=400), ("energy", "latency", "area")),
    "eyeriss": (
        lambda: AcceleratorSimulator(LAYER, space="eyeriss", effort=400),
        ("energy", "latency", "area"),
    ),
    "simba": (lambda: AcceleratorSimulator(LAYER, space="simba", effort=400), ("energy", "latency", "area")),
    "mapping": (lambda: MappingSimulator(LAYER), ("energy", "latency")),
    "dram": (lambda: DRAMSimulator("rand_rw@1500"), ("mean_latency", "total_time", "energy")),
    "memory": (
        lambda: MemorySimulator("rand_rw@500"),
        ("mean_latency", "p99_latency", "total_time", "energy"),
    ),
    "memory of stacks": (
        lambda: MemorySimulator("stream@500", device="HBM2", players="shared"),
        ("mean_latency", "total_time"),
    ),
    "accelerated": (
        lambda: AcceleratedSimulator(SMALL, effort=50), ("total_time", "energy"),
    ),
    "serving": (
        lambda: ServingSimulator("deepseek-r1-long"),
        ("ttft", "tpot", "gpu_time", "cost", "energy", "memory"),
    ),
    "serving, uncorrected": (
        lambda: ServingSimulator("gpt-oss-120b-batch", corrected=False), ("ttft", "tpot", "gpu_time"),
    ),
    "soc": (lambda: SoCSimulator("edge_detection"), ("latency", "energy", "area")),
    "cluster": (lambda: ClusterSimulator(npus=16, dimensions=2), ("time", "memory", "bandwidth")),
    "ffet": (
        lambda: BlockPPASimulator("mac16", placements=1), ("critical_path", "power", "core_area"),
    ),
    "codesign": (lambda: CoDesignSimulator(), ("latency", "energy", "area")),
}  # fmt: skip


def relaxed(space, design, moves):
    """Every value on the way of each move, to the end of its knob."""
    rows = list(moved(space, design, moves))
    for move in (m for m in moves if m.step):
        here = design
        while len(further := moved(space, here, [move])):
            here = further[0]
            rows.append(here)
    return np.unique(np.array(rows), axis=0) if rows else np.empty((0, len(space)), np.int64)


def evaluation(*values):
    return Evaluation({"m": np.array(values)}, np.isfinite(values))


@pytest.mark.parametrize("name", EXPLAINED)
def test_relieving_what_limits_a_metric_moves_it(name):
    make, metrics = EXPLAINED[name]
    simulator = make()
    x = simulator.space.sample(10, np.random.default_rng(3))
    found = simulator.explain(x)
    asked = answered = 0
    for metric in metrics:
        b = found[metric]
        for i in np.flatnonzero(found.evaluation.feasible):
            moves = relaxed(simulator.space, x[i], b.moves(int(i)))
            if not len(moves):
                continue
            values = simulator.evaluate(moves[:90]).metrics[metric]
            asked += 1
            answered += bool((values != found.evaluation.metrics[metric][i]).any())
    assert answered == asked > 0


@pytest.mark.parametrize("name", EXPLAINED)
def test_parts_are_of_one_sign_and_an_evaluation_that_is_known_is_not_made_again(name):
    make, metrics = EXPLAINED[name]
    simulator = make()
    x = simulator.space.sample(4, np.random.default_rng(5))
    known = simulator.evaluate(x)
    simulator.evaluate = None  # type: ignore[method-assign]
    for metric in metrics:
        b = simulator.explain(x, known)[metric] if name != "codesign" else None
        if b is not None:
            values = b.values[known.feasible]
            assert (values >= -1e-9 * np.abs(values).sum(axis=1, keepdims=True)).all()


def test_a_simulator_that_knows_no_parts_has_one_a_metric():
    simulator = ToySimulator()
    x = simulator.space.sample(3, np.random.default_rng(0))
    found = simulator.explain(x)
    for metric, b in found.breakdowns.items():
        assert [p.name for p in b.parts] == [metric]
        assert (b.values[:, 0] == found.evaluation.metrics[metric]).all()


def test_rounding_goes_to_the_largest_parts_and_errors_do_not():
    parts = [Part(n, n) for n in "abc"]
    rng = np.random.default_rng(1)
    for _ in range(2000):
        row = rng.lognormal(sigma=8, size=3)
        total = float((row[2] + row[0]) + row[1])
        b = breakdown("m", parts, row[None], evaluation(total))
        assert math.fsum(b.values[0]) == total
        np.testing.assert_allclose(b.values[0], row, rtol=1e-12)
    with pytest.raises(EvaluationError, match=r"add up to 6\.0, the metric is 7\.0"):
        breakdown("m", parts, np.array([[1.0, 2.0, 3.0]]), evaluation(7.0))


def test_the_largest_resource_binds_and_the_next_follows():
    parts = [Part("a", "x"), Part("b", "y"), Part("c", "x")]
    rows = np.array([[2.0, 3.0, 2.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    b = breakdown("m", parts, rows, evaluation(7.0, 1.0, np.nan), relief={"x": [Move("k", 1)]})
    assert b.binding == ("x", "y", "") and b.following == ("y", "x", "")
    assert (
        b.slack[:2].tolist() == [4.0, 1.0] and np.isnan(b.slack[2]) and np.isnan(b.values[2]).all()
    )
    assert b.by("resource")[0] == ("x", "y") and b.by("resource")[1][0].tolist() == [4.0, 3.0]
    assert b.moves(0) == (Move("k", 1),) and b.moves(1) == ()


def test_moves_stay_inside_the_space_and_of_its_knobs():
    space = ToySimulator().space
    first = np.zeros(len(space), np.int64)
    name = space.names[0]
    assert len(moved(space, first, [Move(name, -1)])) == 0
    up = moved(space, first, [Move(name, 1)])
    assert up.shape == (1, len(space)) and up[0, 0] == 1
    assert len(moved(space, first, [Move(name, 0)])) == space.nvec[0] - 1
    with pytest.raises(UnknownNameError):
        moved(space, first, [Move("nonsense", 1)])


def test_one_step_of_every_knob_is_what_evaluate_says():
    scenario = load_scenario("soc/audio-coarse")
    design = scenario.reference_design[0]
    steps = single_steps(scenario, design)
    assert {s.knob for s in steps} <= set(scenario.space.names)
    own = scenario.evaluate(design[None]).row(0)
    for step in steps[::3]:
        changed = scenario.space.decode(design[None])[0] | {step.knob: step.after}
        metrics = scenario.evaluate(scenario.space.encode([changed])).row(0)
        assert metrics == pytest.approx(step.metrics, rel=0, nan_ok=True)
        assert step.changes["energy"] == metrics["energy"] / own["energy"] - 1
    twice = Step("k", 2, 4, {"m": 1.0}, {"m": -0.5}, 0.0)
    assert twice.elasticity("m") == -1.0
    assert math.isnan(Step("k", "a", "b", {"m": 1.0}, {"m": -0.5}, 0.0).elasticity("m"))


def test_words_name_the_limit_what_relieves_it_and_what_the_reference_loses():
    scenario = load_scenario("dram/sqlite-low-latency", "sqlite@2000")
    reference = scenario.reference_design[0]
    worse = scenario.space.decode(reference[None])[0] | {"request_buffer_size": 1}
    design = scenario.space.encode([worse])[0]
    (one,) = explained(scenario, design, reference)
    assert one.metric == "mean_latency" and one.value > one.compared
    assert math.fsum(one.shares) == pytest.approx(one.value, rel=1e-12)
    assert (
        "Limited by entry" in one.sentences()[0] and "request_buffer_size up" in one.sentences()[1]
    )
    (back,) = explained(scenario, reference, design)
    assert "more on entry" in back.sentences()[-1]
    parts = explained(scenario, design, by="part", metrics=["energy"])[0]
    assert len(parts.names) == 10 and parts.others is None
    with pytest.raises(UnknownNameError, match="metric 'speed'"):
        explained(scenario, design, metrics=["speed"])
