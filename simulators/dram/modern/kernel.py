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
from .compiled import compiled, merged
from .controller import run_controller
from .initial import first_state
from .layout import (
    C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_END, C_LAST, CH_ARRIVAL,
    CH_DATA, CH_DELTA, CH_END_RESP, CH_END_RESP_NEXT, CH_LAST_COMMAND, CH_RELEASE, CH_WAKE, D_RANKS,
    FOREVER, G_ANSWERED, G_LAST_SENT, G_MESSAGES, P_END, P_ISSUE, RELEASE_DONE,
    SIMPLE_ARBITER,
)  # fmt: skip


@merged
def next_instant(s, now):
    """The next cycle in which anything happens; a request turned away waits for a command."""
    upcoming = np.int64(FOREVER)
    for ch in range(s.channel.shape[0]):
        c = s.channel[ch]
        upcoming = min(upcoming, min(c[CH_WAKE], c[CH_DATA]))
        if c[CH_ARRIVAL] > now:
            upcoming = min(upcoming, c[CH_ARRIVAL])
    for i in range(s.player.shape[0]):
        upcoming = min(upcoming, min(s.player[i, P_ISSUE], s.player[i, P_END]))
    return upcoming


@merged
def run(requests, design, tables, s, latest):
    """Every instant from cycle 0 to the last response; returns the cycle of the last one."""
    t, n = tables.scalars, requests.stamp.shape[0]
    channels, players = s.channel.shape[0], s.player.shape[0]
    simple = design.arbiter == SIMPLE_ARBITER
    end, now = np.int64(FOREVER), np.int64(-1)
    while True:
        upcoming = next_instant(s, now)
        if upcoming > end or upcoming > latest:
            break
        now = max(now, upcoming)
        for i in range(players):
            if s.player[i, P_END] <= now and end_response(i, now, requests, s, design, t):
                take_freed_slot(i, now, requests, s)
        again = True
        first = True
        while again:
            again = False
            for ch in range(channels):
                c = s.channel[ch]
                if first:
                    woken = c[CH_WAKE] <= now
                    called = woken or c[CH_DATA] <= now or c[CH_ARRIVAL] == now
                    if woken:
                        c[CH_WAKE] = FOREVER
                    if c[CH_DATA] <= now:
                        c[CH_DATA] = FOREVER
                else:
                    woken = c[CH_DELTA] != 0
                    called = woken or c[CH_END_RESP] != 0
                    if c[CH_END_RESP]:
                        c[CH_RELEASE] = RELEASE_DONE
                    c[CH_DELTA] = 0
                    c[CH_END_RESP] = c[CH_END_RESP_NEXT]
                    c[CH_END_RESP_NEXT] = 0
                if called:
                    run_controller(ch, now, woken, requests, s, design, tables)
                again = again or c[CH_DELTA] != 0 or c[CH_END_RESP] != 0
            for i in range(s.glob[G_MESSAGES]):
                deliver(np.int64(s.message[i]), now, requests, s, design, t)
                again = again or not simple
            s.glob[G_MESSAGES] = 0
            first = False
        for i in range(players):
            issue_requests(i, now, requests, s, design)
        if s.glob[G_ANSWERED] == n and end == FOREVER:
            end = s.glob[G_LAST_SENT] + (1 if simple else 0)
    return end


@compiled
def simulate(requests, design, tables, players, units, latency, latest):
    """Run one trace through the controllers of one design.

    ``requests`` :class:`~.state.Requests`; ``design`` :class:`~.state.Controller`; ``tables``
    :class:`~.state.Tables`; ``units`` refresh units of a rank.  Fills ``latency`` (n,) int64, cycles
    from the stamp to the response, and returns the counters of ``layout.COUNTERS`` and commands; a run
    that has not ended at cycle ``latest`` reports -1 as its end.
    """
    t = tables.scalars
    s = first_state(requests, design, tables, players, units, latency)
    end = run(requests, design, tables, s, latest)
    out = s.out
    out[C_END] = end if end < FOREVER else -1
    windows = np.int64(0)
    for ch in range(s.channel.shape[0]):
        window = s.channel[ch, CH_LAST_COMMAND]
        out[C_LAST] = max(out[C_LAST], window)
        for r in range(ch * t[D_RANKS], (ch + 1) * t[D_RANKS]):
            close_books(r, window, s, t)
            windows += window
    out[C_CYC_PRE] = windows - out[C_CYC_ACT] - out[C_CYC_PDNA] - out[C_CYC_PDNP] - out[C_CYC_SREF]
    return out
