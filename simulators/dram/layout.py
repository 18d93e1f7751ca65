"""Positions in the flat arrays that cross the border into the compiled kernels.

Numba treats these module constants as literals, so naming a position costs nothing.
"""

from __future__ import annotations

FOREVER = 1 << 60
NEVER = -(1 << 40)

# ---- columns of a design, in the order of space.py
(
    PAGE_POLICY, SCHEDULER, BUFFER, BUFFER_SIZE, RESPONSE_QUEUE, REFRESH, MAX_POSTPONED,
    MAX_PULLED_IN, POWER_DOWN, ARBITER, MAX_ACTIVE, MAPPING,
) = range(12)  # fmt: skip
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS, FR_FCFS_GRP = range(3)
BANKWISE, READ_WRITE, SHARED = range(3)
SIMPLE_ARBITER, FIFO_ARBITER, REORDER_ARBITER = range(3)

# ---- timing scalars, in cycles, the last five switches and a number of banks
TIMING_FIELDS = (
    "faw", "refi", "rfc", "rcd", "ras", "rp", "read_precharge", "write_precharge", "read_end",
    "write_end", "forward", "late_acknowledge", "gap_simple", "gap_queued",
    "response_gap_simple", "response_gap_queued", "release", "end_simple",
    "commands_before_arrivals", "late_block", "count_pending_precharges", "true_bank_check",
    "banks_per_group",
)  # fmt: skip
(
    T_FAW, T_REFI, T_RFC, T_RCD, T_RAS, T_RP, T_READ_PRE, T_WRITE_PRE, T_READ_END, T_WRITE_END,
    T_FORWARD, T_LATE_ACK, T_GAP_SIMPLE, T_GAP_QUEUED, T_RESPONSE_GAP_SIMPLE,
    T_RESPONSE_GAP_QUEUED, T_RELEASE, T_END_SIMPLE, COMMANDS_BEFORE_ARRIVALS, LATE_BLOCK,
    COUNT_PENDING_PRECHARGES, TRUE_BANK_CHECK, BANKS_PER_GROUP,
) = range(23)  # fmt: skip

# ---- what a run reports (cycles and counts)
COUNTERS = (
    "end", "last_command", "energy_window", "act", "pre", "rd", "wr", "rda", "wra", "ref",
    "row_hits", "cyc_act", "cyc_pre", "cyc_pdna", "cyc_pdnp", "cyc_sref", "bank_act",
    "n_prepb", "n_preab", "n_pda", "n_pdp", "n_sref",
    "seen_postponed", "seen_pulled_in", "active_limited", "buffer_limited",
)  # fmt: skip
(
    C_END, C_LAST, C_WINDOW, C_ACT, C_PRE, C_RD, C_WR, C_RDA, C_WRA, C_REF, C_ROW_HITS,
    C_CYC_ACT, C_CYC_PRE, C_CYC_PDNA, C_CYC_PDNP, C_CYC_SREF, C_BANK_ACT, C_N_PREPB, C_N_PREAB,
    C_N_PDA, C_N_PDP, C_N_SREF, C_SEEN_POSTPONED, C_SEEN_PULLED_IN, C_ACTIVE_LIMITED,
    C_BUFFER_LIMITED,
) = range(26)  # fmt: skip
N_COUNTERS = 26
LIMITS = (C_SEEN_POSTPONED, C_SEEN_PULLED_IN, C_ACTIVE_LIMITED, C_BUFFER_LIMITED)

# ---- requests that wait, over all banks: banks with work, requests, writes among them; the bank of
# the request admitted last; the direction of the last access (1: a write)
Q_WORKING, Q_TOTAL, Q_WRITES, Q_LAST_BANK, Q_LAST_WRITE = range(5)
N_QUEUED = 5

# ---- the way in, from the player through the arbiter: the next request; when it reaches the
# controller (FOREVER: all slots are taken); when the arbiter took it and when the controller took
# the one before, cycles; whether it stands before a full buffer
W_NEXT, W_ARRIVAL, W_ACCEPTED, W_ACKNOWLEDGED, W_WAITING = range(5)
N_WAY_IN = 5

# ---- state of the refresh and power-down managers: when the next refresh is due; refreshes ahead are
# going on; refreshes owed (negative: done ahead); no bank command may pass a forced refresh; power-down
# or self-refresh; open banks; the wanted refresh command and its cycle; the power state; no request
# waits; entry, exit or self-refresh is wanted; the wanted power command and its cycle
(
    M_DUE, M_PULLED_IN, M_FLEXIBILITY, M_BLOCKED, M_SLEEPING, M_OPEN_BANKS, M_REF_CMD,
    M_REF_TIME, M_PD_STATE, M_IDLE, M_ENTRY, M_EXIT, M_SELF_REFRESH, M_PD_CMD, M_PD_TIME,
    M_SEEN_POSTPONED, M_SEEN_PULLED_IN,  # bit i: the limit was compared with i refreshes
) = range(17)  # fmt: skip
N_MANAGER = 17
PD_AWAKE, PD_ACTIVE, PD_PRECHARGED, PD_SELF_REFRESH, PD_EXTRA_REFRESH = range(5)

# ---- state of the rank as the energy model sees it: active banks; the end of the active stretch so far
# and its beginning; the end of the last refresh; the beginning of the power-down (cycles)
E_ACTIVE_BANKS, E_ACTIVE_UNTIL, E_SEGMENT, E_REFRESH_END, E_DOWN_SINCE = range(5)
N_RESIDENCY = 5

# ---- state of the response path: when the last response left the controller, and the arbiter in order;
# the next request in order there and there; responses so far
R_LAST, R_LAST_ORDERED, R_NEXT, R_NEXT_ORDERED, R_RELEASED = range(5)
N_RESPONSE = 5
