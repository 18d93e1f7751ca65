"""The memory controller and the DRAM behind it; all times in clock cycles (tCK), no energy.

An event-driven re-implementation of the rules of DRAMSys 5.5 (by switches: of its version 4.0, and
of JEDEC).  Only three kinds of instant matter: a request arrives, a command becomes legal, a
refresh falls due.  Nothing changes between them, so time jumps from one to the next.
"""

from __future__ import annotations

import numpy as np

from .arrivals import bring_freed, bring_next
from .commands import NOP, RANK_COMMANDS, RD, REFAB, WR, WRA
from .compiled import borrowing, compiled
from .initial import (
    closed_banks, controller_of, empty_books, empty_queues, first_request, managers_of,
    no_responses, nothing_issued,
)  # fmt: skip
from .issuing import bank_command, rank_command
from .layout import (
    C_BUFFER_LIMITED, C_END, C_LAST, C_SEEN_POSTPONED, C_SEEN_PULLED_IN, COMMANDS_BEFORE_ARRIVALS,
    FOREVER, FR_FCFS_GRP, LATE_BLOCK, M_BLOCKED, M_DUE, M_PD_CMD, M_PD_TIME, M_REF_CMD, M_REF_TIME,
    M_SEEN_POSTPONED, M_SEEN_PULLED_IN, M_SLEEPING, Q_LAST_WRITE, Q_TOTAL, Q_WORKING, R_LAST,
    R_LAST_ORDERED, SIMPLE_ARBITER, T_END_SIMPLE, T_LATE_ACK, T_READ_END, T_REFI, T_WRITE_END,
    W_ARRIVAL, W_NEXT, W_WAITING,
)  # fmt: skip
from .managers import fall_idle, rank_command_issued, wake, watch
from .queues import dequeue, enqueue
from .residency import close_books
from .responses import respond
from .scheduling import choose, has_room


@borrowing
def earliest(requests, queues, banks, ready, floor):
    """The candidate that is legal first; of several at once, the oldest.

    Args:
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        banks: their states and candidates, :class:`~.state.Banks`.
        ready: when commands become legal, :class:`~.state.Ready`.
        floor: cycle from which on a command may be issued.

    Returns:
        Bank and cycle; -1 and FOREVER where no request waits.
    """
    working, count = queues.working, queues.totals[Q_WORKING]
    if count == 0:
        return -1, FOREVER
    key = np.int64(FOREVER)  # (cycles from the floor, age) in one integer: no branches
    for i in range(count):
        b = working[i]
        c = banks.command[b]
        legal = max(max(ready.bank[b, c], ready.group[banks.group[b], c]), ready.rank[c])
        key = min(key, (max(legal - floor, 0) << 32) + banks.chosen[b])
    return np.int64(requests.bank[key & 0xFFFFFFFF]), floor + (key >> 32)


@borrowing
def command_time(m, best_time):
    """When the next command is due: the power manager's, the refresh manager's or a bank's.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
        best_time: the cycle at which it is, FOREVER for none.
    """
    if m[M_PD_CMD] != NOP:
        return m[M_PD_TIME]
    if m[M_REF_CMD] != NOP and m[M_REF_TIME] < best_time:
        return m[M_REF_TIME]
    return best_time


@borrowing
def command_now(m, best, best_time, now, banks):
    """The command to issue now; on a tie a refresh goes first.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
        best: the bank whose candidate is legal first, -1 for none.
        best_time: the cycle at which it is, FOREVER for none.
        now: the present cycle.
        banks: their states and candidates, :class:`~.state.Banks`.

    Returns:
        Command and bank; NOP where none is legal, bank -1 for rank commands.
    """
    if m[M_PD_CMD] != NOP:
        return (m[M_PD_CMD] if m[M_PD_TIME] == now else NOP), -1
    if m[M_REF_CMD] != NOP and m[M_REF_TIME] <= best_time:
        return (m[M_REF_CMD] if m[M_REF_TIME] == now else NOP), -1
    if best_time <= now:
        return banks.command[best], best
    return NOP, -1


@borrowing
def take_in(way_in, now, late, requests, queues, banks, responses, design, t, out):
    """The request at the door enters its bank's queue, and the next one sets out.

    Args:
        way_in: state of the way in, ``layout.W_*``.
        now: the present cycle.
        late: it was turned away, and enters because a command of this cycle made room.
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        banks: their states and candidates, :class:`~.state.Banks`.
        responses: the way back, :class:`~.state.Responses`.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.
        out: counters of the run, ``layout.C_*``.

    Returns:
        The bank.
    """
    k = way_in[W_NEXT]
    bank = np.int64(requests.bank[k])
    enqueue(queues, k, bank, requests.is_write[k])
    choose(bank, requests, queues, banks, design)
    acknowledged = now + (t[T_LATE_ACK] if late else 0)
    bring_next(way_in, acknowledged, requests.stamp, responses, design, t, out)
    return bank


