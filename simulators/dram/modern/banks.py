"""Which request a bank serves next, and by which command (schedulers, page policies); no time here."""

from __future__ import annotations

from .commands import ACT, NOP, PREPB, RD, RDA, WR, WRA
from .compiled import borrowing
from .layout import (
    B_BLOCKED, B_COMMAND, B_CURRENT, B_HEAD, B_HEAD_WR, B_KEEP, B_OPEN, B_RANK, B_ROW,
    CH_LAST_WRITE, CH_WRITE_MODE, CLOSED, CLOSED_ADAPTIVE, FIFO, FR_FCFS_GRP, GRP_FR_FCFS,
    GRP_FR_FCFS_WM, M_SLEEPING, OPEN_ADAPTIVE,
)  # fmt: skip
from .state import Chooser


@borrowing
def first_hit(k, row, requests, s):
    """The oldest burst from ``k`` on that is for ``row``, -1 where there is none."""
    while k >= 0 and requests.row[k] != row:
        k = s.after[k]
    return k


@borrowing
def grouped_hit(oldest, row, last_write, requests, s):
    """FrFcfsGrp: the oldest hit in the last direction that overtakes no older hit to its address."""
    hit = first_hit(oldest, row, requests, s)
    k = hit
    while k >= 0:
        if requests.is_write[k] == last_write:
            j = hit
            while j != k and not (
                requests.row[j] == row and requests.address[j] == requests.address[k]
            ):
                j = s.after[j]
            if j == k:
                return k
        k = first_hit(s.after[k], row, requests, s)
    return hit if hit >= 0 else oldest


@borrowing
def pick(b, c, requests, s, scheduler):
    """The burst that the scheduler offers a bank with work, -1 where its mode has none."""
    head = b[B_HEAD]
    if scheduler >= GRP_FR_FCFS:
        writes = c[CH_WRITE_MODE] if scheduler == GRP_FR_FCFS_WM else c[CH_LAST_WRITE]
        head = b[B_HEAD + writes]
        if head < 0 and scheduler == GRP_FR_FCFS:
            head = b[B_HEAD + 1 - writes]
    if head < 0 or scheduler == FIFO or not b[B_OPEN]:
        return head
    if scheduler == FR_FCFS_GRP:
        return grouped_hit(head, b[B_ROW], c[CH_LAST_WRITE], requests, s)
    hit = first_hit(head, b[B_ROW], requests, s)
    return hit if hit >= 0 else head


@borrowing
def closes(b, c, k, s, policy, scheduler):
    """Whether an access by burst ``k`` precharges its row."""
    if policy == CLOSED:
        return True
    if policy < OPEN_ADAPTIVE:
        return False
    head = b[B_HEAD]
    if scheduler == GRP_FR_FCFS:
        head = b[B_HEAD_WR] if s.is_write[k] else b[B_HEAD]
    elif scheduler == GRP_FR_FCFS_WM:
        head = b[B_HEAD_WR] if c[CH_WRITE_MODE] else b[B_HEAD]
    second = s.after[head] if head >= 0 else -1
    if scheduler == FIFO:  # looks at the next entry only
        further = second >= 0 and s.row[second] == b[B_ROW]
    else:
        hit = first_hit(head, b[B_ROW], s, s)
        further = hit >= 0 and first_hit(s.after[hit], b[B_ROW], s, s) >= 0
    if policy == CLOSED_ADAPTIVE:
        return not further
    return second >= 0 and not further


@borrowing
def renew(bank, ch, requests, s, design):
    """Renew a bank's current request and command."""
    v = Chooser(
        requests.row, requests.is_write, requests.address, s.bank, s.channel, s.rank, s.after
    )
    _renew(bank, ch, v, design.policy, design.scheduler)


@borrowing
def _renew(bank, ch, s, policy, scheduler):
    """The same; a function of its own, so that it is compiled once."""
    b, c = s.bank[bank], s.channel[ch]
    b[B_COMMAND] = NOP
    if b[B_BLOCKED] or s.rank[b[B_RANK], M_SLEEPING]:
        return
    offered = pick(b, c, s, s, scheduler)
    if offered < 0:
        return
    if not b[B_KEEP] or s.row[offered] == b[B_ROW]:
        b[B_CURRENT] = offered
    k = b[B_CURRENT]
    if not b[B_OPEN]:
        b[B_COMMAND] = ACT
    elif s.row[k] != b[B_ROW] and policy != CLOSED:
        b[B_COMMAND] = PREPB
    elif closes(b, c, k, s, policy, scheduler):
        b[B_COMMAND] = WRA if s.is_write[k] else RDA
    else:
        b[B_COMMAND] = WR if s.is_write[k] else RD
