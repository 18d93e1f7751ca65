"""One controller at one instant: admit, let the managers look, issue a command, look ahead."""

from __future__ import annotations

from .answers import await_data, manage_answers, queue_answer, queue_in_order
from .arrivals import acknowledge
from .banks import renew
from .books import bank_closes, bank_refreshes, power_down_edge, rank_activates, self_refresh_ends
from .commands import (
    ACT, NOP, PDEA, PDEP, PDXA, PDXP, PREAB, PREPB, PRESB, RANK_COMMANDS, RD, RDA, REFAB, REFP2B,
    REFPB, REFSB, RFMAB, RFMSB, SREFEN, SREFEX, UNIT_COMMANDS, WRA,
)  # fmt: skip
from .compiled import borrowing, merged
from .distances import bank_legal, bus_free, keep_distance, other_legal
from .layout import (
    B_ACTIVATIONS, B_ACTIVE_SINCE, B_BLOCKED, B_COMMAND, B_CURRENT, B_KEEP, B_OPEN,
    B_RANK, B_ROW, B_UNTOUCHED, B_WORKING, C_COMMANDS, C_ROW_HITS, CH_ARRIVAL, CH_DELTA,
    CH_LAST_COMMAND, CH_LAST_WRITE, CH_NEXT_ID, CH_REQUEST, CH_RESP_HEAD, CH_WAKE,
    CH_WORKING, CH_WRITE_MODE, D_BANKS_RANK, D_BUSES, D_RAADEC, D_RAAIMT, D_RANKS,
    D_RAS, D_READ_END, D_READ_PRE, D_RFC_ALL, D_RFC_BANK, D_RFC_SET, D_WRITE_END, D_WRITE_PRE,
    FOREVER, M_DUE, M_E_ACTIVE, M_E_DOWN, M_OPEN_BANKS, M_PD_COMMAND, M_QUEUED,
    M_REF_COMMAND, M_UNIT, SIMPLE_ARBITER,
)  # fmt: skip
from .power import fall_idle, power_command_issued, wake, want_power_state
from .queues import has_room, remove, store
from .refresh import first_bank, member, refreshed, unit_size, want_refresh
from .state import Distances

FIRST_ID, LAST_ID = 0, (1 << 31) - 1  # refreshes go first on a tie, power-down last
NOTHING = 1 << 62


@borrowing
def np_int(value):
    """A bank number as a 64-bit integer."""
    return value + 0 * (1 << 40)


@borrowing
def manage_requests(ch, now, delay, requests, s, design, t):
    """Admit the request at the door if there is room for all its bursts."""
    c = s.channel[ch]
    if c[CH_REQUEST] < 0 or c[CH_ARRIVAL] > now:
        return False
    request = c[CH_REQUEST]
    first, end = requests.first[request], requests.first[request + 1]
    if not has_room(ch, requests.bank[first], end - first, s, design, t):
        return False
    c[CH_NEXT_ID] += 1
    for k in range(first, end):
        bank = np_int(requests.bank[k])
        m = s.rank[s.bank[bank, B_RANK]]
        if design.power_down and m[M_QUEUED] == 0:
            wake(m)
        s.ident[k] = c[CH_NEXT_ID]
        if design.reorder:
            queue_in_order(c, k, s)
        store(ch, k, bank, requests.is_write[k], s, design, t)
        renew(bank, ch, requests, s, design)
    acknowledge(ch, now + delay, requests, s, design.arbiter == SIMPLE_ARBITER)
    return True


@borrowing
def managers_look(ch, now, s, design, t):
    """Every refresh manager of the channel, then every power-down manager."""
    for r in range(ch * t[D_RANKS], (ch + 1) * t[D_RANKS]):
        if design.refresh:
            want_refresh(r, now, s, design, t)
    if design.power_down:
        for r in range(ch * t[D_RANKS], (ch + 1) * t[D_RANKS]):
            want_power_state(s.rank[r])


@borrowing
def manager_legal(c, ch, r, s, now, design, t):
    """When a manager's command becomes legal."""
    v = Distances(
        s.bank, s.channel, s.rank, s.ready_bank, s.ready_group, s.ready_rank, s.ready_stack
    )
    return _manager_legal(c, ch, r, v, now, design.refresh, t)


@borrowing
def _manager_legal(c, ch, r, s, now, refresh, t):
    """The same; a function of its own, so that it is compiled once."""
    bank = first_bank(r, c, s, refresh, t) if c < RANK_COMMANDS else np_int(0)
    legal = other_legal(c, ch, r, bank, s.rank[r, M_UNIT], s, refresh, t)
    return max(max(legal, bus_free(c, s.channel[ch], t)), now)


