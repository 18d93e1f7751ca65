"""How long each rank and its banks spend in each power state, as DRAMPower keeps its books.

A rank is active while any bank is, from an ACT to its (possibly automatic) precharge; a refresh makes
its banks active for as long as it lasts.
"""

from __future__ import annotations

from .commands import PDEA, PDEP, PDXA
from .compiled import borrowing
from .layout import (
    B_ACTIVE_SINCE, B_CLOSED_AT, B_OPEN, B_REFRESH_END, C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA,
    C_CYC_PDNP, C_CYC_SREF, C_PRE, D_BANKS_RANK, D_RCD, D_RFC_ALL, D_RP, M_E_ACTIVE,
    M_E_DOWN, M_E_SEGMENT, M_E_UNTIL, NEVER,
)  # fmt: skip


@borrowing
def rank_activates(m, out, now):
    """The rank leaves the precharged state unless it is active already."""
    if m[M_E_ACTIVE] == 0 and now > m[M_E_UNTIL]:
        if m[M_E_SEGMENT] > NEVER:
            out[C_CYC_ACT] += m[M_E_UNTIL] - m[M_E_SEGMENT]
        m[M_E_SEGMENT] = now


@borrowing
def bank_closes(m, b, out, when):
    """A precharge, by command or automatic, at a cycle that may lie ahead."""
    out[C_PRE] += 1
    out[C_BANK_ACT] += when - b[B_ACTIVE_SINCE]
    b[B_CLOSED_AT] = when
    m[M_E_ACTIVE] -= 1
    m[M_E_UNTIL] = max(m[M_E_UNTIL], when)


@borrowing
def bank_refreshes(m, b, out, now, cycles):
    """A refresh of one bank begins."""
    rank_activates(m, out, now)
    b[B_REFRESH_END] = now + cycles
    m[M_E_UNTIL] = max(m[M_E_UNTIL], now + cycles)
    out[C_BANK_ACT] += cycles


@borrowing
def power_down_edge(r, c, now, s, t):
    """Entry to or exit from power-down, which takes effect once the banks have settled."""
    m, out, base = s.rank[r], s.out, r * t[D_BANKS_RANK]
    edge = now
    for i in range(base, base + t[D_BANKS_RANK]):
        b = s.bank[i]
        edge = max(edge, max(b[B_REFRESH_END], b[B_ACTIVE_SINCE] + t[D_RCD]))
        if b[B_CLOSED_AT] <= now:
            edge = max(edge, b[B_CLOSED_AT] + t[D_RP])
    if c == PDEA or c == PDEP:
        m[M_E_DOWN] = edge
        for i in range(base, base + t[D_BANKS_RANK]):
            b = s.bank[i]
            if b[B_OPEN]:
                out[C_BANK_ACT] += edge - b[B_ACTIVE_SINCE]
            elif b[B_CLOSED_AT] > edge:
                out[C_BANK_ACT] -= b[B_CLOSED_AT] - edge
        m[M_E_UNTIL] = edge if m[M_E_ACTIVE] > 0 else min(m[M_E_UNTIL], edge)
        m[M_E_ACTIVE] = 0
        return
    out[C_CYC_PDNA if c == PDXA else C_CYC_PDNP] += edge - m[M_E_DOWN]
    for i in range(base, base + t[D_BANKS_RANK]):  # rows stayed open through active power-down
        b = s.bank[i]
        if b[B_OPEN]:
            b[B_ACTIVE_SINCE] = edge
            if m[M_E_ACTIVE] == 0:
                out[C_CYC_ACT] += m[M_E_UNTIL] - m[M_E_SEGMENT]
                m[M_E_SEGMENT] = edge
            m[M_E_ACTIVE] += 1


@borrowing
def self_refresh_ends(m, out, now, t):
    """Self-refresh counts from the end of the refresh it begins with."""
    out[C_CYC_SREF] += max(0, now - m[M_E_DOWN] - t[D_RFC_ALL])


@borrowing
def close_books(r, window, s, t):
    """Cut every interval of a rank at the last command of its channel."""
    m, out, base = s.rank[r], s.out, r * t[D_BANKS_RANK]
    for i in range(base, base + t[D_BANKS_RANK]):
        b = s.bank[i]
        if b[B_OPEN]:
            if m[M_E_ACTIVE] > 0:
                out[C_BANK_ACT] += window - b[B_ACTIVE_SINCE]
                m[M_E_UNTIL] = max(m[M_E_UNTIL], window)
        elif b[B_CLOSED_AT] > window:
            out[C_PRE] -= 1
            out[C_BANK_ACT] -= b[B_CLOSED_AT] - window
        if b[B_REFRESH_END] > window:
            out[C_BANK_ACT] -= b[B_REFRESH_END] - window
    if m[M_E_SEGMENT] > NEVER:
        out[C_CYC_ACT] += min(m[M_E_UNTIL], window) - m[M_E_SEGMENT]
