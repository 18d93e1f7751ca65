"""Accelerator and memory together."""

import numpy as np
import pytest
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.dram.memory.accelerated import AcceleratedSimulator

from archgym.errors import ArchgymError
from archgym.testing import check_simulator

SMALL = Layer("small", K=16, C=8, P=7, Q=7, R=3, S=3)


def evaluated(simulator, **changes):
    e = simulator.evaluate(simulator.space.encode({**simulator.default_design(), **changes}))
    assert e.feasible[0], e.reasons
    return {k: float(v[0]) for k, v in e.metrics.items()}


@pytest.fixture(scope="module")
def small():
    return AcceleratedSimulator(SMALL, effort=50)


def test_contract(small):
    check_simulator(small, designs=6, study=0)


def test_time_is_computing_and_stalls_and_energy_has_two_parts(small):
    one = evaluated(small)
    chip = small._chip("eyeriss", "energy-delay")
    assert one["total_time"] == pytest.approx(chip.compute_s + one["stall_time"])
    assert one["energy"] == pytest.approx(chip.chip_j + one["memory_energy"])
    asked = one["bandwidth"] * one["total_time"]
    moved = chip.memory.playing.trace.size
    assert asked >= moved.sum()  # whole requests


def test_a_slow_memory_stalls_the_machine():
    """A product without reuse of its weights: less pins, more time."""
    layer = Layer("product", K=256, C=128)
    wide, narrow = (
        evaluated(AcceleratedSimulator(layer, effort=50, pins=pins), architecture="tpu")
        for pins in (128, 16)
    )
    assert narrow["stall_time"] > wide["stall_time"]
    assert narrow["bandwidth"] < 6.4e9 * 2  # what 16 pins of LPDDR5-6400 carry


def test_memories_without_a_power_model_have_no_energy():
    e = AcceleratedSimulator(SMALL, device="HBM2", effort=50)
    assert {"total_time", "pins"} <= set(evaluated(e)) and "energy" not in evaluated(e)


def test_what_asks_too_often_says_so():
    with pytest.raises(ArchgymError, match="more than 5 times: name a layer"):
        AcceleratedSimulator(SMALL, requests=5, effort=50).default_design()
    simulator = AcceleratedSimulator(SMALL, requests=40, effort=50)
    x = simulator.space.sample(8, np.random.default_rng(0))
    e = simulator.evaluate(x)
    assert e.feasible.all() or any("more than 40 times" in r for r in e.reasons)
