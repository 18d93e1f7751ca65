"""Notes of a run that is to be explained, behind the banks in the state; none where ``K_NOTES`` is 0.

First a log of refreshes: how many there were, then (cycle, command, rank, unit) each, as far as there is room;
then five words a burst: when its request reached the controller's door, when it entered its bank's queue, the
first command for it, its access, and its bank's number.
"""

from __future__ import annotations

from .commands import ACT, PREPB, RD, REFAB, REFPB, REFSB, WRA
from .compiled import borrowing, merged
from .flight import burst_number
from .layout import (
    BANK, BANKS, K_LOG, K_NOTES, M_UNIT, NOTE, N_ACCESSED, N_ARRIVED, N_BANK, N_ENTERED,
    N_OPENED, NOTED_REFRESH, RANK, RANKS,
)  # fmt: skip


@merged
def note_entry(k, b, arrived, now, s):
    """Burst ``k``, at the door since ``arrived``, enters the queue of bank ``b``."""
    if s[K_NOTES]:
        at = s[K_NOTES] + burst_number(k, s) * NOTE
        s[at + N_ARRIVED] = arrived
        s[at + N_ENTERED] = now
        s[at + N_OPENED] = -1
        s[at + N_BANK] = (b - BANKS) // BANK


@borrowing
def note_command(x, r, k, now, s):
    """Command ``x`` goes out; ``k`` is the burst that it is for, -1 where it is for none."""
    if k >= 0:
        at = s[K_NOTES] + burst_number(k, s) * NOTE
        if (x == ACT or x == PREPB) and s[at + N_OPENED] < 0:
            s[at + N_OPENED] = now
        elif RD <= x and x <= WRA:
            s[at + N_ACCESSED] = now
    elif x == REFAB or (REFPB <= x and x <= REFSB):
        count = s[s[K_LOG]]
        at = s[K_LOG] + 1 + count * NOTED_REFRESH
        s[s[K_LOG]] += 1
        if at + NOTED_REFRESH <= s[K_NOTES]:
            s[at] = now
            s[at + 1] = x
            s[at + 2] = (r - RANKS) // RANK
            s[at + 3] = s[r + M_UNIT]
