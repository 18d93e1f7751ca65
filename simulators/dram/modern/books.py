"""How long each rank and its banks spend in each power state, as DRAMPower keeps its books.

An interval runs from a start to an end.  A bank is active from an ACT to its precharge, and while it is
refreshed; a rank while one of its banks is.  What happens by itself later (automatic precharges, ends of
refreshes, power-down after the banks have settled) waits in a list of its rank, in order of time.

DRAMPower's quirks are kept, for its energies are the reference: an ACT in the last cycles of its bank's
refresh is forgotten when that ends, and its bank is taken for precharged; a bank whose interval ended
just when active power-down began is active again after it.  DDR4 has rules of its own (``D_BY_STATE``):
precharge power-down cuts intervals too, and after either kind those banks go on whose state is active.
"""

from __future__ import annotations

from .commands import (
    ACT, PDEA, PDEP, PDXA, PDXP, PREAB, PREPB, PRESB, RANK_COMMANDS, RDA, REFAB, REFP2B, REFPB, REFSB,
    SREFEN, SREFEX, WRA,
)  # fmt: skip
from .compiled import borrowing, merged
from .layout import (
    BANK, B_E_ACTIVATED, B_E_ACTIVE, B_E_END, B_E_OPEN, B_E_PRECHARGED, B_E_REFRESHED, B_E_START,
    C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_SREF, C_PRE, D_BANKS_RANK, D_BY_STATE, D_RAS, D_RCD,
    D_READ_PRE, D_RFC_ALL, D_RFC_BANK, D_RFC_SET, D_RP, D_WRITE_PRE, ENTRY, EVENTS, EVENTS_RANK,
    FOREVER, M_E_ACTIVE, M_E_DOWN, M_E_DOWN_PRE, M_E_EVENTS, M_E_NEXT, M_E_OPEN, M_E_REFRESHED,
    M_E_SREF, M_E_START, M_FIRST_BANK, M_UNIT, NEVER, RANK, RANKS,
)  # fmt: skip
from .refresh import member, unit_size
from .timeline import put

AUTO_PRECHARGE, REFRESH_END, ACTIVE_DOWN, ACTIVE_UP, DOWN, UP, SELF_REFRESH = range(7)


@borrowing
def later(r, when, what, b, s):
    """Something happens by itself at a cycle; of the same cycle, in the order of the calls.

    ``what``: one of AUTO_PRECHARGE to SELF_REFRESH.
    """
    first = EVENTS + (r - RANKS) // RANK * EVENTS_RANK
    put(r + M_E_EVENTS, first, when, what, b, s)
    s[r + M_E_NEXT] = s[first]


@borrowing
def rank_is_active(r, now, s):
    """Whether a bank is active, or all are refreshed."""
    return s[r + M_E_ACTIVE] > 0 or now < s[r + M_E_REFRESHED]


@borrowing
def rank_runs(r, now, s):
    """Whether a new activity finds the rank's interval started."""
    if s[D_BY_STATE]:
        return s[r + M_E_OPEN] != 0
    return rank_is_active(r, now, s)


@borrowing
def rank_starts(r, now, s):
    """The rank's active interval starts."""
    s[r + M_E_START] = now
    s[r + M_E_OPEN] = 1


@borrowing
def rank_ends(r, now, s):
    """The rank's active interval ends, if there is one."""
    if s[r + M_E_OPEN]:
        s[C_CYC_ACT] += now - s[r + M_E_START]
        s[r + M_E_OPEN] = 0


@borrowing
def bank_starts(b, now, s):
    """A bank's active interval starts; what ran before is forgotten."""
    s[b + B_E_START] = now
    s[b + B_E_OPEN] = 1
    s[b + B_E_END] = NEVER


@borrowing
def bank_ends(b, now, s):
    """A bank's active interval ends, if there is one."""
    if s[b + B_E_OPEN]:
        s[C_BANK_ACT] += now - s[b + B_E_START]
        s[b + B_E_OPEN] = 0
        s[b + B_E_END] = now


@borrowing
def set_active(r, b, active, s):
    """A bank changes its state; ``active`` is the new one, 1 or 0."""
    s[r + M_E_ACTIVE] += active - s[b + B_E_ACTIVE]
    s[b + B_E_ACTIVE] = active


@borrowing
def precharge(r, b, now, s):
    """A bank is precharged, by command or by itself."""
    if not s[b + B_E_ACTIVE]:
        return
    s[C_PRE] += 1
    bank_ends(b, now, s)
    s[b + B_E_PRECHARGED] = now
    set_active(r, b, 0, s)
    if not rank_is_active(r, now, s):
        rank_ends(r, now, s)


@merged
def refresh_ends(r, b, now, s):
    """A bank is precharged again after a refresh."""
    set_active(r, b, 0, s)
    bank_ends(b, now, s)
    if not rank_is_active(r, now, s):
        rank_ends(r, now, s)


@borrowing
def cut(r, now, s):
    """Every interval of a rank ends."""
    rank_ends(r, now, s)
    for i in range(s[D_BANKS_RANK]):
        bank_ends(s[r + M_FIRST_BANK] + i * BANK, now, s)


@borrowing
def resume(r, down, now, s):
    """The intervals that power-down cut at ``down`` start again; returns whether there is one."""
    active = False
    for i in range(s[D_BANKS_RANK]):
        b = s[r + M_FIRST_BANK] + i * BANK
        goes_on = s[b + B_E_ACTIVATED] != 0 and s[b + B_E_END] == down
        if s[D_BY_STATE]:
            goes_on = s[b + B_E_ACTIVE] != 0
        if goes_on:
            active = True
            bank_starts(b, now, s)
    return active


