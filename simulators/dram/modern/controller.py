"""One controller at one instant: admit, let the managers look, issue a command, look ahead."""

from __future__ import annotations

from .answers import await_answers, await_data, foresee, manage_answers, queue_in_order
from .arrivals import acknowledge
from .banks import renew
from .candidates import after, manager_after, manager_key, newcomer, scan, scan_awake
from .commands import NOP, RD, REFAB, REFPB, REFSB, UNIT_COMMANDS, WRA
from .compiled import borrowing, merged
from .events import FIRST_CHANNEL, OF_CHANNEL, WAKE, notify
from .distances import keep_distances
from .issuing import bank_command, unit_command
from .layout import (
    AGE_BIT, BANK, BURST, B_COMMAND, B_CURRENT, B_RANK, B_WORKING, CHANNEL, CHANNELS, CH_AHEAD,
    CH_ARRIVAL, CH_BANKS, CH_COLUMN_KEY, CH_DELTA, CH_DOWN, CH_DUE, CH_LAST_COMMAND, CH_LAST_WRITE,
    CH_LOST, CH_MANAGED, CH_NEXT_ID, CH_RANKS, CH_REQUEST, CH_ROW_KEY, CH_SINCE, CH_VALID, CH_WAKE,
    CH_WORK, CH_WORKING, CH_WRITE_MODE, CYCLES_BIT, C_COMMANDS, D_LENGTH, D_RANKS, D_READ_END,
    D_WRITE_END, FIRST_ID, FOREVER, K_BURSTS, K_FORESEEN, K_MANAGEMENT, K_NOTES, K_ORDERED,
    K_POWER_DOWN, K_REFRESH, K_REORDER, LAST_ID, M_DUE, M_PD_COMMAND, M_QUEUED, M_REF_COMMAND, NO_KEY, Q_BANK,
    Q_IDENT, RANK,
)  # fmt: skip
from .noting import note_command, note_entry
from .power import fall_idle, power_command_issued, wake, want_power_state
from .queues import bank_of, has_room, remove, store
from .refresh import first_bank, refreshed, want_refresh

AGES = (1 << CYCLES_BIT) - 1


@merged
def enter(c, k, now, s, q):
    """Burst ``k`` enters its bank's queue, and the bank looks at it."""
    b = bank_of(k, q)
    r = s[b + B_RANK]
    note_entry(c, k, b, now, s)
    if s[K_POWER_DOWN] and s[r + M_QUEUED] == 0:
        wake(r, s)
    q[k * BURST + Q_IDENT] = s[c + CH_NEXT_ID]
    if s[K_REORDER]:
        queue_in_order(c, k, s, q)
    before, served = s[b + B_COMMAND], s[b + B_CURRENT]
    store(c, k, b, q[k * BURST + Q_BANK] & 1, s, q)
    renew(b, c, s, q)
    if before != s[b + B_COMMAND] or served != s[b + B_CURRENT]:
        if before == NOP and s[c + CH_VALID]:
            newcomer(b, c, now, s)
        else:
            s[c + CH_VALID] = 0


@borrowing
def manage_requests(c, now, delay, s, q, stamp):
    """Admit the request at the door if there is room for all its bursts."""
    request = s[c + CH_REQUEST]
    if request < 0 or s[c + CH_ARRIVAL] > now:
        return False
    bursts = s[K_BURSTS]
    if not has_room(c, request * bursts, bursts, s, q):
        return False
    s[c + CH_NEXT_ID] += 1
    for k in range(request * bursts, (request + 1) * bursts):
        enter(c, k, now, s, q)
    acknowledge(c, now, now + delay, s, q, stamp)
    return True


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
    """(command, rank, bank or -1) of a candidate's key."""
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
def best_key(c, now, s):
    """The key of the command that goes first: the better one of the two buses."""
    if s[c + CH_DOWN]:
        scan_awake(c, now, s)
    elif not s[c + CH_VALID] or now > s[c + CH_AHEAD]:
        scan(c, now, s)
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
def access(x, c, r, b, k, now, s, q, finish, stamp, latency):
    """Burst ``k`` was accessed; returns whether the direction or the mode of the channel turned."""
    write = q[k * BURST + Q_BANK] & 1
    mode, last = s[c + CH_WRITE_MODE], s[c + CH_LAST_WRITE]
    s[c + CH_LAST_WRITE] = write
    remove(c, k, b, write, s, q)
    finish[k] = now + (s[D_WRITE_END] if write else s[D_READ_END])
    manage_requests(c, now, 1, s, q, stamp)
    if s[K_FORESEEN]:
        foresee(c, k, now, s, q, finish, stamp, latency)
    else:
        if not s[K_REORDER]:
            queue_in_order(c, k, s, q)
        await_data(c, now, s, finish)
    s[r + M_QUEUED] -= 1
    return last != write or mode != s[c + CH_WRITE_MODE]


