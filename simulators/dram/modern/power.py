"""The staggered power-down manager of a rank: active or precharge power-down, then self-refresh."""

from __future__ import annotations

from .commands import (
    NOP, PDEA, PDEP, PDXA, PDXP, REFAB, REFPB, REFSB, SREFEN, SREFEX,
)  # fmt: skip
from .compiled import merged
from .layout import (
    FOREVER, M_DUE, M_ENTRY, M_EXIT, M_IDLE, M_OPEN_BANKS, M_PD_COMMAND, M_PD_STATE, M_SELF_REFRESH,
    M_SLEEPING, PD_ACTIVE, PD_AWAKE, PD_EXTRA_REFRESH, PD_PRECHARGED, PD_SELF_REFRESH,
)  # fmt: skip


@merged
def wake(r, s):
    """A request reached an idle rank."""
    s[r + M_IDLE] = 0
    s[r + M_SELF_REFRESH] = 0
    s[r + M_ENTRY] = 0
    if s[r + M_PD_STATE] != PD_AWAKE:
        s[r + M_EXIT] = 1


@merged
def fall_idle(r, s):
    """No request waits for the rank."""
    s[r + M_IDLE] = 1
    if s[r + M_PD_STATE] == PD_AWAKE:
        s[r + M_ENTRY] = 1


@merged
def want_power_state(r, s):
    """Leave the manager's command in ``M_PD_COMMAND``; returns whether there is one."""
    x = NOP
    if s[r + M_EXIT]:
        state = s[r + M_PD_STATE]
        if state == PD_ACTIVE:
            x = PDXA
        elif state == PD_PRECHARGED:
            x = PDXP
        elif state == PD_SELF_REFRESH:
            x = SREFEX
        elif state == PD_EXTRA_REFRESH:
            x = REFAB
    elif s[r + M_ENTRY]:
        x = PDEA if s[r + M_OPEN_BANKS] > 0 else PDEP
    elif s[r + M_SELF_REFRESH]:
        x = SREFEN
    s[r + M_PD_COMMAND] = x
    return x != NOP


@merged
def power_command_issued(x, r, s):
    """Move the manager past a command of the rank."""
    if x == PDEA or x == PDEP:
        s[r + M_SLEEPING] = 1
        s[r + M_PD_STATE] = PD_ACTIVE if x == PDEA else PD_PRECHARGED
        s[r + M_ENTRY] = 0
    elif x == SREFEN:
        s[r + M_SLEEPING] = 1
        s[r + M_PD_STATE] = PD_SELF_REFRESH
        s[r + M_ENTRY] = 0
        s[r + M_SELF_REFRESH] = 0
        s[r + M_DUE] = FOREVER
    elif x == PDXA or x == PDXP:
        s[r + M_SLEEPING] = 0
        s[r + M_PD_STATE] = PD_AWAKE
        s[r + M_EXIT] = 0
        if x == PDXP and s[r + M_IDLE]:
            s[r + M_SELF_REFRESH] = 1
    elif x == SREFEX:  # bank commands wait for one more refresh
        s[r + M_PD_STATE] = PD_EXTRA_REFRESH
    elif x == REFAB:
        s[r + M_SLEEPING] = 0
        if s[r + M_PD_STATE] == PD_EXTRA_REFRESH:
            s[r + M_PD_STATE] = PD_AWAKE
            s[r + M_EXIT] = 0
        elif s[r + M_IDLE]:
            s[r + M_ENTRY] = 1
    elif REFPB <= x and x <= REFSB and s[r + M_IDLE]:
        s[r + M_ENTRY] = 1
