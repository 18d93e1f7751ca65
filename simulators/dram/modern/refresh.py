"""The refresh manager of a rank: one machine for every unit of refresh.

A unit is the rank (AllBank), a bank (PerBank), a pair of banks (Per2Bank) or the banks of one number
in all groups (SameBank).
"""

from __future__ import annotations

from .banks import silence
from .commands import (
    NOP, PREAB, PREPB, PRESB, REFAB, REFP2B, REFPB, REFSB, RFMAB, RFMSB,
)  # fmt: skip
from .compiled import borrowing, merged
from .layout import (
    ALL_BANK, BANK, B_ACTIVATIONS, B_BLOCKED, B_CURRENT, B_OPEN, D_BANKS_GROUP, D_BANKS_RANK,
    D_INTERVAL, D_PAIR_OFFSET, D_RAAIMT, D_RAAMMT, K_MANAGEMENT, K_POSTPONED, K_PULLED_IN,
    K_REFRESH, K_UNITS, M_DUE, M_ENTRY, M_EXIT, M_FIRST_BANK, M_OPEN_BANKS, M_OWED, M_PD_STATE,
    M_PULLED_IN, M_REF_COMMAND, M_REMAINING, M_SKIP, M_SLEEPING, M_UNIT, PD_AWAKE, PER_2BANK,
    PER_BANK, SAME_BANK,
)  # fmt: skip


@borrowing
def unit_size(s):
    """Banks of a unit."""
    refresh = s[K_REFRESH]
    if refresh == ALL_BANK:
        return s[D_BANKS_RANK]
    if refresh == SAME_BANK:
        return s[D_BANKS_RANK] // s[D_BANKS_GROUP]
    return s[K_REFRESH] * 0 + (2 if refresh == PER_2BANK else 1)


@borrowing
def member(r, unit, i, s):
    """The position of bank ``i`` of a unit."""
    refresh, number = s[K_REFRESH], unit
    if refresh == ALL_BANK:
        number = i + 0 * unit
    elif refresh == SAME_BANK:
        number = i * s[D_BANKS_GROUP] + unit
    elif refresh == PER_2BANK:
        offset = s[D_PAIR_OFFSET]
        number = unit // offset * 2 * offset + unit % offset + i * offset
    return s[r + M_FIRST_BANK] + number * BANK


@borrowing
def is_idle(r, unit, s):
    """No bank of the unit has a current request."""
    for i in range(unit_size(s)):
        if s[member(r, unit, i, s) + B_CURRENT] >= 0:
            return False
    return True


@borrowing
def block(r, unit, s):
    """No bank of the unit may issue a command until its refresh is done."""
    for i in range(unit_size(s)):
        b = member(r, unit, i, s)
        s[b + B_BLOCKED] = 1
        silence(b, s)


@borrowing
def select(r, s):
    """Take the first idle unit of the round, else its first; returns whether it is idle."""
    remaining, first = s[r + M_REMAINING], -1
    for unit in range(s[K_UNITS]):
        if (remaining >> unit) & 1:
            if first < 0:
                first = unit
            if is_idle(r, unit, s):
                s[r + M_UNIT] = unit
                return True
    s[r + M_UNIT] = first
    return False


@borrowing
def opening(r, s):
    """The command that comes first for the chosen unit: a precharge, or the refresh."""
    refresh = s[K_REFRESH]
    if refresh == ALL_BANK:
        return PREAB if s[r + M_OPEN_BANKS] > 0 else REFAB
    is_open = False
    for i in range(unit_size(s)):
        is_open = is_open or s[member(r, s[r + M_UNIT], i, s) + B_OPEN] != 0
    if refresh == SAME_BANK:
        return PRESB if is_open else REFSB
    if is_open:
        return PREPB
    return REFPB if refresh == PER_BANK else REFP2B


