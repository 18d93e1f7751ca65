"""The refresh manager of a rank: one machine for every unit of refresh.

A unit is the rank (AllBank), a bank (PerBank), a pair of banks (Per2Bank) or the banks of one number
in all groups (SameBank).  ``r`` counts ranks over all channels; banks of a unit are numbered in it.
"""

from __future__ import annotations

from .commands import (
    NOP, PREAB, PREPB, PRESB, REFAB, REFP2B, REFPB, REFSB, RFMAB, RFMSB,
)  # fmt: skip
from .compiled import borrowing
from .layout import (
    ALL_BANK, B_ACTIVATIONS, B_BLOCKED, B_COMMAND, B_CURRENT, B_OPEN, D_BANKS_GROUP,
    D_BANKS_RANK, D_INTERVAL, D_PAIR_OFFSET, D_RAAIMT, D_RAAMMT, M_DUE, M_ENTRY, M_EXIT, M_LEFT,
    M_OPEN_BANKS, M_OWED, M_PD_STATE, M_PULLED_IN, M_REF_COMMAND, M_SKIP, M_SLEEPING, M_UNIT,
    PD_AWAKE, PER_2BANK, PER_BANK, SAME_BANK,
)  # fmt: skip
from .state import Units


@borrowing
def unit_size(refresh, t):
    """Banks of a unit."""
    if refresh == ALL_BANK:
        return t[D_BANKS_RANK]
    if refresh == SAME_BANK:
        return t[D_BANKS_RANK] // t[D_BANKS_GROUP]
    return 2 if refresh == PER_2BANK else 1


@borrowing
def member(refresh, r, unit, i, t):
    """Bank ``i`` of a unit, numbered over all channels."""
    base = r * t[D_BANKS_RANK]
    if refresh == ALL_BANK:
        return base + i
    if refresh == SAME_BANK:
        return base + i * t[D_BANKS_GROUP] + unit
    if refresh == PER_2BANK:
        offset = t[D_PAIR_OFFSET]
        return base + unit // offset * 2 * offset + unit % offset + i * offset
    return base + unit


@borrowing
def is_idle(r, unit, s, refresh, t):
    """No bank of the unit has a current request."""
    for i in range(unit_size(refresh, t)):
        if s.bank[member(refresh, r, unit, i, t), B_CURRENT] >= 0:
            return False
    return True


@borrowing
def block(r, unit, s, refresh, t):
    """No bank of the unit may issue a command until its refresh is done."""
    for i in range(unit_size(refresh, t)):
        b = s.bank[member(refresh, r, unit, i, t)]
        b[B_BLOCKED] = 1
        b[B_COMMAND] = NOP


@borrowing
def select(r, s, refresh, t):
    """Take the first idle unit of the round, else its first; returns whether it is idle."""
    m, first = s.rank[r], -1
    for unit in range(s.remaining.shape[1]):
        if s.remaining[r, unit]:
            if first < 0:
                first = unit
            if is_idle(r, unit, s, refresh, t):
                m[M_UNIT] = unit
                return True
    m[M_UNIT] = first
    return False


@borrowing
def opening(r, s, refresh, t):
    """The command that comes first for the chosen unit: a precharge, or the refresh."""
    m = s.rank[r]
    if refresh == ALL_BANK:
        return PREAB if m[M_OPEN_BANKS] > 0 else REFAB
    is_open = False
    for i in range(unit_size(refresh, t)):
        is_open = is_open or s.bank[member(refresh, r, m[M_UNIT], i, t), B_OPEN] != 0
    if refresh == SAME_BANK:
        return PRESB if is_open else REFSB
    if is_open:
        return PREPB
    return REFPB if refresh == PER_BANK else REFP2B


@borrowing
def first_bank(r, c, s, refresh, t):
    """The bank that a command of the refresh manager names: of a pair the open one is precharged."""
    unit = s.rank[r, M_UNIT]
    bank = member(refresh, r, unit, 0, t)
    if c == PREPB and refresh == PER_2BANK and not s.bank[bank, B_OPEN]:
        return member(refresh, r, unit, 1, t)
    return bank


@borrowing
def want_refresh(r, now, s, design, t):
    """Let the refresh manager look at the world; it leaves its command in ``M_REF_COMMAND``."""
    _want_refresh(
        r, now, Units(s.bank, s.rank, s.remaining), design.refresh, design.max_postponed,
        design.management, t,
    )  # fmt: skip


