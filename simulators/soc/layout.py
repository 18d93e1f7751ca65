"""Positions in the flat arrays that cross the border into the compiled kernels."""

READ, WRITE = 0, 1

# ---- a hop of a task: whole numbers, and figures
LEG = ("gate", "hop", "first", "bus", "bus_weight", "memory", "memory_weight")
# gate the data came through; hop; whether no earlier hop came through that gate; bus that is left, weight
# there; memory that is entered (-1: none), weight there
L_GATE, L_HOP, L_FIRST, L_BUS, L_BUS_WEIGHT, L_MEM, L_MEM_WEIGHT = range(7)
SPEED = ("bus_peak", "bus_ratio", "memory_peak", "memory_ratio")  # B/s; bytes an instruction
S_BUS_PEAK, S_BUS_RATIO, S_MEM_PEAK, S_MEM_RATIO = range(4)

# ---- why a design is infeasible (0: it is not)
OK, UNREACHABLE, CUT_OFF, STALLED = range(4)
REASONS = (
    "",
    "a task cannot reach a memory it uses",
    "a task lies on a block that no path from the first processing element reaches",
    "no task can make progress",
)

# ---- switches of the semantics
KEEP_ONE_PERCENT, LEAK_MEMORY, SLIP_WINDOWS = range(3)

# ---- results of one design
RESULTS = (
    "energy", "power", "mean_power", "pe_area", "sram_area", "dram_area", "development_cost",
    "phases", "duration", "bus_area",
)  # fmt: skip
(
    R_ENERGY, R_POWER, R_MEAN_POWER, R_PE_AREA, R_SRAM_AREA, R_DRAM_AREA, R_COST, R_PHASES,
    R_DURATION, R_BUS_AREA,
) = range(10)  # fmt: skip
N_RESULTS = 10
