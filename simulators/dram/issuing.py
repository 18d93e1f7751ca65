"""What an issued command does to banks, distances and books; cycles throughout."""

from __future__ import annotations

from .commands import (
    ACT, PDEA, PDEP, PDXA, PDXP, PREAB, PREPB, RANK_COMMANDS, RD, RDA, REFAB, SREFEN, SREFEX, WRA,
)  # fmt: skip
from .compiled import borrowing
from .layout import (
    C_ACT, C_N_PDA, C_N_PDP, C_N_PREAB, C_N_PREPB, C_N_SREF, C_RD, C_ROW_HITS, E_DOWN_SINCE,
    M_OPEN_BANKS, T_FAW, T_RAS, T_READ_PRE, T_WRITE_PRE,
)  # fmt: skip
from .residency import (
    bank_activates, bank_closes, power_down_edge, refresh_starts, self_refresh_ends,
)  # fmt: skip


@borrowing
def bank_command(c, bank, row, now, banks, ready, books, m, timing):
    """Issue a bank command.

    Args:
        c: the command.
        bank: its number, bank group first.
        row: which an ACT opens.
        now: the present cycle.
        banks: their states and candidates, :class:`~.state.Banks`.
        ready: when commands become legal, :class:`~.state.Ready`.
        books: what the energy model will be told, :class:`~.state.Books`.
        m: state of the refresh and power-down managers, ``layout.M_*``.
        timing: the device's tables, :class:`~.timing.Timing`.
    """
    group = banks.group[bank]
    for to in range(RANK_COMMANDS):
        ready.bank[bank, to] = max(ready.bank[bank, to], now + timing.bank[c, to])
        ready.group[group, to] = max(ready.group[group, to], now + timing.group[c, to])
        ready.rank[to] = max(ready.rank[to], now + timing.rank[c, to])
    t, out = timing.scalars, books.out
    if c == ACT:
        banks.is_open[bank] = True
        banks.untouched[bank] = True
        banks.row[bank] = row
        m[M_OPEN_BANKS] += 1
        # of the last four ACTs the oldest bounds the next one
        ready.acts[out[C_ACT] & 3] = now
        out[C_ACT] += 1
        ready.rank[ACT] = max(ready.rank[ACT], ready.acts[out[C_ACT] & 3] + t[T_FAW])
        bank_activates(books, bank, now)
    elif c == PREPB:
        banks.is_open[bank] = False
        m[M_OPEN_BANKS] -= 1
        out[C_N_PREPB] += 1
        bank_closes(books, bank, now)
    else:
        out[C_RD + c - RD] += 1
        out[C_ROW_HITS] += not banks.untouched[bank]
        banks.untouched[bank] = False
        if c >= RDA:  # the automatic precharge waits for the data and for tRAS
            banks.is_open[bank] = False
            m[M_OPEN_BANKS] -= 1
            pre = now + (t[T_WRITE_PRE] if c == WRA else t[T_READ_PRE])
            bank_closes(books, bank, max(books.active_since[bank] + t[T_RAS], pre))


@borrowing
def rank_command(c, now, banks, ready, books, timing):
    """Issue a rank command; the managers are told by the caller.

    Args:
        c: the command.
        now: the present cycle.
        banks: their states and candidates, :class:`~.state.Banks`.
        ready: when commands become legal, :class:`~.state.Ready`.
        books: what the energy model will be told, :class:`~.state.Books`.
        timing: the device's tables, :class:`~.timing.Timing`.
    """
    for to in range(RANK_COMMANDS):
        ready.rank[to] = max(ready.rank[to], now + timing.rank[c, to])
    t, out = timing.scalars, books.out
    if c == PREAB:
        out[C_N_PREAB] += 1
        for b in range(banks.is_open.shape[0]):
            if banks.is_open[b]:
                banks.is_open[b] = False
                bank_closes(books, b, now)
    elif c == REFAB or c == SREFEN:  # self-refresh begins with a refresh
        refresh_starts(books, now, t)
    if c == SREFEN:
        books.rank[E_DOWN_SINCE] = now
        out[C_N_SREF] += 1
    elif c == SREFEX:
        self_refresh_ends(books, now, t)
    elif c == PDEA or c == PDEP or c == PDXA or c == PDXP:
        out[C_N_PDA] += c == PDEA
        out[C_N_PDP] += c == PDEP
        power_down_edge(books, c, banks.is_open, now, t)
