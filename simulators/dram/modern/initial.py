"""The controllers at cycle 0: see ``layout`` for what every word is."""

from __future__ import annotations

from .commands import N_COMMANDS, NOP
from .compiled import borrowing, merged
from .layout import (
    BANK, BANKS, B_COMMAND, B_CURRENT, B_E_END, B_E_PRECHARGED, B_E_REFRESHED, B_GROUP, B_HEAD,
    B_HEAD_WR, B_LAST, B_NUMBER, B_RANK, B_READY, B_TAIL, B_TAIL_WR, CHANNEL, CHANNELS, CH_ACK,
    CH_AHEAD, CH_ARRIVAL, CH_BANKS, CH_COLUMN_KEY, CH_DATA, CH_DUE, CH_GROUPS, CH_LAST_BANK,
    CH_PEND_HEAD, CH_RANKS, CH_REQUEST, CH_RESP_HEAD, CH_ROW_KEY, CH_WORK, D_BANKS_GROUP,
    D_BANKS_RANK, D_CHANNELS, D_INTERVAL, D_RANKS, FOREVER, GROUP, GROUPS, GR_LAST, K_BANKS, K_GROUPS,
    K_PLAYERS, K_POWER_DOWN, K_REFRESH, K_UNITS, M_DUE, M_ENTRY, M_E_DOWN, M_E_DOWN_PRE, M_E_NEXT,
    M_E_REFRESHED, M_E_SREF, M_FIRST_BANK, M_IDLE, M_LAST, M_PD_COMMAND, M_REF_COMMAND, M_REMAINING,
    M_RING, M_WINDOW, NEVER, NO_COMMAND, NO_KEY, PLAYER, PLAYERS, P_END, P_ISSUE, P_LAST_END, P_NEXT,
    P_PEND_HEAD, P_RETURN, RANK, RANKS, WORK, WORK_CHANNEL, WORK_COLUMN,
    W_READY,
)  # fmt: skip


@borrowing
def fill(s, first, words, value):
    """Set a number of ``words`` of the state to ``value``, from place ``first`` on."""
    for i in range(first, first + words):
        s[i] = value


@merged
def first_banks(s):
    """Every bank is closed and has no work."""
    groups = s[K_BANKS] * s[D_CHANNELS] // s[D_BANKS_GROUP]
    for i in range(groups):
        fill(s, GROUPS + i * GROUP, GR_LAST + N_COMMANDS + 1, NEVER)
    for i in range(s[K_BANKS] * s[D_CHANNELS]):
        b = BANKS + i * BANK
        for field in (B_CURRENT, B_HEAD, B_HEAD_WR, B_TAIL, B_TAIL_WR):
            s[b + field] = -1
        for field in (B_E_END, B_E_PRECHARGED, B_E_REFRESHED):
            s[b + field] = NEVER
        fill(s, b + B_READY, B_LAST - B_READY + N_COMMANDS + 1, NEVER)
        s[b + B_COMMAND] = NOP
        s[b + B_GROUP] = GROUPS + i // s[D_BANKS_GROUP] * GROUP
        s[b + B_RANK] = RANKS + i // s[D_BANKS_RANK] * RANK
        s[b + B_NUMBER] = i % s[K_BANKS]


@merged
def first_ranks(s):
    """The first refreshes fall due one after the other; an idle rank goes down at once."""
    for i in range(s[D_CHANNELS] * s[D_RANKS]):
        r = RANKS + i * RANK
        s[r + M_REF_COMMAND] = NOP
        s[r + M_PD_COMMAND] = NOP
        s[r + M_IDLE] = 1
        s[r + M_ENTRY] = s[K_POWER_DOWN]
        for field in (M_E_REFRESHED, M_E_DOWN, M_E_DOWN_PRE, M_E_SREF):
            s[r + field] = NEVER
        s[r + M_E_NEXT] = FOREVER
        s[r + M_WINDOW] = NEVER
        s[r + M_REMAINING] = (1 << s[K_UNITS]) - 1
        s[r + M_FIRST_BANK] = BANKS + i * s[D_BANKS_RANK] * BANK
        fill(s, r + M_RING, 4, NEVER)
        fill(s, r + M_LAST, N_COMMANDS + 1, NEVER)
        s[r + M_DUE] = FOREVER
        if s[K_REFRESH]:
            turn, left, number = 0, s[D_RANKS], i % s[D_RANKS]
            while left > 1:  # the bits of the rank's number, reversed
                turn = turn * 2 + number % 2
                number //= 2
                left //= 2
            s[r + M_DUE] = s[D_INTERVAL] - turn * s[D_INTERVAL] // s[D_RANKS]


@merged
def first_channels(s):
    """No request and no response anywhere."""
    for i in range(s[D_CHANNELS]):
        c = CHANNELS + i * CHANNEL
        for field in (CH_REQUEST, CH_PEND_HEAD, CH_RESP_HEAD):
            s[c + field] = -1
        s[c + CH_DATA] = FOREVER
        s[c + CH_ARRIVAL] = FOREVER
        s[c + CH_AHEAD] = FOREVER
        s[c + CH_ROW_KEY] = NO_KEY
        s[c + CH_COLUMN_KEY] = NO_KEY
        s[c + CH_ACK] = -2
        s[c + CH_DUE] = 0
        s[c + CH_BANKS] = BANKS + i * s[K_BANKS] * BANK
        s[c + CH_LAST_BANK] = s[c + CH_BANKS]
        s[c + CH_RANKS] = RANKS + i * s[D_RANKS] * RANK
        s[c + CH_GROUPS] = GROUPS + i * s[K_GROUPS] * GROUP
        s[c + CH_WORK] = WORK + i * WORK_CHANNEL
        fill(s, s[c + CH_WORK] + W_READY, WORK_COLUMN, NO_COMMAND)


@merged
def first_state(s):
    """Everything at cycle 0."""
    first_banks(s)
    first_ranks(s)
    first_channels(s)
    for i in range(s[K_PLAYERS]):
        p = PLAYERS + i * PLAYER
        for field in (P_NEXT, P_PEND_HEAD, P_RETURN):
            s[p + field] = -1
        s[p + P_ISSUE] = FOREVER
        s[p + P_END] = FOREVER
        s[p + P_LAST_END] = NEVER
