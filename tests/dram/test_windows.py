"""Features of controllers: windows of a long trace, simulated exactly, and what waits in between."""

import numpy as np
import pytest
from archgym.simulators.dram import simulator as module
from archgym.simulators.dram.simulator import DRAMSimulator
from archgym.simulators.dram.windows import COLUMNS, ESTIMATED, RATES

from archgym.testing import check_simulator

KEEPS_UP, TOO_FAST = "rand_rw:n=6000,mean=80", "rand_rw:n=6000,mean=1"


@pytest.fixture
def short(monkeypatch):
    """Traces of a few thousand bursts count as long."""
    monkeypatch.setattr(module, "LEAST", 5000)


def test_features_hold_the_contract(short):
    check_simulator(lambda: DRAMSimulator(KEEPS_UP))
    found = DRAMSimulator(KEEPS_UP)
    assert found.features_version
    given = found.features(found.space.sample(3, np.random.default_rng(0)))
    assert given.names == COLUMNS and tuple(given.estimates) == ESTIMATED
    assert set(ESTIMATED) <= {m.name for m in found.metrics}


def test_short_traces_and_narrow_spaces_have_none(short):
    for workload, space in (("rand_rw:n=4999", "full"), (KEEPS_UP, "archgym")):
        sim = DRAMSimulator(workload, space=space)
        assert sim.features_version == "" and not sim.features([[0] * len(sim.space)]).names


@pytest.mark.parametrize(("workload", "within"), [(KEEPS_UP, 0.1), (TOO_FAST, 0.25)])
def test_estimates_are_near_the_metrics(short, workload, within):
    sim = DRAMSimulator(workload)
    x = sim.space.sample(8, np.random.default_rng(1))
    truth, rough = sim.evaluate(x).metrics, sim.features(x).estimates
    for name, share in (("mean_latency", within), ("total_time", 0.1), ("energy", 0.1)):
        assert np.abs(rough[name] / truth[name] - 1).max() < share, name


def test_what_waits_follows_lindleys_recursion(short):
    windows = DRAMSimulator(TOO_FAST)._windows
    service = np.linspace(0.5, 40, len(windows.starts))
    got = windows.waiting(service)
    for rate, row in zip(RATES, got):
        waits = 0.0
        for k, size in enumerate(windows.sizes):
            waits = max(0.0, waits + rate * service[windows.nearest[k]] * size - windows.gaps[k])
            assert row[k] == pytest.approx(waits, abs=1e-6)
