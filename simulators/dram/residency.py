"""How long the rank and its banks spend in each power state (clock cycles).

The rank is active while any bank is, from an ACT to its (possibly automatic) precharge; a refresh
counts as active for tRFC on every bank, the way DRAMPower keeps its books.
"""

from __future__ import annotations

from .commands import PDEA, PDEP, PDXA
from .compiled import compiled
from .layout import (
    C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_LAST, C_PRE, C_REF,
    C_WINDOW, COUNT_PENDING_PRECHARGES, E_ACTIVE_BANKS, E_ACTIVE_UNTIL, E_DOWN_SINCE,
    E_REFRESH_END, E_SEGMENT, NEVER, T_RCD, T_RFC, T_RP,
)  # fmt: skip


@compiled
def rank_activates(e, out, now):
    """The rank leaves the precharged state unless it is active already."""
    if e[E_ACTIVE_BANKS] == 0 and now > e[E_ACTIVE_UNTIL]:
        if e[E_SEGMENT] >= 0:
            out[C_CYC_ACT] += e[E_ACTIVE_UNTIL] - e[E_SEGMENT]
        e[E_SEGMENT] = now


@compiled
def bank_activates(e, out, active_since, bank, now):
    """An ACT."""
    rank_activates(e, out, now)
    e[E_ACTIVE_BANKS] += 1
    active_since[bank] = now


@compiled
def bank_closes(e, out, active_since, closed_at, bank, when):
    """A precharge, by command or automatic, at a cycle that may lie ahead."""
    out[C_PRE] += 1
    out[C_BANK_ACT] += when - active_since[bank]
    closed_at[bank] = when
    e[E_ACTIVE_BANKS] -= 1
    e[E_ACTIVE_UNTIL] = max(e[E_ACTIVE_UNTIL], when)


@compiled
def refresh_starts(e, out, n_banks, now, t):
    """A refresh, by command or implied by self-refresh entry."""
    rank_activates(e, out, now)
    out[C_REF] += 1
    e[E_REFRESH_END] = now + t[T_RFC]
    e[E_ACTIVE_UNTIL] = max(e[E_ACTIVE_UNTIL], e[E_REFRESH_END])
    out[C_BANK_ACT] += n_banks * t[T_RFC]


@compiled
def power_down_edge(e, out, command, active_since, closed_at, is_open, now, t):
    """Entry to or exit from power-down, which takes effect once the banks have settled."""
    n_banks = is_open.shape[0]
    edge = max(now, e[E_REFRESH_END])
    for b in range(n_banks):
        edge = max(edge, active_since[b] + t[T_RCD])
        if closed_at[b] <= now:
            edge = max(edge, closed_at[b] + t[T_RP])
    if command == PDEA or command == PDEP:
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
    for b in range(n_banks):
        if is_open[b]:
            active_since[b] = edge
            if e[E_ACTIVE_BANKS] == 0:
                out[C_CYC_ACT] += e[E_ACTIVE_UNTIL] - e[E_SEGMENT]
                e[E_SEGMENT] = edge
            e[E_ACTIVE_BANKS] += 1


@compiled
def self_refresh_ends(e, out, now, t):
    """Self-refresh counts from the end of the refresh it begins with."""
    out[C_CYC_SREF] += max(0, now - e[E_DOWN_SINCE] - t[T_RFC])


@compiled
def close_books(e, out, active_since, closed_at, is_open, last_data, t):
    """Cut every interval at the end of the energy window.

    The window ends with the last command; DRAMPower 4 (``COUNT_PENDING_PRECHARGES``) instead ends
    it with the last data or automatic precharge and counts that precharge.
    """
    n_banks = is_open.shape[0]
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
