"""Which request a bank serves next, and by which command; no time in here."""

from __future__ import annotations

from .commands import ACT, PREPB, RD, RDA, WR, WRA
from .compiled import compiled
from .layout import (
    BANKWISE, CLOSED, CLOSED_ADAPTIVE, FIFO, FR_FCFS, OPEN_ADAPTIVE, READ_WRITE,
)  # fmt: skip


@compiled
def pick_request(oldest, after, row_of, is_write, address, is_open, row, scheduler, last_write):
    """The request a bank's queue (headed by ``oldest``) would serve next.

    Fifo: the oldest.  FrFcfs: the oldest hit on the open row, else the oldest.  FrFcfsGrp: the
    oldest hit in the direction of the channel's last CAS that does not overtake a request to the
    same address, else as FrFcfs.
    """
    if scheduler == FIFO or not is_open:
        return oldest
    first_hit = -1
    k = oldest
    while k >= 0:
        if row_of[k] == row:
            if scheduler == FR_FCFS:
                return k
            if first_hit < 0:
                first_hit = k
            if is_write[k] == last_write:
                overtakes = False
                j = oldest
                while j != k:
                    if row_of[j] == row and address[j] == address[k]:
                        overtakes = True
                        break
                    j = after[j]
                if not overtakes:
                    return k
        k = after[k]
    return first_hit if first_hit >= 0 else oldest


@compiled
def another_hit(oldest, after, row_of, row, scheduler):
    """Whether a second queued request hits the open row (Fifo looks at the next entry only)."""
    if scheduler == FIFO:
        k = after[oldest]
        return k >= 0 and row_of[k] == row
    hits = 0
    k = oldest
    while k >= 0:
        if row_of[k] == row:
            hits += 1
            if hits == 2:
                return True
        k = after[k]
    return False


@compiled
def command_for(k, oldest, after, row_of, is_write, is_open, row, policy, scheduler):
    """The command that brings request ``k`` forward under the page policy."""
    if not is_open:
        return ACT
    if row_of[k] != row:
        return PREPB
    close = policy == CLOSED
    if policy == OPEN_ADAPTIVE:
        close = after[oldest] >= 0 and not another_hit(oldest, after, row_of, row, scheduler)
    elif policy == CLOSED_ADAPTIVE:
        close = not another_hit(oldest, after, row_of, row, scheduler)
    if is_write[k]:
        return WRA if close else WR
    return RDA if close else RD


@compiled
def choose(
    bank,
    head,
    after,
    row_of,
    is_write,
    address,
    is_open,
    open_row,
    policy,
    scheduler,
    last_write,
    chosen,
    command,
):
    """Renew a working bank's candidate: ``chosen[bank]`` the request, ``command[bank]`` its command."""
    oldest = head[bank]
    opened, row = is_open[bank], open_row[bank]
    k = pick_request(oldest, after, row_of, is_write, address, opened, row, scheduler, last_write)
    chosen[bank] = k
    command[bank] = command_for(k, oldest, after, row_of, is_write, opened, row, policy, scheduler)


@compiled
def has_room(buffer, size, queued_on_bank, total, writes):
    """Whether the request buffer admits one more.

    Bankwise looks at one bank's queue (DRAMSys: at that of the request admitted last; the caller
    chooses), ReadWrite wants room in both halves whatever the request, Shared counts all.
    """
    if buffer == BANKWISE:
        return queued_on_bank < size
    if buffer == READ_WRITE:
        return total - writes < size and writes < size
    return total < size
