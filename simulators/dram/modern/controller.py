"""One controller at one instant: admit, let the managers look, issue a command, look ahead.

Functions that are called often have one caller, into which they are merged: a call costs as much as
most of them do.  What is rare stands in functions of its own.
"""

from __future__ import annotations

from .answers import await_answers, await_data, foresee, manage_answers, queue_in_order
from .arrivals import acknowledge
from .banks import renew
from .candidates import after, manager_after, manager_key, newcomer, scan, scan_awake
from .commands import NOP, RD, REFAB, REFPB, REFSB, UNIT_COMMANDS
from .compiled import borrowing, merged
from .events import FIRST_CHANNEL, OF_CHANNEL, WAKE, notify
from .distances import keep_distances
from .issuing import bank_command, unit_command
from .layout import (
    AGE_BIT, BANK, BURST, B_COMMAND, B_CURRENT, B_RANK, B_WORKING, CHANNEL, CHANNELS, CH_AHEAD,
    CH_ARRIVAL, CH_BANKS, CH_COLUMN_KEY, CH_DELTA, CH_DOWN, CH_DUE, CH_LAST_COMMAND, CH_LAST_WRITE,
    CH_LOST, CH_MANAGED, CH_NEXT_ID, CH_RANKS, CH_REQUEST, CH_ROW_KEY, CH_SINCE, CH_VALID, CH_WAKE,
    CH_WORK, CH_WORKING, CH_WRITE_MODE, CYCLES_BIT, C_COMMANDS, D_LENGTH, D_RANKS, D_READ_END,
    D_WRITE_END, FIRST_ID, FOREVER, FR_FCFS_GRP, K_BURSTS, K_FORESEEN, K_MANAGEMENT, K_NOTES, K_ORDERED,
    K_POWER_DOWN, K_REFRESH, K_REORDER, K_SCHEDULER, LAST_ID, M_DUE, M_PD_COMMAND, M_QUEUED, M_REF_COMMAND, NO_KEY, Q_BANK,
    Q_FINISH, Q_IDENT, Q_WRITE, RANK, REQUEST,
)  # fmt: skip
from .noting import note_command, note_entry
from .power import fall_idle, power_command_issued, wake, want_power_state
from .queues import has_room, remove, store
from .refresh import first_bank, refreshed, want_refresh

AGES = (1 << CYCLES_BIT) - 1


@merged
def fits(c, now, s):
    """Whether a request stands at the door, and there is room for all its bursts."""
    t = s[c + CH_REQUEST]
    if t < 0 or s[c + CH_ARRIVAL] > now:
        return False
    return has_room(c, t + REQUEST, s[K_BURSTS], s)


@merged
def enter(c, k, arrived, now, s):
    """Burst ``k``, at the door since cycle ``arrived``, enters its bank's queue; returns the bank."""
    b = s[k + Q_BANK]
    r = s[b + B_RANK]
    note_entry(k, b, arrived, now, s)
    if s[K_POWER_DOWN] and s[r + M_QUEUED] == 0:
        wake(r, s)
    s[k + Q_IDENT] = s[c + CH_NEXT_ID]
    if s[K_REORDER]:
        queue_in_order(c, k, s)
    store(c, k, b, s[k + Q_WRITE], s)
    return b


@merged
def look_again(b, c, now, s):
    """A bank looks at its next command; what is known of the candidates is kept where that is possible."""
    before, served = s[b + B_COMMAND], s[b + B_CURRENT]
    renew(b, c, s)
    if s[c + CH_VALID] and (before != s[b + B_COMMAND] or served != s[b + B_CURRENT]):
        if before == NOP:
            newcomer(b, c, now, s)
        else:
            s[c + CH_VALID] = 0


@borrowing
def managers_look(c, now, s):
    """Every refresh manager of the channel, then every power-down manager."""
    first, end = s[c + CH_RANKS], s[c + CH_RANKS] + s[D_RANKS] * RANK
    managed, down, due = 0, 0, FOREVER + 0 * now
    if s[K_REFRESH]:
        for r in range(first, end, RANK):
            want_refresh(r, now, s)
            if s[r + M_REF_COMMAND] != NOP:
                managed = 1
            elif s[r + M_DUE] > now:
                due = min(due, s[r + M_DUE])
    if s[K_POWER_DOWN]:
        for r in range(first, end, RANK):
            if want_power_state(r, s):
                managed = down = 1
    if managed or s[c + CH_MANAGED]:
        s[c + CH_VALID] = 0  # banks may have been blocked
    s[c + CH_MANAGED] = managed
    s[c + CH_DOWN] = down
    s[c + CH_DUE] = due


