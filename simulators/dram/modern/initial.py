"""The controllers at cycle 0: see ``state`` for what every array holds."""

from __future__ import annotations

import numpy as np

from .commands import N_COMMANDS, NOP
from .compiled import merged
from .layout import (
    B_ACTIVE_SINCE, B_CLOSED_AT, B_COMMAND, B_CURRENT, B_GROUP, B_HEAD, B_HEAD_WR, B_RANK,
    B_REFRESH_END, B_STACK, B_TAIL, B_TAIL_WR, CH_ACK, CH_ARRIVAL, CH_DATA, CH_LAST_BANK,
    CH_PEND_HEAD, CH_REQUEST, CH_RESP_HEAD, D_BANKS_GROUP, D_BANKS_RANK, D_BANKS_STACK,
    D_CHANNELS, D_INTERVAL, D_RANKS, D_STACK_PER_RANK, FOREVER, M_DUE, M_E_SEGMENT, M_ENTRY,
    M_IDLE, M_LEFT, M_PD_COMMAND, M_REF_COMMAND, N_BANK, N_CHANNEL, N_COUNTERS, N_MANAGER,
    N_PLAYER, NEVER, P_END, P_ISSUE, P_LAST_END, P_NEXT, P_PEND_HEAD, P_RETURN,
)  # fmt: skip
from .state import State


@merged
def first_banks(t):
    """Every bank is closed and has no work."""
    total = t[D_CHANNELS] * t[D_RANKS] * t[D_BANKS_RANK]
    bank = np.zeros((total, N_BANK), np.int64)
    for column in (B_CURRENT, B_HEAD, B_HEAD_WR, B_TAIL, B_TAIL_WR):
        bank[:, column] = -1
    for column in (B_ACTIVE_SINCE, B_CLOSED_AT, B_REFRESH_END):
        bank[:, column] = NEVER
    bank[:, B_COMMAND] = NOP
    for b in range(total):
        bank[b, B_GROUP] = b // t[D_BANKS_GROUP]
        bank[b, B_RANK] = b // t[D_BANKS_RANK]
        if t[D_BANKS_STACK] > 0:
            stacks = t[D_BANKS_RANK] // t[D_BANKS_STACK]
            rank = b // t[D_BANKS_RANK]
            holder = rank if t[D_STACK_PER_RANK] else rank // t[D_RANKS]
            bank[b, B_STACK] = holder * stacks + b % t[D_BANKS_RANK] // t[D_BANKS_STACK]
    return bank


@merged
def first_ranks(design, t):
    """The first refreshes fall due one after the other; an idle rank goes down at once."""
    ranks = t[D_CHANNELS] * t[D_RANKS]
    rank = np.zeros((ranks, N_MANAGER), np.int64)
    rank[:, M_REF_COMMAND] = NOP
    rank[:, M_PD_COMMAND] = NOP
    rank[:, M_IDLE] = 1
    rank[:, M_ENTRY] = 1 if design.power_down else 0
    rank[:, M_E_SEGMENT] = NEVER
    rank[:, M_DUE] = FOREVER
    if design.refresh:
        for r in range(ranks):
            turn, left, number = 0, t[D_RANKS], r % t[D_RANKS]
            while left > 1:  # the bits of the rank's number, reversed
                turn = turn * 2 + number % 2
                number //= 2
                left //= 2
            rank[r, M_DUE] = t[D_INTERVAL] - turn * t[D_INTERVAL] // t[D_RANKS]
    return rank


@merged
def first_channels(t):
    """No request and no response anywhere."""
    channel = np.zeros((t[D_CHANNELS], N_CHANNEL), np.int64)
    for column in (CH_REQUEST, CH_PEND_HEAD, CH_RESP_HEAD):
        channel[:, column] = -1
    channel[:, CH_DATA] = FOREVER
    channel[:, CH_ARRIVAL] = FOREVER
    channel[:, CH_ACK] = -2
    for ch in range(t[D_CHANNELS]):
        channel[ch, CH_LAST_BANK] = ch * t[D_RANKS] * t[D_BANKS_RANK]
    return channel


@merged
def first_players(requests, players):
    """Every initiator is about to issue its first request."""
    player = np.zeros((players, N_PLAYER), np.int64)
    player[:, P_NEXT] = -1
    player[:, P_ISSUE] = FOREVER
    player[:, P_END] = FOREVER
    player[:, P_LAST_END] = NEVER
    player[:, P_PEND_HEAD] = -1
    player[:, P_RETURN] = -1
    for k in range(requests.stamp.shape[0] - 1, -1, -1):
        p = player[requests.player[k]]
        p[P_NEXT] = k
        p[P_RETURN] = k
        p[P_ISSUE] = requests.stamp[k]
    return player


@merged
def first_state(requests, design, tables, players, units, latency):
    """Everything at cycle 0."""
    t = tables.scalars
    n, m = requests.stamp.shape[0], requests.owner.shape[0]
    bank, rank = first_banks(t), first_ranks(design, t)
    rank[:, M_LEFT] = units
    ranks, channels = rank.shape[0], t[D_CHANNELS]
    left = np.empty(n, np.int32)
    left[:] = requests.first[1:] - requests.first[:-1]
    return State(
        first_channels(t), bank, rank, first_players(requests, players),
        np.zeros(bank.shape[0], np.int64), np.ones((ranks, units), np.uint8),
        np.zeros((bank.shape[0], N_COMMANDS), np.int64),
        np.zeros((bank.shape[0] // t[D_BANKS_GROUP], N_COMMANDS), np.int64),
        np.zeros((ranks, N_COMMANDS), np.int64), np.zeros((ranks * 4, N_COMMANDS), np.int64),
        np.full((ranks, 4), NEVER, np.int64),
        np.full(m, -1, np.int32), np.full(m, -1, np.int32), np.full(m, -1, np.int32),
        np.zeros(m, np.int64), np.zeros(m, np.int64),
        np.full(n, -1, np.int32), left, np.zeros(channels, np.int64), latency,
        np.zeros(3, np.int64), np.zeros(N_COUNTERS, np.int64),
    )  # fmt: skip
