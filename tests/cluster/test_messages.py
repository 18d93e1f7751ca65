"""The compiled simulation of every message against its twin in plain Python, on random clusters."""

import numpy as np
import pytest
from archgym.simulators.cluster import events
from archgym.simulators.cluster.events import simulate
from archgym.simulators.cluster.faults import closed, faults, used
from archgym.simulators.cluster.system import KINDS, OPTIMIZATIONS, TOPOLOGIES, System
from archgym.simulators.cluster.workloads import graph, pingpong, programs, random_dag

from archgym.errors import ArchgymError
from tests.cluster.messages.events import simulate as twin

NAMES = ("ring", "direct", "direct2", "halvingDoubling", "doubleBinaryTree")


def pick(rng, of):
    return of[int(rng.integers(len(of)))]


def random_system(rng):
    aware = rng.random() < 0.35
    npus = (pick(rng, (2, 3, 4, 5, 8)),) if aware else tuple(
        pick(rng, (1, 2, 3, 4)) for _ in range(rng.integers(1, 4))
    )  # fmt: skip
    dims = range(len(npus))
    one = rng.random() < 0.1
    algorithms = {
        kind: ("oneRing",) if one else tuple(pick(rng, NAMES) for _ in dims) for kind in KINDS
    }
    size = int(np.prod(npus))
    groups = []
    if rng.random() < 0.15 and size >= 4:
        order = rng.permutation(size).tolist()
        groups = [order[: size // 2], order[size // 2 :]]
    return System(
        topology=tuple(pick(rng, TOPOLOGIES) for _ in dims), npus=npus,
        bandwidth=tuple(float(pick(rng, (12.5, 100, 400))) for _ in dims),
        latency=tuple(float(pick(rng, (0, 37.5, 500))) for _ in dims), algorithms=algorithms,
        endpoint_delay=pick(rng, (0, 10, 300)), active_chunks=pick(rng, (1, 2, 4)),
        splits=pick(rng, (1, 2, 4, 7)), optimization=pick(rng, OPTIMIZATIONS),
        local_mem_bw=pick(rng, (50.0, 1600.0)), roofline=False, queues=pick(rng, (1, 1, 2, 4)),
        groups=groups, aware=aware,
    )  # fmt: skip


def random_programs(rng, npus):
    """The same graph everywhere, graphs whose computations differ, or messages to and fro."""
    size, seed = int(np.prod(npus)), int(rng.integers(1 << 20))
    if rng.random() < 0.2:
        pairs = [rng.permutation(size)[:2].tolist() for _ in range(3)]
        return pingpong(npus, [p for p in pairs if len(p) == 2], pick(rng, (64, 1 << 20)), 3)
    same = random_dag(npus, seed, int(rng.integers(2, 9)), max_log=20)
    if rng.random() < 0.4:
        return same
    return graph(npus, {
        str(i): [{**n, "us": n["us"] * pick(rng, (1, 1, 2))} if n["op"] == "comp" else n for n in same.of(0)]
        for i in range(size)
    })  # fmt: skip


def same(a, b):
    for name in ("finish", "compute", "communication", "least", "last_npu", "messages"):
        assert getattr(a, name) == getattr(b, name), name
    assert dict(a.spans) == b.spans


def test_random_clusters_are_their_twin():
    rng = np.random.default_rng(0)
    seen = hung = closed_too = 0
    for _ in range(600):
        system = random_system(rng)
        if system.size < 2:
            continue
        task = random_programs(rng, system.npus)
        pairs = used(system, task)
        nobody = any(
            n["op"] == "coll" and not any(system.npus[d] > 1 for d in n["dims"])
            for i in range(system.size) for n in task.of(i)
        )  # fmt: skip
        if nobody or faults(system, pairs):
            continue
        a = simulate(system, task, False)
        same(a, twin(system, task, False))
        seen += 1
        hung += None in a.finish
        if task.stands_for is not None and closed(system, pairs):
            for bounded in (False, True):
                other = System(**{**vars(system), "bounded": bounded and not system.aware})
                same(simulate(other, task, True), twin(other, task, True))
            closed_too += 1
    assert seen > 300 and hung > 0 and closed_too >= 30


@pytest.mark.parametrize("zero", [0, 1, 3])
def test_pipelines_are_their_twin(zero):
    system = System(
        topology=("Ring", "Switch", "FullyConnected"), npus=(2, 2, 2), bandwidth=(100.0,) * 3,
        latency=(500.0,) * 3, algorithms=dict.fromkeys(KINDS, ("ring", "direct", "ring")), splits=4,
    )  # fmt: skip
    task = programs((2, 2, 2), {
        "gen": "transformer", "model": "vit-base", "mode": "train", "batch": 16, "seq": 64,
        "tp": [0], "dp": [1], "pp": [2], "micro": 4, "zero": zero, "schedule": "1f1b", "layers": 4,
    })  # fmt: skip
    for whole in (True, False):
        same(simulate(system, task, whole), twin(system, task, whole))


def test_pools_grow(monkeypatch):
    """What waits may be more than there is place for at first."""
    system = System(
        topology=("Switch",), npus=(32,), bandwidth=(50.0,), latency=(500.0,), aware=True, splits=4,
        algorithms=dict.fromkeys(KINDS, ("direct",)), active_chunks=4,
    )  # fmt: skip
    task = random_dag((32,), 5, 4, p_comm=100, max_log=20)
    grown = []
    right = events._enlarged
    monkeypatch.setattr(events, "_enlarged", lambda s, n: grown.append(n) or right(s, n))
    monkeypatch.setattr(events, "LEAST_POOL", 0)
    same(simulate(system, task), twin(system, task))
    assert len(grown) > 1


def test_times_beyond_64_bits_are_refused():
    system = System(
        topology=("Ring",), npus=(4,), bandwidth=(1e-6,), latency=(1.0,),
        algorithms=dict.fromkeys(KINDS, ("ring",)),
    )  # fmt: skip
    one = {"op": "coll", "kind": "all_gather", "size": 1 << 52, "dims": [0]}
    nodes = [{"id": i, "deps": [i - 1] if i else [], **one} for i in range(4)]
    for whole in (True, False):
        with pytest.raises(ArchgymError, match="64 bits"):
            simulate(system, graph((4,), nodes), whole)
