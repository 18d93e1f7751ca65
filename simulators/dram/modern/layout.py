"""Where everything lies in the flat arrays of the compiled kernel.

The kernel passes its functions one array, ``s``: the device and the design (only read), then the state.
Every record begins at a constant or has its position in a word, so that a field is one load.
Records are named by the position of their first word, ``c`` a channel's, ``b`` a bank's, ``r`` a
rank's, ``g`` a group's, ``p`` an initiator's, ``t`` a request's, ``k`` a burst's.  Banks, groups and ranks are
numbered through over all channels, channel first.  Times are clock cycles (tCK).

Only requests in flight have records, so a run takes no more memory the longer its trace is.
"""

from __future__ import annotations

FOREVER = 1 << 60
NEVER = -(1 << 40)
# candidates are told apart by (cycles ahead, age, place) in one number
AGE_BIT, CYCLES_BIT = 8, 40
FAR = 1 << 21  # more cycles ahead than any distance of a device
NO_KEY = FAR << CYCLES_BIT
NO_COMMAND = 1 << 50  # legal at no time that matters
FIRST_ID, LAST_ID = 0, (1 << 31) - 1  # refreshes go first on a tie, power-down last

# ---- values of a controller's knobs
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS, FR_FCFS_GRP, GRP_FR_FCFS, GRP_FR_FCFS_WM = range(5)
BANKWISE, READ_WRITE, SHARED = range(3)
NO_REFRESH, ALL_BANK, PER_BANK, PER_2BANK, SAME_BANK = range(5)
SIMPLE_ARBITER, FIFO_ARBITER, REORDER_ARBITER = range(3)

# ---- ``s``, first what a run reports: cycles, then counts, then commands issued by number (``commands``)
COUNTERS = (
    "end", "last_command", "row_hits", "pre", "cyc_act", "cyc_pre", "cyc_pdna", "cyc_pdnp",
    "cyc_sref", "bank_act", "window_sum", "pre_by_pair",
)  # fmt: skip
(
    C_END, C_LAST, C_ROW_HITS, C_PRE, C_CYC_ACT, C_CYC_PRE, C_CYC_PDNA, C_CYC_PDNP, C_CYC_SREF,
    C_BANK_ACT, C_WINDOW_SUM, C_PAIRS, C_COMMANDS,
) = range(13)  # fmt: skip
N_COUNTERS = C_COMMANDS + 20

# ---- then what is global: responses sent, the cycle of the last, requests
# whose responses left a controller in this cycle
G_ANSWERED, G_LAST_SENT, G_MESSAGES = 40, 41, 42
G_MESSAGE = 43
# records of requests: the first that is free again, the first that was never used, their end; whether
# there were too few; requests of the trace
G_FREE, G_UNUSED, G_RECORDS_END, G_FULL, G_REQUESTS = 59, 60, 61, 62, 63

READ_ONLY = 64
# ---- scalars of a device: sizes; switches; cycles
SCALARS = (
    "channels", "ranks", "banks_rank", "banks_group", "banks_stack", "buses", "pair_offset",
    "raaimt", "raammt", "raadec",
    "true_bank_check", "stack_per_rank",
    "faw", "faw_lengths", "interval", "read_end", "write_end", "rcd", "ras", "rp",
    "read_precharge", "write_precharge", "rfc_all", "rfc_bank", "rfc_set", "response_gap",
    "by_state",
)  # fmt: skip
(
    D_CHANNELS, D_RANKS, D_BANKS_RANK, D_BANKS_GROUP, D_BANKS_STACK, D_BUSES, D_PAIR_OFFSET,
    D_RAAIMT, D_RAAMMT, D_RAADEC,
    D_TRUE_BANK_CHECK, D_STACK_PER_RANK,
    D_FAW, D_FAW_LENGTHS, D_INTERVAL, D_READ_END, D_WRITE_END, D_RCD, D_RAS, D_RP,
    D_READ_PRE, D_WRITE_PRE, D_RFC_ALL, D_RFC_BANK, D_RFC_SET, D_RESPONSE_GAP,
    D_BY_STATE,
) = range(READ_ONLY, READ_ONLY + 27)  # fmt: skip
# ---- a design, in the order of ``state.Controller``; then units of a rank, groups of a channel, banks
# of a channel, initiators, bursts of a request, bytes of a burst, whether books are kept; the last
# one as a shift, words of a request, whether
# answers are foreseen (``answers``) and whether messages are ordered (``ordered``); where notes of bursts
# and the log of refreshes lie, and words of both (``noting``)
(
    K_POLICY, K_SCHEDULER, K_BUFFER, K_SIZE, K_REORDER, K_REFRESH, K_POSTPONED, K_PULLED_IN,
    K_POWER_DOWN, K_ARBITER, K_MAX_ACTIVE, K_LOW, K_HIGH, K_MANAGEMENT, K_UNITS, K_GROUPS, K_BANKS,
    K_PLAYERS, K_BURSTS, K_BURST_BYTES, K_BOOKS, K_BANK_BITS, K_STRIDE, K_FORESEEN, K_ORDERED,
    K_NOTES, K_LOG, K_NOTED,
) = range(READ_ONLY + 32, READ_ONLY + 60)  # fmt: skip
# ---- tables: command lengths, members of the activation window; distances [from, to], 32 words a row,
# of the same bank, group, rank and to other ranks (row ROUND: a REFPB that completes a round)
D_LENGTH, D_WINDOW = READ_ONLY + 64, READ_ONLY + 96
D_WINDOW_ROW = D_WINDOW + 24  # bank commands: 0 where the window bounds them, else NEVER
D_BANK, D_GROUP, D_RANK, D_OTHER = (READ_ONLY + 128 + 1024 * i for i in range(4))
ROUND = 20
# from any command to the six bank commands, 8 words a row, by how two groups lie to each other: the
# same, same rank, other stack, other rank, other rank and stack; and whether a row holds a distance
D_NEAR = D_OTHER + 1024
NEAR_ROW, NEAR_RELATION = 8, 256
D_NEAR_USED = D_NEAR + 5 * NEAR_RELATION
# how group j lies to group i of a channel, 64 words a row
D_RELATION = D_NEAR_USED + 5 * 32
RELATION_ROW = 64
SAME_GROUP, SAME_RANK, OTHER_STACK, OTHER_RANK, OTHER_BOTH = range(5)
# decoding: a number of terms, then (shift right, mask, shift left) each, for bank, row and place in it
D_DECODE_BANK = D_RELATION + RELATION_ROW * RELATION_ROW
D_DECODE_ROW, D_DECODE_PLACE = D_DECODE_BANK + 256, D_DECODE_BANK + 512

