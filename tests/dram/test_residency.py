"""Where power-down cuts the books, worked out by hand (DDR4-2400: tRCD 16, tRP 16 cycles)."""

import numpy as np
import pytest
from archgym.simulators.dram import layout
from archgym.simulators.dram.commands import PDEA, PDEP, PDXA, PDXP
from archgym.simulators.dram.devices import DDR4_2400
from archgym.simulators.dram.initial import empty_books
from archgym.simulators.dram.residency import power_down_edge
from archgym.simulators.dram.timing import timing

T = timing(DDR4_2400).scalars
NEVER = layout.NEVER


def edge(
    command, now, *, is_open=(0, 0), active_since=(NEVER, NEVER), closed_at=(NEVER, NEVER), **rank
):
    """The books (rank, counters by name, active_since) after one edge, from those given."""
    books = empty_books(2)
    books.active_since[:], books.closed_at[:] = active_since, closed_at
    for name, value in rank.items():
        books.rank[getattr(layout, name)] = value
    power_down_edge(books, command, np.array(is_open, np.bool_), now, T)
    changed = {n: int(v) for n, v in zip(layout.COUNTERS, books.out) if v}
    return books.rank, changed, books.active_since.tolist()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, 100),
        ({"E_REFRESH_END": 250}, 250),
        ({"E_REFRESH_END": 99}, 100),
        ({"active_since": (20, 90), "is_open": (1, 1), "E_ACTIVE_BANKS": 2}, 106),
        ({"closed_at": (30, 95)}, 111),
        ({"closed_at": (100, 30)}, 116),
        ({"closed_at": (101, 30)}, 100),  # an automatic precharge ahead is not waited for
    ],
)
def test_power_down_begins_when_refresh_activate_and_precharge_have_settled(state, expected):
    assert (T[layout.T_RCD], T[layout.T_RP]) == (16, 16)
    for command in (PDEA, PDEP):
        rank, _, _ = edge(command, 100, **state)
        assert rank[layout.E_DOWN_SINCE] == expected
        assert rank[layout.E_ACTIVE_BANKS] == 0
    # and it ends by the same rule
    rank, changed, _ = edge(PDXP, 100, E_DOWN_SINCE=10, **state)
    assert changed["cyc_pdnp"] == expected - 10 and "cyc_pdna" not in changed


def test_entry_cuts_open_banks_and_precharges_ahead_at_the_edge():
    rank, changed, _ = edge(
        PDEA, 100, is_open=(1, 0), active_since=(50, 20), closed_at=(NEVER, 120),
        E_ACTIVE_BANKS=1, E_ACTIVE_UNTIL=120, E_SEGMENT=20,
    )  # fmt: skip
    # the open bank was active for 50 cycles; the other's 20 cycles beyond the edge are taken back
    assert changed == {"bank_act": 50 - 20}
    assert rank[layout.E_ACTIVE_UNTIL] == 100 and rank[layout.E_SEGMENT] == 20
    # a bank that is open carries the stretch on, past the last precharge
    rank, _, _ = edge(
        PDEA, 100, is_open=(1, 0), active_since=(50, 20), E_ACTIVE_BANKS=1, E_ACTIVE_UNTIL=70
    )
    assert rank[layout.E_ACTIVE_UNTIL] == 100


@pytest.mark.parametrize(("until", "cut"), [(120, 100), (100, 100), (80, 80)])
def test_entry_with_all_banks_closed_shortens_the_active_stretch_but_never_lengthens_it(until, cut):
    rank, changed, _ = edge(PDEP, 100, E_ACTIVE_UNTIL=until, E_SEGMENT=10)
    assert rank[layout.E_ACTIVE_UNTIL] == cut and changed == {}


def test_exit_from_active_power_down_opens_a_new_stretch_for_the_open_banks():
    rank, changed, since = edge(
        PDXA, 300, is_open=(1, 1), active_since=(50, 60), E_DOWN_SINCE=200, E_ACTIVE_UNTIL=200,
        E_SEGMENT=50,
    )  # fmt: skip
    # down for 100 cycles; the stretch of 150 before it is booked once, though two banks are open
    assert changed == {"cyc_pdna": 100, "cyc_act": 150}
    assert since == [300, 300]
    assert rank[layout.E_ACTIVE_BANKS] == 2 and rank[layout.E_SEGMENT] == 300


def test_exit_from_precharge_power_down_leaves_the_rank_inactive():
    rank, changed, since = edge(PDXP, 300, E_DOWN_SINCE=200, E_ACTIVE_UNTIL=200, E_SEGMENT=50)
    assert changed == {"cyc_pdnp": 100} and since == [NEVER, NEVER]
    assert rank[layout.E_ACTIVE_BANKS] == 0 and rank[layout.E_SEGMENT] == 50