@borrowing
def access(k, bank, c, now, requests, queues, responses, design, t):
    """A request is served by a command.

    Args:
        k: the request's number.
        bank: its number, bank group first.
        c: the command.
        now: the present cycle.
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        responses: the way back, :class:`~.state.Responses`.
        design: the controller, :class:`~.state.Controller`.
        t: the device's rules in cycles, ``layout.T_*``.

    Returns:
        The cycle at which its data burst ends.
    """
    write = c == WR or c == WRA
    dequeue(queues, k, bank, requests.is_write[k])
    queues.totals[Q_LAST_WRITE] = requests.is_write[k]
    burst_end = now + (t[T_WRITE_END] if write else t[T_READ_END])
    respond(responses, k, burst_end, requests.stamp, design, t)
    return burst_end


@borrowing
def renew(bank, requests, queues, banks, design):
    """Choose anew for one bank, or for every bank with work.

    Args:
        bank: its number; -1 for all.
        requests: the trace, :class:`~.state.Requests`.
        queues: requests that wait, :class:`~.state.Queues`.
        banks: their states and candidates, :class:`~.state.Banks`.
        design: the controller, :class:`~.state.Controller`.
    """
    if bank >= 0:
        if queues.head[bank] >= 0:
            choose(bank, requests, queues, banks, design)
        return
    for i in range(queues.totals[Q_WORKING]):
        choose(queues.working[i], requests, queues, banks, design)


@borrowing
def note(notes, c, k, now):
    """A command was issued for a request.

    Args:
        notes: when each request got on, :class:`~.state.Notes`; None for none.
        c: the command.
        k: the request's number.
        now: the present cycle.
    """
    if c >= RD:
        notes.accessed[k] = now
    elif notes.opened[k] < 0:
        notes.opened[k] = now


@compiled
def simulate(requests, design, n_banks, timing, latency, notes=None):
    """Run one trace through one controller.

    Without ``notes`` the compiled kernel has no line of theirs.

    Args:
        requests: the trace, :class:`~.state.Requests`.
        design: (12,) int64, kernel codes.
        n_banks: banks of the rank.
        timing: the device's tables, :class:`~.timing.Timing`.
        latency: (n,) int64, to be filled with cycles from stamp to response.
        notes: when each request got on, :class:`~.state.Notes`; None for none.

    Returns:
        The counters of ``layout.COUNTERS``.
    """
    n, t = requests.stamp.shape[0], timing.scalars
    d = controller_of(design)
    queues, banks = empty_queues(n, n_banks), closed_banks(n_banks, t)
    ready, books = nothing_issued(n_banks), empty_books(n_banks)
    responses = no_responses(n, latency, d.arbiter)
    way_in, m = first_request(t), managers_of(d, t)
    run(requests, d, timing, queues, banks, ready, books, responses, way_in, m, notes)
    return books.out


