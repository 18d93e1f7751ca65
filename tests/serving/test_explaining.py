"""Why deployments take their time: parts are those of the kernels, resources those that would help."""

import numpy as np
import pytest
from archgym.simulators.serving import ServingSimulator
from archgym.simulators.serving.phases import (
    BANDWIDTH,
    CAPACITY,
    NETWORK,
    OPERATIONS,
    RESOURCES,
    Tables,
    relaxed,
    times,
)  # fmt: skip
from archgym.simulators.serving.pools import Pools
from archgym.simulators.serving.predict import mechanistic
from archgym.simulators.serving.tables import devices, engines

from archgym.errors import ArchgymError

from .test_kernel import BOARDS, PAIRS, TABLE, random_setups

N = 60
TABLES = Tables(TABLE, devices(BOARDS), engines())


@pytest.fixture(scope="module")
def setups():
    return random_setups(N, seed=8, stages=np.ones(N))


@pytest.mark.parametrize("workers", [0.0, 2.0])
def test_parts_add_up_to_what_the_kernels_say(setups, workers):
    pools = Pools(*(np.full(N, v) for v in (workers, 8.0, 0.0, 0.0, 2.0)))
    out = mechanistic(PAIRS, setups, pools=pools)
    ran = np.flatnonzero(out[:, 3] > 0)
    assert len(ran) > 20
    for i in ran:
        told = times(TABLES, setups, pools, i, out[i, 3])
        assert sum(told.ttft.values()) == pytest.approx(out[i, 0], rel=1e-12)
        assert sum(told.tpot.values()) == pytest.approx(out[i, 1], rel=1e-12)


def explained(name, metric, **changes):
    simulator = ServingSimulator(name)
    design = simulator.default_design() | {"gpu": "h200_sxm", "tensor": 8} | changes
    return simulator.explain(simulator.space.encode([design]))[metric]


def test_one_request_waits_for_weights_many_for_operations_and_too_many_for_memory():
    alone = explained("llama-3.1-70b-chat", "tpot", concurrency=1, tensor=4)
    assert alone.binding == (BANDWIDTH,) and 0 < alone.slack[0] < alone.values[0].sum()
    many = explained("llama-3.1-70b-long", "tpot", concurrency=256, tensor=4)
    assert many.binding == (OPERATIONS,)
    crowd = explained("llama-3.1-70b-chat", "ttft", concurrency=8192, tensor=4)
    assert crowd.binding == (CAPACITY,)


def test_the_cache_outweighs_the_weights_only_where_many_requests_are_held():
    for concurrency, binding in ((1, "weights"), (512, "cache")):
        held = explained("llama-3.1-70b-long", "memory", concurrency=concurrency)
        assert held.binding == (binding,)


def test_a_free_resource_never_makes_anything_slower(setups):
    both = Pools(*(np.full(N, v) for v in (0.0, 8.0, 0.0, 0.0, 2.0)))
    from archgym.simulators.serving.kernel import aggregated_all

    base = mechanistic(PAIRS, setups, pools=both)
    ran = base[:, 3] == setups.concurrency  # more room would let more requests disturb each other
    for resource in RESOURCES:
        out = np.empty((N, 4))
        aggregated_all(*relaxed(TABLES, resource), setups, out)
        assert (out[ran, :2] <= base[ran, :2] * (1 + 1e-12)).all()
    single = relaxed(TABLES, NETWORK)
    assert (single.gpus.reduce == 0).all() and np.isfinite(single.gpus.bandwidth).all()


def test_the_roofline_tells_memory_from_operations():
    simulator = ServingSimulator("llama-3.1-70b-chat")
    design = simulator.default_design() | {"gpu": "h200_sxm", "tensor": 8}
    dots = {}
    for concurrency in (1, 512):
        x = simulator.space.encode([design | {"concurrency": concurrency}])[0]
        found = simulator.roofline(x)
        assert all(0 <= d.achieved <= 1 and d.achieved <= d.balance for d in found)
        dots[concurrency] = {(d.phase, d.name): d.limit for d in found}
    weights = "decode", "dense parts and head"
    assert dots[1][weights] == BANDWIDTH and dots[512][weights] == OPERATIONS
    (drawn,) = simulator.draw(x)
    traces = {t.name: len(t.x) for t in drawn.figure.data[1:]}
    assert traces == {p: sum(d.phase == p for d in found) for p in ("decode", "prefill")}
    bad = simulator.space.encode([design | {"gpu": "a100_sxm", "precision": "nvfp4"}])[0]
    with pytest.raises(ArchgymError, match="does not multiply in fp4"):
        simulator.roofline(bad)