# ---- a channel: when its controller wakes by itself and for data; the request at its door and when it
# arrived; whether the arbiter waits for the controller, and when that last acknowledged; requests that
# the arbiter holds for it; whether a response waits for its END_RESP; queued requests, writes among
# them; the bank stored to last; direction of the last access; write mode; next request number; when the
# buses are free; responses by order; banks with work; whether to run again this cycle; the next cycle in
# which a refresh is due; whether a manager has a command; the candidates that come first by row and by
# column bus, from which cycle on their keys count, and the first cycle at which one is legal; whether a legal
# candidate waits for whatever happens next; and where answers are foreseen: the cycle of the last one,
# whether the event awaited as data is the end of one, whether such an end may call the controller again
CHANNELS, CHANNEL = D_DECODE_PLACE + 256, 64
(
    CH_WAKE, CH_DATA, CH_ARRIVAL, CH_REQUEST, CH_BUSY, CH_ACK, CH_PEND_HEAD, CH_PEND_TAIL,
    CH_RELEASE, CH_READS, CH_WRITES, CH_LAST_BANK, CH_LAST_WRITE, CH_WRITE_MODE, CH_NEXT_ID,
    CH_BUS, CH_CAS_BUS, CH_RESP_HEAD, CH_RESP_TAIL, CH_WORKING, CH_DELTA, CH_END_RESP,
    CH_END_RESP_NEXT, CH_LAST_COMMAND, CH_DUE, CH_MANAGED, CH_DOWN, CH_VALID, CH_ROW_KEY,
    CH_COLUMN_KEY, CH_SINCE, CH_AHEAD, CH_BANKS, CH_RANKS, CH_GROUPS, CH_WORK, CH_LOST, CH_ANSWERED,
    CH_DATA_ENDS, CH_ENDS,
) = range(40)  # fmt: skip
RELEASE_NONE, RELEASE_AWAITED, RELEASE_DONE = range(3)
MAX_CHANNELS = 16

# ---- an initiator: the number of its next request and when it issues it; requests in flight; whether it
# waits for one to end; whether a response is on its port, when that ends and of which channel, when one
# last ended; responses that wait; requests to answer in order
PLAYERS, PLAYER = CHANNELS + MAX_CHANNELS * CHANNEL, 16
(
    P_NEXT, P_ISSUE, P_ACTIVE, P_WAITING, P_BUSY, P_END, P_CHANNEL, P_LAST_END, P_PEND_HEAD,
    P_PEND_TAIL, P_RETURN, P_RETURN_TAIL,
) = range(12)  # fmt: skip

