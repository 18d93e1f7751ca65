"""Memories as a simulator: contract, laws, degenerate traces and what is refused."""

import dataclasses

import numpy as np
import pytest
from archgym.simulators.dram.memory.families import FAMILIES
from archgym.simulators.dram.memory.mappings import bits_of, default_mapping
from archgym.simulators.dram.memory.organisations import Organisation, capacity
from archgym.simulators.dram.memory.simulator import MemorySimulator
from archgym.simulators.dram.modern.mappings import decode
from archgym.simulators.dram.traces import Trace

from archgym import load_scenario
from archgym.errors import ArchgymError, UnknownNameError, WorkloadError
from archgym.testing import check_simulator

SHORT = "rand_rw:n=40,footprint=134217728"


def trace(stamp, address, write=None, size=None):
    stamp = np.array(stamp, np.int64)
    write = np.zeros(len(stamp), np.uint8) if write is None else np.array(write, np.uint8)
    size = None if size is None else np.array(size, np.int32)
    return Trace("own", stamp, write, np.array(address, np.int64), 1000, {}, size)


def metrics(workload, device="DDR5", config=None, **changes):
    simulator = MemorySimulator(workload, device=device, **(config or {}))
    e = simulator.evaluate(simulator.space.encode({**simulator.default_design(), **changes}))
    assert e.feasible[0], e.reasons
    return {k: float(v[0]) for k, v in e.metrics.items()}


def streams(count, n=40):
    """Independent streams, one line of each every 16 ns; line j of every ``count`` is stream j's."""
    i = np.arange(n * count)
    return trace(i // count * 16, i * 64)


@pytest.mark.parametrize("device", FAMILIES)
def test_contract(device):
    study = 6 if device == "DDR5" else 0
    check_simulator(lambda: MemorySimulator(SHORT, device=device), designs=6, study=study)


def test_reads_alone_have_fewer_different_designs():
    reads = MemorySimulator("rand_read:n=40,footprint=134217728", device="LPDDR4")
    check_simulator(reads, designs=12, study=0)
    check_simulator(MemorySimulator(SHORT, players="shared", semantics="dramsys"), study=0)


@pytest.mark.parametrize("device", FAMILIES)
def test_more_channels_are_never_slower_on_independent_streams(device):
    work, before, clock = streams(16), None, FAMILIES[device].device.clock_ps * 1e-12
    for channels in FAMILIES[device].channels:
        after = metrics(work, device, channels=channels)
        if before is not None:
            assert after["total_time"] <= before["total_time"]
            # more channels have more rows to open first
            t = FAMILIES[device].device.t
            opening = (t.get("RCD", t.get("RCDRD", 0)) + t.get("RP", t.get("RPpb", 0))) * clock
            assert after["mean_latency"] <= before["mean_latency"] + opening
            assert after["pins"] == 2 * before["pins"]
            assert after["capacity"] == 2 * before["capacity"]
        before = after


@pytest.mark.parametrize("device", FAMILIES)
def test_time_begins_with_the_first_request(device):
    work = streams(2)
    later = dataclasses.replace(work, stamp=work.stamp + 123_456)
    assert metrics(work, device) == metrics(later, device)


def test_a_long_request_is_its_parts():
    long = trace([0, 40], [0, 1 << 16], size=[256, 256])
    parts = trace([0] * 4 + [40] * 4, [*range(0, 256, 64), *range(1 << 16, (1 << 16) + 256, 64)])
    whole, cut = metrics(long), metrics(parts)
    for name in ("total_time", "energy", "bandwidth", "row_hit_rate"):
        assert whole[name] == cut[name]
    assert whole["mean_latency"] > cut["mean_latency"]  # answered with its last part


def test_a_narrow_channel_moves_more_bursts():
    wide, narrow = (metrics(streams(1), channel_width=w) for w in (32, 16))
    assert wide["capacity"] == 2 * narrow["capacity"] and wide["pins"] == 2 * narrow["pins"]
    assert wide["mean_latency"] < narrow["mean_latency"]
    assert narrow["row_hit_rate"] > wide["row_hit_rate"]


@pytest.mark.parametrize("device", FAMILIES)
def test_one_request_is_a_closed_row(device):
    one = metrics(trace([0], [0]), device)
    family = FAMILIES[device]
    t, clock = family.device.t, family.device.clock_ps * 1e-12
    least = (t.get("RCD", t.get("RCDRD", 0)) + t["RL"]) * clock
    assert least < one["mean_latency"] == one["p99_latency"] < 3 * least
    assert one["total_time"] == one["mean_latency"]


def test_idle_channels_cost_standby_energy():
    one, four = (metrics(streams(1), "DDR4", channels=c) for c in (1, 4))
    assert 2 < four["energy"] / one["energy"] < 4
    # no less than every rank in precharged standby
    device = FAMILIES["DDR4"].device
    standby = sum(v * device.amperes[d]["2N"] for d, v in device.volts.items()) * device.devices
    assert four["energy"] > 4 * standby * four["total_time"]


def test_memories_without_a_power_model_have_no_energy():
    for device, family in FAMILIES.items():
        names = {m.name for m in MemorySimulator("stream@10", device=device).metrics}
        assert ("energy" in names) == family.has_energy
    with pytest.raises(
        ArchgymError, match=r"energy_per_bit.*expected.*mean_latency|energy_per_bit"
    ):
        load_scenario("memory/ddr5-sqlite", "stream@10", config={"device": "HBM2"})


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"device": "DDR6"}, "DDR6.*DDR5"),
        ({"pins": 48}, "has pins 48: .*Change one"),
        ({"capacity": 3.0}, "has capacity 3: .*Change one"),
        ({"request_bytes": 48}, "power of two of at least 64.*48"),
        ({"device": "HBM2", "pins": 64, "capacity": 1.0}, "reaches address.*1 GiB.*fold"),
    ],
)
def test_what_cannot_be_built_is_refused(config, match):
    far = trace([0, 1], [0, 1 << 31])
    with pytest.raises(ArchgymError, match=match):
        MemorySimulator(far, **config)


