"""How long the rank and its banks spend in each power state (clock cycles).

The rank is active while any bank is, from an ACT to its (possibly automatic) precharge; a refresh
counts as active for tRFC on every bank, the way DRAMPower keeps its books (``state.Books``).
"""

from __future__ import annotations

from .commands import PDEA, PDEP, PDXA
from .compiled import borrowing
from .layout import (
    C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_LAST, C_PRE, C_REF,
    C_WINDOW, COUNT_PENDING_PRECHARGES, E_ACTIVE_BANKS, E_ACTIVE_UNTIL, E_DOWN_SINCE,
    E_REFRESH_END, E_SEGMENT, NEVER, T_RCD, T_RFC, T_RP,
)  # fmt: skip


@borrowing
def rank_activates(books, now):
    """The rank leaves the precharged state unless it is active already.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        now: the present cycle.
    """
    e, out = books.rank, books.out
    if e[E_ACTIVE_BANKS] == 0 and now > e[E_ACTIVE_UNTIL]:
        if e[E_SEGMENT] >= 0:
            out[C_CYC_ACT] += e[E_ACTIVE_UNTIL] - e[E_SEGMENT]
        e[E_SEGMENT] = now


@borrowing
def bank_activates(books, bank, now):
    """Book an ACT.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        bank: its number, bank group first.
        now: the present cycle.
    """
    rank_activates(books, now)
    books.rank[E_ACTIVE_BANKS] += 1
    books.active_since[bank] = now


@borrowing
def bank_closes(books, bank, when):
    """Book a precharge, by command or automatic.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        bank: its number, bank group first.
        when: its cycle, which may lie ahead.
    """
    e, out = books.rank, books.out
    out[C_PRE] += 1
    out[C_BANK_ACT] += when - books.active_since[bank]
    books.closed_at[bank] = when
    e[E_ACTIVE_BANKS] -= 1
    e[E_ACTIVE_UNTIL] = max(e[E_ACTIVE_UNTIL], when)


@borrowing
def refresh_starts(books, now, t):
    """Book a refresh, by command or implied by self-refresh entry.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        now: the present cycle.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    e, out, n_banks = books.rank, books.out, books.closed_at.shape[0]
    rank_activates(books, now)
    out[C_REF] += 1
    e[E_REFRESH_END] = now + t[T_RFC]
    e[E_ACTIVE_UNTIL] = max(e[E_ACTIVE_UNTIL], e[E_REFRESH_END])
    out[C_BANK_ACT] += n_banks * t[T_RFC]


@borrowing
def power_down_edge(books, command, is_open, now, t):
    """Book entry to or exit from power-down, which takes effect once the banks have settled.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        command: the command.
        is_open: (banks,) bool: a row is open.
        now: the present cycle.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    e, out, n_banks = books.rank, books.out, is_open.shape[0]
    active_since, closed_at = books.active_since, books.closed_at
    edge = max(now, e[E_REFRESH_END])
    for b in range(n_banks):
        edge = max(edge, active_since[b] + t[T_RCD])
        if closed_at[b] <= now:
            edge = max(edge, closed_at[b] + t[T_RP])
    if command == PDEA or command == PDEP:
        # no bank counts as active while the rank is down: cut every interval at the edge
        e[E_DOWN_SINCE] = edge
        for b in range(n_banks):
            if is_open[b]:
                out[C_BANK_ACT] += edge - active_since[b]
            elif closed_at[b] > edge:
                out[C_BANK_ACT] -= closed_at[b] - edge
        e[E_ACTIVE_UNTIL] = edge if e[E_ACTIVE_BANKS] > 0 else min(e[E_ACTIVE_UNTIL], edge)
        e[E_ACTIVE_BANKS] = 0
        return
    out[C_CYC_PDNA if command == PDXA else C_CYC_PDNP] += edge - e[E_DOWN_SINCE]
    for b in range(n_banks):  # rows stayed open through active power-down
        if is_open[b]:
            active_since[b] = edge
            if e[E_ACTIVE_BANKS] == 0:
                out[C_CYC_ACT] += e[E_ACTIVE_UNTIL] - e[E_SEGMENT]
                e[E_SEGMENT] = edge
            e[E_ACTIVE_BANKS] += 1


@borrowing
def self_refresh_ends(books, now, t):
    """Book the end of self-refresh, which counts from the end of the refresh it begins with.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        now: the present cycle.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    e, out = books.rank, books.out
    out[C_CYC_SREF] += max(0, now - e[E_DOWN_SINCE] - t[T_RFC])


@borrowing
def close_books(books, is_open, last_data, t):
    """Cut every interval at the end of the energy window.

    The window ends with the last command; DRAMPower 4 (``COUNT_PENDING_PRECHARGES``) instead ends
    it with the last data or automatic precharge and counts that precharge.

    Args:
        books: what the energy model will be told, :class:`~.state.Books`.
        is_open: (banks,) bool: a row is open.
        last_data: cycle at which the last data burst ends.
        t: the device's rules in cycles, ``layout.T_*``.
    """
    e, out, n_banks = books.rank, books.out, is_open.shape[0]
    active_since, closed_at = books.active_since, books.closed_at
    window = out[C_LAST]
    if t[COUNT_PENDING_PRECHARGES]:
        window = max(window, last_data)
        for b in range(n_banks):
            if closed_at[b] > out[C_LAST]:
                window = max(window, closed_at[b] + t[T_RP] - 1)
    for b in range(n_banks):
        if is_open[b]:
            if e[E_ACTIVE_BANKS] > 0:
                out[C_BANK_ACT] += window - active_since[b]
                e[E_ACTIVE_UNTIL] = max(e[E_ACTIVE_UNTIL], window)
        elif closed_at[b] > window:
            out[C_PRE] -= 1
            out[C_BANK_ACT] -= closed_at[b] - window
    if e[E_REFRESH_END] > window:
        out[C_BANK_ACT] -= n_banks * (e[E_REFRESH_END] - window)
    if e[E_SEGMENT] > NEVER:
        out[C_CYC_ACT] += min(e[E_ACTIVE_UNTIL], window) - e[E_SEGMENT]
    down = out[C_CYC_PDNA] + out[C_CYC_PDNP] + out[C_CYC_SREF]
    out[C_WINDOW] = window
    out[C_CYC_PRE] = window - out[C_CYC_ACT] - down