@borrowing
def first_bank(x, r, s):
    """The bank that a command of the refresh manager names: of a pair the open one is precharged."""
    unit = s[r + M_UNIT]
    b = member(r, unit, 0, s)
    if x == PREPB and s[K_REFRESH] == PER_2BANK and not s[b + B_OPEN]:
        return member(r, unit, 1, s)
    return b


@merged
def want_refresh(r, now, s):
    """Let the refresh manager look at the world; it leaves its command in ``M_REF_COMMAND``."""
    s[r + M_REF_COMMAND] = NOP
    due = now >= s[r + M_DUE]
    if due:
        s[r + M_ENTRY] = 0  # a rank that is down must wake
        if s[r + M_PD_STATE] != PD_AWAKE:
            s[r + M_EXIT] = 1
        if s[r + M_SLEEPING]:
            return
        s[r + M_REF_COMMAND] = _due(r, now, s)
    if s[K_MANAGEMENT] and s[r + M_REF_COMMAND] == NOP:
        s[r + M_REF_COMMAND] = _manage(r, s)


@merged
def _due(r, now, s):
    interval = s[D_INTERVAL]
    if now >= s[r + M_DUE] + interval:
        s[r + M_DUE] += interval
        s[r + M_PULLED_IN] = 0
    if s[r + M_PULLED_IN]:
        if select(r, s):
            return opening(r, s)
        s[r + M_PULLED_IN] = 0
        s[r + M_DUE] += interval
        return NOP
    forced = s[r + M_OWED] == s[K_POSTPONED]
    if s[K_REFRESH] == ALL_BANK:
        s[r + M_UNIT] = 0
        if forced:
            block(r, 0, s)
        elif not is_idle(r, 0, s):
            s[r + M_OWED] += 1
            s[r + M_DUE] += interval
            return NOP
        return opening(r, s)
    idle = False
    if not s[r + M_SKIP]:
        idle = select(r, s)
    if not idle and not forced:
        s[r + M_OWED] += 1
        s[r + M_DUE] += interval
        return NOP
    x = opening(r, s)
    if forced and x >= REFPB and x <= REFSB:
        block(r, s[r + M_UNIT], s)
        s[r + M_SKIP] = 1
    return x


@merged
def _manage(r, s):
    """Refresh management: banks activated too often since their last refresh."""
    sets = 1 if s[K_REFRESH] == ALL_BANK else s[D_BANKS_GROUP]
    urgent, wanted = -1, -1
    for unit in range(sets):
        most = 0
        for i in range(unit_size(s)):
            most = max(most, s[member(r, unit, i, s) + B_ACTIVATIONS])
        if most >= s[D_RAAMMT]:
            urgent = unit
        if wanted < 0 and most >= s[D_RAAIMT] and is_idle(r, unit, s):
            wanted = unit
    if urgent < 0 and wanted < 0:
        return NOP
    s[r + M_UNIT] = urgent if urgent >= 0 else wanted
    if urgent >= 0:
        block(r, urgent, s)
    x = opening(r, s)
    if x == REFAB:
        return RFMAB
    return RFMSB if x == REFSB else x


@merged
def refreshed(x, r, now, s):
    """Move the refresh manager past a command that was issued now."""
    if x == REFAB and s[r + M_SLEEPING]:  # the one that ends self-refresh; intervals start anew
        s[r + M_PULLED_IN] = 0
        s[r + M_DUE] = now + s[D_INTERVAL]
        s[r + M_SKIP] = 0
        s[r + M_REMAINING] = (1 << s[K_UNITS]) - 1
        return
    if x != REFAB:
        s[r + M_SKIP] = 0
        s[r + M_REMAINING] &= ~(1 << s[r + M_UNIT])
        if s[r + M_REMAINING] == 0:
            s[r + M_REMAINING] = (1 << s[K_UNITS]) - 1
    if s[r + M_PULLED_IN]:
        s[r + M_OWED] -= 1
    else:
        s[r + M_PULLED_IN] = 1
    if s[r + M_OWED] == -s[K_PULLED_IN]:
        s[r + M_PULLED_IN] = 0
        s[r + M_DUE] += s[D_INTERVAL]