def test_held_equal_are_exactly_so():
    simulator = MemorySimulator(SHORT, device="DDR4", pins=64, capacity=8)
    x = simulator.space.sample(12, np.random.default_rng(0))
    e = simulator.evaluate(x)
    assert set(e.metrics["pins"]) == {64.0} and set(e.metrics["capacity"]) == {8.0 * (1 << 30)}
    assert len(set(e.metrics["channels"])) > 1


def test_a_design_that_does_not_hold_the_trace_says_so():
    far = trace([0, 1], [0, 3 << 29])
    simulator = MemorySimulator(far, device="HBM2")
    small = {**simulator.default_design(), "ranks": 1, "channels": 1}
    e = simulator.evaluate(simulator.space.encode(small))
    assert not e.feasible[0] and "0x6000003f" in e.reasons[0] and "1073741824" in e.reasons[0]
    assert simulator.default_design()["ranks"] == 2


def test_empty_traces_and_unknown_names_are_refused():
    with pytest.raises(WorkloadError, match="no request"):
        MemorySimulator(trace([], []))
    with pytest.raises(UnknownNameError, match="sqlitee"):
        MemorySimulator("sqlitee")


def test_stamps_without_a_clock_are_nanoseconds(tmp_path):
    file = tmp_path / "own.stl"
    file.write_text("0: read 0x0\n500: write 0x4000\n")
    slow, fast = (metrics(str(file), speed_bin=b) for b in ("DDR5-4800", "DDR5-6400"))
    assert slow["total_time"] > fast["total_time"] > 500e-9
    assert metrics(str(file), config={"clock": "2GHz"})["total_time"] < 300e-9


def test_an_own_mapping_is_one_knob_of_one_value():
    own = "burst,column:1,bank,group,column,channel,row"
    simulator = MemorySimulator(SHORT, mapping=own)
    start = simulator.default_design()
    assert start["address_mapping"] == own
    # two ranks are not covered: the design has a reason
    e = simulator.evaluate(simulator.space.encode({**start, "ranks": 2}))
    assert not e.feasible[0] and "1 bits of rank are missing" in e.reasons[0]
    with pytest.raises(ArchgymError, match=r"does not cover the address.*expected named, searched"):
        MemorySimulator(SHORT, mapping="burst,column,row")


