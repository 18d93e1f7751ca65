"""Which request a bank serves next, and by which command (schedulers, page policies); no time here."""

from __future__ import annotations

from .commands import ACT, NOP, PREPB, RD, RDA
from .compiled import borrowing, merged
from .layout import (
    AGE_BIT, B_BLOCKED, B_COMMAND, B_CURRENT, B_GROUP, B_HEAD, B_HEAD_WR, B_KEEP, B_NUMBER,
    B_OPEN, B_PLACE, B_RANK, B_READY, B_ROW, B_WORKING, CH_LAST_WRITE, CH_WRITE_MODE, CLOSED,
    CLOSED_ADAPTIVE, CYCLES_BIT, D_BUSES, D_LENGTH, FIFO, FR_FCFS_GRP, GRP_FR_FCFS, GRP_FR_FCFS_WM, K_POLICY,
    K_SCHEDULER, M_SLEEPING, NO_COMMAND, OPEN, Q_AFTER, Q_IDENT, Q_PLACE, Q_ROW, Q_WRITE,
    W_AGE, W_BUS, W_GROUP, W_READY,
)  # fmt: skip


@borrowing
def first_hit(k, row, s):
    """The oldest burst from ``k`` on that is for ``row``, -1 where there is none."""
    while k >= 0 and s[k + Q_ROW] != row:
        k = s[k + Q_AFTER]
    return k


@borrowing
def grouped_hit(oldest, row, last_write, s):
    """FrFcfsGrp: the oldest hit in the last direction that overtakes no older hit to its address.

    ``oldest`` is the first burst of the bank's queue, returned where there is no hit; ``last_write`` is 1
    where the channel's last access was a write, else 0.
    """
    hit = first_hit(oldest, row, s)
    k = hit
    while k >= 0:
        if s[k + Q_WRITE] == last_write:
            j = hit
            while j != k and not (s[j + Q_ROW] == row and s[j + Q_PLACE] == s[k + Q_PLACE]):
                j = s[j + Q_AFTER]
            if j == k:
                return k
        k = first_hit(s[k + Q_AFTER], row, s)
    return hit if hit >= 0 else oldest


@merged
def pick(b, c, s):
    """The burst that the scheduler offers a bank, -1 where it (or its mode) has none."""
    head, scheduler = s[b + B_HEAD], s[K_SCHEDULER]
    if scheduler >= GRP_FR_FCFS:
        writes = s[c + (CH_WRITE_MODE if scheduler == GRP_FR_FCFS_WM else CH_LAST_WRITE)]
        head = s[b + B_HEAD + writes]
        if head < 0 and scheduler == GRP_FR_FCFS:
            head = s[b + B_HEAD + 1 - writes]
    if head < 0 or scheduler == FIFO or not s[b + B_OPEN]:
        return head
    if scheduler == FR_FCFS_GRP:
        return grouped_hit(head, s[b + B_ROW], s[c + CH_LAST_WRITE], s)
    hit = first_hit(head, s[b + B_ROW], s)
    return hit if hit >= 0 else head


@borrowing
def closes(b, c, k, s):
    """Whether an access by burst ``k`` precharges its row, under an adaptive policy."""
    policy, scheduler = s[K_POLICY], s[K_SCHEDULER]
    head = s[b + B_HEAD]
    if scheduler == GRP_FR_FCFS:
        head = s[b + B_HEAD + s[k + Q_WRITE]]
    elif scheduler == GRP_FR_FCFS_WM:
        head = s[b + (B_HEAD_WR if s[c + CH_WRITE_MODE] else B_HEAD)]
    row = s[b + B_ROW]
    second = s[head + Q_AFTER] if head >= 0 else -1
    if scheduler == FIFO:  # looks at the next entry only
        further = second >= 0 and s[second + Q_ROW] == row
    else:
        hit = first_hit(head, row, s)
        further = hit >= 0 and first_hit(s[hit + Q_AFTER], row, s) >= 0
    if policy == CLOSED_ADAPTIVE:
        return not further
    return second >= 0 and not further


@merged
def command_of(b, c, s):
    """A bank's next command, and the burst that it is for in ``B_CURRENT``."""
    if s[b + B_BLOCKED] or s[s[b + B_RANK] + M_SLEEPING]:
        return NOP
    offered = pick(b, c, s)
    if offered < 0:
        return NOP
    if not s[b + B_KEEP] or s[offered + Q_ROW] == s[b + B_ROW]:
        s[b + B_CURRENT] = offered
    if not s[b + B_OPEN]:
        return ACT
    k = s[b + B_CURRENT]
    if s[k + Q_ROW] != s[b + B_ROW] and s[K_POLICY] != CLOSED:
        return PREPB
    write = s[k + Q_WRITE]
    policy = s[K_POLICY]
    if policy == CLOSED or (policy != OPEN and closes(b, c, k, s)):
        return RDA + write
    return RD + write


@merged
def renew(b, c, s):
    """Renew the current request and command of a bank with work."""
    x = command_of(b, c, s)
    s[b + B_COMMAND] = x
    place = s[b + B_PLACE]
    if x == NOP:
        s[place + W_READY] = NO_COMMAND
        return
    s[place + W_READY] = s[b + B_READY + x]
    s[place + W_GROUP] = s[b + B_GROUP] + x
    s[place + W_BUS] = (-1 if x >= RD else 0) & (1 - s[D_BUSES])
    age = s[s[b + B_CURRENT] + Q_IDENT]
    s[place + W_AGE] = (s[D_LENGTH + x] << CYCLES_BIT) | (age << AGE_BIT) | s[b + B_NUMBER]


@merged
def silence(b, s):
    """A bank has no command until it is looked at again."""
    s[b + B_COMMAND] = NOP
    if s[b + B_WORKING]:
        s[s[b + B_PLACE] + W_READY] = NO_COMMAND
