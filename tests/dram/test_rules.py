"""Each rule of the controller on traces small enough to work out by hand (DDR4-2400, in cycles)."""

import numpy as np
import pytest
from archgym.simulators.dram import layout
from archgym.simulators.dram.commands import (
    ACT,
    PDEP,
    PREAB,
    PREPB,
    RD,
    RDA,
    REFAB,
    SREFEN,
    SREFEX,
    WR,
    WRA,
)  # fmt: skip
from archgym.simulators.dram.devices import DDR3_1600, DDR4_2400, DEVICES
from archgym.simulators.dram.simulator import DRAMSimulator
from archgym.simulators.dram.space import DEFAULT_DESIGN, KNOBS
from archgym.simulators.dram.timing import timing
from archgym.simulators.dram.traces import Trace

T = DDR4_2400.t
BURST = DDR4_2400.burst_cycles
IDLE_READ = 1 + T["RCD"] + T["RL"] + BURST
BASE = {
    **DEFAULT_DESIGN,
    "refresh_policy": "NoRefresh",
    "refresh_max_postponed": 0,
    "refresh_max_pulled_in": 0,
}
GROUP, BANK, ROW, COLUMN = 1 << 13, 1 << 15, 1 << 17, 1 << 6  # steps in the row-bank-column mapping


def play(requests, semantics="dramsys", device="DDR4-2400", **knobs):
    """Requests (stamp, is_write, address) through one controller: counters by name, response cycles.

    Cycles count from the first request.
    """
    stamp, write, address = (np.array(c) for c in zip(*requests))
    trace = Trace("t", stamp.astype(np.int64), write.astype(np.uint8), address.astype(np.int64))
    simulator = DRAMSimulator(trace, device=device, semantics=semantics)
    design = {**BASE, **knobs}
    codes = [k.index(design[k.name]) if k.kind == "categorical" else design[k.name] for k in KNOBS]
    out, latency = simulator.simulate(np.array(codes, np.int64))
    return dict(zip(layout.COUNTERS, out.tolist())), (latency + stamp - stamp[0]).tolist()


def reads(addresses, stamps=None):
    return [(s, 0, a) for s, a in zip(stamps or [0] * len(addresses), addresses)]


def test_a_read_of_an_idle_closed_bank_takes_37_cycles():
    out, response = play(reads([0]))
    assert response == [IDLE_READ] == [37]
    assert out["end"] == 38 and out["last_command"] == 1 + T["RCD"]


def test_the_first_request_is_issued_at_zero_whatever_its_stamp():
    assert play(reads([0], [500]))[1] == [IDLE_READ]


def test_requests_that_are_late_go_back_to_back():
    _, response = play(reads([i * COLUMN for i in range(4)]))
    assert response == [IDLE_READ + i * T["CCD_L"] for i in range(4)]


def test_row_hits_need_no_activate_and_row_conflicts_a_precharge():
    out, response = play(reads([0, COLUMN, ROW], [0, 1000, 2000]))
    assert (out["act"], out["n_prepb"], out["row_hits"]) == (2, 1, 1)
    assert response[1] - 1000 == 1 + T["RL"] + BURST
    assert response[2] - 2000 == 1 + T["RP"] + T["RCD"] + T["RL"] + BURST


def test_activates_keep_rrd_and_faw():
    far = play(reads([i * GROUP for i in range(4)] + [BANK]))[1]
    # four groups at tRRD_S, the fifth ACT in the first group's next bank waits for tFAW
    assert [r - far[0] for r in far] == [0, 4, 8, 12, T["FAW"]]
    near = play(reads([0, BANK]))[1]
    assert near[1] - near[0] == T["RRD_L"]


def test_writes_answer_at_the_end_of_their_burst_and_reads_after_them_wait():
    _, response = play([(0, 1, 0), (0, 0, COLUMN)])
    assert response[0] == 1 + T["RCD"] + T["WL"] + BURST
    turn = T["WL"] + BURST + T["WTR_L"]
    assert response[1] == 1 + T["RCD"] + turn + T["RL"] + BURST


def test_fr_fcfs_serves_hits_first_and_fifo_does_not():
    trace = reads([0, ROW, COLUMN, ROW + COLUMN])
    assert play(trace, scheduler="FrFcfs")[0]["act"] == 2
    assert play(trace, scheduler="Fifo")[0]["act"] == 4


def test_fifo_is_per_bank():
    trace = reads([0, ROW, BANK])
    _, response = play(trace, scheduler="Fifo")
    assert response[2] < response[1]


