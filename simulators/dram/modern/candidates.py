"""The candidates of a channel: which command comes first, and when the next one becomes legal.

A candidate's key is (cycles until its command would end, age, place).  The two smallest keys, one a
bus, and the first cycle with a legal candidate are kept until a command is issued.  They hold while no
candidate has become legal, because then none waits for anything but its own rules.
"""

from __future__ import annotations

from .commands import NOP, RANK_COMMANDS, RD, WRA
from .compiled import borrowing, merged
from .distances import bus_free, manager_ready
from .layout import (
    AGE_BIT, B_COMMAND, B_PLACE, B_RANK, CH_AHEAD, CH_BANKS, CH_BUS, CH_CAS_BUS, CH_COLUMN_KEY,
    CH_RANKS, CH_ROW_KEY, CH_SINCE, CH_VALID, CH_WORK, CH_WORKING, CYCLES_BIT, D_BUSES, D_LENGTH,
    D_RANKS, FAR, FIRST_ID, FOREVER, LAST_ID, M_PD_COMMAND, M_REF_COMMAND, NO_KEY, RANK, W_AGE,
    W_GROUP, W_READY,
)  # fmt: skip
from .refresh import first_bank
from .vectors import scan_eights


@merged
def scan(c, now, s):
    """Look at every candidate of the banks, from ``now`` on."""
    bus = max(now, s[c + CH_BUS])
    more = max(now, s[c + CH_CAS_BUS]) - bus if s[D_BUSES] == 2 else 0 * now
    ahead, row, column = scan_eights(s, s[c + CH_WORK], s[c + CH_WORKING], now, bus, more)
    s[c + CH_ROW_KEY] = row
    s[c + CH_COLUMN_KEY] = column
    s[c + CH_SINCE] = now
    s[c + CH_AHEAD] = now + ahead if ahead < FAR else FOREVER


@borrowing
def newcomer(b, c, now, s):
    """A bank that had no command has one now: it may come first."""
    x, place = s[b + B_COMMAND], s[b + B_PLACE]
    free = max(now, bus_free(x, c, s))
    legal = max(max(s[place + W_READY], s[s[place + W_GROUP]]), free)
    key = ((legal - s[c + CH_SINCE]) << CYCLES_BIT) + s[place + W_AGE]
    if s[D_BUSES] == 2 and RD <= x and x <= WRA:
        s[c + CH_COLUMN_KEY] = min(s[c + CH_COLUMN_KEY], key)
    else:
        s[c + CH_ROW_KEY] = min(s[c + CH_ROW_KEY], key)
    s[c + CH_AHEAD] = min(s[c + CH_AHEAD], legal)


@borrowing
def after(c, now, s):
    """The first cycle after ``now`` at which a candidate that is not legal now becomes so."""
    ahead = FOREVER + 0 * now
    for i in range(s[c + CH_WORK], s[c + CH_WORK] + s[c + CH_WORKING]):
        if s[s[i] + B_COMMAND] != NOP:
            free = bus_free(s[s[i] + B_COMMAND], c, s)
            legal = max(max(s[i + W_READY], s[s[i + W_GROUP]]), free)
            if legal > now:
                ahead = min(ahead, legal)
    return ahead


@borrowing
def manager_legal(x, c, r, now, s):
    """When a manager's command becomes legal."""
    b = s[c + CH_BANKS]
    if x < RANK_COMMANDS:
        b = first_bank(x, r, s)
    return max(max(manager_ready(x, c, r, b, s), s[c + CH_BUS]), now)


@borrowing
def manager_key(c, since, now, s):
    """The smallest key of the managers of a channel; its cycles count from cycle ``since``."""
    best = NO_KEY + 0 * now
    for i in range(s[D_RANKS]):
        r = s[c + CH_RANKS] + i * RANK
        x, age = s[r + M_PD_COMMAND], LAST_ID
        if x == NOP:
            x, age = s[r + M_REF_COMMAND], FIRST_ID
        if x != NOP:
            cycles = manager_legal(x, c, r, now, s) - since + s[D_LENGTH + x]
            best = min(best, (cycles << CYCLES_BIT) | (age << AGE_BIT) | i)
    return best


@borrowing
def scan_awake(c, now, s):
    """As :func:`scan`, of the ranks whose power-down manager has no command; nothing is kept."""
    s[c + CH_ROW_KEY] = NO_KEY
    s[c + CH_COLUMN_KEY] = NO_KEY
    s[c + CH_SINCE] = now
    s[c + CH_AHEAD] = FOREVER
    for i in range(s[c + CH_WORK], s[c + CH_WORK] + s[c + CH_WORKING]):
        b = s[i]
        if s[b + B_COMMAND] != NOP and s[s[b + B_RANK] + M_PD_COMMAND] == NOP:
            newcomer(b, c, now, s)
    s[c + CH_VALID] = 0


@borrowing
def manager_after(x, c, r, now, blocked, s):
    """When a manager's command becomes legal, where that is an event."""
    if x == NOP:
        return FOREVER + 0 * now
    legal = manager_legal(x, c, r, now, s)
    return FOREVER if blocked and legal == now else legal