@merged
def comes_up(r, now, s):
    """Active power-down ends."""
    down = s[r + M_E_DOWN]
    s[C_CYC_PDNA] += now - down
    s[r + M_E_DOWN] = NEVER
    active = resume(r, down, now, s)
    if active or (s[D_BY_STATE] and rank_is_active(r, now, s)):
        rank_starts(r, now, s)


@borrowing
def settle(r, now, s):
    """Everything that happened by itself up to now."""
    first = EVENTS + (r - RANKS) // RANK * EVENTS_RANK
    done = 0
    while done < s[r + M_E_EVENTS] and s[first + done * ENTRY] <= now:
        at = first + done * ENTRY
        when, what, b = s[at], s[at + 1], s[at + 2]
        if what == AUTO_PRECHARGE:
            precharge(r, b, when, s)
        elif what == REFRESH_END:
            refresh_ends(r, b, when, s)
        elif what == ACTIVE_DOWN:
            s[r + M_E_DOWN] = when
            cut(r, when, s)
        elif what == ACTIVE_UP:
            comes_up(r, when, s)
        elif what == DOWN:
            s[r + M_E_DOWN_PRE] = when
            if s[D_BY_STATE]:
                cut(r, when, s)
        elif what == UP:
            s[C_CYC_PDNP] += when - s[r + M_E_DOWN_PRE]
            if s[D_BY_STATE]:
                resume(r, s[r + M_E_DOWN_PRE], when, s)
            s[r + M_E_DOWN_PRE] = NEVER
        else:
            s[r + M_E_SREF] = when
        done += 1
    left = (s[r + M_E_EVENTS] - done) * ENTRY
    for i in range(left):
        s[first + i] = s[first + done * ENTRY + i]
    s[r + M_E_EVENTS] -= done
    s[r + M_E_NEXT] = s[first] if left else FOREVER


@merged
def refresh_starts(r, b, now, cycles, s):
    """A refresh of one bank begins, which lasts ``cycles``."""
    if not rank_runs(r, now, s):
        rank_starts(r, now, s)
    set_active(r, b, 1, s)
    s[b + B_E_REFRESHED] = now + cycles
    if not s[b + B_E_OPEN]:
        bank_starts(b, now, s)
    later(r, now + cycles, REFRESH_END, b, s)


@borrowing
def settled(r, now, s):
    """The first cycle from ``now`` on in which the banks have settled for power-down."""
    edge = now
    for i in range(s[D_BANKS_RANK]):
        b = s[r + M_FIRST_BANK] + i * BANK
        if s[b + B_E_ACTIVATED]:
            edge = max(edge, s[b + B_E_START] + s[D_RCD])
        edge = max(edge, max(s[b + B_E_PRECHARGED] + s[D_RP], s[b + B_E_REFRESHED]))
    return edge


@merged
def book_bank(x, r, b, now, s):
    """A command to one bank."""
    if s[r + M_E_NEXT] <= now:
        settle(r, now, s)
    if x == ACT:
        s[b + B_E_ACTIVATED] = 1
        bank_starts(b, now, s)
        if not rank_runs(r, now, s):
            rank_starts(r, now, s)
        set_active(r, b, 1, s)
    elif x == PREPB:
        precharge(r, b, now, s)
    elif x >= RDA:  # the automatic precharge waits for the data and for tRAS
        when = now + (s[D_WRITE_PRE] if x == WRA else s[D_READ_PRE])
        later(r, max(s[b + B_E_START] + s[D_RAS], when), AUTO_PRECHARGE, b, s)


@merged
def book_banks(x, r, now, s):
    """A precharge or a refresh of several banks."""
    whole = x >= RANK_COMMANDS
    cycles = s[D_RFC_ALL]
    if x == REFPB or x == REFP2B:
        cycles = s[D_RFC_BANK]
    elif x == REFSB:
        cycles = s[D_RFC_SET]
    for i in range(s[D_BANKS_RANK] if whole else unit_size(s)):
        b = s[r + M_FIRST_BANK] + i * BANK if whole else member(r, s[r + M_UNIT], i, s)
        if x == PREAB or x == PRESB:
            precharge(r, b, now, s)
        else:
            refresh_starts(r, b, now, cycles, s)
    if x == REFAB or x == SREFEN:
        s[r + M_E_REFRESHED] = now + cycles


@merged
def book_unit(x, r, now, s):
    """A command to several banks or to the rank; refresh management costs nothing."""
    if s[r + M_E_NEXT] <= now:
        settle(r, now, s)
    if x == PREAB or x == PRESB or x == REFAB or x == SREFEN or (REFPB <= x and x <= REFSB):
        book_banks(x, r, now, s)
    if x == SREFEN:
        later(r, now + s[D_RFC_ALL], SELF_REFRESH, 0, s)
    elif x == SREFEX:
        if s[r + M_E_SREF] > NEVER:
            s[C_CYC_SREF] += now - s[r + M_E_SREF]
        s[r + M_E_SREF] = NEVER
    elif x == PDEA:
        later(r, settled(r, now, s), ACTIVE_DOWN, 0, s)
    elif x == PDXA:
        later(r, settled(r, now, s), ACTIVE_UP, 0, s)
    elif x == PDEP:
        later(r, settled(r, now, s), DOWN, 0, s)
    elif x == PDXP:
        later(r, settled(r, now, s), UP, 0, s)


@merged
def close_books(r, window, s):
    """Cut every interval of a rank at ``window``, the cycle of the last command of its channel."""
    settle(r, window, s)
    cut(r, window, s)
    for counter, start in (
        (C_CYC_PDNA, s[r + M_E_DOWN]),
        (C_CYC_PDNP, s[r + M_E_DOWN_PRE]),
        (C_CYC_SREF, s[r + M_E_SREF]),
    ):
        if start > NEVER:
            s[counter] += window - start
