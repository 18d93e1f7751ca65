"""The memory controller and the DRAM behind it; all times in clock cycles (tCK), no energy.

An event-driven re-implementation of the rules of DRAMSys 5.5 (by switches: of its version 4.0, and
of JEDEC).  Only three kinds of instant matter: a request arrives, a command becomes legal, a
refresh falls due.  Nothing changes between them, so time jumps from one to the next.
"""

from __future__ import annotations

import numpy as np

from .commands import (
    ACT, N_COMMANDS, NOP, PDEA, PDEP, PDXA, PDXP, PREAB, PREPB, RANK_COMMANDS, RD, RDA, REFAB,
    SREFEN, SREFEX, WR, WRA,
)  # fmt: skip
from .compiled import compiled
from .layout import (
    ARBITER, BANKS_PER_GROUP, BUFFER, BUFFER_SIZE, C_ACT, C_ACTIVE_LIMITED, C_BUFFER_LIMITED,
    C_END, C_LAST, C_N_PDA, C_N_PDP, C_N_PREAB, C_N_PREPB, C_N_SREF, C_RD, C_ROW_HITS,
    C_SEEN_POSTPONED, C_SEEN_PULLED_IN, COMMANDS_BEFORE_ARRIVALS, E_DOWN_SINCE, E_SEGMENT,
    FOREVER, FR_FCFS_GRP, LATE_BLOCK, M_BLOCKED, M_DUE, M_OPEN_BANKS, M_PD_CMD,
    M_PD_TIME, M_REF_CMD, M_REF_TIME, M_SEEN_POSTPONED, M_SEEN_PULLED_IN, M_SLEEPING,
    MAX_ACTIVE, MAX_POSTPONED, MAX_PULLED_IN,
    N_COUNTERS, N_MANAGER, N_RESIDENCY, N_RESPONSE, NEVER, PAGE_POLICY, POWER_DOWN, R_LAST,
    R_LAST_ORDERED, R_RELEASED, REFRESH, RESPONSE_QUEUE, SCHEDULER, SIMPLE_ARBITER,
    T_END_SIMPLE, T_FAW, T_FORWARD, T_GAP_QUEUED, T_GAP_SIMPLE, T_LATE_ACK, T_RAS, T_READ_END,
    T_READ_PRE, T_REFI, T_WRITE_END, T_WRITE_PRE, TRUE_BANK_CHECK,
)  # fmt: skip
from .managers import fall_idle, rank_command_issued, start_managers, wake, watch
from .queues import dequeue, enqueue
from .residency import (
    bank_activates, bank_closes, close_books, power_down_edge, refresh_starts,
    self_refresh_ends,
)  # fmt: skip
from .responses import respond
from .scheduling import choose, has_room