@borrowing
def _want_refresh(r, now, s, refresh, max_postponed, management, t):
    """The same; a function of its own, so that it is compiled once."""
    m = s.rank[r]
    m[M_REF_COMMAND] = NOP
    if now >= m[M_DUE]:
        m[M_ENTRY] = 0  # a rank that is down must wake
        if m[M_PD_STATE] != PD_AWAKE:
            m[M_EXIT] = 1
        if m[M_SLEEPING]:
            return
        m[M_REF_COMMAND] = _due(r, now, s, refresh, max_postponed, t)
    if management and m[M_REF_COMMAND] == NOP and not (now >= m[M_DUE] and m[M_SLEEPING]):
        m[M_REF_COMMAND] = _manage(r, s, refresh, t)


@borrowing
def _due(r, now, s, refresh, max_postponed, t):
    m, interval = s.rank[r], t[D_INTERVAL]
    if now >= m[M_DUE] + interval:
        m[M_DUE] += interval
        m[M_PULLED_IN] = 0
    if m[M_PULLED_IN]:
        if select(r, s, refresh, t):
            return opening(r, s, refresh, t)
        m[M_PULLED_IN] = 0
        m[M_DUE] += interval
        return NOP
    forced = m[M_OWED] == max_postponed
    if refresh == ALL_BANK:
        m[M_UNIT] = 0
        if forced:
            block(r, 0, s, refresh, t)
        elif not is_idle(r, 0, s, refresh, t):
            m[M_OWED] += 1
            m[M_DUE] += interval
            return NOP
        return opening(r, s, refresh, t)
    idle = False
    if not m[M_SKIP]:
        idle = select(r, s, refresh, t)
    if not idle and not forced:
        m[M_OWED] += 1
        m[M_DUE] += interval
        return NOP
    c = opening(r, s, refresh, t)
    if forced and c >= REFPB and c <= REFSB:
        block(r, m[M_UNIT], s, refresh, t)
        m[M_SKIP] = 1
    return c


@borrowing
def _manage(r, s, refresh, t):
    """Refresh management: banks activated too often since their last refresh."""
    m = s.rank[r]
    sets = 1 if refresh == ALL_BANK else t[D_BANKS_GROUP]
    urgent, wanted = -1, -1
    for unit in range(sets):
        most = 0
        for i in range(unit_size(refresh, t)):
            most = max(most, s.bank[member(refresh, r, unit, i, t), B_ACTIVATIONS])
        if most >= t[D_RAAMMT]:
            urgent = unit
        if wanted < 0 and most >= t[D_RAAIMT] and is_idle(r, unit, s, refresh, t):
            wanted = unit
    if urgent < 0 and wanted < 0:
        return NOP
    m[M_UNIT] = urgent if urgent >= 0 else wanted
    if urgent >= 0:
        block(r, urgent, s, refresh, t)
    c = opening(r, s, refresh, t)
    if c == REFAB:
        return RFMAB
    return RFMSB if c == REFSB else c


@borrowing
def refreshed(r, c, now, s, design, t):
    """Move the refresh manager past a command that was issued now."""
    m, interval = s.rank[r], t[D_INTERVAL]
    if c == REFAB and m[M_SLEEPING]:  # the one that ends self-refresh; intervals start anew
        m[M_PULLED_IN] = 0
        m[M_DUE] = now + interval
        m[M_SKIP] = 0
        _restart(r, s)
        return
    if c != REFAB and not (REFPB <= c and c <= REFSB):
        return
    if c != REFAB:
        m[M_SKIP] = 0
        s.remaining[r, m[M_UNIT]] = 0
        m[M_LEFT] -= 1
        if m[M_LEFT] == 0:
            _restart(r, s)
    if m[M_PULLED_IN]:
        m[M_OWED] -= 1
    else:
        m[M_PULLED_IN] = 1
    if m[M_OWED] == -design.max_pulled_in:
        m[M_PULLED_IN] = 0
        m[M_DUE] += interval


@borrowing
def _restart(r, s):
    s.rank[r, M_LEFT] = s.remaining.shape[1]
    for unit in range(s.remaining.shape[1]):
        s.remaining[r, unit] = 1
