"""Initiator, arbiter and controllers that tell each other by messages, in the order of DRAMSys.

Used where that order matters: several channels behind one initiator, and requests of several bursts.  A
message reaches its receiver in the next delta cycle of the same clock cycle, or at a later cycle.
"""

from __future__ import annotations

import numpy as np

from .compiled import borrowing, merged
from .controller import run_controller
from .events import (
    END_OF_REQUEST, FIRST_CHANNEL, NEXT, OF_CHANNEL, REQUEST, RESPONSE_END,
    RUN_ARBITER, RUN_CHANNEL, RUN_INITIATOR, next_of_time, next_time, notify, notify_at, notify_delta,
    trigger,
)  # fmt: skip
from .layout import (
    CHANNEL, CHANNELS, CH_ACK, CH_ARRIVAL, CH_BUSY, CH_DELTA, CH_PEND_HEAD, CH_PEND_TAIL,
    CH_RELEASE, CH_REQUEST, D_CHANNELS, D_RESPONSE_GAP, FOREVER, G_ANSWERED, G_FULL, G_LAST_SENT, G_REQUESTS,
    K_ARBITER, K_MAX_ACTIVE, O_DELTA, O_DELTAS, O_DELTA_CYCLE, O_IN_PROGRESS, O_RUN, O_RUNNABLE,
    O_RUNS, O_THREAD, O_TO_ARBITER, O_TO_INITIATOR, PLAYERS, P_ACTIVE, P_BUSY, P_LAST_END, P_NEXT,
    P_PEND_HEAD, P_PEND_TAIL, P_RETURN, P_WAITING, RELEASE_DONE, REORDER_ARBITER, R_CHANNEL, R_LEFT,
    R_NEXT, R_NUMBER, R_QUEUE, SIMPLE_ARBITER,
)  # fmt: skip
from .flight import give_back, take
from .messages import (
    BEGIN_REQUEST, BEGIN_RESPONSE, END_REQUEST, END_RESPONSE, REQUEST_ARBITRATION,
    RESPONSE_ARBITRATION, first_message, tell, to_initiator,
)  # fmt: skip

THREAD_NEXT, THREAD_END, THREAD_DONE = range(3)  # what the initiator's thread waits for


@borrowing
def offer(c, t, delay, now, s):
    """A request is put at a controller's door after ``delay`` cycles; it is looked at a cycle later."""
    s[c + CH_REQUEST] = t
    s[c + CH_ARRIVAL] = now + delay + 1
    e = FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + REQUEST
    notify_at(e, now + delay + 1, s)


