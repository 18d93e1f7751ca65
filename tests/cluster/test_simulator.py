"""The cluster simulator: contract, laws of the physical semantics, reasons, workload files."""

import dataclasses

import numpy as np
import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.events import simulate
from archgym.simulators.cluster.system import KINDS, System
from archgym.simulators.cluster.training import NAMED, memory_parts, total, workload
from archgym.simulators.cluster.workloads import collective

from archgym.errors import ArchgymError, UnknownNameError
from archgym.testing import check_simulator

MB = 1 << 20


def system(**changes):
    base = System(
        topology=("Ring",),
        npus=(16,),
        bandwidth=(100.0,),
        latency=(500.0,),
        algorithms=dict.fromkeys(KINDS, ("ring",)),
        endpoint_delay=10,
        active_chunks=4,
        splits=4,
    )
    return dataclasses.replace(base, **changes)


def took(s, kind="all_reduce", size=256 * MB):
    outcome = simulate(s, collective(s.npus, kind, size))
    return max(outcome.finish), max(outcome.least)


@pytest.fixture(scope="module")
def small():
    return ClusterSimulator("vit-base-train", npus=16, dimensions=2)


def test_contract(small):
    check_simulator(small)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_workload_has_a_feasible_default_design(name):
    simulator = ClusterSimulator(name, npus=64)
    e = simulator.evaluate(simulator.space.encode([simulator.default_design()]))
    assert e.feasible.all(), e.reasons


def test_the_unaware_rules_go_below_the_ports_and_the_physical_ones_do_not():
    """A 256 MB all-reduce on a ring of 16 at 100 GB/s: direct with 4 chunks is 51 times too fast there."""
    direct = system(algorithms=dict.fromkeys(KINDS, ("direct",)))
    time, least = took(direct)
    assert least / time > 25
    bounded, same_least = took(dataclasses.replace(direct, bounded=True))
    assert same_least == least
    assert bounded >= least
    aware = took(dataclasses.replace(direct, aware=True))[0]
    assert bounded == pytest.approx(aware, rel=0.35)


@pytest.mark.parametrize("topology", ["Ring", "FullyConnected", "Switch"])
@pytest.mark.parametrize("algorithm", ["ring", "direct", "halvingDoubling"])
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_laws_of_the_physical_semantics(topology, algorithm, kind):
    s = system(
        topology=(topology,), algorithms=dict.fromkeys(KINDS, (algorithm,)), bounded=True, npus=(8,)
    )
    time, least = took(s, kind, 64 * MB)
    assert time >= took(dataclasses.replace(s, bounded=False), kind, 64 * MB)[0]
    assert time >= least * (1 - 1e-6) - 100
    assert took(dataclasses.replace(s, bandwidth=(200.0,)), kind, 64 * MB)[0] < time
    slow = dataclasses.replace(s, latency=(5000.0,))
    assert took(slow, kind, 64 * MB)[0] >= time  # chunks side by side may hide it
    one, slow_one = (dataclasses.replace(v, active_chunks=1) for v in (s, slow))
    assert took(slow_one, kind, 64 * MB)[0] > took(one, kind, 64 * MB)[0]
    assert took(s, kind, 128 * MB)[0] > time


def test_dimensions_may_change_places():
    """With one kind of link, a baseline all-reduce over 4 x 8 takes what one over 8 x 4 does."""
    both = [
        system(
            topology=("Switch",) * 2, npus=npus, bandwidth=(100.0,) * 2, latency=(500.0,) * 2,
            algorithms=dict.fromkeys(KINDS, ("ring",) * 2), optimization="baseline", splits=1,
        )
        for npus in ((4, 8), (8, 4))
    ]  # fmt: skip
    assert took(both[0])[0] == took(both[1])[0]


def test_halves_of_npus_and_batch_compute_alike(small):
    """Data parallelism alone: twice the NPUs, half the computation."""
    design = small.default_design() | {"npus0": 1, "npus1": 16}
    e = small.evaluate(small.space.encode([design]))
    wide = ClusterSimulator("vit-base-train", npus=32, dimensions=2)
    f = wide.evaluate(wide.space.encode([design | {"npus1": 32}]))
    assert f.metrics["compute"][0] == pytest.approx(e.metrics["compute"][0] / 2, rel=0.05)


def test_canonical_designs_behave_alike():
    simulator = ClusterSimulator("vit-base-train", npus=8, dimensions=2)
    x = simulator.space.sample(60, np.random.default_rng(1))
    a, b = simulator.evaluate(x), simulator.evaluate(simulator.canonical(x))
    assert (a.feasible == b.feasible).all()
    for name in a.metrics:
        np.testing.assert_array_equal(a.metrics[name], b.metrics[name])
    assert (simulator.canonical(x) != x).any()


def test_what_cannot_run_has_a_reason():
    simulator = ClusterSimulator("vit-base-train", npus=64, dimensions=1)
    base = simulator.default_design() | {"npus0": 64}
    designs = [base | {"role0": "pipeline"}, base | {"role0": "tensor"}]
    e = simulator.evaluate(simulator.space.encode(designs))
    assert "12 layers" in e.reason(0)
    assert "12 heads" in e.reason(1)
    moe = ClusterSimulator("mixtral-8x7b-train", npus=8, dimensions=1)
    bad = moe.default_design() | {"role0": "data", "all_to_all0": "halvingDoubling"}
    assert "no all-to-all" in moe.evaluate(moe.space.encode([bad])).reason(0)
    with pytest.raises(ArchgymError, match="power of 2"):
        ClusterSimulator(npus=48)


def test_memory_of_a_model_on_one_npu_is_16_bytes_a_parameter():
    w = workload("gpt3-13b-train")
    held = total(memory_parts(w, 1, 1, 1, w.batch, 0, "1f1b"))
    parameters = 12.6e9 + 5120 * 50257
    tokens = 2048 * 5120 * 40 * 34
    assert held == pytest.approx(16 * parameters + tokens, rel=0.01)
    sharded = total(memory_parts(w, 1, 8, 1, w.batch // 8, 3, "1f1b"))
    assert sharded == pytest.approx(2 * parameters + tokens, rel=0.01)


def test_a_model_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "layers: 4\nwidth: 256\nff: 1024\nheads: 4\nkv_heads: 4\nvocabulary: 1000\nbatch: 16\nseq: 32\n"
    )
    simulator = ClusterSimulator(str(path), npus=4, dimensions=1)
    assert simulator.evaluate(simulator.space.encode([simulator.default_design()])).feasible.all()
    path.write_text("layers: 4.5\nwidht: 3\nmode: learn\nheads: 0\n")
    with pytest.raises(ArchgymError) as caught:
        workload(str(path))
    for word in ("widht", "missing: width", "layers", "learn", "heads", "mine.yaml"):
        assert word in str(caught.value)
    with pytest.raises(UnknownNameError, match="gpt3-13b-train"):
        workload("gpt3-13b-trian")
