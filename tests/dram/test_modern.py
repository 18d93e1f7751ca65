"""Modern memories: tables, mappings, reference rows, rules, laws and bad input."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from archgym.simulators.dram.modern.commands import UNIT_COMMANDS
from archgym.simulators.dram.modern.compiled import words
from archgym.simulators.dram.modern.design import Design
from archgym.simulators.dram.modern.devices import MODERN_DEVICES
from archgym.simulators.dram.modern.layout import (
    C_COMMANDS,
    CYCLES_BIT,
    FAR,
    NO_COMMAND,
    NO_KEY,
    W_AGE,
    W_BUS,
    W_GROUP,
    W_READY,
)
from archgym.simulators.dram.modern.mappings import (
    decode,
    named_mappings,
    parse_mapping,
    widths,
)
from archgym.simulators.dram.modern.run import Run, run
from archgym.simulators.dram.modern.tables import constraints, cycles_of
from archgym.simulators.dram.modern.validation import (
    COLUMNS,
    COUNTED,
    RESIDENCIES,
    bits_of,
    organisation_of,
)  # fmt: skip
from archgym.simulators.dram.modern.vectors import scan_eights

from archgym.errors import ArchgymError, WorkloadError

REFERENCE = json.loads(
    (Path(__file__).parent.parent / "reference" / "dram_modern_subset.json").read_text("utf-8")
)
NAMES = list(MODERN_DEVICES)
ROWS = [(name, i) for name in NAMES for i in range(len(REFERENCE["devices"][name]["rows"]))]
MASK = (1 << 64) - 1


@cache
def random_traffic(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The reference's random reads and writes: splitmix64, geometric gaps."""
    described = REFERENCE["devices"][name]["traces"]["rand_rw"]
    g, unit, cap = (described["kwargs"][k] for k in ("g", "u", "cap"))
    state = (described["seed"] * 0x9E3779B97F4A7C15 + 0x1234567) & MASK

    def word() -> int:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def share() -> float:
        return (word() >> 11) / (1 << 53)

    rows, now, p = [], 0, 1 / (2.5 * g)
    for _ in range(described["requests"]):
        rows.append((now, int(share() < 0.4), word() % (cap // unit) * unit))
        now += 1 + int(math.log(1 - share()) / math.log(1 - p))
    stamp, write, address = np.array(rows, np.int64).T
    return stamp, write.astype(np.uint8), address


@pytest.mark.parametrize("name", NAMES)
def test_formulas_give_every_constraint_of_the_reference(name: str) -> None:
    scopes = {"round": "Round", "not_round": "NotRound"}
    wanted = {
        (scopes.get(condition, scope), a, b): cycles
        for scope, a, b, cycles, condition in REFERENCE["devices"][name]["constraints"]
    }
    assert constraints(MODERN_DEVICES[name]) == wanted


@pytest.mark.parametrize(("name", "number"), ROWS)
def test_reference_rows_are_exact(name: str, number: int) -> None:
    described = REFERENCE["devices"][name]
    row = dict(zip(REFERENCE["row_columns"], described["rows"][number]))
    config = dict(zip(REFERENCE["config_columns"], described["configs"][str(row["config_index"])]))
    ranks, channels, fine = organisation_of(config["Organisation"])
    design = Design(
        **{COLUMNS[k]: v for k, v in config.items() if k in COLUMNS},
        ranks=ranks, channels=channels, fine_granularity=fine,
    )  # fmt: skip
    mapping = described["address_mappings"][f"{config['AddressMapping']}.{ranks}.{channels}"]
    out = run(
        MODERN_DEVICES[name], design, *random_traffic(name),
        request_bytes=config["RequestBytes"], bits=bits_of(mapping),
    )  # fmt: skip
    assert out.end == row["end_cyc"]
    assert out.latency.mean() == pytest.approx(row["lat_arr"], rel=5e-7)
    for column, commands in COUNTED.items():
        assert out.count(*commands) == row[column], column
    if row["e_core_J"] is not None:
        assert out.energy_j == pytest.approx(row["e_core_J"], rel=5e-7)
        for column, counter in RESIDENCIES.items():
            assert out.counters[counter] == row[column], column


@pytest.mark.parametrize("name", NAMES)
def test_named_mappings_cover_every_address_once(name: str) -> None:
    device = MODERN_DEVICES[name]
    for text in named_mappings(device):
        bits = parse_mapping(text, device, 2, 2)
        size = widths(device, 2, 2)
        assert {k: len(v) for k, v in bits.items()} == size
        rng = np.random.default_rng(0)
        address = rng.integers(0, 1 << sum(size.values()), 500)
        assert decode(address, bits).bank.max() < 2 * device.banks
        assert sorted(b[0] for f in bits.values() for b in f) == list(range(sum(size.values())))


def idle_reads(name: str, design: Design, addresses: list[int], gap: int = 0, **more: Any) -> Run:
    """Reads ``gap`` cycles apart."""
    n = len(addresses)
    return run(
        MODERN_DEVICES[name], design, np.arange(n) * gap, np.zeros(n, np.uint8),
        np.array(addresses, np.int64), **more,
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_bank_answers_after_activation_and_data(name: str) -> None:
    device = MODERN_DEVICES[name]
    t = {**device.t, "B": device.burst_cycles}
    opened = constraints(device)["Bank", "ACT", "RD"]
    out = idle_reads(name, Design(refresh_policy="NoRefresh"), [0])
    assert out.latency[0] == 1 + opened + cycles_of(device.standard.read_end, t)


@pytest.mark.parametrize("name", NAMES)
def test_two_ranks_are_never_slower_than_one_on_random_traffic(name: str) -> None:
    device = MODERN_DEVICES[name]
    rng = np.random.default_rng(1)
    address = (rng.integers(0, 1 << 20, 2000) * device.burst_bytes).tolist()
    one = idle_reads(name, Design(), address)
    two = idle_reads(name, Design(channels=2), address, players="per-channel")
    assert two.end <= one.end


@pytest.mark.parametrize("policy", ["PerBank", "AllBank"])
def test_refresh_by_unit_serves_every_bank_once_an_interval(policy: str) -> None:
    device = MODERN_DEVICES["LPDDR4-3200"]
    out = idle_reads(
        "LPDDR4-3200", Design(refresh_policy=policy), [0, 0], gap=device.t["REFI"] * 10 + 500
    )
    refreshes = out.count("REFPB") / device.banks + out.count("REFAB")
    assert 9 <= refreshes <= 11


@pytest.mark.parametrize(
    ("name", "knobs", "more", "says"),
    [
        ("GDDR6-14000", {"refresh_policy": "Per2Bank"}, {}, "refresh_policy 'Per2Bank'"),
        ("DDR4-2400", {"command_mux": "Strict"}, {}, "command_mux 'Strict'"),
        ("HBM2", {"request_buffer_size": 1}, {"request_bytes": 64}, "never fit a buffer"),
        ("HBM2", {"response_queue": "Reorder"}, {"request_bytes": 64}, "loses bursts"),
        ("DDR5-4800", {"scheduler": "GrpFrFcfsWm"}, {}, "0 < low < high"),
        ("DDR5-4800", {"ranks": 3}, {}, "power of two"),
        ("LPDDR5-6400", {"power_down_policy": "Staggered"}, {}, "power_down_policy"),
        ("DDR4-2400", {"refresh_management": True}, {}, "refresh_management"),
        ("DDR4-2400", {"address_mapping": "burst,column,bank,row"}, {}, "bits of group"),
        ("DDR4-2400", {"address_mapping": "burst,colum,bank,row"}, {}, "'colum'"),
        ("DDR4-2400", {}, {"request_bytes": 96}, "power of two"),
    ],
)
def test_bad_input_is_refused_by_name(
    name: str, knobs: dict[str, Any], more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ArchgymError, match=says):
        idle_reads(name, Design(**knobs), [0], **more)


@pytest.mark.parametrize(
    ("name", "timings", "says"),
    [
        ("DDR4-2400", {"RC": 40}, r"tRC is 40: less than tRAS \+ tRP = 55"),
        ("LPDDR4-3200", {"RCpb": 60}, r"tRCpb is 60: less than tRAS \+ tRPpb = 97"),
        ("HBM2", {"RTP": None}, "tRTP is missing"),
        ("DDR5-4800", {"RFC": 20_000}, "tREFI is 9375: less than tRFC"),
        ("GDDR6-14000", {"RRDL": 0}, "tRRDL is 0"),
    ],
)
def test_specifications_that_contradict_themselves_are_refused(
    name: str, timings: dict[str, int | None], says: str
) -> None:
    device = MODERN_DEVICES[name]
    t = {k: v for k, v in {**device.t, **timings}.items() if v is not None}
    with pytest.raises(ArchgymError, match=says):
        run(replace(device, t=t), Design(), np.zeros(1), np.zeros(1), np.zeros(1))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rank": []}, "rank has 0 address bits, 2 ranks takes 1"),
        ({"row": [[17], [18]]}, "row has 2 address bits"),
        ({"group": [[6], [6]]}, "two addresses fall on one place"),
        ({"rows": [[40]]}, "fields rows are not of"),
    ],
)
def test_mappings_of_bits_cover_the_address(changes: dict[str, Any], says: str) -> None:
    device = MODERN_DEVICES["DDR4-2400"]
    bits = {**parse_mapping("bgi", device, 2, 1), **changes}
    with pytest.raises(ArchgymError, match=says):
        idle_reads("DDR4-2400", Design(ranks=2), [0], bits=bits)


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_are_foreseen_are_those_of_the_messages(name: str) -> None:
    """One channel: the shortcut, and the messages between initiator, arbiter and controller."""
    device, rng = MODERN_DEVICES[name], np.random.default_rng(3)
    n = 300
    stamp, write = np.cumsum(rng.integers(0, 9, n)), (rng.random(n) < 0.4).astype(np.uint8)
    address = rng.integers(0, 1 << 14, n) * device.burst_bytes
    design = Design(scheduler="GrpFrFcfsWm", low_watermark=2, high_watermark=4)
    a = run(device, design, stamp - stamp[0], write, address)
    b = run(device, design, stamp - stamp[0], write, address, ordered=True)
    assert a.latency.tolist() == b.latency.tolist()
    assert a.counters.tolist() == b.counters.tolist()


def test_devices_without_a_power_model_have_no_energy() -> None:
    assert idle_reads("HBM2", Design(), [0]).energy_j is None
    assert idle_reads("DDR5-4800", Design(), [0]).energy_j is not None


@pytest.mark.parametrize("arbiter", ["Simple", "Fifo", "Reorder"])
@pytest.mark.parametrize("name", NAMES)
def test_a_channel_with_its_own_initiator_is_a_memory_of_its_own(name: str, arbiter: str) -> None:
    """``players: per-channel``: each of four channels answers as if there were no other."""
    device, rng = MODERN_DEVICES[name], np.random.default_rng(5)
    one = parse_mapping("bgi", device, 1, 1)
    low = sum(len(field) for field in one.values())
    n = 600
    stamp, write = np.cumsum(rng.integers(0, 6, n)), (rng.random(n) < 0.4).astype(np.uint8)
    within = rng.integers(0, 1 << 14, n) * device.burst_bytes
    channel = rng.integers(0, 4, n)
    # what bank commands do; refreshes of a channel go on while others answer
    counted = [C_COMMANDS + x for x in range(UNIT_COMMANDS)]
    knobs: dict[str, Any] = {
        "arbiter": arbiter, "refresh_policy": "NoRefresh", "request_buffer_size": 4,
        "max_active_transactions": 16,
    }  # fmt: skip
    together = run(
        device, Design(channels=4, **knobs), stamp, write, within + (channel << low),
        bits={**one, "channel": [[low], [low + 1]]}, players="per-channel",
    )  # fmt: skip
    ends, counts = [], np.zeros(UNIT_COMMANDS, np.int64)
    for c in range(4):
        mine = channel == c
        alone = run(device, Design(**knobs), stamp[mine], write[mine], within[mine], bits=one)
        assert together.latency[mine].tolist() == alone.latency.tolist()
        ends.append(alone.end)
        counts += alone.counters[counted]
    assert together.end == max(ends)
    assert together.counters[counted].tolist() == counts.tolist()


@pytest.mark.parametrize("arbiter", ["Simple", "Fifo", "Reorder"])
@pytest.mark.parametrize(
    ("name", "ranks", "players"), [("DDR4-2400", 1, "shared"), ("HBM3-6400", 2, "per-channel")]
)
def test_a_run_that_needs_more_records_of_requests_is_the_same(
    arbiter: str, name: str, ranks: int, players: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests in flight have records; a run begins anew where there were too few of them."""
    stamp, write, address = random_traffic(name)
    design = Design(arbiter=arbiter, ranks=ranks, channels=2, request_buffer_size=4)
    usual = run(MODERN_DEVICES[name], design, stamp // 4, write, address, players=players)
    monkeypatch.setattr("archgym.simulators.dram.modern.run.IN_FLIGHT", 1)
    cramped = run(MODERN_DEVICES[name], design, stamp // 4, write, address, players=players)
    assert np.array_equal(cramped.counters, usual.counters)
    assert np.array_equal(cramped.latency, usual.latency)


@pytest.mark.parametrize(
    ("stamp", "write", "address", "says"),
    [
        ([3, 2], [0, 0], [0, 64], "stamps fall"),
        ([-1, 2], [0, 0], [0, 64], "stamps fall or are negative"),
        ([0, 2], [0, 2], [0, 64], "is_write reaches from 0 to 2"),
        ([0, 2], [0, 1], [0, -64], "address -64 is negative"),
        ([0, 2], [0, 1], [0, 1 << 40], "lies beyond"),
        ([0, 2], [0, 1], [0], "one shape"),
        ([0, 2], [0, 1], [0.0, 64.5], "float64: expected whole numbers"),
    ],
)  # fmt: skip
def test_traces_that_cannot_be_played_are_refused(
    stamp: list[int], write: list[int], address: list[float], says: str
) -> None:
    with pytest.raises(WorkloadError, match=says):
        run(MODERN_DEVICES["DDR4-2400"], Design(), *map(np.array, (stamp, write, address)))


def test_channels_under_one_initiator_and_nothing_else_may_be_ordered() -> None:
    trace = np.array([0]), np.array([0], np.uint8), np.array([0])
    for more in ({"players": "one"}, {"players": "per-channel", "ordered": True}):
        with pytest.raises(ArchgymError, match="players '"):
            run(MODERN_DEVICES["DDR4-2400"], Design(channels=2), *trace, **more)  # type: ignore[arg-type]


@numba.njit(error_model="numpy")
def scanned(state: Any, first: int, n: int, now: int, bus: int, more: int) -> tuple[int, int, int]:
    return scan_eights(words(state), first, n, now, bus, more)


@pytest.mark.parametrize("buses", [1, 2])
def test_candidates_eight_at_a_time_are_those_looked_at_one_by_one(buses: int) -> None:
    rng, first = np.random.default_rng(buses), 1000
    for n in [*range(20), 63, 64, 128]:
        state, now = np.zeros(2000, np.int64), int(rng.integers(0, 1000))
        state[:100] = rng.integers(0, 2000, 100)  # when groups are ready
        own, group, age, column = (
            state[first + at : first + at + n] for at in (W_READY, W_GROUP, W_AGE, W_BUS)
        )
        state[first + W_READY : first + W_READY + 136] = NO_COMMAND
        own[:] = np.where(rng.random(n) < 0.2, NO_COMMAND, rng.integers(0, 2000, n))
        group[:], age[:] = rng.integers(0, 100, n), rng.integers(0, 1 << CYCLES_BIT, n)
        column[:] = -rng.integers(0, buses, n)
        bus = now + int(rng.integers(0, 4))
        more = now - bus + int(rng.integers(0, 4)) if buses == 2 else 0
        ahead, keys = FAR, [NO_KEY, NO_KEY]
        for i in range(n):
            legal = max(own[i], state[group[i]], bus + more * -column[i])
            cycles = int(min(legal - now, FAR))
            ahead = min(ahead, cycles)
            keys[-column[i]] = min(keys[-column[i]], (cycles << CYCLES_BIT) + int(age[i]))
        assert scanned(state, first, n, now, bus, more) == (ahead, *keys)
