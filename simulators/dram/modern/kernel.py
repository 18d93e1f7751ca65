"""Initiators, an arbiter and the controllers of all channels; all times in clock cycles (tCK).

An event-driven re-implementation of the rules of DRAMSys 5.5.  Several things of one cycle happen in
order: responses end, controllers whose time has come run, those run again that were told something in
the cycle, initiators issue requests.
"""

from __future__ import annotations

import numpy as np

from .answers import deliver, end_response
from .arrivals import issue_requests, take_freed_slot
from .books import close_books
from .compiled import compiled, merged, words
from .controller import run_controller
from .flight import Trace, first_requests
from .initial import first_state
from .ordered import run_ordered
from .layout import (
    CHANNEL, CHANNELS, CH_ARRIVAL, CH_DATA, CH_DATA_ENDS, CH_DELTA, CH_ENDS, CH_END_RESP,
    CH_END_RESP_NEXT, CH_LAST_COMMAND, CH_RANKS, CH_RELEASE, CH_WAKE, C_CYC_ACT, C_CYC_PDNA,
    C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_END, C_LAST, D_CHANNELS, D_RANKS, FOREVER, G_ANSWERED,
    G_FULL, G_LAST_SENT, G_MESSAGE, G_MESSAGES, G_REQUESTS, K_ARBITER, K_ORDERED, K_PLAYERS, PLAYER, PLAYERS,
    P_END, P_ISSUE, RANK, RELEASE_DONE, SIMPLE_ARBITER,
)  # fmt: skip


@merged
def next_instant(now, s):
    """The next cycle in which anything happens; a request turned away waits for a command."""
    upcoming = FOREVER + 0 * now
    for c in range(CHANNELS, CHANNELS + s[D_CHANNELS] * CHANNEL, CHANNEL):
        upcoming = min(upcoming, min(s[c + CH_WAKE], s[c + CH_DATA]))
        arrival = s[c + CH_ARRIVAL]
        upcoming = min(upcoming, arrival if arrival > now else FOREVER)
    for p in range(PLAYERS, PLAYERS + s[K_PLAYERS] * PLAYER, PLAYER):
        upcoming = min(upcoming, min(s[p + P_ISSUE], s[p + P_END]))
    return upcoming


@merged
def called(c, now, first, s):
    """(whether a controller is called, whether it wakes by itself); its events are used up.

    ``first``: whether it is the cycle's first delta cycle.
    """
    if first:
        woken = s[c + CH_WAKE] <= now
        told = s[c + CH_DATA] <= now or s[c + CH_ARRIVAL] == now
        s[c + CH_ENDS] = woken or s[c + CH_ARRIVAL] == now
        if woken:
            s[c + CH_WAKE] = FOREVER
        if s[c + CH_DATA] <= now:
            if not s[c + CH_DATA_ENDS]:
                s[c + CH_ENDS] = 1
            s[c + CH_DATA] = FOREVER
        return woken or told, woken
    woken = s[c + CH_DELTA] != 0
    told = s[c + CH_END_RESP] != 0
    if told:
        s[c + CH_RELEASE] = RELEASE_DONE
    s[c + CH_DELTA] = 0
    s[c + CH_END_RESP] = s[c + CH_END_RESP_NEXT]
    s[c + CH_END_RESP_NEXT] = 0
    return woken or told, woken


@merged
def run(s, trace, latest):
    """Every instant from cycle 0 to the last response; returns the cycle of the last one."""
    n = s[G_REQUESTS]
    end_of_channels = CHANNELS + s[D_CHANNELS] * CHANNEL
    end_of_players = PLAYERS + s[K_PLAYERS] * PLAYER
    simple = s[K_ARBITER] == SIMPLE_ARBITER
    end, now = np.int64(FOREVER), np.int64(-1)
    while True:
        upcoming = next_instant(now, s)
        if upcoming > end or upcoming > latest or s[G_FULL]:
            break
        now = max(now, upcoming)
        for p in range(PLAYERS, end_of_players, PLAYER):
            if s[p + P_END] <= now and end_response(p, now, s, trace):
                take_freed_slot(p, now, s, trace)
        again = True
        first = True
        while again:
            again = False
            for c in range(CHANNELS, end_of_channels, CHANNEL):
                call, woken = called(c, now, first, s)
                if call:
                    run_controller(c, now, woken, s, trace)
                again = again or s[c + CH_DELTA] != 0 or s[c + CH_END_RESP] != 0
            for i in range(s[G_MESSAGES]):
                deliver(s[G_MESSAGE + i], now, s, trace)
                again = again or not simple
            s[G_MESSAGES] = 0
            first = False
        for p in range(PLAYERS, end_of_players, PLAYER):
            if s[p + P_ISSUE] <= now:
                issue_requests(p, now, s, trace)
        if s[G_ANSWERED] == n and end == FOREVER:
            end = s[G_LAST_SENT] + (1 if simple else 0)
    return end


@compiled
def simulate(stamp, is_write, address, state, following, latency, latest):
    """Run one trace through the controllers of one design.

    ``stamp`` (n,) int64 cycles, ``is_write`` (n,) uint8, ``address`` (n,) int64 bytes; ``state`` holds the
    device and the design (``layout``), the rest of it 0; ``following`` int32 is for the kernel's use, (n,)
    where there are several initiators.  Fills ``latency`` (n,) int64, cycles from the stamp to the response, and the counters
    of ``layout.COUNTERS`` and commands in front of the state, the notes (``noting``) behind it; a run that has not ended at cycle
    ``latest`` reports -1 as its end, and so does one for which there were too few records of requests
    (``G_FULL``).
    """
    s = words(state)
    trace = Trace(
        words(stamp), words(is_write), words(address), words(following), words(latency)
    )  # fmt: skip
    first_state(s)
    first_requests(s, trace)
    end = run_ordered(s, trace, latest) if s[K_ORDERED] else run(s, trace, latest)
    s[C_END] = end if end < FOREVER else -1
    windows = np.int64(0)
    for c in range(CHANNELS, CHANNELS + s[D_CHANNELS] * CHANNEL, CHANNEL):
        window = s[c + CH_LAST_COMMAND]
        s[C_LAST] = max(s[C_LAST], window)
        for r in range(s[c + CH_RANKS], s[c + CH_RANKS] + s[D_RANKS] * RANK, RANK):
            close_books(r, window, s)
            windows += window
    s[C_CYC_PRE] = windows - s[C_CYC_ACT] - s[C_CYC_PDNA] - s[C_CYC_PDNP] - s[C_CYC_SREF]
