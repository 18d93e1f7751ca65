"""Which request a bank serves next, and by which command; no time in here."""

from __future__ import annotations

from .commands import ACT, PREPB, RD, RDA, WR, WRA
from .compiled import borrowing
from .layout import (
    BANKWISE, CLOSED, CLOSED_ADAPTIVE, FIFO, FR_FCFS, OPEN_ADAPTIVE, Q_LAST_BANK, Q_LAST_WRITE,
    Q_TOTAL, Q_WRITES, READ_WRITE, TRUE_BANK_CHECK,
)  # fmt: skip


@borrowing
def pick_request(oldest, after, requests, is_open, row, scheduler, last_write):
    """The request that a bank's queue would serve next.

    Fifo: the oldest. FrFcfs: the oldest hit on the open row, else the oldest. FrFcfsGrp: the oldest hit
    in the direction of the channel's last CAS that does not overtake a request to the same address, else
    as FrFcfs.

    Args:
        oldest: the request at the head of the bank's queue.
        after: (n,) the next request of the same bank, -1 at the end.
        requests: the trace, :class:`~.state.Requests`.
        is_open: whether the bank's row is open.
        row: the bank's open row, or the last one.
        scheduler: its code.
        last_write: direction of the last access, 1 for a write.

    Returns:
        The request's number.
    """
    if scheduler == FIFO or not is_open:
        return oldest
    row_of, is_write, address = requests.row, requests.is_write, requests.address
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


@borrowing
def another_hit(oldest, after, row_of, row, scheduler):
    """Whether a second queued request hits the open row (Fifo looks at the next entry only).

    Args:
        oldest: the request at the head of the bank's queue.
        after: (n,) the next request of the same bank, -1 at the end.
        row_of: (n,) row of each request.
        row: the bank's open row, or the last one.
        scheduler: its code.

    Returns:
        A bool.
    """
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


@borrowing
def command_for(k, oldest, after, requests, is_open, row, policy, scheduler):
    """The command that brings a request forward under the page policy.

    Args:
        k: the request's number.
        oldest: the request at the head of the bank's queue.
        after: (n,) the next request of the same bank, -1 at the end.
        requests: the trace, :class:`~.state.Requests`.
        is_open: whether the bank's row is open.
        row: the bank's open row, or the last one.
        policy: code of the page policy.
        scheduler: its code.

    Returns:
        The command.
    """
    if not is_open:
        return ACT
    if requests.row[k] != row:
        return PREPB
    close = policy == CLOSED
    if policy == OPEN_ADAPTIVE:
        close = after[oldest] >= 0 and not another_hit(oldest, after, requests.row, row, scheduler)
    elif policy == CLOSED_ADAPTIVE:
        close = not another_hit(oldest, after, requests.row, row, scheduler)
    if requests.is_write[k]:
        return WRA if close else WR
    return RDA if close else RD


@borrowing
def choose(bank, requests, queues, banks, design):
    """Renew a working bank's candidate, the request and the command, in ``banks``.

    Args:
        bank: its number, bank group first.
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        banks: their states and candidates, :class:`~.state.Banks`.
        design: the controller, :class:`~.state.Controller`.
    """
    oldest, after = queues.head[bank], queues.after
    opened, row = banks.is_open[bank], banks.row[bank]
    last_write = queues.totals[Q_LAST_WRITE]
    k = pick_request(oldest, after, requests, opened, row, design.scheduler, last_write)
    banks.chosen[bank] = k
    banks.command[bank] = command_for(
        k, oldest, after, requests, opened, row, design.policy, design.scheduler
    )


@borrowing
def has_room(k, requests, queues, design, t):
    """Whether the request buffer admits a request.

    Bankwise looks at one bank's queue (DRAMSys: at that of the request admitted last). ReadWrite wants
    room in both halves whatever the request. Shared counts all.

    Args:
        k: the request's number.
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.

    Returns:
        A bool.
    """
    count = queues.totals
    if design.buffer == BANKWISE:
        bank = requests.bank[k] if t[TRUE_BANK_CHECK] else count[Q_LAST_BANK]
        return queues.length[bank] < design.size
    total, writes = count[Q_TOTAL], count[Q_WRITES]
    if design.buffer == READ_WRITE:
        return total - writes < design.size and writes < design.size
    return total < design.size
