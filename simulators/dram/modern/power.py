"""The staggered power-down manager of a rank: active or precharge power-down, then self-refresh."""

from __future__ import annotations

from .commands import (
    NOP, PDEA, PDEP, PDXA, PDXP, REFAB, REFPB, REFSB, SREFEN, SREFEX,
)  # fmt: skip
from .compiled import borrowing
from .layout import (
    FOREVER, M_DUE, M_ENTRY, M_EXIT, M_IDLE, M_OPEN_BANKS, M_PD_COMMAND, M_PD_STATE,
    M_SELF_REFRESH, M_SLEEPING, PD_ACTIVE, PD_AWAKE, PD_EXTRA_REFRESH, PD_PRECHARGED,
    PD_SELF_REFRESH,
)  # fmt: skip


@borrowing
def wake(m):
    """A request reached an idle rank."""
    m[M_IDLE] = 0
    m[M_SELF_REFRESH] = 0
    m[M_ENTRY] = 0
    if m[M_PD_STATE] != PD_AWAKE:
        m[M_EXIT] = 1


@borrowing
def fall_idle(m):
    """No request waits for the rank."""
    m[M_IDLE] = 1
    if m[M_PD_STATE] == PD_AWAKE:
        m[M_ENTRY] = 1


@borrowing
def want_power_state(m):
    """Leave the manager's command in ``M_PD_COMMAND``."""
    m[M_PD_COMMAND] = NOP
    if m[M_EXIT]:
        state = m[M_PD_STATE]
        if state == PD_ACTIVE:
            m[M_PD_COMMAND] = PDXA
        elif state == PD_PRECHARGED:
            m[M_PD_COMMAND] = PDXP
        elif state == PD_SELF_REFRESH:
            m[M_PD_COMMAND] = SREFEX
        elif state == PD_EXTRA_REFRESH:
            m[M_PD_COMMAND] = REFAB
    elif m[M_ENTRY]:
        m[M_PD_COMMAND] = PDEA if m[M_OPEN_BANKS] > 0 else PDEP
    elif m[M_SELF_REFRESH]:
        m[M_PD_COMMAND] = SREFEN


@borrowing
def power_command_issued(m, c):
    """Move the manager past a command of the rank."""
    if c == PDEA or c == PDEP:
        m[M_SLEEPING] = 1
        m[M_PD_STATE] = PD_ACTIVE if c == PDEA else PD_PRECHARGED
        m[M_ENTRY] = 0
    elif c == SREFEN:
        m[M_SLEEPING] = 1
        m[M_PD_STATE] = PD_SELF_REFRESH
        m[M_ENTRY] = 0
        m[M_SELF_REFRESH] = 0
        m[M_DUE] = FOREVER
    elif c == PDXA or c == PDXP:
        m[M_SLEEPING] = 0
        m[M_PD_STATE] = PD_AWAKE
        m[M_EXIT] = 0
        if c == PDXP and m[M_IDLE]:
            m[M_SELF_REFRESH] = 1
    elif c == SREFEX:  # bank commands wait for one more refresh
        m[M_PD_STATE] = PD_EXTRA_REFRESH
    elif c == REFAB:
        m[M_SLEEPING] = 0
        if m[M_PD_STATE] == PD_EXTRA_REFRESH:
            m[M_PD_STATE] = PD_AWAKE
            m[M_EXIT] = 0
        elif m[M_IDLE]:
            m[M_ENTRY] = 1
    elif REFPB <= c and c <= REFSB and m[M_IDLE]:
        m[M_ENTRY] = 1
