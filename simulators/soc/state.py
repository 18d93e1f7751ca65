"""What the compiled kernels pass to each other, bundled; every array's shape and unit.

T tasks, E edges, P processing elements, B buses, M memories of a design.  *Carriers* are the blocks that
move data, buses before memories: C = B + M.  *Blocks* are all, elements before carriers: P + C.
A *hop* leads out of a bus, in the direction from the element to the memory: ``i * B + j`` from bus i into
bus j, ``B * B + m`` into memory m: H = B * B + M.  A *gate* leads into a bus: ``p`` from element p,
``P + i * B + j`` from bus i into bus j: G = P + B * B.  Hops and gates serve both directions of data,
which never compete: READ 0, WRITE 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Shorts = NDArray[np.int16]
Flags = NDArray[np.bool_]


class Graph(NamedTuple):
    """A task graph, the same for all designs."""

    parent: Ints  # (E,) tasks
    child: Ints  # (E,)
    amount: Floats  # (E,) bytes; 0 of control edges
    unit_read: Longs  # (E,) weight with which the edge's traffic competes at the child
    unit_write: Longs  # (E,) and at the parent
    out_start: Ints  # (T + 1,) task t's outgoing edges are out_edge[out_start[t]:out_start[t + 1]]
    out_edge: Ints  # (E,)
    in_start: Ints  # (T + 1,) likewise incoming
    in_edge: Ints  # (E,)
    n_in: Ints  # (T,) incoming edges
    work: Floats  # (T,) instructions
    is_source: Flags  # (T,) stands for the world outside: its outputs are never freed
    counts_area: Flags  # (T,) needs an element to be there
    least: float  # instructions of the smallest task that has work
    apart: bool  # some tasks exchange no data with the rest


class Chip(NamedTuple):
    """The system that a design stands for."""

    task_pe: Shorts  # (T,) element
    edge_mem: Shorts  # (E,) memory; -1 of control edges
    pe_bus: Shorts  # (P,) bus; pruning moves elements and memories to other buses
    mem_bus: Shorts  # (M,)
    links: Shorts  # (B - 1 or more, 2) pairs of buses
    rate: Floats  # (T,) instructions/s on its element
    energy: Floats  # (T,) J an instruction on its element
    pe_area: Floats  # (P,) m2
    pe_cost: Floats  # (P,) FARSI's porting effort of the least task
    mem_type: Shorts  # (M,) row of the CACTI table
    mem_rate: Floats  # (M,) B/s
    bus_rate: Floats  # (B,) B/s
    mem_energy: Floats  # (M,) factor on CACTI's energy
    mem_area: Floats  # (M,) factor on CACTI's area
    bus_energy: Floats  # (B,) J a byte
    bus_area: Floats  # (B,) m2


class Knobs(NamedTuple):
    """Which column of a design of the full space holds which knob; -1 where there is none."""

    host: Ints  # (T,)
    unroll: Ints  # (T,)
    clock: Ints  # (T,) of the task's accelerator
    task_bus: Ints  # (T,) of the task's accelerator
    memory_of: Ints  # (T,)
    cpu_bus: Ints  # (CPUs,)
    memory: Ints  # (memories, 4) type, width, clock, bus
    bus: Ints  # (B, 3) width, clock, parent


class Values(NamedTuple):
    """What the values of knobs mean, and the costs."""

    unrolls: Longs  # (T, 17)
    frequency: Floats  # (clocks,) Hz
    width: Floats  # (widths,) bytes
    frequency_factor: Floats  # (clocks,) energy over that at the lowest
    own_rate: Floats  # (T,) instructions/s of the accelerator at unroll 1 and 100 MHz
    own_energy: Floats  # (T,) J of a run on it
    own_area: Floats  # (T,) m2
    cpu_rate: float  # instructions/s
    cpu_energy: float  # J an instruction
    cpu_area: float  # m2
    cpu_cost: float  # FARSI's porting effort of the least task
    own_cost: float
    mem_energy: Floats  # (widths,) factor
    mem_area: Floats  # (widths,) factor
    bus_energy: Floats  # (clocks,) J a byte
    bus_area: Floats  # (widths,) m2


class Topology(NamedTuple):
    """Who hangs on which bus, and walks over it.  An element or memory has one bus, its neighbour."""

    near: Shorts  # (B, P + C + 4) blocks next to a bus, in the order in which they were linked
    degree: Shorts  # (B,) how many
    order: Shorts  # (P + C,) blocks in depth-first order
    hop: Shorts  # (B, B) the bus before b on the shortest way from bus a; -1: no way
    seen: Flags  # (P + C,)
    stack: Shorts  # (P + C,) of a walk
    step: Shorts  # (P + C,) next neighbour of each block on the stack
    moved: Shorts  # (P + C,) blocks that lose their bus
    others: Shorts  # (P + C,) buses next to a bus
    queue: Shorts  # (B,)


class Traffic(NamedTuple):
    """Who moves how much through which carrier."""

    moved: Floats  # (T, 2, C) bytes of a whole run
    units: Longs  # (T, 2, C) weights
    held: Flags  # (C, T) whether a carrier serves a task
    tasks: Ints  # (C, T) the tasks it serves, in the order in which they came
    served: Ints  # (C,) how many
    writes: Ints  # (E,) outgoing edges by task, memories in depth-first order
    place: Shorts  # (M + 1,) where a memory stands in that order; control edges (-1) read the last
    stack: Ints  # (T + 1,) of the walk over tasks
    step: Ints  # (T + 1,)
    seen: Flags  # (T,)


class Legs(NamedTuple):
    """Which hops a task's data takes, and all that its rate needs to know of each."""

    hops: Shorts  # (T, 2) hops by task and direction
    what: Longs  # (T, 2, H, len(LEG)) whole numbers of ``layout.LEG``
    speed: Floats  # (T, 2, H, len(SPEED)) figures of ``layout.SPEED``


