"""Why memories take their time: stages of single requests, refreshes by bank, notes that change nothing."""

import numpy as np
import pytest
from archgym.simulators.dram.memory.families import FAMILIES
from archgym.simulators.dram.memory.intervals import Covered, last_before, merged
from archgym.simulators.dram.memory.simulator import MemorySimulator
from archgym.simulators.dram.traces import Trace


def simulator(stamp, address, **config):
    n = len(stamp)
    trace = Trace(
        "own", np.array(stamp, np.int64), np.zeros(n, np.uint8), np.array(address, np.int64), 1000
    )
    return MemorySimulator(trace, **config)


def waits(memory, **changes):
    x = memory.space.encode([memory.default_design() | changes])
    found = memory.explain(x)
    return dict(
        zip(*(v if i == 0 else v[0] for i, v in enumerate(found["mean_latency"].by("resource"))))
    )


def test_one_request_opens_its_row_and_is_answered():
    memory = simulator([0], [0])
    parts = waits(memory)
    device = memory.family.built("DDR5-4800", int(memory.default_design()["channel_width"]))
    clock = device.clock_ps * 1e-12
    assert parts["row"] == pytest.approx(device.t["RCD"] * clock)
    assert parts["refresh"] == parts["bank"] == parts["queue"] == parts["bus"] == 0
    assert parts["access"] >= (device.t["RL"] + device.burst_cycles) * clock


def test_requests_to_other_rows_of_a_bank_wait_for_it_and_a_small_buffer_fills():
    memory = simulator([0] * 40, [i << 27 for i in range(2)] * 20)
    parts = waits(memory, scheduler="Fifo", request_buffer_size=64)
    assert max(parts, key=parts.get) == "bank" and parts["queue"] == 0
    full = waits(memory, scheduler="Fifo", request_buffer_size=1)
    assert max(full, key=full.get) == "queue"
    held = waits(memory, arbiter="Fifo", max_active_transactions=1)
    assert max(held, key=held.get) == "arbiter"


@pytest.mark.parametrize(("device", "policy"), [("DDR5", "SameBank"), ("LPDDR5", "Per2Bank")])
def test_a_request_waits_no_longer_for_refresh_than_one_lasts(device, policy):
    refi = 3_900
    memory = simulator(range(0, 40 * refi, 97), [i * 64 for i in range(len(range(0, 40 * refi, 97)))],
                       device=device)  # fmt: skip
    every, own = (waits(memory, refresh_policy=p)["refresh"] for p in ("AllBank", policy))
    assert 0 < own < every


@pytest.mark.parametrize("device", FAMILIES)
def test_notes_change_nothing(device):
    memory = MemorySimulator("rand_rw@400", device=device)
    x = memory.space.sample(4, np.random.default_rng(2))
    for values, ok in zip(memory.space.decode(x), memory.evaluate(x).feasible):
        if not ok:
            continue
        built = memory._built(values)
        plain, noted, short = (memory._run(built, log) for log in (0, 4096, 1))
        for other in (noted, short):
            assert (plain.latency == other.latency).all()
            assert (plain.counters == other.counters).all()
        refreshes = noted.count("REFAB", "REFPB", "REFP2B", "REFSB")
        assert not noted.notes.lost and short.notes.lost == (refreshes > 1)
        moments = noted.notes
        for earlier, later in zip(
            ("arrived", "entered", "opened", "accessed"), ("entered", "opened", "accessed", "ended")
        ):
            assert (getattr(moments, earlier) <= getattr(moments, later)).all()


def test_intervals_are_those_of_a_slow_count():
    rng = np.random.default_rng(0)
    keys, starts = rng.integers(0, 3, 60), rng.integers(0, 500, 60)
    ends = starts + rng.integers(1, 20, 60)
    busy = np.zeros((3, 600), bool)
    for k, a, b in zip(keys, starts, ends):
        busy[k, a:b] = True
    covered = Covered(*merged(keys, starts, ends), 600)
    key, a, b = rng.integers(0, 3, 200), *np.sort(rng.integers(0, 600, (2, 200)), axis=0)
    found = covered(key, b) - covered(key, a)
    assert (found == [busy[k, i:j].sum() for k, i, j in zip(key, a, b)]).all()
    before = last_before(keys, starts, key, a)
    assert (before == [max([s for k2, s in zip(keys, starts) if k2 == k and s < i], default=-1)
                       for k, i in zip(key, a)]).all()  # fmt: skip
    nothing = np.empty(0, np.int64)
    assert (Covered(nothing, nothing, nothing, 10)(key, a) == 0).all()