@pytest.mark.parametrize(("device", "least"), [("LPDDR4", 1e8), ("DDR5", 1e8), ("HBM2", 1e8)])
def test_mappings_are_many_and_bijective(device, least):
    simulator = MemorySimulator(SHORT, device=device, mapping="searched", channels=4)
    knobs = [p for p in simulator.space.parameters if p.name in default_mapping(simulator._mapping)]
    count = np.prod([float(len(p)) for p in knobs])
    assert least < count < 1e13
    rng, one = np.random.default_rng(3), simulator._start
    family = simulator.family
    device = family.built(one.speed_bin, one.channel_width)
    for _ in range(5):
        values = {p.name: p.values[rng.integers(len(p))] for p in knobs}
        bits = bits_of(values, device, one.ranks, one.channels, 64)
        rows = [sum(1 << b for b in bit) for sources in bits.values() for bit in sources]
        rank = 0  # of the matrix over GF(2)
        while rows:
            pivot = rows.pop()
            if pivot:
                rank += 1
                low = pivot & -pivot
                rows = [r ^ pivot if r & low else r for r in rows]
        assert 1 << rank == capacity(family, one)


def test_renamed_fields_are_a_permuted_address():
    """Group and bank exchanged in the mapping and in the addresses: the same run."""
    mapping = "burst,group,bank,column,row,channel,rank"
    work = streams(5)
    at, (group, bank) = 6, (3, 2)
    low = (work.address >> at) & 31
    moved = (low & 7) << bank | low >> group
    other = dataclasses.replace(work, address=work.address & ~(31 << at) | moved << at)
    swapped = "burst,bank,group,column,row,channel,rank"
    first = metrics(work, config={"mapping": mapping})
    assert first == metrics(other, config={"mapping": swapped})
    assert first != metrics(work, config={"mapping": swapped})


def test_contract_of_searched_mappings():
    for device in ("DDR5", "HBM2"):
        simulator = MemorySimulator(SHORT, device=device, mapping="searched", ranks=2)
        check_simulator(simulator, designs=12, study=0)


@pytest.mark.parametrize(("device", "ranks"), [("DDR5", 2), ("HBM2", 2), ("LPDDR4", 1)])
def test_a_form_sends_every_address_of_the_trace_to_the_same_place(device, ranks):
    simulator = MemorySimulator(SHORT, device=device, mapping="searched", channels=4, ranks=ranks)
    x = simulator.space.sample(300, np.random.default_rng(5))
    forms = simulator.canonical(x)
    address = simulator.playing.trace.address
    knobs = [p.name for p in simulator._mapping]
    changed = 0
    for before, after in zip(simulator.space.decode(x), simulator.space.decode(forms)):
        one = Organisation(*(before[k] for k in Organisation._fields))
        first, second = (decode(address, simulator._bits(d, one)) for d in (before, after))
        assert all((a == b).all() for a, b in zip(first, second))
        changed += [before[k] for k in knobs] != [after[k] for k in knobs]
    assert changed > 100


def test_runs_that_feel_no_limit_settle_many_designs():
    simulator = MemorySimulator(SHORT)
    start = simulator.default_design()
    _, marks = simulator.evaluate_alike(
        simulator.space.encode({**start, "request_buffer_size": 64, "max_active_transactions": 128})
    )
    edges = np.cumsum(simulator.space.nvec)[:-1]
    by_name = dict(zip(simulator.space.names, np.split(marks[0], edges)))
    assert by_name["scheduler_buffer"].all() and by_name["request_buffer_size"].sum() > 1
    assert by_name["max_active_transactions"].sum() > 1
    # one entry was felt
    _, tight = simulator.evaluate_alike(simulator.space.encode({**start, "request_buffer_size": 2}))
    assert tight[0, : edges[0]].sum() == 1
    assert (
        dict(zip(simulator.space.names, np.split(tight[0], edges)))["scheduler_buffer"].sum() == 1
    )