@borrowing
def supervised(c, now, s):
    """Whether the managers could have anything to say."""
    if s[K_POWER_DOWN] or s[K_MANAGEMENT] or s[c + CH_MANAGED]:
        return True
    return now >= s[c + CH_DUE]


@borrowing
def command_of_key(key, c, s):
    """(command, rank, bank or -1) of the candidate with this ``key``: cycles ahead, age, place."""
    age, place = (key >> AGE_BIT) & 0xFFFFFFFF, key & 0xFF
    if age == FIRST_ID:
        r = s[c + CH_RANKS] + place * RANK
        return s[r + M_REF_COMMAND], r, place * 0 - 1
    if age == LAST_ID:
        r = s[c + CH_RANKS] + place * RANK
        return s[r + M_PD_COMMAND], r, place * 0 - 1
    b = s[c + CH_BANKS] + place * BANK
    return s[b + B_COMMAND], s[b + B_RANK], b


@merged
def look(c, now, first_time, s):
    """Bring the candidates of the banks up to date; while a rank wants to go down, at each look.

    ``first_time``: whether it is the look before the command, not the one after it.
    """
    if s[c + CH_DOWN]:
        if first_time:
            scan_awake(c, now, s)
            return
        s[c + CH_VALID] = 0
    if not s[c + CH_VALID] or now > s[c + CH_AHEAD]:
        scan(c, now, s)
        s[c + CH_VALID] = 1 - s[c + CH_DOWN]


@merged
def best_key(c, now, s):
    """The key of the command that goes first: the better one of the two buses."""
    row, column = s[c + CH_ROW_KEY], s[c + CH_COLUMN_KEY]
    if s[c + CH_MANAGED]:
        row = min(row, manager_key(c, s[c + CH_SINCE], now, s))
    if column >= NO_KEY:
        return row
    if row >= NO_KEY:
        return column
    x, _, _ = command_of_key(column, c, s)
    column_legal = (column >> CYCLES_BIT) - s[D_LENGTH + x]
    x, _, _ = command_of_key(row, c, s)
    row_legal = (row >> CYCLES_BIT) - s[D_LENGTH + x]
    older = ((column & AGES) >> AGE_BIT) < ((row & AGES) >> AGE_BIT)
    if column_legal < row_legal or (column_legal == row_legal and older):
        return column
    return row


@merged
def served(c, r, k, now, s, trace):
    """Burst ``k`` (-1: none) left its bank of rank ``r``: its data are on their way."""
    if k >= 0:
        if s[K_FORESEEN]:
            foresee(c, k, now, s, trace)
        else:
            if not s[K_REORDER]:
                queue_in_order(c, k, s)
            await_data(c, now, s)
        s[r + M_QUEUED] -= 1
    if s[K_POWER_DOWN] and s[r + M_QUEUED] == 0:
        fall_idle(r, s)


@borrowing
def issue_to_unit(x, c, r, now, s):
    """What a command to several banks or to a rank does, its distances left out."""
    unit_command(x, r, now, s)
    if x == REFAB or (REFPB <= x and x <= REFSB):
        refreshed(x, r, now, s)
    power_command_issued(x, r, s)


@merged
def issue(x, c, r, b, now, s):
    """Command ``x`` goes out now; returns the burst that it accesses, or -1."""
    s[C_COMMANDS + x] += 1
    s[c + CH_LAST_COMMAND] = now
    keep_distances(x, c, r, b, now, s)
    if b < 0:
        issue_to_unit(x, c, r, now, s)
        return 0 * b - 1
    k = s[b + B_CURRENT]
    bank_command(x, r, b, now, s)
    s[b + B_COMMAND] = NOP
    if x < RD:
        return 0 * b - 1
    write = s[k + Q_WRITE]
    s[c + CH_LAST_WRITE] = write
    remove(c, k, b, write, s)
    s[k + Q_FINISH] = now + (s[D_WRITE_END] if write else s[D_READ_END])
    return k