# ---- a rank: its refresh and power-down managers, its queued requests, its activations and its books;
# units not yet refreshed in this round, a bit each; the last four activations in a ring; when each
# command was last issued (the last one stands for a REFPB that completed a round)
RANKS, RANK, MAX_RANKS = PLAYERS + MAX_CHANNELS * PLAYER, 64, 64
(
    M_DUE, M_PULLED_IN, M_OWED, M_SLEEPING, M_SKIP, M_UNIT, M_REF_COMMAND, M_PD_STATE, M_IDLE,
    M_ENTRY, M_EXIT, M_SELF_REFRESH, M_PD_COMMAND, M_OPEN_BANKS, M_QUEUED, M_ROUND, M_REMAINING,
    M_ACTS, M_WINDOW, M_FIRST_BANK, M_E_ACTIVE, M_E_OPEN, M_E_START, M_E_REFRESHED, M_E_DOWN,
    M_E_DOWN_PRE, M_E_SREF, M_E_EVENTS, M_E_NEXT,
) = range(29)  # fmt: skip
M_RING, M_LAST = 32, 36
PD_AWAKE, PD_ACTIVE, PD_PRECHARGED, PD_SELF_REFRESH, PD_EXTRA_REFRESH = range(5)

# ---- a bank group: when each bank command becomes legal by the rules of group, rank, stack and channel;
# when each command was last issued to it
GROUPS, GROUP, MAX_GROUPS = RANKS + MAX_RANKS * RANK, 32, 512
GR_READY, GR_LAST = 0, 8

# ---- the banks of a channel that have work, a column each: position of the bank; when its own rules
# allow its command (FAR where it has none); where its group's do; length of the command, age, place; -1
# where a column bus of its own carries it, else 0.  What lies behind the list has no command
WORK, WORK_COLUMN, WORK_CHANNEL = GROUPS + MAX_GROUPS * GROUP, 136, 768
W_READY, W_GROUP, W_AGE, W_BUS = (WORK_COLUMN * i for i in range(1, 5))

# ---- an entry of a list in order of time: when, what, and of whom (``timeline``)
ENTRY = 3

# ---- what happens by itself in the books of a rank, by time: cycle, what, bank
EVENTS, EVENTS_RANK = WORK + MAX_CHANNELS * WORK_CHANNEL, 384

# ---- where the order within a cycle matters (``events``, ``ordered``): delta cycle; what the initiator's
# thread waits for; whether its request waits to be acknowledged; who runs; events of the next delta
# cycle; events; messages; the heap
O_STATE = EVENTS + MAX_RANKS * EVENTS_RANK
O_DELTA_CYCLE, O_THREAD, O_IN_PROGRESS, O_RUNS, O_DELTAS, O_HEAP_SIZE = range(O_STATE, O_STATE + 6)
O_RUN, O_RUNNABLE, O_DELTA, O_EVENT = (O_STATE + x for x in (16, 48, 80, 192))
MESSAGES = 128
O_TO_ARBITER, O_TO_INITIATOR = O_STATE + 512, O_STATE + 1024
O_HEAP = O_STATE + 1536

# ---- a bank: current request and command; open; its row; keeps its request until a CAS; blocked by a
# refresh; queued requests; heads and tails of its two queues; place among the banks with work; where it
# lies; activations since a refresh; whether the row was accessed; books: active, ever activated, its
# interval (runs, start, end), when it was last precharged, and until when it is refreshed; when bank
# commands become legal, and when commands were last issued
BANKS, BANK = O_HEAP + 3 * (1 << 18), 64
(
    B_CURRENT, B_COMMAND, B_OPEN, B_ROW, B_KEEP, B_BLOCKED, B_LENGTH, B_HEAD, B_HEAD_WR, B_TAIL,
    B_TAIL_WR, B_PLACE, B_GROUP, B_RANK, B_ACTIVATIONS, B_UNTOUCHED, B_WORKING, B_NUMBER,
    B_E_ACTIVE, B_E_ACTIVATED, B_E_OPEN, B_E_START, B_E_END, B_E_PRECHARGED, B_E_REFRESHED,
) = range(25)  # fmt: skip
B_READY, B_LAST = 32, 40

# ---- notes of a burst, and words of a refresh in the log (``noting``)
NOTE, NOTED_REFRESH = 5, 4
N_ARRIVED, N_ENTERED, N_OPENED, N_ACCESSED, N_BANK = range(NOTE)

# ---- a request in flight, behind everything else: its number in the trace; its channel; the next in a
# queue of an arbiter, or of free records; bursts to come (-1: in order, but not its turn yet); the next one
# of the same initiator.  Then its bursts: row; bank; 1 for a write; place in the row; neighbours in the
# bank's queue; the next in the response queue; its request's number in the channel; the cycle at which its
# data end, 0 before its access; its request
REQUEST = 6
R_NUMBER, R_CHANNEL, R_QUEUE, R_LEFT, R_NEXT = range(5)
BURST = 10
(
    Q_ROW, Q_BANK, Q_WRITE, Q_PLACE, Q_AFTER, Q_BEFORE, Q_ANSWER, Q_IDENT, Q_FINISH, Q_REQUEST,
) = range(BURST)  # fmt: skip