@borrowing
def run(requests, d, timing, queues, banks, ready, books, responses, way_in, m, notes):
    """Every instant from cycle 0 to the last response; see ``state`` for what the bundles hold.

    Args:
        requests: the trace, :class:`~.state.Requests`.
        d: the controller, :class:`~.state.Controller`.
        timing: the device's tables, :class:`~.timing.Timing`.
        queues: requests that wait, :class:`~.state.Queues`.
        banks: their states and candidates, :class:`~.state.Banks`.
        ready: when commands become legal, :class:`~.state.Ready`.
        books: what the energy model will be told, :class:`~.state.Books`.
        responses: the way back, :class:`~.state.Responses`.
        way_in: state of the way in, ``layout.W_*``.
        m: state of the refresh and power-down managers, ``layout.M_*``.
        notes: when each request got on, :class:`~.state.Notes`; None for none.
    """
    n, t, out = requests.stamp.shape[0], timing.scalars, books.out
    simple = d.arbiter == SIMPLE_ARBITER
    now, bus_free, end = np.int64(0), np.int64(0), np.int64(FOREVER)
    done, last_data = 0, np.int64(0)  # requests served; the end of the last data burst
    best, best_time, rescan = (
        np.int64(-1),
        np.int64(FOREVER),
        True,
    )  # the candidate that is legal first

    while True:
        if rescan:
            rescan = False
            best, best_time = np.int64(-1), np.int64(FOREVER)
            if not (m[M_BLOCKED] or m[M_SLEEPING]):
                best, best_time = earliest(requests, queues, banks, ready, max(bus_free, now))

        # ---- jump to the next instant at which anything can happen
        next_command = command_time(m, best_time)
        upcoming = min(FOREVER if way_in[W_WAITING] else way_in[W_ARRIVAL], next_command)
        if now < m[M_DUE] < upcoming:
            upcoming = m[M_DUE]
        if done == n:
            r = responses.state
            end = max(r[R_LAST], r[R_LAST_ORDERED]) + (t[T_END_SIMPLE] if simple else 0)
            if max(now, upcoming) > end:
                break
        moved = upcoming > now
        now = max(now, upcoming)

        # ---- the arriving request finds room or waits
        if not way_in[W_WAITING] and way_in[W_ARRIVAL] <= now:
            timer = next_command <= now or (m[M_DUE] == now and moved)
            if not (timer and t[COMMANDS_BEFORE_ARRIVALS]):
                way_in[W_WAITING] = 1
                if has_room(way_in[W_NEXT], requests, queues, d, t):
                    if d.power_down and queues.totals[Q_TOTAL] == 0:
                        wake(m)
                    if notes is not None:
                        notes.admitted[way_in[W_NEXT]] = now
                    b = take_in(way_in, now, False, requests, queues, banks, responses, d, t, out)
                    if b == best:
                        rescan = True
                    elif not (m[M_BLOCKED] or m[M_SLEEPING]):  # the newcomer may be the first
                        c, group = banks.command[b], banks.group[b]
                        legal = max(max(ready.bank[b, c], ready.group[group, c]), ready.rank[c])
                        legal = max(legal, max(bus_free, now))
                        older = banks.chosen[b] < banks.chosen[best]
                        if legal < best_time or (legal == best_time and older):
                            best, best_time = b, legal
                else:
                    out[C_BUFFER_LIMITED] = 1

        # ---- refresh and power-down look at the world before a command is chosen
        if d.power_down or now >= m[M_DUE]:
            was_blocked = m[M_BLOCKED]
            watch(m, now, queues.totals[Q_TOTAL] > 0, bus_free, ready.last, d, timing)
            if m[M_BLOCKED] and not (t[LATE_BLOCK] and not was_blocked and best_time <= now):
                best, best_time = np.int64(-1), np.int64(FOREVER)
        if rescan:
            continue

        # ---- issue the command that is legal now, if any
        c, bank = command_now(m, best, best_time, now, banks)
        if c == NOP:
            continue
        rescan = True
        bus_free = now + 1
        out[C_LAST] = now
        ready.last[c] = now
        late = False
        stale = np.int64(-1)  # whose candidate may have changed: every bank's, or this one's
        if c >= RANK_COMMANDS:
            rank_command(c, now, banks, ready, books, timing)
            rank_command_issued(m, c, now, t[T_REFI], d.max_pulled_in)
            if notes is not None and c == REFAB:
                notes.refreshes[notes.noted[0]] = now
                notes.noted[0] += 1
        else:
            k = banks.chosen[bank]
            bank_command(c, bank, requests.row[k], now, banks, ready, books, m, timing)
            stale = bank
            if notes is not None:
                note(notes, c, k, now)
            if c >= RD:
                if (
                    d.scheduler == FR_FCFS_GRP
                    and queues.totals[Q_LAST_WRITE] != requests.is_write[k]
                ):
                    stale = np.int64(-1)  # the direction turns
                last_data = access(k, bank, c, now, requests, queues, responses, d, t)
                done += 1
                bring_freed(way_in, requests.stamp, responses, d, t)
                # the freed entry may admit the request that was turned away
                if way_in[W_WAITING]:
                    late = has_room(way_in[W_NEXT], requests, queues, d, t)
        renew(stale, requests, queues, banks, d)
        if late:
            if notes is not None:
                notes.admitted[way_in[W_NEXT]] = now
            take_in(way_in, now, True, requests, queues, banks, responses, d, t, out)

        # ---- the managers look again after a command
        if d.power_down and queues.totals[Q_TOTAL] == 0:
            fall_idle(m)
        if d.power_down or now >= m[M_DUE]:
            watch(m, now, queues.totals[Q_TOTAL] > 0, bus_free, ready.last, d, timing)

    out[C_END] = end
    out[C_SEEN_POSTPONED] = m[M_SEEN_POSTPONED]
    out[C_SEEN_PULLED_IN] = m[M_SEEN_PULLED_IN]
    close_books(books, banks.is_open, last_data, t)