@merged
def issue(x, c, r, b, now, s, q, finish, stamp, latency):
    """Command ``x`` goes out now; returns whether every bank must be looked at again."""
    k = np_int(-1)
    turned = x >= UNIT_COMMANDS
    if s[K_NOTES]:
        note_command(x, r, s[b + B_CURRENT] if b >= 0 else k, now, s)
    if b < 0 and x < UNIT_COMMANDS:
        b = first_bank(x, r, s)
    s[c + CH_VALID] = 0
    if b >= 0:
        k = s[b + B_CURRENT]
        bank_command(x, r, b, now, s, q)
        keep_distances(x, c, r, b, now, s)
    else:
        unit_command(x, r, now, s)
        keep_distances(x, c, r, b, now, s)
        if x == REFAB or (REFPB <= x and x <= REFSB):
            refreshed(x, r, now, s)
        power_command_issued(x, r, s)
    s[C_COMMANDS + x] += 1
    s[c + CH_LAST_COMMAND] = now
    if RD <= x and x <= WRA:
        turned = access(x, c, r, b, k, now, s, q, finish, stamp, latency)
    if s[K_POWER_DOWN] and s[r + M_QUEUED] == 0:
        fall_idle(r, s)
    if b >= 0:
        s[b + B_COMMAND] = NOP
        if s[b + B_WORKING]:
            renew(b, c, s, q)
    return turned


@merged
def look_ahead(c, now, blocked, s):
    """The next cycle at which a candidate becomes legal or a refresh falls due."""
    ahead = s[c + CH_AHEAD]
    if s[c + CH_DOWN]:
        scan(c, now, s)
        ahead = s[c + CH_AHEAD]
        s[c + CH_VALID] = 0
    elif not s[c + CH_VALID] or now > ahead:
        scan(c, now, s)
        ahead = s[c + CH_AHEAD]
    s[c + CH_LOST] = 0
    if blocked and ahead == now:
        # as in DRAMSys, what is legal now and was not before waits for any event of the controller
        s[c + CH_LOST] = 1
        ahead = after(c, now, s)
    if s[c + CH_MANAGED]:
        for i in range(s[D_RANKS]):
            r = s[c + CH_RANKS] + i * RANK
            ahead = min(ahead, manager_after(s[r + M_REF_COMMAND], c, r, now, blocked, s))
            ahead = min(ahead, manager_after(s[r + M_PD_COMMAND], c, r, now, blocked, s))
    return min(ahead, s[c + CH_DUE])


@merged
def np_int(value):
    """A number as a 64-bit integer."""
    return value + 0 * (1 << 40)


@borrowing
def run_controller(c, now, woken, s, q, finish, stamp, latency):
    """Everything one controller does when it is called; ``woken`` by itself, not by a response."""
    if not s[K_FORESEEN]:
        manage_answers(c, now, s, q, finish)
    mode = s[c + CH_WRITE_MODE]
    admitted = manage_requests(c, now, 0, s, q, stamp)
    if not (woken or admitted or s[c + CH_LOST] or s[c + CH_MANAGED]):
        return
    every = mode != s[c + CH_WRITE_MODE]
    if supervised(c, now, s):
        managers_look(c, now, s)
    key = best_key(c, now, s)
    blocked = False
    if key < NO_KEY:
        x, r, b = command_of_key(key, c, s)
        if (key >> CYCLES_BIT) + s[c + CH_SINCE] == now + s[D_LENGTH + x]:
            turned = issue(x, c, r, b, now, s, q, finish, stamp, latency)
            every = every or turned
        else:
            blocked = True
    if every:
        s[c + CH_VALID] = 0
        for i in range(s[c + CH_WORK], s[c + CH_WORK] + s[c + CH_WORKING]):
            renew(s[i], c, s, q)
    if supervised(c, now, s):
        managers_look(c, now, s)
    ahead = look_ahead(c, now, blocked, s)
    if s[K_ORDERED]:
        notify(FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + WAKE, ahead, now, s)
    elif ahead == now:
        s[c + CH_DELTA] = 1
        s[c + CH_WAKE] = FOREVER
    else:
        s[c + CH_WAKE] = min(s[c + CH_WAKE], ahead)
    if s[K_FORESEEN] and (s[c + CH_LOST] or s[c + CH_MANAGED]):
        await_answers(c, now, s, q, finish)
