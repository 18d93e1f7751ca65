"""When commands become legal: tables of distances applied to what was issued.

A bank command is legal once its own bank allows it (``B_READY``) and its group does (``GR_READY``, which
holds the rules of group, rank, stack and the other ranks too).  Both are raised with every command.  The
managers' commands are rare: theirs is worked out from when each command was last issued.
"""

from __future__ import annotations

from .commands import N_COMMANDS, RANK_COMMANDS, RD, REFPB, UNIT_COMMANDS, WRA
from .compiled import borrowing, merged
from .layout import (
    B_GROUP, B_LAST, B_READY, CH_BANKS, CH_BUS, CH_CAS_BUS, CH_GROUPS, CH_RANKS, D_BANK,
    D_BANKS_RANK, D_BUSES, D_FAW, D_FAW_LENGTHS, D_GROUP, D_LENGTH, D_NEAR, D_NEAR_USED,
    D_OTHER, D_RANK, D_RANKS, D_RELATION, D_WINDOW, D_WINDOW_ROW, GROUP, GR_LAST, GR_READY, K_GROUPS, M_ACTS,
    M_LAST, M_RING, M_ROUND, M_UNIT, M_WINDOW, NEAR_RELATION, NEAR_ROW, RANK, RELATION_ROW, ROUND,
)  # fmt: skip
from .refresh import member, unit_size
from .vectors import raise_eight

ROW = 32  # words of a row of distances
BANK_COMMANDS = UNIT_COMMANDS


@borrowing
def bus_free(x, c, s):
    """The first cycle in which the bus of command ``x`` is free."""
    if s[D_BUSES] == 2 and RD <= x and x <= WRA:
        return s[c + CH_CAS_BUS]
    return s[c + CH_BUS]


@borrowing
def latest(x, last, table, s):
    """The largest of (when a command was issued + its distance to ``x``) of one scope.

    Where in ``s`` they lie: ``last``, when each command was last issued; ``table``, the distances.
    """
    legal = s[last] + s[table + x]
    for before in range(1, N_COMMANDS + 1):
        legal = max(legal, s[last + before] + s[table + before * ROW + x])
    return legal


@merged
def rank_legal(x, c, r, s):
    """When command ``x`` to rank ``r`` keeps the distances of the rank and of the other ranks."""
    legal = latest(x, r + M_LAST, D_RANK, s)
    for i in range(s[D_RANKS]):
        other = s[c + CH_RANKS] + i * RANK
        if other != r:
            legal = max(legal, latest(x, other + M_LAST, D_OTHER, s))
    if s[D_WINDOW + x]:
        legal = max(legal, s[r + M_WINDOW])
    return legal


@borrowing
def near_legal(x, b, s):
    """When a command to bank ``b`` keeps the distances of its bank and its group."""
    if x < BANK_COMMANDS:
        return max(s[b + B_READY + x], s[s[b + B_GROUP] + x])
    group = latest(x, s[b + B_GROUP] + GR_LAST, D_GROUP, s)
    return max(latest(x, b + B_LAST, D_BANK, s), group)


@merged
def manager_ready(x, c, r, b, s):
    """When command ``x`` of a manager of rank ``r`` keeps every distance, the bus left out.

    ``b``: its bank, for a command to one.  A rank command looks at the channel's first bank where a
    rule is by bank or group, as DRAMSys does.
    """
    if x < BANK_COMMANDS:
        return near_legal(x, b, s)
    legal = rank_legal(x, c, r, s)
    if x >= RANK_COMMANDS:
        return max(legal, near_legal(x, s[c + CH_BANKS], s))
    for i in range(unit_size(s)):
        legal = max(legal, near_legal(x, member(r, s[r + M_UNIT], i, s), s))
    return legal


@borrowing
def raise_row(ready, row, now, s):
    """A row of distances applied to when the bank commands become legal; both have eight words.

    Where in ``s`` they lie: ``row``, the distances; ``ready``, the cycles, which are raised.
    """
    raise_eight(s, ready, row, now)


@borrowing
def raise_bank(x, b, now, s):
    """Command ``x`` to a bank was issued now: the bank's own distances."""
    raise_row(b + B_READY, D_BANK + x * ROW, now, s)
    s[b + B_LAST + x] = now


@merged
def bank_distances(x, c, r, b, now, s):
    """Bank command ``x`` was issued now: nothing may follow it too soon."""
    g = s[b + B_GROUP]
    raise_bank(x, b, now, s)
    s[g + GR_LAST + x] = now
    s[r + M_LAST + x] = now
    base = s[c + CH_GROUPS]
    relations = D_RELATION + (g - base) // GROUP * RELATION_ROW
    for i in range(s[K_GROUPS]):
        how = s[relations + i]
        if s[D_NEAR_USED + how * ROW + x]:
            raise_row(base + i * GROUP, D_NEAR + how * NEAR_RELATION + x * NEAR_ROW, now, s)


@borrowing
def unit_distances(x, c, r, now, s):
    """A command to several banks, or to a rank, was issued now."""
    if x < RANK_COMMANDS:
        for i in range(unit_size(s)):
            b = member(r, s[r + M_UNIT], i, s)
            raise_bank(x, b, now, s)
            g = s[b + B_GROUP]
            s[g + GR_LAST + x] = now
            raise_row(g, D_GROUP + x * ROW, now, s)
    last = x
    if x == REFPB:
        s[r + M_ROUND] = (s[r + M_ROUND] + 1) % s[D_BANKS_RANK]
        if s[r + M_ROUND] == 0:
            last = ROUND
    s[r + M_LAST + last] = now
    for i in range(s[K_GROUPS]):
        g = s[c + CH_GROUPS] + i * GROUP
        near = i // (s[K_GROUPS] // s[D_RANKS]) == (r - s[c + CH_RANKS]) // RANK
        row = (D_RANK if near else D_OTHER) + last * ROW
        raise_row(g, row, now, s)


@merged
def activation(x, c, r, now, s):
    """Of the last four activations the oldest bounds the next one."""
    length = s[D_LENGTH + x] if s[D_FAW_LENGTHS] else 0
    s[r + M_RING + (s[r + M_ACTS] & 3)] = now + length
    s[r + M_ACTS] += 1
    bound = s[r + M_RING + (s[r + M_ACTS] & 3)] + s[D_FAW] - length
    s[r + M_WINDOW] = max(s[r + M_WINDOW], bound)
    groups = s[K_GROUPS] // s[D_RANKS]
    first = s[c + CH_GROUPS] + (r - s[c + CH_RANKS]) // RANK * groups * GROUP
    for i in range(groups):
        raise_row(first + i * GROUP + GR_READY, D_WINDOW_ROW, bound, s)


@merged
def keep_distances(x, c, r, b, now, s):
    """Command ``x`` was issued now, to bank ``b`` (-1: to a unit of rank ``r``)."""
    free = now + s[D_LENGTH + x]
    if s[D_BUSES] == 2 and RD <= x and x <= WRA:
        s[c + CH_CAS_BUS] = free
    else:
        s[c + CH_BUS] = free
    if b >= 0:
        bank_distances(x, c, r, b, now, s)
    else:
        unit_distances(x, c, r, now, s)
    if s[D_WINDOW + x]:
        activation(x, c, r, now, s)