@borrowing
def select(ch, now, s, design, tables):
    """The best candidates of the column and of the row bus as keys: (legal + length, id, place)."""
    t, channel = tables.scalars, s.channel[ch]
    two = t[D_BUSES] == 2
    base = ch * t[D_RANKS] * t[D_BANKS_RANK]
    row, column = NOTHING, NOTHING
    managed = design.power_down
    for i in range(base, base + channel[CH_WORKING]):
        bank = s.working[i]
        b = s.bank[bank]
        c = b[B_COMMAND]
        if c == NOP or (managed and s.rank[b[B_RANK], M_PD_COMMAND] != NOP):
            continue
        cas = two and c >= RD
        legal = max(max(bank_legal(c, bank, s), bus_free(c, channel, t)), now)
        key = (
            ((legal - now + tables.length[c]) << 40) | (s.ident[b[B_CURRENT]] << 8) | (bank - base)
        )
        if cas:
            column = min(column, key)
        else:
            row = min(row, key)
    if managed or design.refresh:
        for i in range(t[D_RANKS]):
            r = ch * t[D_RANKS] + i
            c = s.rank[r, M_PD_COMMAND]
            ident = LAST_ID
            if c == NOP:
                c = s.rank[r, M_REF_COMMAND]
                ident = FIRST_ID
            if c != NOP:
                legal = manager_legal(c, ch, r, s, now, design, t)
                row = min(row, ((legal - now + tables.length[c]) << 40) | (ident << 8) | i)
    return row, column


@borrowing
def decode(key, ch, s, t):
    """(command, rank, bank or -1, unit) of a selected key."""
    ident, place = (key >> 8) & 0xFFFFFFFF, key & 0xFF
    if ident == FIRST_ID:
        r = ch * t[D_RANKS] + place
        return s.rank[r, M_REF_COMMAND], r, np_int(-1)
    if ident == LAST_ID:
        r = ch * t[D_RANKS] + place
        return s.rank[r, M_PD_COMMAND], r, np_int(-1)
    bank = ch * t[D_RANKS] * t[D_BANKS_RANK] + place
    return s.bank[bank, B_COMMAND], s.bank[bank, B_RANK], bank


@borrowing
def close_bank(b, m, out, when):
    """A bank is precharged at a cycle that may lie ahead."""
    if b[B_OPEN]:
        b[B_OPEN] = 0
        m[M_OPEN_BANKS] -= 1
        if m[M_E_ACTIVE] > 0:
            bank_closes(m, b, out, when)
    b[B_KEEP] = 0


@borrowing
def refresh_bank(b, m, out, now, cycles, less, management):
    """A bank is refreshed (or managed, at no cost in the books)."""
    b[B_BLOCKED] = 0
    if management:
        b[B_ACTIVATIONS] = max(0, b[B_ACTIVATIONS] - less)
    if cycles > 0:
        bank_refreshes(m, b, out, now, cycles)


@borrowing
def bank_command(c, bank, now, requests, s, t):
    """A command to one bank changes it and the books."""
    b, out = s.bank[bank], s.out
    m = s.rank[b[B_RANK]]
    if c == ACT:
        rank_activates(m, out, now)
        b[B_OPEN] = 1
        b[B_KEEP] = 1
        b[B_ROW] = requests.row[b[B_CURRENT]]
        b[B_ACTIVATIONS] += 1
        b[B_UNTOUCHED] = 1
        b[B_ACTIVE_SINCE] = now
        m[M_OPEN_BANKS] += 1
        m[M_E_ACTIVE] += 1
    elif c == PREPB:
        close_bank(b, m, out, now)
    else:
        b[B_CURRENT] = -1
        b[B_KEEP] = 0
        out[C_ROW_HITS] += 1 - b[B_UNTOUCHED]
        b[B_UNTOUCHED] = 0
        if c >= RDA:  # the automatic precharge waits for the data and for tRAS
            pre = now + (t[D_WRITE_PRE] if c == WRA else t[D_READ_PRE])
            close_bank(b, m, out, max(b[B_ACTIVE_SINCE] + t[D_RAS], pre))


@borrowing
def set_command(c, r, now, s, design, t):
    """A command to a unit of banks, or to all banks of a rank."""
    m, out = s.rank[r], s.out
    whole = c >= RANK_COMMANDS
    banks = t[D_BANKS_RANK] if whole else unit_size(design.refresh, t)
    cycles, less = 0, t[D_RAADEC]
    if c == REFAB or c == SREFEN:
        cycles = t[D_RFC_ALL]
    elif c == REFPB or c == REFP2B:
        cycles = t[D_RFC_BANK]
    elif c == REFSB:
        cycles = t[D_RFC_SET]
    elif c == RFMAB or c == RFMSB:
        less = t[D_RAAIMT]
    first = r * t[D_BANKS_RANK]
    for i in range(banks):
        bank = first + i if whole else member(design.refresh, r, m[M_UNIT], i, t)
        b = s.bank[bank]
        if c == PREAB or c == PRESB:
            close_bank(b, m, out, now)
        elif c == SREFEN:
            bank_refreshes(m, b, out, now, cycles)
        elif c < PDEA:
            refresh_bank(b, m, out, now, cycles, less, design.management)
    if c == SREFEN:
        m[M_E_DOWN] = now
    elif c == SREFEX:
        self_refresh_ends(m, out, now, t)
    elif c == PDEA or c == PDEP or c == PDXA or c == PDXP:
        power_down_edge(r, c, now, s, t)


