"""Features of controllers: windows of a long trace, simulated exactly, and what waits in between."""

import numpy as np
import pytest
from archgym.simulators.dram import simulator as module
from archgym.simulators.dram.backlog import backlog
from archgym.simulators.dram.simulator import DRAMSimulator
from archgym.simulators.dram.windows import COLUMNS, ESTIMATED, LONG, RATES

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


def test_every_burst_waits_for_those_before_it():
    rng = np.random.default_rng(0)
    stamp = np.cumsum(rng.integers(0, 30, 200))
    service, nearest = np.array([4.0, 25.0]), np.array([0, 1, 0, 0, 1])
    starts, inside = np.array([10, 120]), np.empty(2)
    got = backlog(stamp, service, nearest, 40, starts, 50, 20, inside)
    free, waits = 0.0, []  # until when the server works
    for i, arrives in enumerate(stamp):
        waits.append(max(free - arrives, 0.0))
        free = max(free, arrives) + service[nearest[i // 40]]
    assert got == pytest.approx(np.mean(waits))
    for start, own, found in zip(starts, service, inside):
        free, waits = 0.0, []
        for arrives in stamp[start : start + 50]:
            waits.append(max(free - arrives, 0.0))
            free = max(free, arrives) + own
        assert found == pytest.approx(np.mean(waits[20:]))


def test_energy_between_windows_is_that_of_idle_times(short):
    windows = DRAMSimulator(KEEPS_UP)._windows
    n = len(windows.stamp)
    windows.spans = np.linspace(1000, 90_000, len(windows.starts))
    work, idle = 3e-9 * LONG, 2e-12
    expected = 3e-9 * n + idle * windows.stamp[-1]
    assert windows.energy(work + idle * windows.spans) == pytest.approx(expected)
    assert windows.energy(np.full(len(windows.starts), work)) == pytest.approx(3e-9 * n)
    falling = work + 1e-9 * windows.spans[::-1]  # no idle time gives energy back
    assert windows.energy(falling) == pytest.approx(n * falling.mean() / LONG)
    windows.spans = np.full(len(windows.starts), 700.0)
    assert windows.energy(falling) == pytest.approx(n * falling.mean() / LONG)


def test_a_program_that_comes_in_bursts_is_estimated():
    """One window of eight meets a burst of xz, and windows take longer than the trace does on average."""
    sim = DRAMSimulator("xz")
    x = sim.space.sample(6, np.random.default_rng(1))
    truth, rough = sim.evaluate(x).metrics, sim.features(x).estimates
    assert np.abs(rough["energy"] / truth["energy"] - 1).max() < 0.03
    assert np.abs(np.log(rough["mean_latency"] / truth["mean_latency"])).max() < 0.6
