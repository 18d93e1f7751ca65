"""Requests queued a bank (one list, or one a direction) and the request buffer's counters."""

from __future__ import annotations

from .compiled import borrowing, merged
from .layout import (
    BANKWISE, B_HEAD, B_LENGTH, B_PLACE, B_RANK, B_TAIL, B_WORKING,
    CH_LAST_BANK, CH_READS, CH_WORK, CH_WORKING, CH_WRITES, CH_WRITE_MODE, D_TRUE_BANK_CHECK,
    GRP_FR_FCFS, GRP_FR_FCFS_WM, K_BUFFER, K_HIGH, K_LOW, K_SCHEDULER, K_SIZE, M_QUEUED, NO_COMMAND,
    Q_AFTER, Q_BANK, Q_BEFORE, READ_WRITE, W_AGE, W_BUS, W_GROUP, W_READY,
)  # fmt: skip


@merged
def has_room(c, k, entries, s):
    """Whether the buffer of a channel admits ``entries`` bursts, the first of them ``k``.

    Bankwise looks at one bank (DRAMSys: at that of the burst stored last), ReadWrite wants room in
    both halves whatever the request, Shared counts all.
    """
    if s[K_BUFFER] == BANKWISE:
        looked_at = s[k + Q_BANK] if s[D_TRUE_BANK_CHECK] else s[c + CH_LAST_BANK]
        return s[looked_at + B_LENGTH] + entries <= s[K_SIZE]
    if s[K_BUFFER] == READ_WRITE:
        return s[c + CH_READS] + entries <= s[K_SIZE] and s[c + CH_WRITES] + entries <= s[K_SIZE]
    return s[c + CH_READS] + s[c + CH_WRITES] + entries <= s[K_SIZE]


@borrowing
def set_mode(c, s):
    """GrpFrFcfsWm: reads or writes, by the watermarks."""
    if s[K_SCHEDULER] != GRP_FR_FCFS_WM:
        return
    if s[c + CH_WRITE_MODE]:
        if s[c + CH_WRITES] <= s[K_LOW] and s[c + CH_READS] != 0:
            s[c + CH_WRITE_MODE] = 0
    elif s[c + CH_WRITES] > s[K_HIGH] or s[c + CH_READS] == 0:
        s[c + CH_WRITE_MODE] = 1


@merged
def store(c, k, b, write, s):
    """Burst ``k`` enters the queue of its bank."""
    side = write if s[K_SCHEDULER] >= GRP_FR_FCFS else 0
    last = s[b + B_TAIL + side]
    s[k + Q_AFTER] = -1
    s[k + Q_BEFORE] = last
    if last >= 0:
        s[last + Q_AFTER] = k
    else:
        s[b + B_HEAD + side] = k
    s[b + B_TAIL + side] = k
    s[b + B_LENGTH] += 1
    if not s[b + B_WORKING]:
        place = s[c + CH_WORK] + s[c + CH_WORKING]
        s[b + B_WORKING] = 1
        s[b + B_PLACE] = place
        s[place] = b
        s[place + W_READY] = NO_COMMAND
        s[place + W_GROUP] = b  # any word will do until it has a command
        s[place + W_BUS] = 0
        s[place + W_AGE] = 0
        s[c + CH_WORKING] += 1
    s[c + (CH_WRITES if write else CH_READS)] += 1
    s[c + CH_LAST_BANK] = b
    s[s[b + B_RANK] + M_QUEUED] += 1
    set_mode(c, s)


@merged
def remove(c, k, b, write, s):
    """Burst ``k`` leaves; the rank's own count is left to the caller."""
    side = write if s[K_SCHEDULER] >= GRP_FR_FCFS else 0
    earlier, later = s[k + Q_BEFORE], s[k + Q_AFTER]
    if earlier >= 0:
        s[earlier + Q_AFTER] = later
    else:
        s[b + B_HEAD + side] = later
    if later >= 0:
        s[later + Q_BEFORE] = earlier
    else:
        s[b + B_TAIL + side] = earlier
    s[b + B_LENGTH] -= 1
    if s[b + B_LENGTH] == 0:  # the last bank with work moves into the gap
        s[b + B_WORKING] = 0
        s[c + CH_WORKING] -= 1
        end, gap = s[c + CH_WORK] + s[c + CH_WORKING], s[b + B_PLACE]
        s[gap] = s[end]
        s[gap + W_READY] = s[end + W_READY]
        s[gap + W_GROUP] = s[end + W_GROUP]
        s[gap + W_AGE] = s[end + W_AGE]
        s[gap + W_BUS] = s[end + W_BUS]
        s[s[gap] + B_PLACE] = gap
        s[end + W_READY] = NO_COMMAND
    s[c + (CH_WRITES if write else CH_READS)] -= 1
    set_mode(c, s)
