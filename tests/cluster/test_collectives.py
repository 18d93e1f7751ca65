"""Collectives against their slow twin, and laws of what they move and how long it takes."""

import dataclasses
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from archgym.simulators.cluster import ClusterSimulator
from archgym.simulators.cluster.chunk_kernel import collective_time
from archgym.simulators.cluster.events import simulate
from archgym.simulators.cluster.system import KINDS, System
from archgym.simulators.cluster.workloads import collective

from tests.cluster.messages.events import simulate as twin_of_messages
from tests.cluster.messages.network import Network
from tests.cluster.twin import Twin, chunks_one_by_one

ALGORITHMS = ("ring", "direct", "halvingDoubling")
TOPOLOGIES = ("Ring", "FullyConnected", "Switch")


def exists(n, algorithm, kind):
    return algorithm != "halvingDoubling" or not (n & (n - 1) or kind == "all_to_all")


CASES = [
    case for case in product((2, 3, 4, 5, 8), ALGORITHMS, KINDS) if exists(*case)
]  # fmt: skip


@pytest.fixture
def moved(monkeypatch):
    """Bytes that each NPU sends, by its number."""
    sent = Counter()
    right = Network.send

    def send(self, key, call):
        sent[key[1]] += key[3]
        right(self, key, call)

    monkeypatch.setattr(Network, "send", send)
    return sent


@pytest.mark.parametrize(("n", "algorithm", "kind"), CASES)
def test_a_collective_is_its_twin(n, algorithm, kind, moved):
    rng = np.random.default_rng([n, ALGORITHMS.index(algorithm), KINDS.index(kind)])
    for topology in TOPOLOGIES:
        latency, endpoint = float(rng.choice([0, 37, 500])), int(rng.choice([0, 10, 33]))
        system = System(
            topology=(topology,), npus=(n,), bandwidth=(float(rng.choice([10, 100])),), latency=(latency,),
            algorithms=dict.fromkeys(KINDS, (algorithm,)), endpoint_delay=endpoint,
            local_mem_bw=float(rng.choice([5, 1600])),
        )  # fmt: skip
        size = int(rng.integers(8 * n, 1_000_000))

        def delay(away, length, s=system, kind_of=topology):
            hops = {"Ring": min(away, s.size - away), "Switch": 2}.get(kind_of, 1)
            return int(hops * s.latency[0] + length / (s.bandwidth[0] * 2**30 / 1e9))

        twin = Twin(n, delay, system.reduction, endpoint)
        time = getattr(twin, algorithm)(kind, size)
        moved.clear()
        each = twin_of_messages(system, collective((n,), kind, size), whole=False)
        assert set(each.finish) == {time}, topology
        assert simulate(system, collective((n,), kind, size), whole=True).finish == each.finish
        assert dict(moved) == dict.fromkeys(range(n), twin.sent)
        check_data(twin, kind)


def check_data(twin, kind):
    """What everybody must have at the end, each contribution once."""
    n, every = twin.n, Counter(range(twin.n))
    wanted = {
        "all_reduce": [dict.fromkeys(range(n), every) for _ in range(n)],
        "reduce_scatter": [{i: every} for i in range(n)],
        "all_gather": [{b: Counter([b]) for b in range(n)} for _ in range(n)],
        "all_to_all": [{b: Counter([b]) for b in range(n)} for _ in range(n)],
    }[kind]
    assert twin.has == wanted


def test_chunks_share_queues_as_in_the_twin():
    rng = np.random.default_rng(3)
    decided = 0
    for _ in range(400):
        queue = list(range(rng.integers(1, 5)))
        queue += queue[-2::-1] if rng.random() < 0.6 else []
        time = rng.integers(1, 120, len(queue))
        count, capacity = int(rng.integers(1, 7)), int(rng.integers(1, 4))
        there = chunks_one_by_one(count, capacity, queue, time.tolist())
        if there is not None:
            none = np.zeros(len(queue))
            assert (
                collective_time(count, capacity, np.array(queue), time, none, none, False)[0]
                == there
            )
            decided += 1
    assert decided > 200


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_splitting_conserves_bytes(algorithm, kind, moved):
    base = System(
        topology=("Switch", "Ring"), npus=(4, 2), bandwidth=(100.0, 50.0), latency=(500.0, 500.0),
        algorithms=dict.fromkeys(KINDS, (algorithm, "ring")),
    )  # fmt: skip
    sent = []
    for splits in (1, 2, 4, 16):
        moved.clear()
        system = dataclasses.replace(base, splits=splits)
        twin_of_messages(system, collective((4, 2), kind, 1 << 20), whole=False)
        assert len(set(moved.values())) == 1 and len(moved) == 8
        sent.append(moved[0])
    assert len(set(sent)) == 1 and sent[0] > 0


SMALL = (("vit-base-train", 16, 2), ("llama-70b-prefill", 16, 3), ("mixtral-8x7b-train", 32, 3))


@pytest.mark.parametrize(("workload", "npus", "dimensions"), SMALL)
def test_more_bandwidth_is_never_slower(workload, npus, dimensions):
    """Of whole steps, in every dimension, where ports are shared."""
    simulator = ClusterSimulator(workload, npus=npus, dimensions=dimensions)
    x = simulator.space.sample(150, np.random.default_rng(5))
    before = simulator.evaluate(x)
    faster = 0
    for d in range(dimensions):
        column = simulator.space.position(f"bandwidth{d}")
        wider = x.copy()
        wider[:, column] = np.minimum(wider[:, column] + 1, simulator.space.nvec[column] - 1)
        after = simulator.evaluate(wider)
        assert (after.feasible == before.feasible).all()
        both = before.feasible
        assert (after.metrics["time"][both] <= before.metrics["time"][both]).all()
        faster += int((after.metrics["time"][both] < before.metrics["time"][both]).sum())
    assert faster > 40


@pytest.mark.parametrize("semantics", ["physical", "astra-sim"])
def test_equal_dimensions_may_change_places(semantics):
    """Which of equal dimensions divides tensors and which data decides nothing."""
    simulator = ClusterSimulator("llama-7b-train", npus=64, dimensions=3, semantics=semantics)
    equal = {f"npus{d}": 4 for d in range(3)}
    for sequence in (0, 1):
        roles = ("tensor", "data", "sequence" if sequence else "pipeline")
        rows = [
            simulator.default_design() | equal | {f"role{d}": role for d, role in enumerate(order)}
            for order in permutations(roles)
        ]
        e = simulator.evaluate(simulator.space.encode(rows))
        assert e.feasible.all(), e.reasons
        for name, values in e.metrics.items():
            assert len(set(values.tolist())) == 1, (name, values)