@merged
def issue(c, ch, r, bank, now, requests, s, design, tables):
    """Command ``c`` goes out now; returns 1 where every bank must be looked at again."""
    t, channel, m = tables.scalars, s.channel[ch], s.rank[r]
    k = np_int(-1)
    turned = c >= UNIT_COMMANDS
    if bank < 0 and c < UNIT_COMMANDS:
        bank = first_bank(r, c, s, design.refresh, t)
    if bank >= 0:
        k = s.bank[bank, B_CURRENT]
        bank_command(c, bank, now, requests, s, t)
    else:
        set_command(c, r, now, s, design, t)
    s.out[C_COMMANDS + c] += 1
    channel[CH_LAST_COMMAND] = now
    keep_distance(c, ch, r, bank, m[M_UNIT], now, s, design.refresh, tables)
    refreshed(r, c, now, s, design, t)
    power_command_issued(m, c)
    if RD <= c and c <= WRA:
        write = requests.is_write[k]
        mode = channel[CH_WRITE_MODE]
        turned = channel[CH_LAST_WRITE] != write
        channel[CH_LAST_WRITE] = write
        remove(ch, k, bank, np_int(write), s, design, t)
        manage_requests(ch, now, 1, requests, s, design, t)
        turned = turned or mode != channel[CH_WRITE_MODE]
        end = t[D_WRITE_END] if write else t[D_READ_END]
        queue_answer(channel, k, now + end, design.reorder, s)
        await_data(channel, channel[CH_RESP_HEAD], now, s)
        m[M_QUEUED] -= 1
    if design.power_down and m[M_QUEUED] == 0:
        fall_idle(m)
    if bank >= 0:
        s.bank[bank, B_COMMAND] = NOP
        if s.bank[bank, B_WORKING]:
            renew(bank, ch, requests, s, design)
    return turned


@borrowing
def look_ahead(ch, now, blocked, s, design, tables):
    """The next cycle at which a candidate becomes legal or a refresh falls due."""
    t, channel = tables.scalars, s.channel[ch]
    base = ch * t[D_RANKS] * t[D_BANKS_RANK]
    ahead = FOREVER
    skipped = now if blocked else -1
    for i in range(base, base + channel[CH_WORKING]):
        bank = s.working[i]
        c = s.bank[bank, B_COMMAND]
        if c != NOP:
            legal = max(max(bank_legal(c, bank, s), bus_free(c, channel, t)), now)
            if legal != skipped:
                ahead = min(ahead, legal)
    if design.power_down or design.refresh:
        for r in range(ch * t[D_RANKS], (ch + 1) * t[D_RANKS]):
            m = s.rank[r]
            if m[M_REF_COMMAND] != NOP:
                legal = manager_legal(m[M_REF_COMMAND], ch, r, s, now, design, t)
                if legal != skipped:
                    ahead = min(ahead, legal)
            elif m[M_DUE] > now:
                ahead = min(ahead, m[M_DUE])
            if m[M_PD_COMMAND] != NOP:
                legal = manager_legal(m[M_PD_COMMAND], ch, r, s, now, design, t)
                if legal != skipped:
                    ahead = min(ahead, legal)
    return ahead


@merged
def run_controller(ch, now, woken, requests, s, design, tables):
    """Everything one controller does when it is called; ``woken`` by itself, not by a response."""
    t, channel = tables.scalars, s.channel[ch]
    manage_answers(ch, now, requests, s)
    mode = channel[CH_WRITE_MODE]
    admitted = manage_requests(ch, now, 0, requests, s, design, t)
    if not (woken or admitted):
        return
    every = mode != channel[CH_WRITE_MODE]
    managers_look(ch, now, s, design, t)
    row, column = select(ch, now, s, design, tables)
    blocked = False
    if min(row, column) < NOTHING:
        key = row
        if column < NOTHING:
            row_legal = column_legal = np_int(FOREVER)
            c, r, bank = decode(column, ch, s, t)
            column_legal = (column >> 40) - tables.length[c]
            if row < NOTHING:
                c, r, bank = decode(row, ch, s, t)
                row_legal = (row >> 40) - tables.length[c]
            earlier = column_legal < row_legal
            tie = column_legal == row_legal
            if earlier or (tie and (column & ((1 << 40) - 1)) >> 8 < (row & ((1 << 40) - 1)) >> 8):
                key = column
        c, r, bank = decode(key, ch, s, t)
        if (key >> 40) == tables.length[c]:
            every = issue(c, ch, r, bank, now, requests, s, design, tables) or every
        else:
            blocked = True
    if every:
        base = ch * t[D_RANKS] * t[D_BANKS_RANK]
        for i in range(base, base + channel[CH_WORKING]):
            renew(s.working[i], ch, requests, s, design)
    managers_look(ch, now, s, design, t)
    ahead = look_ahead(ch, now, blocked, s, design, tables)
    if ahead == now:
        channel[CH_DELTA] = 1
        channel[CH_WAKE] = FOREVER
    else:
        channel[CH_WAKE] = min(channel[CH_WAKE], ahead)