@borrowing
def release(c, s):
    """A controller hears of the end of its response."""
    s[c + CH_RELEASE] = RELEASE_DONE
    notify_delta(FIRST_CHANNEL + (c - CHANNELS) // CHANNEL * OF_CHANNEL + RESPONSE_END, s)


@borrowing
def push(head, tail, t, s):
    """A request at the end of a queue of the arbiter."""
    s[t + R_QUEUE] = -1
    if s[head] < 0:
        s[head] = t
    else:
        s[s[tail] + R_QUEUE] = t
    s[tail] = t


@borrowing
def pop(head, s):
    """The first request of a queue of the arbiter, -1 where there is none."""
    t = s[head]
    if t >= 0:
        s[head] = s[t + R_QUEUE]
    return t


@borrowing
def next_response(s):
    """The response that the arbiter sends next, -1 where none may go."""
    if s[K_ARBITER] != REORDER_ARBITER:
        return pop(PLAYERS + P_PEND_HEAD, s)
    t = s[PLAYERS + P_RETURN]
    if t < 0 or s[t + R_LEFT] != -1:
        return t * 0 - 1
    s[PLAYERS + P_RETURN] = s[t + R_NEXT]
    return t


@merged
def hold_response(t, s):
    """A response waits in the arbiter."""
    if s[K_ARBITER] == REORDER_ARBITER:
        s[t + R_LEFT] = -1
    else:
        push(PLAYERS + P_PEND_HEAD, PLAYERS + P_PEND_TAIL, t, s)


@merged
def begin_request(t, now, s):
    """The initiator's request reaches the arbiter."""
    if s[K_ARBITER] == SIMPLE_ARBITER:
        c = s[t + R_CHANNEL]
        if s[c + CH_BUSY]:
            push(c + CH_PEND_HEAD, c + CH_PEND_TAIL, t, s)
        else:
            s[c + CH_BUSY] = 1
            offer(c, t, 0, now, s)
    elif s[PLAYERS + P_ACTIVE] < s[K_MAX_ACTIVE]:
        s[PLAYERS + P_ACTIVE] += 1
        admit(t, now, s)
    else:
        s[PLAYERS + P_WAITING] = t


@borrowing
def admit(t, now, s):
    """The arbiter takes a request and acknowledges it."""
    to_initiator(END_REQUEST, t, now, now, s)
    tell(REQUEST_ARBITRATION, t, now, now, s)


@merged
def end_request(t, now, s):
    """A controller took its request: the next one sets out."""
    c = s[t + R_CHANNEL]
    s[c + CH_ACK] = now
    if s[K_ARBITER] == SIMPLE_ARBITER:
        to_initiator(END_REQUEST, t, now, now, s)
    held = pop(c + CH_PEND_HEAD, s)
    if held >= 0:
        offer(c, held, 1, now, s)
    else:
        s[c + CH_BUSY] = 0


@merged
def end_response(t, now, s):
    """The initiator took a response: the next one may go."""
    simple = s[K_ARBITER] == SIMPLE_ARBITER
    s[PLAYERS + P_LAST_END] = now
    if simple:
        release(s[t + R_CHANNEL], s)
    elif s[PLAYERS + P_WAITING]:
        waiting = s[PLAYERS + P_WAITING]
        s[PLAYERS + P_WAITING] = 0
        admit(waiting, now, s)
    else:
        s[PLAYERS + P_ACTIVE] -= 1
    following = next_response(s)
    if following >= 0:
        gap = 1 if simple else s[D_RESPONSE_GAP] - 1
        to_initiator(BEGIN_RESPONSE, following, now, now + gap, s)
    else:
        s[PLAYERS + P_BUSY] = 0
    give_back(t, s)


@merged
def arbitrate_request(t, now, s):
    """Fifo and Reorder: a request that was acknowledged is passed on."""
    c = s[t + R_CHANNEL]
    push(c + CH_PEND_HEAD, c + CH_PEND_TAIL, t, s)
    if not s[c + CH_BUSY]:
        s[c + CH_BUSY] = 1
        offer(c, pop(c + CH_PEND_HEAD, s), 1 if s[c + CH_ACK] == now else 0, now, s)


@borrowing
def respond(t, now, s):
    """A response waits for the initiator, and goes at once where that is free."""
    hold_response(t, s)
    if s[PLAYERS + P_BUSY]:
        return
    following = next_response(s)
    if following >= 0:
        s[PLAYERS + P_BUSY] = 1
        when = now
        if s[K_ARBITER] != SIMPLE_ARBITER:
            when = max(now, s[PLAYERS + P_LAST_END] + s[D_RESPONSE_GAP] - 1)
        to_initiator(BEGIN_RESPONSE, following, now, when, s)


@merged
def run_arbiter(now, delta, s):
    """Every message that reaches the arbiter in this delta cycle."""
    while True:
        what, t = first_message(O_TO_ARBITER, now, delta, s)
        if what == BEGIN_REQUEST:
            begin_request(t, now, s)
        elif what == END_REQUEST:
            end_request(t, now, s)
        elif what == BEGIN_RESPONSE:
            if s[K_ARBITER] == SIMPLE_ARBITER:
                respond(t, now, s)
            else:
                release(s[t + R_CHANNEL], s)
                tell(RESPONSE_ARBITRATION, t, now, now, s)
        elif what == END_RESPONSE:
            end_response(t, now, s)
        elif what == REQUEST_ARBITRATION:
            arbitrate_request(t, now, s)
        elif what == RESPONSE_ARBITRATION:
            respond(t, now, s)
        else:
            return


@merged
def run_initiator(now, delta, s, trace):
    """Every message that reaches the initiator in this delta cycle."""
    while True:
        what, t = first_message(O_TO_INITIATOR, now, delta, s)
        if what == END_REQUEST:
            s[O_IN_PROGRESS] = 0
            notify_delta(END_OF_REQUEST, s)
        elif what == BEGIN_RESPONSE:
            number = s[t + R_NUMBER]
            trace.latency[number] = now - trace.stamp[number]
            s[G_ANSWERED] += 1
            s[G_LAST_SENT] = now
            tell(END_RESPONSE, t, now, now + 1, s)
        else:
            return


@merged
def run_thread(now, s, trace):
    """The initiator's thread: the next request, once the one before was acknowledged."""
    if s[PLAYERS + P_NEXT] < 0:
        s[O_THREAD] = THREAD_DONE
        return
    if s[O_IN_PROGRESS]:
        s[O_THREAD] = THREAD_END
        return
    t = take(PLAYERS, s, trace)
    if t < 0:
        return
    tell(BEGIN_REQUEST, t, now, now, s)
    s[O_IN_PROGRESS] = 1
    s[O_THREAD] = THREAD_NEXT
    following = s[PLAYERS + P_NEXT]
    when = now if following < 0 else max(now, trace.stamp[following])
    notify(NEXT, when, now, s)


@borrowing
def happens(e, s):
    """An event of this cycle; returns whether the initiator's thread goes on."""
    channel = trigger(e, s)
    if channel >= 0:
        s[CHANNELS + channel * CHANNEL + CH_DELTA] = 1
    if e == NEXT:
        return s[O_THREAD] == THREAD_NEXT
    return e == END_OF_REQUEST and s[O_THREAD] == THREAD_END


@merged
def run_ordered(s, trace, latest):
    """Every instant from cycle 0 to the last response; returns the cycle of the last one."""
    n, simple = s[G_REQUESTS], s[K_ARBITER] == SIMPLE_ARBITER
    end, now, delta = np.int64(FOREVER), np.int64(0), np.int64(1)
    s[O_DELTA_CYCLE] = delta
    thread = True  # at the start everything runs once
    for channel in range(s[D_CHANNELS]):
        s[CHANNELS + channel * CHANNEL + CH_DELTA] = 1
        s[O_RUN + channel] = RUN_CHANNEL + channel
        s[O_RUNNABLE + RUN_CHANNEL + channel] = 1
    s[O_RUNS] = s[D_CHANNELS]
    while True:
        again = True
        while again:
            done = 0
            while done < s[O_RUNS]:
                who = s[O_RUN + done]
                s[O_RUNNABLE + who] = 0
                done += 1
                if who == RUN_ARBITER:
                    run_arbiter(now, delta, s)
                elif who == RUN_INITIATOR:
                    run_initiator(now, delta, s, trace)
                else:
                    c = CHANNELS + (who - RUN_CHANNEL) * CHANNEL
                    woken = s[c + CH_DELTA] != 0
                    s[c + CH_DELTA] = 0
                    run_controller(c, now, woken, s, trace)
            s[O_RUNS] = 0
            if thread:
                run_thread(now, s, trace)
            thread = False
            delta += 1
            s[O_DELTA_CYCLE] = delta
            events = s[O_DELTAS]
            s[O_DELTAS] = 0
            for i in range(events - 1, -1, -1):
                thread = happens(s[O_DELTA + i], s) or thread
            again = events > 0
        if s[G_ANSWERED] == n and end == FOREVER:
            end = s[G_LAST_SENT] + (1 if simple else 0)
        upcoming = next_time(s)
        if upcoming > end or upcoming > latest or s[G_FULL]:
            return end
        now = upcoming
        e = next_of_time(now, s)
        while e > -2:
            if e >= 0:
                thread = happens(e, s) or thread
            e = next_of_time(now, s)
