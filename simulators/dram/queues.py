"""Requests queued per bank: doubly linked lists in arrays, and the compact list of banks with work."""

from __future__ import annotations

from .compiled import borrowing
from .layout import Q_LAST_BANK, Q_TOTAL, Q_WORKING, Q_WRITES


@borrowing
def enqueue(queues, k, bank, is_write):
    """Put a request at the end of a bank's queue.

    Args:
        queues: requests that wait, :class:`~.state.Queues`.
        k: the request's number.
        bank: its number, bank group first.
        is_write: 1 for a write, 0 for a read.
    """
    last, count = queues.tail[bank], queues.totals
    if last >= 0:
        queues.after[last] = k
        queues.before[k] = last
    else:
        queues.head[bank] = k
        queues.place[bank] = count[Q_WORKING]
        queues.working[count[Q_WORKING]] = bank
        count[Q_WORKING] += 1
    queues.tail[bank] = k
    queues.length[bank] += 1
    count[Q_TOTAL] += 1
    count[Q_WRITES] += is_write
    count[Q_LAST_BANK] = bank


@borrowing
def dequeue(queues, k, bank, is_write):
    """Take a request out of a bank's queue.

    Args:
        queues: requests that wait, :class:`~.state.Queues`.
        k: the request's number.
        bank: its number, bank group first.
        is_write: 1 for a write, 0 for a read.
    """
    earlier, later, count = queues.before[k], queues.after[k], queues.totals
    if earlier >= 0:
        queues.after[earlier] = later
    else:
        queues.head[bank] = later
    if later >= 0:
        queues.before[later] = earlier
    else:
        queues.tail[bank] = earlier
    if queues.head[bank] < 0:  # the last bank with work moves into the gap
        count[Q_WORKING] -= 1
        moved = queues.working[count[Q_WORKING]]
        queues.working[queues.place[bank]] = moved
        queues.place[moved] = queues.place[bank]
    queues.length[bank] -= 1
    count[Q_TOTAL] -= 1
    count[Q_WRITES] -= is_write
