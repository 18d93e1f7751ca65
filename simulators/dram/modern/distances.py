"""When commands become legal: tables of distances applied to what was issued."""

from __future__ import annotations

from .commands import N_COMMANDS, RANK_COMMANDS, RD, REFPB, UNIT_COMMANDS, WRA
from .compiled import borrowing
from .layout import (
    B_GROUP, B_RANK, B_STACK, CH_BUS, CH_CAS_BUS, D_BANKS_RANK, D_BANKS_STACK,
    D_BUSES, D_FAW, D_FAW_LENGTHS, D_RANKS, D_STACK_PER_RANK, M_ACTS, M_ROUND,
)  # fmt: skip
from .refresh import member, unit_size


@borrowing
def bus_free(c, channel, t):
    """The first cycle in which the bus of a command is free."""
    if t[D_BUSES] == 2 and RD <= c and c <= WRA:
        return channel[CH_CAS_BUS]
    return channel[CH_BUS]


@borrowing
def bank_legal(c, bank, s):
    """The first cycle at which a command to one bank keeps every distance, buses left out."""
    b = s.bank[bank]
    near = max(s.ready_bank[bank, c], s.ready_group[b[B_GROUP], c])
    return max(near, max(s.ready_rank[b[B_RANK], c], s.ready_stack[b[B_STACK], c]))


@borrowing
def other_legal(c, ch, r, bank, unit, s, refresh, t):
    """The same for a command of the managers of rank ``r``: to a bank, a set of banks or the rank.

    A rank command looks at the channel's first bank where a rule is by bank or group, as DRAMSys does.
    """
    if c >= RANK_COMMANDS:
        first = ch * t[D_RANKS] * t[D_BANKS_RANK]
        near = max(s.ready_bank[first, c], s.ready_group[s.bank[first, B_GROUP], c])
        return max(near, s.ready_rank[r, c])
    if c < UNIT_COMMANDS:
        return bank_legal(c, bank, s)
    legal = s.ready_rank[r, c]
    for i in range(unit_size(refresh, t)):
        legal = max(legal, bank_legal(c, member(refresh, r, unit, i, t), s))
    return legal


@borrowing
def _raise(ready, row, table):
    for to in range(N_COMMANDS):
        ready[to] = max(ready[to], row + table[to])


@borrowing
def keep_distance(c, ch, r, bank, unit, now, s, refresh, tables):
    """Command ``c`` was issued now: nothing may follow it too soon."""
    t, channel = tables.scalars, s.channel[ch]
    free = now + tables.length[c]
    if t[D_BUSES] == 2 and RD <= c and c <= WRA:
        channel[CH_CAS_BUS] = free
    else:
        channel[CH_BUS] = free
    if c >= UNIT_COMMANDS and c < RANK_COMMANDS:
        for i in range(unit_size(refresh, t)):
            other = member(refresh, r, unit, i, t)
            _raise(s.ready_bank[other], now, tables.bank[c])
            _raise(s.ready_group[s.bank[other, B_GROUP]], now, tables.group[c])
    elif c < UNIT_COMMANDS:
        _raise(s.ready_bank[bank], now, tables.bank[c])
        _raise(s.ready_group[s.bank[bank, B_GROUP]], now, tables.group[c])
    m = s.rank[r]
    if c == REFPB:
        m[M_ROUND] = (m[M_ROUND] + 1) % t[D_BANKS_RANK]
    if c == REFPB and m[M_ROUND] == 0:
        _raise(s.ready_rank[r], now, tables.round[c])
    else:
        _raise(s.ready_rank[r], now, tables.rank[c])
    for other in range(ch * t[D_RANKS], (ch + 1) * t[D_RANKS]):
        if other != r:
            _raise(s.ready_rank[other], now, tables.other_rank[c])
    if t[D_BANKS_STACK] > 0 and RD <= c and c <= WRA:
        stacks = t[D_BANKS_RANK] // t[D_BANKS_STACK]
        if t[D_STACK_PER_RANK]:
            base = r * stacks
        else:  # by number over the whole channel, as DRAMSys does
            base = ch * stacks
        for other in range(base, base + stacks):
            if other != s.bank[bank, B_STACK]:
                _raise(s.ready_stack[other], now, tables.other_stack[c])
    if tables.in_faw[c]:
        _activation(c, r, now, s, tables)


@borrowing
def _activation(c, r, now, s, tables):
    """Of the last four activations the oldest bounds the next one."""
    t, m = tables.scalars, s.rank[r]
    length = tables.length[c] if t[D_FAW_LENGTHS] else 0
    s.acts[r, m[M_ACTS] & 3] = now + length
    m[M_ACTS] += 1
    bound = s.acts[r, m[M_ACTS] & 3] + t[D_FAW] - length
    for to in range(N_COMMANDS):
        if tables.in_faw[to]:
            s.ready_rank[r, to] = max(s.ready_rank[r, to], bound)
