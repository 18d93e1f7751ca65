"""The compiled controller against its slow twin, on random traffic and random designs."""

import dataclasses

import numpy as np
import pytest
from archgym.simulators.dram import simulator as simulator_module
from archgym.simulators.dram.devices import DDR4_2400
from archgym.simulators.dram.simulator import DRAMSimulator, decode_address
from archgym.simulators.dram.slow_twin import Twin
from archgym.simulators.dram.traces import Trace


@pytest.mark.parametrize("seed", range(40))
def test_the_kernel_equals_its_twin(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    n = 70
    # few rows of few banks, so that hits, conflicts and full queues all happen; a short refresh
    # interval, so that refreshes do too
    device = dataclasses.replace(DDR4_2400, t={**DDR4_2400.t, "REFI": 700, "RFC": 90})
    monkeypatch.setattr(simulator_module, "device_named", lambda name: device)
    stamp = np.cumsum(rng.geometric(1 / float(rng.choice([2, 8, 40])), n)) - 1
    stamp[n // 2 :] += int(rng.choice([0, 1500]))
    place = rng.integers(0, 3, n) * (1 << 17) + rng.integers(0, 6, n) * (1 << 13)
    address = place + rng.integers(0, 4, n) * 64
    trace = Trace("t", stamp - stamp[0], (rng.random(n) < 0.4).astype(np.uint8), address)
    simulator = DRAMSimulator(trace)
    x = simulator.space.sample(4, rng)
    x[:, simulator.space.position("power_down_policy")] = 0
    for design, codes in zip(
        simulator.space.decode(x), simulator_module.to_kernel(x, simulator._codes)
    ):
        bank, row = decode_address(address, device.mappings[design["address_mapping"]])
        requests = list(
            zip(
                trace.stamp.tolist(),
                trace.is_write.tolist(),
                bank.tolist(),
                row.tolist(),
                address.tolist(),
            )
        )
        _, latency = simulator.simulate(codes)
        expected = Twin(requests, design, device).run()
        assert (latency + trace.stamp).tolist() == expected, design
