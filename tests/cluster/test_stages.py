"""The compiled step against its slow twin, which simulates chunk by chunk; ArchGym's spaces."""

import dataclasses

import numpy as np
import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.archgym_space import SPACES
from archgym.simulators.cluster.chunk_kernel import collective_time
from archgym.simulators.cluster.costs import network_cost
from archgym.simulators.cluster.division import divided
from archgym.simulators.cluster.durations import duration, port_time
from archgym.simulators.cluster.phases import Planner
from archgym.simulators.cluster.stages import quick
from archgym.simulators.cluster.step import indivisible
from archgym.simulators.cluster.system import KINDS, System

from archgym import load_scenario
from archgym.errors import ArchgymError


def archgym(space, **settings):
    given = {"npus": 1024, "peak_tflops": 10, "memory_gbps": 50} | settings
    return ClusterSimulator("archgym-gpt3-175b", space=space, **given)


@pytest.mark.parametrize("semantics", ["astra-sim", "physical"])
@pytest.mark.parametrize(
    ("workload", "npus", "dimensions"),
    [
        ("vit-base-train", 16, 2),
        ("gpt3-13b-train", 32, 3),
        ("mixtral-8x7b-train", 32, 3),
        ("llama-70b-prefill", 16, 3),
        ("llama-70b-decode", 16, 3),
    ],
)
def test_the_compiled_step_is_its_twin_to_the_nanosecond(workload, npus, dimensions, semantics):
    simulator = ClusterSimulator(workload, npus=npus, dimensions=dimensions, semantics=semantics)
    shape = simulator.task.shape._replace(layers=8)  # fewer layers, as many kinds of events
    simulator.task = simulator.knobs.task = dataclasses.replace(simulator.task, shape=shape)
    seen = 0
    for design in simulator.space.decode(simulator.space.sample(40, np.random.default_rng(2))):
        recipe = simulator.knobs.recipe(design)
        if next(indivisible(recipe, simulator.task), ""):
            continue
        found, step = quick(recipe, simulator.task), simulator.step(design)
        assert found == (step if isinstance(step, str) else step.figures), design
        seen += 1
    assert seen >= 5


def test_pipelines_whose_events_coincide():
    """Full sharding, divided sequences and stages of equal times: many events end in one nanosecond."""
    simulator = ClusterSimulator("gpt3-13b-train", npus=16, dimensions=3)
    simulator.task = dataclasses.replace(
        simulator.task, shape=simulator.task.shape._replace(layers=8)
    )
    base = simulator.default_design() | {
        "npus0": 2, "npus1": 4, "npus2": 2, "role0": "sequence", "role1": "pipeline", "role2": "data",
        "zero": 3,
    }  # fmt: skip
    for micro in (4, 16):
        for schedule in ("gpipe", "1f1b"):
            design = base | {"micro_batches": micro, "schedule": schedule}
            found = quick(simulator.knobs.recipe(design), simulator.task)
            assert found == simulator.step(design).figures


def test_a_collective_by_hand():
    """3 chunks, 2 phases of 10 and 20 ns in two queues of one: 10 + 3 x 20; two at a time: 10 + 2 x 20."""
    queue, time = np.array([0, 1]), np.array([10, 20])
    none = np.zeros(2)
    assert collective_time(3, 1, queue, time, none, none, False) == (70, 50)
    assert collective_time(3, 2, queue, time, none, none, False)[0] == 50
    busy, rest = np.array([9.0, 20.0]), np.array([1.0, 0.0])
    assert collective_time(3, 3, queue, time, busy, rest, True)[0] == 70  # ports hold them back


@pytest.mark.parametrize(
    ("space", "designs", "valid"),
    [
        ("archgym-workload", 600, 328),
        ("archgym-compute", 2_400, 1_312),
        ("archgym-network", 3_936_600, 177_120),
        ("archgym-collectives", 26_873_856, 4096 * 540),
    ],
)
def test_archgyms_spaces_have_its_designs_and_constraints(space, designs, valid):
    simulator = archgym(space)
    assert simulator.space.cardinality == designs
    if designs < 5_000_000:
        found = sum(
            int(simulator.space.is_valid(x).sum()) for x in simulator.space.grid(chunk=1 << 18)
        )
        assert found == valid
    e = simulator.evaluate(simulator.space.encode([simulator.default_design()]))
    assert e.feasible.all(), e.reasons


