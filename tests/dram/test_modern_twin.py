"""The event-driven kernel against the slow twin, cycle by cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.dram.modern.design import Design
from archgym.simulators.dram.modern.devices import MODERN_DEVICES
from archgym.simulators.dram.modern.run import run

from .modern_twin import play

DESIGNS = (
    {"page_policy": "Open", "scheduler": "FrFcfs"},
    {"page_policy": "OpenAdaptive", "scheduler": "FrFcfsGrp", "scheduler_buffer": "Shared"},
    {"page_policy": "Closed", "scheduler": "Fifo", "request_buffer_size": 2},
    {"page_policy": "ClosedAdaptive", "scheduler": "GrpFrFcfs", "scheduler_buffer": "ReadWrite"},
)


@pytest.mark.parametrize("knobs", DESIGNS, ids=lambda k: k["scheduler"])
@pytest.mark.parametrize("name", MODERN_DEVICES)
def test_latencies_and_commands_are_those_of_the_twin(name: str, knobs: dict[str, object]) -> None:
    device, rng = MODERN_DEVICES[name], np.random.default_rng(7)
    lasts = device.t[device.standard.refresh_cycles["all"]]
    device = replace(device, t={**device.t, "REFI": 2 * lasts})  # refreshes come soon
    n = 40
    stamp = np.cumsum(rng.integers(0, 2 * device.burst_cycles, n))
    stamp -= stamp[0]
    stamp[-4:] += 2 * lasts
    write = (rng.random(n) < 0.4).astype(np.uint8)
    address = rng.integers(0, 48, n) * (1 << 12) + rng.integers(0, 4, n) * device.burst_bytes
    design = Design(**knobs)
    expected, commands = play(device, design, stamp.tolist(), write.tolist(), address.tolist())
    out = run(device, design, stamp, write, address)
    assert out.latency.tolist() == expected
    for command in ("ACT", "PREPB", "RD", "WR", "RDA", "WRA", "REFAB", "PREAB"):
        assert out.count(command) == commands[command], command
