"""Prefill on GPUs of its own: against the same GPUs doing both, and laws."""

import numpy as np
import pytest
from archgym.simulators.serving.kernel import aggregated_all
from archgym.simulators.serving.pools import Pools, disaggregated_all
from archgym.simulators.serving.tables import devices, engines

from .test_kernel import BOARDS, TABLE, random_setups

N = 300


def pools(prefill=1.0, tensor=8.0, decode=1.0):
    return Pools(*(np.full(N, v) for v in (prefill, tensor, 0.0, 0.0, decode)))


def run(setups, p):
    out = np.empty((N, 4))
    aggregated_all(TABLE, devices(BOARDS), engines(), setups, out)
    disaggregated_all(TABLE, devices(BOARDS), engines(), setups, p, out)
    return out


@pytest.fixture(scope="module")
def setups():
    return random_setups(N, seed=3, stages=np.ones(N))


def test_without_prefill_workers_the_same_gpus_do_both(setups):
    out, both = run(setups, pools(prefill=0.0)), np.empty((N, 4))
    aggregated_all(TABLE, devices(BOARDS), engines(), setups, both)
    assert np.array_equal(out, both, equal_nan=True)


def test_nothing_interrupts_decode(setups):
    apart, both = run(setups, pools()), run(setups, pools(prefill=0.0))
    ran = np.flatnonzero((apart[:, 3] > 0) & (apart[:, 3] == both[:, 3]))
    assert len(ran) > 100
    assert (apart[ran, 1] <= both[ran, 1] * (1 + 1e-9)).all()
    single = ran[setups.concurrency[ran] == 1]
    assert len(single) > 20
    assert apart[single, 1] == pytest.approx(both[single, 1])


@pytest.mark.parametrize("more", [{"prefill": 2.0}, {"decode": 2.0}])
def test_more_workers_finish_requests_no_later(setups, more):
    base, better = run(setups, pools()), run(setups, pools(**more))
    # where requests do not wait for memory
    ran = np.flatnonzero((base[:, 3] == setups.concurrency) & (base[:, 3] == better[:, 3]))
    assert len(ran) > 100
    whole = [out[ran, 0] + out[ran, 1] * setups.outputs[ran] for out in (better, base)]
    assert (whole[0] <= whole[1] * (1 + 1e-3)).all()


def test_a_prefill_worker_that_cannot_hold_the_weights_refuses(setups):
    out = run(setups, pools(tensor=1.0))
    heavy = TABLE.experts_weights[setups.model] > 4e11
    assert heavy.any() and (out[heavy, 3] == 0).all()
