"""Positions in the flat arrays that cross the border into the compiled kernel."""

from __future__ import annotations

FOREVER = 1 << 60
NEVER = -(1 << 40)

# ---- values of a controller's knobs
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS, FR_FCFS_GRP, GRP_FR_FCFS, GRP_FR_FCFS_WM = range(5)
BANKWISE, READ_WRITE, SHARED = range(3)
NO_REFRESH, ALL_BANK, PER_BANK, PER_2BANK, SAME_BANK = range(5)
SIMPLE_ARBITER, FIFO_ARBITER, REORDER_ARBITER = range(3)

# ---- scalars of a device: sizes; switches; cycles
SCALARS = (
    "channels", "ranks", "banks_rank", "banks_group", "banks_stack", "buses", "pair_offset",
    "raaimt", "raammt", "raadec",
    "true_bank_check", "stack_per_rank",
    "faw", "faw_lengths", "interval", "read_end", "write_end", "rcd", "ras", "rp",
    "read_precharge", "write_precharge", "rfc_all", "rfc_bank", "rfc_set", "response_gap",
)  # fmt: skip
(
    D_CHANNELS, D_RANKS, D_BANKS_RANK, D_BANKS_GROUP, D_BANKS_STACK, D_BUSES, D_PAIR_OFFSET,
    D_RAAIMT, D_RAAMMT, D_RAADEC,
    D_TRUE_BANK_CHECK, D_STACK_PER_RANK,
    D_FAW, D_FAW_LENGTHS, D_INTERVAL, D_READ_END, D_WRITE_END, D_RCD, D_RAS, D_RP,
    D_READ_PRE, D_WRITE_PRE, D_RFC_ALL, D_RFC_BANK, D_RFC_SET, D_RESPONSE_GAP,
) = range(26)  # fmt: skip

# ---- what a run reports: cycles, then counts, then commands issued by number (``commands``)
COUNTERS = (
    "end", "last_command", "row_hits", "pre", "cyc_act", "cyc_pre", "cyc_pdna", "cyc_pdnp",
    "cyc_sref", "bank_act", "window_sum", "pre_by_pair",
)  # fmt: skip
(
    C_END, C_LAST, C_ROW_HITS, C_PRE, C_CYC_ACT, C_CYC_PRE, C_CYC_PDNA, C_CYC_PDNP, C_CYC_SREF,
    C_BANK_ACT, C_WINDOW_SUM, C_PAIRS, C_COMMANDS,
) = range(13)  # fmt: skip
N_COUNTERS = C_COMMANDS + 20

# ---- a channel: when its controller wakes by itself and for data; the request at its door and when it
# arrived; whether the arbiter waits for the controller, and when that last acknowledged; requests that
# the arbiter holds for it; whether a response waits for its END_RESP; queued requests, writes among
# them; the bank stored to last; direction of the last access; write mode; next request number; when the
# buses are free; responses by order; banks with work; whether to run again this cycle
(
    CH_WAKE, CH_DATA, CH_ARRIVAL, CH_REQUEST, CH_BUSY, CH_ACK, CH_PEND_HEAD, CH_PEND_TAIL,
    CH_RELEASE, CH_READS, CH_WRITES, CH_LAST_BANK, CH_LAST_WRITE, CH_WRITE_MODE, CH_NEXT_ID,
    CH_BUS, CH_CAS_BUS, CH_RESP_HEAD, CH_RESP_TAIL, CH_WORKING, CH_DELTA, CH_END_RESP,
    CH_END_RESP_NEXT, CH_LAST_COMMAND,
) = range(24)  # fmt: skip
N_CHANNEL = 24
RELEASE_NONE, RELEASE_AWAITED, RELEASE_DONE = range(3)

# ---- a bank: current request and command; open; its row; keeps its request until a CAS; blocked by a
# refresh; queued requests; heads and tails of its two queues; place among the banks with work; where it
# lies; activations since a refresh; whether the row was accessed; books: when activated, closed, and
# until when it refreshes
(
    B_CURRENT, B_COMMAND, B_OPEN, B_ROW, B_KEEP, B_BLOCKED, B_LENGTH, B_HEAD, B_HEAD_WR, B_TAIL,
    B_TAIL_WR, B_PLACE, B_GROUP, B_RANK, B_STACK, B_ACTIVATIONS, B_UNTOUCHED, B_ACTIVE_SINCE,
    B_CLOSED_AT, B_REFRESH_END, B_WORKING,
) = range(21)  # fmt: skip
N_BANK = 21

# ---- a rank: its refresh and power-down managers, its queued requests, its activations and its books
(
    M_DUE, M_PULLED_IN, M_OWED, M_SLEEPING, M_SKIP, M_UNIT, M_REF_COMMAND, M_PD_STATE, M_IDLE,
    M_ENTRY, M_EXIT, M_SELF_REFRESH, M_PD_COMMAND, M_OPEN_BANKS, M_QUEUED, M_ROUND, M_LEFT,
    M_ACTS, M_E_ACTIVE, M_E_UNTIL, M_E_SEGMENT, M_E_DOWN,
) = range(22)  # fmt: skip
N_MANAGER = 22
PD_AWAKE, PD_ACTIVE, PD_PRECHARGED, PD_SELF_REFRESH, PD_EXTRA_REFRESH = range(5)

# ---- an initiator: its next request and when it issues it; requests in flight; whether it waits for
# one to end; whether a response is on its port, when that ends and of which channel, when one last
# ended; responses that wait; the next request to answer in order
(
    P_NEXT, P_ISSUE, P_ACTIVE, P_WAITING, P_BUSY, P_END, P_CHANNEL, P_LAST_END, P_PEND_HEAD,
    P_PEND_TAIL, P_RETURN,
) = range(11)  # fmt: skip
N_PLAYER = 11
G_ANSWERED, G_LAST_SENT, G_MESSAGES = range(3)