def test_grp_keeps_the_direction_but_never_overtakes_the_same_address():
    trace = [(0, 0, 0), (0, 1, COLUMN), (0, 0, 2 * COLUMN), (0, 1, 3 * COLUMN)]
    _, plain = play(trace, scheduler="FrFcfs")
    _, grouped = play(trace, scheduler="FrFcfsGrp")
    assert plain[1] < plain[2] and grouped[2] < grouped[1]
    _, hazard = play([(0, 0, 0), (0, 1, COLUMN), (0, 0, COLUMN)], scheduler="FrFcfsGrp")
    assert hazard[1] < hazard[2]


def test_page_policies_close_rows_as_they_say():
    hits = reads([0, COLUMN], [0, 0])
    conflict = reads([0, ROW], [0, 0])
    lonely = reads([0])
    rda = {
        (policy, name): play(trace, page_policy=policy)[0]["rda"]
        for policy in ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive")
        for name, trace in (("hits", hits), ("conflict", conflict), ("lonely", lonely))
    }
    assert [rda["Open", t] for t in ("hits", "conflict", "lonely")] == [0, 0, 0]
    assert [rda["Closed", t] for t in ("hits", "conflict", "lonely")] == [2, 2, 1]
    # OpenAdaptive closes where another request waits and none hits; ClosedAdaptive unless one hits
    assert [rda["OpenAdaptive", t] for t in ("hits", "conflict", "lonely")] == [0, 1, 0]
    assert [rda["ClosedAdaptive", t] for t in ("hits", "conflict", "lonely")] == [1, 2, 1]


def test_closed_pages_cycle_a_bank_in_44_cycles_and_under_jedec_in_55():
    trace = reads([0, ROW, 2 * ROW])
    for semantics, cycle in (("dramsys", T["RCD"] + T["RTP"] + T["RP"]), ("jedec", T["RC"])):
        _, response = play(trace, semantics, page_policy="Closed")
        assert np.diff(response).tolist() == [cycle, cycle]
    assert (T["RCD"] + T["RTP"] + T["RP"], T["RC"]) == (44, 55)


def test_the_simple_arbiter_ignores_max_active_and_the_others_obey_it():
    trace = reads([i * GROUP for i in range(4)])
    assert play(trace, arbiter="Simple", max_active_transactions=1) == play(trace, arbiter="Simple")
    _, one = play(trace, arbiter="Fifo", max_active_transactions=1)
    # the slot is given back a cycle after the response, one cycle forward, then the same again
    assert np.diff(one).tolist() == [IDLE_READ + 1] * 3


def test_a_full_buffer_holds_the_next_request_back():
    trace = reads([0, ROW, GROUP])
    _, small = play(trace, scheduler_buffer="Shared", request_buffer_size=1)
    _, large = play(trace, scheduler_buffer="Shared", request_buffer_size=8)
    assert small[2] > small[1] and large[2] < large[1]


def test_read_write_wants_room_in_both_halves():
    trace = [(0, 0, 0), (0, 1, GROUP), (0, 0, 2 * GROUP)]
    _, split = play(trace, scheduler_buffer="ReadWrite", request_buffer_size=1)
    _, shared = play(trace, scheduler_buffer="Shared", request_buffer_size=1)
    assert split == shared


def test_jedec_checks_the_bank_a_request_is_for():
    # the first bank is full; the next request is for an empty one
    trace = reads([0, ROW, 2 * ROW, GROUP])
    _, quirk = play(trace, "dramsys", request_buffer_size=2)
    _, true = play(trace, "jedec", request_buffer_size=2)
    assert true[3] <= quirk[3]
    _, quirk = play([*reads([0, ROW]), *reads([GROUP])], "dramsys", request_buffer_size=2)
    _, true = play([*reads([0, ROW]), *reads([GROUP])], "jedec", request_buffer_size=2)
    assert true[2] < quirk[2]


def test_reordered_responses_come_in_request_order():
    trace = reads([0, ROW, GROUP])
    _, fifo = play(trace, response_queue="Fifo")
    _, ordered = play(trace, response_queue="Reorder")
    assert fifo[2] < fifo[1]
    assert ordered == sorted(ordered) and ordered[2] == ordered[1] + 1


def test_the_first_refresh_is_due_after_one_interval():
    busy = reads([(i % 128) * COLUMN for i in range(3000)])
    out, _ = play(busy, refresh_policy="AllBank")
    assert out["ref"] == (out["end"] - 16) // T["REFI"]
    assert play(busy)[0]["ref"] == 0


def test_postponed_refreshes_are_owed():
    busy = reads([(i % 128) * COLUMN for i in range(8000)])
    none, _ = play(busy, refresh_policy="AllBank")
    owed, _ = play(busy, refresh_policy="AllBank", refresh_max_postponed=2)
    assert owed["ref"] == none["ref"] - 2
    assert owed["end"] < none["end"]