def test_the_scheduling_policy_has_no_effect():
    simulator = archgym("archgym-collectives")
    design = simulator.default_design()
    x = simulator.space.encode([design | {"scheduling_policy": p} for p in ("LIFO", "FIFO")])
    e = simulator.evaluate(x)
    assert all(v[0] == v[1] for v in e.metrics.values())
    assert (simulator.canonical(x)[0] == simulator.canonical(x)[1]).all()


def test_trees_and_other_sizes_are_refused_with_a_reason():
    simulator = archgym("archgym-collectives", semantics="astra-sim")
    base = simulator.default_design()
    x = simulator.space.encode([base | {f"all_reduce{d}": "doubleBinaryTree"} for d in (0, 1)])
    e = simulator.evaluate(x)
    assert not e.feasible.any()
    assert "out of step" in e.reason(0)
    assert "in place of" in e.reason(1)
    with pytest.raises(ArchgymError, match="1024 NPUs"):
        ClusterSimulator(space="archgym-workload", npus=64)


@pytest.mark.parametrize("space", sorted(SPACES))
def test_archgyms_scenarios_have_references_that_meet_their_specs(space):
    for semantics in ("astra-sim", "physical"):
        scenario = load_scenario(f"cluster/{space}-{semantics}")
        assert scenario.satisfied(scenario.evaluate(scenario.reference_design)).all()


def network(**changes):
    base = System(
        topology=("Ring", "Switch"), npus=(8, 4), bandwidth=(50.0, 100.0), latency=(700.0, 300.0),
        algorithms=dict.fromkeys(KINDS, ("ring", "halvingDoubling")),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def test_dimensions_are_divided_from_the_innermost():
    system, dims = divided(network(), {"tensor": 2, "sequence": 2, "data": 4, "pipeline": 2})
    assert system.npus == (2, 2, 2, 2, 2)
    assert dims == {"tensor": [0], "sequence": [1], "data": [2, 3], "pipeline": [4]}
    assert system.parts == ((0, 8, 1), (0, 8, 2), (0, 8, 4), (1, 4, 1), (1, 4, 2))
    assert [system.hops(d, 0, 1) for d in range(5)] == [1, 2, 4, 2, 2]
    same, dims = divided(network(), {"tensor": 8, "data": 4})
    assert (same.npus, same.topology) == (network().npus, network().topology)
    one, two = (Planner(s, 0).phases("all_reduce", 1 << 20, [0, 1]) for s in (same, network()))
    assert [duration(same, p) for p in one] == [duration(network(), p) for p in two]


def test_parts_of_a_ring_take_longer_the_further_their_members_are_apart():
    near, far = (divided(network(), uses) for uses in ({"a": 2, "b": 16}, {"b": 4, "a": 2, "c": 4}))
    phases = [Planner(s, 0).phases("all_gather", 1 << 20, dims["a"])[0] for s, dims in (near, far)]
    a, b = (duration(s, p) for (s, _), p in zip((near, far), phases))
    assert b - a == 3 * 700  # 4 hops in place of 1
    assert port_time(far[0], phases[1]) == 4 * port_time(near[0], phases[0])


def test_what_a_network_costs():
    """A ring among nodes at 4 dollars per GB/s of a link, ports of pods at 7.8 + 18 + 31.6."""
    assert network_cost(network()) == pytest.approx(32 * (4 * 2 * 50 + (7.8 + 18 + 31.6) * 100))


def test_time_falls_with_compute_and_memory_with_sharding():
    simulator = archgym("archgym-compute")
    base = simulator.default_design()
    designs = [base | {"peak_perf": p} for p in (10, 20, 80)] + [base | {"weight_sharded": 1}]
    m = simulator.evaluate(simulator.space.encode(designs)).metrics
    assert m["time"][0] > m["time"][1] > m["time"][2]
    assert m["memory"][3] < m["memory"][0] / 2


def test_sequences_divide_activations_and_computation():
    simulator = ClusterSimulator("gpt3-13b-train", npus=16, dimensions=2)
    base = simulator.default_design() | {"npus0": 4, "npus1": 4, "role0": "tensor", "zero": 3}
    e = simulator.evaluate(
        simulator.space.encode(
            [base | {"role1": r, "micro_batches": 4} for r in ("data", "sequence")]
        )
    )
    assert e.feasible.all(), e.reasons
    assert e.metrics["memory"][0] == e.metrics["memory"][1]
    assert e.metrics["compute"][0] == pytest.approx(e.metrics["compute"][1], rel=0.05)
    assert e.metrics["time"][0] != e.metrics["time"][1]