class Shares(NamedTuple):
    """What competes in the present phase; entries that no running task uses are stale."""

    through: Longs  # (G, 2) weights of all running tasks that come through a gate
    into: Longs  # (M, 2) weights of all running tasks that use a memory
    feeds: Longs  # (H, 2) through how many gates running tasks come to a hop
    fed: Longs  # (H, 2, G) stamp of the phase that last counted a gate
    stamp: Longs  # (1,) the present phase; never falls, over all designs


class Run(NamedTuple):
    """The state of the tasks, and what each phase did."""

    start: Floats  # (T,) s
    finish: Floats  # (T,) s
    left: Floats  # (T,) instructions
    rate: Floats  # (T,) instructions/s in the present phase
    due: Floats  # (T,) s to completion at that rate
    open_inputs: Ints  # (T,) incoming edges whose parent is not done
    complete: Flags  # (T,) done, as the rule that frees memory sees it
    rank: Ints  # (T,) place in the order in which tasks that may start are launched
    ready: Ints  # (T,) tasks that may start now
    running: Ints  # (T,)
    waiting: Ints  # (T,) launched, but another task has their element
    candidates: Ints  # (T,)
    done: Ints  # (T,)
    taken: Ints  # (P,) the phase in which an element was given to a task
    live: Floats  # (M + 1,) bytes allocated; control edges (-1) use the last
    top: Floats  # (M + 1,) the most so far
    length: Floats  # (2 T + 4,) s of a phase
    energy: Floats  # (2 T + 4,) J of a phase
    bound: Ints  # (2 T + 5,) the block that sets a phase's length, or -1
    did_start: Longs  # (2 T + 5,) phase i's entries of did and who
    did: Floats  # (largest number of task phases,) instructions done
    who: Ints  # (same,) by which task
    cost: Floats  # (T,) J an instruction with memories and buses
    used: Flags  # (P,)
    busy: Floats  # (P,) s in which an element runs a task
    window: Longs  # (2,) the phases [first, last) of the window with the largest mean power


class Scratch(NamedTuple):
    """Room for one design at a time."""

    topology: Topology
    traffic: Traffic
    legs: Legs
    shares: Shares
    run: Run