def test_pulled_in_refreshes_need_a_long_idle_rank():
    idle = reads([0, COLUMN], [0, 30 * T["REFI"]])
    plain, _ = play(idle, refresh_policy="AllBank")
    ahead, _ = play(idle, refresh_policy="AllBank", refresh_max_pulled_in=8)
    assert plain["ref"] == 30 and ahead["ref"] == 38


def test_an_idle_rank_goes_down_at_once_and_pays_to_wake():
    out, response = play(reads([0]), power_down_policy="Staggered")
    assert response == [T["CKE"] + T["XP"] + T["RCD"] + T["RL"] + BURST]
    assert out["n_pdp"] == 1 and out["cyc_pdnp"] == T["CKE"]


def test_an_open_bank_goes_to_active_power_down():
    out, response = play(reads([0, COLUMN], [0, 1000]), power_down_policy="Staggered")
    assert out["n_pda"] == 2
    assert response[1] - 1000 == 1 + T["XP"] + T["RL"] + BURST


def test_self_refresh_takes_over_from_precharge_power_down():
    idle = reads([0, ROW], [0, 5 * T["REFI"]])
    out, response = play(
        idle, power_down_policy="Staggered", refresh_policy="AllBank", page_policy="Closed"
    )
    assert out["n_sref"] == 1 and out["cyc_sref"] > 2 * T["REFI"]
    assert response[1] - 5 * T["REFI"] > T["XS"] + T["RFC"]


def test_ddr3_follows_dramsys_4():
    t = DDR3_1600.t
    out, response = play(reads([0]), device="DDR3-1600")
    assert response == [t["RCD"] + t["RL"] + 4] and out["end"] == response[0]
    step = 1 << 16
    _, closed = play(reads([0, step]), device="DDR3-1600", page_policy="Closed")
    assert closed[1] - closed[0] == t["RC"]


@pytest.mark.parametrize("policy", ["Open", "Closed"])
def test_saturated_streams_run_at_the_bus(policy):
    n = 512
    trace = reads([i * GROUP % (4 * GROUP) + (i // 4) * COLUMN % (128 * COLUMN) for i in range(n)])
    out, _ = play(trace, page_policy="Open", response_queue="Fifo")
    assert out["end"] < IDLE_READ + n * T["CCD_S"] + 60


@pytest.mark.parametrize("semantics", ["dramsys", "jedec"])
def test_a_row_closes_no_sooner_than_the_write_recovery_time_after_the_data(semantics):
    # a write, then a conflict on its bank once tRAS is long over: PRE waits for the burst and tWR
    for knobs in ({}, {"page_policy": "Closed"}):
        _, response = play([(0, 1, 0), (0, 0, ROW)], semantics, **knobs)
        write = 1 + T["RCD"]
        precharge = write + T["WL"] + BURST + T["WR"]
        assert precharge - 1 > T["RAS"]
        assert response[1] == precharge + T["RP"] + T["RCD"] + T["RL"] + BURST


@pytest.mark.parametrize("device", DEVICES.values(), ids=lambda d: d.name)
@pytest.mark.parametrize("semantics", ["dramsys", "jedec"])
def test_distances_to_a_precharge_and_out_of_self_refresh_are_the_standards(device, semantics):
    t, tables = device.t, timing(device, semantics)
    recovery = t["WL"] + device.burst_cycles + t["WR"]
    assert tables.bank[WR, PREPB] == tables.rank[WR, PREAB] == recovery
    assert tables.rank[WRA, REFAB] == tables.bank[WRA, ACT] == recovery + t["RP"]
    assert tables.scalars[layout.T_WRITE_PRE] == recovery
    assert tables.bank[WR, RDA] >= recovery - t["RTP"] - t["AL"]
    exits = [ACT, REFAB, PDEP, SREFEN]
    assert tables.rank[SREFEX, exits].tolist() == [t["XS"]] * 4
    assert (tables.rank[SREFEX, [RD, WR, RDA, WRA]] == t["XSDLL"]).all()


def test_a_request_out_of_self_refresh_waits_for_xs_the_extra_refresh_and_rfc():
    wake = 5 * T["REFI"]
    _, response = play(
        reads([0, ROW], [0, wake]), power_down_policy="Staggered", refresh_policy="AllBank",
        page_policy="Closed",
    )  # fmt: skip
    # SREFEX as the request arrives, REFAB after tXS, ACT after tRFC; the column command keeps tXSDLL
    exit_ = wake + 1
    access = max(exit_ + T["XS"] + T["RFC"] + T["RCD"], exit_ + T["XSDLL"])
    assert response[1] == access + T["RL"] + BURST
