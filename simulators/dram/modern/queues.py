"""Requests queued a bank (one list, or one a direction) and the request buffer's counters."""

from __future__ import annotations

from .compiled import borrowing
from .layout import (
    B_HEAD, B_LENGTH, B_PLACE, B_RANK, B_TAIL, B_WORKING, BANKWISE, CH_LAST_BANK, CH_READS,
    CH_WORKING, CH_WRITE_MODE, CH_WRITES, D_BANKS_RANK, D_RANKS, D_TRUE_BANK_CHECK,
    GRP_FR_FCFS, GRP_FR_FCFS_WM, M_QUEUED, READ_WRITE,
)  # fmt: skip


@borrowing
def has_room(ch, bank, entries, s, design, t):
    """Whether the buffer of a channel admits ``entries`` bursts, the first of them to ``bank``.

    Bankwise looks at one bank (DRAMSys: at that of the burst stored last), ReadWrite wants room in
    both halves whatever the request, Shared counts all.
    """
    c = s.channel[ch]
    if design.buffer == BANKWISE:
        looked_at = bank if t[D_TRUE_BANK_CHECK] else c[CH_LAST_BANK]
        return s.bank[looked_at, B_LENGTH] + entries <= design.size
    if design.buffer == READ_WRITE:
        return c[CH_READS] + entries <= design.size and c[CH_WRITES] + entries <= design.size
    return c[CH_READS] + c[CH_WRITES] + entries <= design.size


@borrowing
def set_mode(c, design):
    """GrpFrFcfsWm: reads or writes, by the watermarks."""
    if design.scheduler != GRP_FR_FCFS_WM:
        return
    if c[CH_WRITE_MODE]:
        if c[CH_WRITES] <= design.low and c[CH_READS] != 0:
            c[CH_WRITE_MODE] = 0
    elif c[CH_WRITES] > design.high or c[CH_READS] == 0:
        c[CH_WRITE_MODE] = 1


@borrowing
def store(ch, k, bank, write, s, design, t):
    """Burst ``k`` enters the queue of its bank."""
    b, c = s.bank[bank], s.channel[ch]
    side = write if design.scheduler >= GRP_FR_FCFS else 0
    last = b[B_TAIL + side]
    if last >= 0:
        s.after[last] = k
        s.before[k] = last
    else:
        b[B_HEAD + side] = k
    b[B_TAIL + side] = k
    b[B_LENGTH] += 1
    if not b[B_WORKING]:
        base = ch * t[D_RANKS] * t[D_BANKS_RANK]
        b[B_WORKING] = 1
        b[B_PLACE] = base + c[CH_WORKING]
        s.working[b[B_PLACE]] = bank
        c[CH_WORKING] += 1
    c[CH_WRITES if write else CH_READS] += 1
    c[CH_LAST_BANK] = bank
    s.rank[b[B_RANK], M_QUEUED] += 1
    set_mode(c, design)


@borrowing
def remove(ch, k, bank, write, s, design, t):
    """Burst ``k`` leaves; the rank's own count is left to the caller."""
    b, c = s.bank[bank], s.channel[ch]
    side = write if design.scheduler >= GRP_FR_FCFS else 0
    earlier, later = s.before[k], s.after[k]
    if earlier >= 0:
        s.after[earlier] = later
    else:
        b[B_HEAD + side] = later
    if later >= 0:
        s.before[later] = earlier
    else:
        b[B_TAIL + side] = earlier
    b[B_LENGTH] -= 1
    if b[B_LENGTH] == 0:  # the last bank with work moves into the gap
        b[B_WORKING] = 0
        c[CH_WORKING] -= 1
        moved = s.working[ch * t[D_RANKS] * t[D_BANKS_RANK] + c[CH_WORKING]]
        s.working[b[B_PLACE]] = moved
        s.bank[moved, B_PLACE] = b[B_PLACE]
    c[CH_WRITES if write else CH_READS] -= 1
    set_mode(c, design)
