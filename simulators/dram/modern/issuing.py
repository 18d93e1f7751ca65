"""What an issued command does to banks, managers and books."""

from __future__ import annotations

from .books import book_bank, book_unit
from .commands import ACT, PDEA, PREAB, PREPB, PRESB, RANK_COMMANDS, RDA, RFMAB, RFMSB
from .compiled import borrowing, merged
from .layout import (
    BANK, B_ACTIVATIONS, B_BLOCKED, B_CURRENT, B_KEEP, B_OPEN, B_ROW, B_UNTOUCHED,
    C_ROW_HITS, D_BANKS_RANK, D_RAADEC, D_RAAIMT, K_BOOKS, K_MANAGEMENT, M_FIRST_BANK, M_OPEN_BANKS,
    M_UNIT, Q_ROW,
)  # fmt: skip
from .refresh import member, unit_size


@borrowing
def close_bank(r, b, s):
    """A bank is precharged, or will be by itself before its next command."""
    s[r + M_OPEN_BANKS] -= s[b + B_OPEN]
    s[b + B_OPEN] = 0
    s[b + B_KEEP] = 0


@merged
def bank_command(x, r, b, now, s):
    """A command to one bank changes it and the books."""
    if s[K_BOOKS]:
        book_bank(x, r, b, now, s)
    if x == ACT:
        s[b + B_OPEN] = 1
        s[b + B_KEEP] = 1
        s[b + B_ROW] = s[s[b + B_CURRENT] + Q_ROW]
        s[b + B_ACTIVATIONS] += 1
        s[b + B_UNTOUCHED] = 1
        s[r + M_OPEN_BANKS] += 1
    elif x == PREPB:
        close_bank(r, b, s)
    else:
        s[b + B_CURRENT] = -1
        s[b + B_KEEP] = 0
        s[C_ROW_HITS] += 1 - s[b + B_UNTOUCHED]
        s[b + B_UNTOUCHED] = 0
        if x >= RDA:
            close_bank(r, b, s)


@merged
def unit_command(x, r, now, s):
    """A command to a unit of banks, or to all banks of a rank."""
    if s[K_BOOKS]:
        book_unit(x, r, now, s)
    if x >= PDEA:
        return
    whole = x >= RANK_COMMANDS
    less = s[D_RAAIMT] if x == RFMAB or x == RFMSB else s[D_RAADEC]
    for i in range(s[D_BANKS_RANK] if whole else unit_size(s)):
        b = s[r + M_FIRST_BANK] + i * BANK if whole else member(r, s[r + M_UNIT], i, s)
        if x == PREAB or x == PRESB:
            close_bank(r, b, s)
        else:  # a refresh, or refresh management
            s[b + B_BLOCKED] = 0
            if s[K_MANAGEMENT]:
                s[b + B_ACTIVATIONS] = max(0, s[b + B_ACTIVATIONS] - less)
