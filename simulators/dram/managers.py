"""The all-bank refresh manager and the staggered power-down manager of a rank.

Both are small state machines in one int64 vector ``m`` (positions in ``layout``).  The kernel asks
them to look at the world (``watch``) at every instant where they could act, and tells them of the
rank command it issued (``rank_command_issued``).
"""

from __future__ import annotations

from .commands import (
    NOP, PDEA, PDEP, PDXA, PDXP, PREAB, REFAB, SREFEN, SREFEX,
)  # fmt: skip
from .compiled import borrowing
from .layout import (
    FOREVER, M_BLOCKED, M_DUE, M_ENTRY, M_EXIT, M_FLEXIBILITY, M_IDLE, M_OPEN_BANKS, M_PD_CMD,
    M_PD_STATE, M_PD_TIME, M_PULLED_IN, M_REF_CMD, M_REF_TIME, M_SEEN_POSTPONED,
    M_SEEN_PULLED_IN, M_SELF_REFRESH, M_SLEEPING,
    PD_ACTIVE, PD_AWAKE, PD_EXTRA_REFRESH, PD_PRECHARGED, PD_SELF_REFRESH, T_REFI,
)  # fmt: skip


@borrowing
def rank_legal(command, last_issued, t_rank):
    """The earliest cycle at which a rank command keeps its distance from all that was issued.

    Args:
        command: the command.
        last_issued: (14,) cycle of each command's last issue.
        t_rank: (14, 14) distances in cycles, [from, to].

    Returns:
        A cycle.
    """
    legal = 0
    for source in range(last_issued.shape[0]):
        legal = max(legal, last_issued[source] + t_rank[source, command])
    return legal


@borrowing
def wake(m):
    """A request reached an idle rank.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
    """
    m[M_IDLE] = 0
    m[M_SELF_REFRESH] = 0
    m[M_ENTRY] = 0
    if m[M_PD_STATE] != PD_AWAKE:
        m[M_EXIT] = 1


@borrowing
def fall_idle(m):
    """The last request left the rank's queues.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
    """
    m[M_IDLE] = 1
    if m[M_PD_STATE] == PD_AWAKE:
        m[M_ENTRY] = 1


@borrowing
def watch(m, now, busy, bus_free, last_issued, design, timing):
    """Let both managers look at the world; they leave their wanted command and its time in ``m``.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
        now: the present cycle.
        busy: whether a request waits.
        bus_free: the first cycle without a command on the bus.
        last_issued: (14,) cycle of each command's last issue.
        design: the controller, :class:`~.state.Controller`.
        timing: the device's tables, :class:`~.timing.Timing`.
    """
    m[M_REF_CMD] = NOP
    if now >= m[M_DUE]:
        if design.power_down:  # a rank that is down must wake for the refresh
            m[M_ENTRY] = 0
            if m[M_PD_STATE] != PD_AWAKE:
                m[M_EXIT] = 1
        if not m[M_SLEEPING]:
            _want_refresh(m, now, busy, timing.scalars[T_REFI], design.max_postponed)
            if m[M_REF_CMD] != NOP:
                legal = rank_legal(m[M_REF_CMD], last_issued, timing.rank)
                m[M_REF_TIME] = max(max(legal, bus_free), now)
    if design.power_down:
        _want_power_state(m)
        if m[M_PD_CMD] != NOP:
            legal = rank_legal(m[M_PD_CMD], last_issued, timing.rank)
            m[M_PD_TIME] = max(max(legal, bus_free), now)


@borrowing
def _want_refresh(m, now, busy, refi, max_postponed):
    if now >= m[M_DUE] + refi:  # a whole interval passed while the rank could not be refreshed
        m[M_DUE] += refi
        m[M_PULLED_IN] = 0
    if m[M_PULLED_IN]:  # a refresh ahead of time, as long as nobody wants the rank
        if busy:
            m[M_PULLED_IN] = 0
            m[M_DUE] += refi
        else:
            m[M_REF_CMD] = REFAB
        return
    if m[M_FLEXIBILITY] >= 0:
        m[M_SEEN_POSTPONED] |= 1 << m[M_FLEXIBILITY]
    forced = m[M_FLEXIBILITY] == max_postponed
    if busy and not forced:  # requests first: owe this one
        m[M_FLEXIBILITY] += 1
        m[M_DUE] += refi
        return
    m[M_REF_CMD] = PREAB if m[M_OPEN_BANKS] > 0 else REFAB
    if forced:
        m[M_BLOCKED] = 1


@borrowing
def _want_power_state(m):
    m[M_PD_CMD] = NOP
    if m[M_EXIT]:
        state = m[M_PD_STATE]
        if state == PD_ACTIVE:
            m[M_PD_CMD] = PDXA
        elif state == PD_PRECHARGED:
            m[M_PD_CMD] = PDXP
        elif state == PD_SELF_REFRESH:
            m[M_PD_CMD] = SREFEX
        elif state == PD_EXTRA_REFRESH:
            m[M_PD_CMD] = REFAB
    elif m[M_ENTRY]:
        m[M_PD_CMD] = PDEA if m[M_OPEN_BANKS] > 0 else PDEP
    elif m[M_SELF_REFRESH]:
        m[M_PD_CMD] = SREFEN


@borrowing
def rank_command_issued(m, command, now, refi, max_pulled_in):
    """Move both state machines past a rank command that was issued now.

    Args:
        m: state of the refresh and power-down managers, ``layout.M_*``.
        command: the command.
        now: the present cycle.
        refi: refresh interval in cycles.
        max_pulled_in: refreshes that may be done ahead.
    """
    m[M_REF_CMD] = NOP
    m[M_PD_CMD] = NOP
    if command == PREAB:
        m[M_OPEN_BANKS] = 0
    elif command == REFAB:
        m[M_BLOCKED] = 0
        if (
            m[M_PD_STATE] == PD_EXTRA_REFRESH
        ):  # the one that ends self-refresh; intervals start anew
            m[M_PULLED_IN] = 0
            m[M_DUE] = now + refi
            m[M_PD_STATE] = PD_AWAKE
            m[M_EXIT] = 0
            m[M_SLEEPING] = 0
            return
        if m[M_PULLED_IN]:
            m[M_FLEXIBILITY] -= 1
        else:  # the due one is done; as long as the rank is idle, more may follow ahead of time
            m[M_PULLED_IN] = 1
        if m[M_FLEXIBILITY] <= 0:
            m[M_SEEN_PULLED_IN] |= 1 << -m[M_FLEXIBILITY]
        if m[M_FLEXIBILITY] == -max_pulled_in:
            m[M_PULLED_IN] = 0
            m[M_DUE] += refi
        if m[M_IDLE]:
            m[M_ENTRY] = 1
    elif command == PDEA or command == PDEP:
        m[M_SLEEPING] = 1
        m[M_PD_STATE] = PD_ACTIVE if command == PDEA else PD_PRECHARGED
        m[M_ENTRY] = 0
    elif command == SREFEN:
        m[M_SLEEPING] = 1
        m[M_PD_STATE] = PD_SELF_REFRESH
        m[M_ENTRY] = 0
        m[M_SELF_REFRESH] = 0
        m[M_DUE] = FOREVER
    elif command == PDXA or command == PDXP:
        m[M_SLEEPING] = 0
        m[M_PD_STATE] = PD_AWAKE
        m[M_EXIT] = 0
        if command == PDXP and m[M_IDLE]:
            m[M_SELF_REFRESH] = 1
    elif command == SREFEX:  # bank commands wait for one more refresh
        m[M_PD_STATE] = PD_EXTRA_REFRESH