@borrowing
def wait_of_managers(c, now, blocked, ahead, s):
    """The next cycle at which a manager's command becomes legal, or ``ahead``."""
    for i in range(s[D_RANKS]):
        r = s[c + CH_RANKS] + i * RANK
        ahead = min(ahead, manager_after(s[r + M_REF_COMMAND], c, r, now, blocked, s))
        ahead = min(ahead, manager_after(s[r + M_PD_COMMAND], c, r, now, blocked, s))
    return ahead


@merged
def look_ahead(c, now, blocked, s):
    """The next cycle at which a candidate becomes legal or a refresh falls due."""
    ahead = s[c + CH_AHEAD]
    s[c + CH_LOST] = 0
    if blocked and ahead == now:
        # as in DRAMSys, what is legal now and was not before waits for any event of the controller
        s[c + CH_LOST] = 1
        ahead = after(c, now, s)
    if s[c + CH_MANAGED]:
        ahead = wait_of_managers(c, now, blocked, ahead, s)
    return min(ahead, s[c + CH_DUE])


@merged
def wake_at(c, ahead, now, s):
    """The controller will be called again."""
    if s[K_ORDERED]:
        notify(FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + WAKE, ahead, now, s)
    elif ahead == now:
        s[c + CH_DELTA] = 1
        s[c + CH_WAKE] = FOREVER
    else:
        s[c + CH_WAKE] = min(s[c + CH_WAKE], ahead)
    if s[K_FORESEEN] and (s[c + CH_LOST] or s[c + CH_MANAGED]):
        await_answers(c, now, s)


@borrowing
def run_controller(c, now, woken, s, trace):
    """Everything one controller does when it is called; ``woken`` by itself, not by a response.

    Two rounds: admit, let banks and managers look, issue a command; then admit into what that
    freed, look again, and see when to be called next.
    """
    if not s[K_FORESEEN]:
        manage_answers(c, now, s)
    mode, last = s[c + CH_WRITE_MODE], s[c + CH_LAST_WRITE]
    issued, rank, k = 0 * c - 1, 0 * c - 1, 0 * c - 1
    blocked, turned, first = False, False, True
    while True:
        entered = 0 * c
        door, arrived = s[c + CH_REQUEST] + REQUEST, s[c + CH_ARRIVAL]
        if (first or k >= 0) and fits(c, now, s):
            entered = s[K_BURSTS]
            s[c + CH_NEXT_ID] += 1
            acknowledge(c, now, now if first else now + 1, s, trace)
        if first and not (woken or entered > 0 or s[c + CH_LOST] or s[c + CH_MANAGED]):
            return
        i = 0 * c
        while (
            True
        ):  # new bursts one by one, then the bank that was served, then all where they must
            if i < entered:
                b = enter(c, door + i * BURST, arrived, now, s)
            elif i == entered:
                if rank >= 0:
                    served(c, rank, k, now, s, trace)
                if s[K_SCHEDULER] >= FR_FCFS_GRP:  # the others ask for no direction
                    turned = turned or mode != s[c + CH_WRITE_MODE] or last != s[c + CH_LAST_WRITE]
                    mode = s[c + CH_WRITE_MODE]
                b = issued
                if turned and not first:
                    s[c + CH_VALID] = 0
            elif turned and not first and i - entered <= s[c + CH_WORKING]:
                b = s[s[c + CH_WORK] + i - entered - 1]
            else:
                break
            if b >= 0 and s[b + B_WORKING]:
                look_again(b, c, now, s)
            i += 1
        if supervised(c, now, s):
            managers_look(c, now, s)
        look(c, now, first, s)
        if not first:
            break
        first = False
        key = best_key(c, now, s)
        if key < NO_KEY:
            x, r, b = command_of_key(key, c, s)
            blocked = (key >> CYCLES_BIT) + s[c + CH_SINCE] != now + s[D_LENGTH + x]
            if not blocked:
                if s[K_NOTES]:
                    note_command(x, r, s[b + B_CURRENT] if b >= 0 else 0 * c - 1, now, s)
                turned = turned or x >= UNIT_COMMANDS
                if b < 0 and x < UNIT_COMMANDS:
                    b = first_bank(x, r, s)
                s[c + CH_VALID] = 0
                k = issue(x, c, r, b, now, s)
                issued, rank = b, r
    wake_at(c, look_ahead(c, now, blocked, s), now, s)