@compiled
def simulate(trace, design, n_banks, t_bank, t_group, t_rank, t, latency):
    """Run one trace through one controller.

    ``trace`` is (stamp (n,) int64 cycles, is_write (n,) uint8, bank (n,) int16, row (n,) int32,
    address (n,) int64 bytes); ``design`` (12,) int64 in kernel codes; ``t_*`` as in
    :class:`~.timing.Timing`.  Fills ``latency`` (n,) int64, cycles from the arrival stamp to the
    response, and returns the counters of ``layout.COUNTERS``.
    """
    stamp, is_write, bank_of, row_of, address = trace
    n = stamp.shape[0]
    policy, scheduler, buffer = design[PAGE_POLICY], design[SCHEDULER], design[BUFFER]
    size, reorder, arbiter = design[BUFFER_SIZE], design[RESPONSE_QUEUE] == 1, design[ARBITER]
    power_down, max_active = design[POWER_DOWN] == 1, design[MAX_ACTIVE]
    max_postponed, max_pulled_in = design[MAX_POSTPONED], design[MAX_PULLED_IN]
    simple = arbiter == SIMPLE_ARBITER
    gap = t[T_GAP_SIMPLE] if simple else t[T_GAP_QUEUED]
    refi = t[T_REFI]

    # requests: a doubly linked queue a bank
    after = np.full(n, -1, np.int32)
    before = np.full(n, -1, np.int32)
    finish = np.zeros(n, np.int64)
    released = np.zeros(1 if simple else n, np.int64)
    head = np.full(n_banks, -1, np.int32)
    tail = np.full(n_banks, -1, np.int32)
    queued = np.zeros(n_banks, np.int64)
    # banks: state, and the candidate command of each bank that has work
    is_open = np.zeros(n_banks, np.bool_)
    untouched = np.zeros(n_banks, np.bool_)
    open_row = np.zeros(n_banks, np.int32)
    chosen = np.full(n_banks, -1, np.int64)
    command = np.full(n_banks, NOP, np.int64)
    working = np.zeros(n_banks, np.int64)
    place = np.zeros(n_banks, np.int64)
    n_working = 0
    group_of = np.arange(n_banks) // t[BANKS_PER_GROUP]
    # earliest legal cycle of each bank command at each scope
    bank_ready = np.zeros((n_banks, RANK_COMMANDS), np.int64)
    group_ready = np.zeros((n_banks, RANK_COMMANDS), np.int64)
    rank_ready = np.zeros(RANK_COMMANDS, np.int64)
    last_issued = np.full(N_COMMANDS, NEVER, np.int64)
    recent_act = np.full(4, NEVER, np.int64)
    n_acts = 0
    bus_free = np.int64(0)

    out = np.zeros(N_COUNTERS, np.int64)
    m = np.zeros(N_MANAGER, np.int64)
    start_managers(m, design[REFRESH] == 1, power_down, refi)
    e = np.zeros(N_RESIDENCY, np.int64)
    e[E_SEGMENT] = NEVER
    active_since = np.full(n_banks, NEVER, np.int64)
    closed_at = np.full(n_banks, NEVER, np.int64)
    r = np.zeros(N_RESPONSE, np.int64)
    r[R_LAST] = NEVER
    r[R_LAST_ORDERED] = NEVER

    # the player and the arbiter: the next request and when it reaches the controller
    incoming = 0
    arrival = t[T_FORWARD]
    accepted = np.int64(0)
    waiting = False  # it arrived and found no room
    total = 0
    writes = 0
    last_bank = 0
    last_write = np.uint8(0)
    done = 0
    last_data = np.int64(0)

    now = np.int64(0)
    end = np.int64(FOREVER)
    best = -1
    best_time = np.int64(FOREVER)
    rescan = True

    while True:
        # ---- the earliest candidate of all banks: (legal cycle, age)
        if rescan:
            rescan = False
            best = -1
            best_time = FOREVER
            if not (m[M_BLOCKED] or m[M_SLEEPING]):
                floor = max(bus_free, now)
                key = np.int64(FOREVER)  # (cycles from the floor, age) in one integer: no branches
                for i in range(n_working):
                    b = working[i]
                    c = command[b]
                    legal = max(max(bank_ready[b, c], group_ready[group_of[b], c]), rank_ready[c])
                    key = min(key, (max(legal - floor, 0) << 32) + chosen[b])
                if n_working > 0:
                    best = bank_of[key & 0xFFFFFFFF]
                    best_time = floor + (key >> 32)

        # ---- jump to the next instant at which anything can happen
        next_command = best_time
        if m[M_PD_CMD] != NOP:
            next_command = m[M_PD_TIME]
        elif m[M_REF_CMD] != NOP and m[M_REF_TIME] < next_command:
            next_command = m[M_REF_TIME]
        upcoming = FOREVER if waiting else arrival
        upcoming = min(upcoming, next_command)
        if now < m[M_DUE] < upcoming:
            upcoming = m[M_DUE]
        if done == n:
            end = max(r[R_LAST], r[R_LAST_ORDERED]) + (t[T_END_SIMPLE] if simple else 0)
            if max(now, upcoming) > end:
                break
        moved = upcoming > now
        now = max(now, upcoming)

        # ---- the arriving request finds room or waits
        admit = False
        late = False
        if not waiting and arrival <= now:
            timer = next_command <= now or (m[M_DUE] == now and moved)
            if not (timer and t[COMMANDS_BEFORE_ARRIVALS]):
                check = bank_of[incoming] if t[TRUE_BANK_CHECK] else last_bank
                waiting = True
                admit = has_room(buffer, size, queued[check], total, writes)
                if not admit:
                    out[C_BUFFER_LIMITED] = 1
        issued = NOP
        bank = -1

        while True:
            if admit:
                k = incoming
                b = bank_of[k]
                if power_down and total == 0 and not late:
                    wake(m)
                n_working = enqueue(k, b, head, tail, after, before, working, place, n_working)
                queued[b] += 1
                total += 1
                writes += is_write[k]
                last_bank = b
                choose(
                    b, head, after, row_of, is_write, address, is_open, open_row, policy, scheduler,
                    last_write, chosen, command,
                )  # fmt: skip
                c = command[b]
                if b == best:
                    rescan = True
                elif not (late or m[M_BLOCKED] or m[M_SLEEPING]):
                    legal = max(
                        max(bank_ready[b, c], group_ready[group_of[b], c]),
                        max(rank_ready[c], max(bus_free, now)),
                    )
                    if legal < best_time or (legal == best_time and chosen[b] < chosen[best]):
                        best_time = legal
                        best = b
                acknowledged = now + (t[T_LATE_ACK] if late else 0)
                incoming += 1
                waiting = False
                arrival = FOREVER
                if incoming < n:
                    if simple:
                        arrival = max(stamp[incoming], acknowledged + gap) + t[T_FORWARD]
                    elif incoming - max_active < r[R_RELEASED]:
                        accepted = max(accepted, stamp[incoming])
                        if incoming >= max_active and released[incoming - max_active] > accepted:
                            accepted = released[incoming - max_active]
                            out[C_ACTIVE_LIMITED] = 1
                        arrival = max(accepted, acknowledged + gap) + t[T_FORWARD]
                    else:  # all slots are taken: a later response brings it
                        out[C_ACTIVE_LIMITED] = 1
            if issued != NOP:
                break

            # ---- refresh and power-down look at the world before a command is chosen
            if power_down or now >= m[M_DUE]:
                was_blocked = m[M_BLOCKED]
                watch(
                    m,
                    now,
                    total > 0,
                    power_down,
                    refi,
                    max_postponed,
                    last_issued,
                    t_rank,
                    bus_free,
                )
                if m[M_BLOCKED] and not (t[LATE_BLOCK] and not was_blocked and best_time <= now):
                    best = -1
                    best_time = FOREVER
            if rescan:
                break

            # ---- issue the best command if it is legal now; on a tie a refresh goes first
            if m[M_PD_CMD] != NOP:
                if m[M_PD_TIME] == now:
                    issued = m[M_PD_CMD]
            elif m[M_REF_CMD] != NOP and m[M_REF_TIME] <= best_time:
                if m[M_REF_TIME] == now:
                    issued = m[M_REF_CMD]
            elif best_time <= now:
                bank = best
                issued = command[bank]
            if issued == NOP:
                break
            rescan = True
            admit = False
            bus_free = now + 1
            out[C_LAST] = now
            last_issued[issued] = now
            c = issued
            refresh_all = False  # every bank's candidate may have changed
            if c >= RANK_COMMANDS:
                for to in range(RANK_COMMANDS):
                    rank_ready[to] = max(rank_ready[to], now + t_rank[c, to])
                if c == PREAB:
                    out[C_N_PREAB] += 1
                    for b in range(n_banks):
                        if is_open[b]:
                            is_open[b] = False
                            bank_closes(e, out, active_since, closed_at, b, now)
                elif c == REFAB or c == SREFEN:
                    refresh_starts(e, out, n_banks, now, t)
                if c == SREFEN:
                    e[E_DOWN_SINCE] = now
                    out[C_N_SREF] += 1
                elif c == SREFEX:
                    self_refresh_ends(e, out, now, t)
                elif c == PDEA or c == PDEP or c == PDXA or c == PDXP:
                    out[C_N_PDA] += c == PDEA
                    out[C_N_PDP] += c == PDEP
                    power_down_edge(e, out, c, active_since, closed_at, is_open, now, t)
                rank_command_issued(m, c, now, refi, max_pulled_in)
                refresh_all = True
            else:
                group = group_of[bank]
                for to in range(RANK_COMMANDS):
                    bank_ready[bank, to] = max(bank_ready[bank, to], now + t_bank[c, to])
                    group_ready[group, to] = max(group_ready[group, to], now + t_group[c, to])
                    rank_ready[to] = max(rank_ready[to], now + t_rank[c, to])
                k = chosen[bank]
                if c == ACT:
                    is_open[bank] = True
                    untouched[bank] = True
                    open_row[bank] = row_of[k]
                    m[M_OPEN_BANKS] += 1
                    out[C_ACT] += 1
                    recent_act[n_acts & 3] = now
                    n_acts += 1
                    rank_ready[ACT] = max(rank_ready[ACT], recent_act[n_acts & 3] + t[T_FAW])
                    bank_activates(e, out, active_since, bank, now)
                elif c == PREPB:
                    is_open[bank] = False
                    m[M_OPEN_BANKS] -= 1
                    out[C_N_PREPB] += 1
                    bank_closes(e, out, active_since, closed_at, bank, now)
                else:
                    write = c == WR or c == WRA
                    out[C_RD + c - RD] += 1
                    out[C_ROW_HITS] += not untouched[bank]
                    untouched[bank] = False
                    if c >= RDA:
                        is_open[bank] = False
                        m[M_OPEN_BANKS] -= 1
                        pre = now + (t[T_WRITE_PRE] if write else t[T_READ_PRE])
                        pre = max(active_since[bank] + t[T_RAS], pre)
                        bank_closes(e, out, active_since, closed_at, bank, pre)
                    n_working = dequeue(
                        k, bank, head, tail, after, before, working, place, n_working
                    )
                    queued[bank] -= 1
                    total -= 1
                    writes -= is_write[k]
                    refresh_all = scheduler == FR_FCFS_GRP and last_write != is_write[k]
                    last_write = is_write[k]
                    done += 1
                    # answer, which may free a slot in the arbiter
                    last_data = now + (t[T_WRITE_END] if write else t[T_READ_END])
                    respond(r, k, last_data, finish, released, latency, stamp, reorder, arbiter, t)
                    if arrival == FOREVER and not waiting and incoming < n:
                        slot = incoming - max_active
                        if not simple and slot < r[R_RELEASED]:
                            accepted = max(max(accepted, stamp[incoming]), released[slot])
                            arrival = max(accepted, acknowledged + gap) + t[T_FORWARD]
                    # the freed entry may admit the request that was turned away
                    if waiting:
                        check = bank_of[incoming] if t[TRUE_BANK_CHECK] else last_bank
                        admit = has_room(buffer, size, queued[check], total, writes)
                        late = admit
            for i in range(n_working if refresh_all else 1):
                b = working[i] if refresh_all else bank
                if head[b] >= 0:
                    choose(
                        b, head, after, row_of, is_write, address, is_open, open_row, policy, scheduler,
                        last_write, chosen, command,
                    )  # fmt: skip
            if not admit:
                break

        # ---- the managers look again after a command
        if issued != NOP:
            if power_down and total == 0:
                fall_idle(m)
            if power_down or now >= m[M_DUE]:
                watch(
                    m,
                    now,
                    total > 0,
                    power_down,
                    refi,
                    max_postponed,
                    last_issued,
                    t_rank,
                    bus_free,
                )

    out[C_END] = end
    out[C_SEEN_POSTPONED] = m[M_SEEN_POSTPONED]
    out[C_SEEN_PULLED_IN] = m[M_SEEN_PULLED_IN]
    close_books(e, out, active_since, closed_at, is_open, last_data, t)
    return out
