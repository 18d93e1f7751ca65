"""The simulation of a cluster: every message of every NPU in the order of ASTRA-sim, or phases as a whole.

Events of one nanosecond happen in the order in which they were scheduled. Compiled: :mod:`~.message_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .faults import closed, used
from .message_kernel import run
from .message_queue import lay_out
from .message_state import (
    BEGUN,
    COMMUNICATED,
    COMPUTED,
    CURRENT,
    ENDED,
    FINISH,
    FREE_CALLS,
    FREE_ENTRIES,
    FREE_POSTS,
    GROUP,
    GROUP_AT,
    GROUP_ME,
    LEFT,
    MESSAGES,
    MORE,
    NODE_BASE,
    NODE_COUNT,
    NONE,
    NUMBER,
    PARALLEL,
    RUNNING_NODE,
    STATE_BASE,
    TOO_LONG,
    State,
    Tables,
)
from .message_tables import Collectives, group_members, program_rows, tables
from .system import System
from .workloads import Node, Programs

Ints = NDArray[np.int64]
COLUMNS = 16  # of State.npus
LEAST_POOL = 256


class Span(NamedTuple):
    """A node that ran from ``begun`` to ``ended`` (ns)."""

    node: Node
    begun: int
    ended: int


class Spans(Mapping[int, list[Span]]):
    """Nodes that ended, by simulated NPU, in the order in which they ended; made when they are asked for.

    Args:
        state: at the end.
        nodes: of each simulated NPU, in order of id.
    """

    def __init__(self, state: State, nodes: Mapping[int, Sequence[Node]]) -> None:
        self._state, self._nodes = state, nodes
        self._place = {npu: i for i, npu in enumerate(nodes)}

    def __getitem__(self, npu: int) -> list[Span]:
        s, row = self._state, self._state.npus[self._place[npu]]
        base = int(row[STATE_BASE])
        ended = s.order[base : base + row[ENDED]]
        times = s.spans[ended].tolist()
        nodes = self._nodes[npu]
        return [Span(nodes[i - base], *t) for i, t in zip(ended.tolist(), times)]

    def __iter__(self) -> Iterator[int]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


@dataclass(frozen=True)
class Outcome:
    """Of each NPU: when its last node ended in ns (None: never) and how long it computed in ns.

    ``communication`` is how long a collective was under way in ns, ``least`` the time in ns that its busiest
    dimension's ports need for what it sends in them, by any algorithm.
    ``last_npu`` is the NPU that ends last, ``spans`` are the nodes of every simulated NPU by its number,
    ``messages`` how many were sent.
    """

    finish: list[int | None]
    compute: list[int]
    communication: list[int]
    least: list[float]
    last_npu: int
    spans: Mapping[int, list[Span]]
    messages: int

    @property
    def last(self) -> list[Span]:
        """Nodes of the NPU that ends last, in the order in which they ended."""
        return self.spans[self.last_npu]


def simulate(system: System, programs: Programs, whole: bool | None = None) -> Outcome:
    """Run the program of every NPU.

    Args:
        system: what it runs on.
        programs: what it runs.
        whole: whether phases are taken as a whole and one NPU stands for all of its stage (default: where
            that gives the same times).

    Returns:
        Times of all NPUs; those whose program never ends finish at None.

    Raises:
        ArchgymError: a time is beyond 64 bits of ns.
        ValueError: a collective never ends, or has one NPU.
    """
    if whole is None:
        whole = programs.stands_for is not None and closed(system, used(system, programs))
    stands_for = programs.stands_for if whole else None
    every = range(system.size)
    named = [stands_for(i) for i in every] if stands_for is not None else list(every)
    try:
        t, s, nodes = prepared(system, programs, list(dict.fromkeys(named)), whole)
        s = ran(t, s)
    except OverflowError:
        raise ArchgymError("sizes and times of this cluster are beyond 64 bits of ns") from None
    place = {npu: i for i, npu in enumerate(nodes)}
    at = [place[i] for i in named]
    finish, left, compute, busy = (
        s.npus[at, c].tolist() for c in (FINISH, LEFT, COMPUTED, COMMUNICATED)
    )
    return Outcome(
        [f if not n else None for f, n in zip(finish, left)], compute, busy,
        s.least.max(axis=1)[at].tolist(), list(nodes)[int(s.npus[:, FINISH].argmax())],
        Spans(s, nodes), int(s.clock[MESSAGES]),
    )  # fmt: skip


def ran(t: Tables, s: State) -> State:
    """Run programs to their end.

    Args:
        t: tables.
        s: state of NPUs that have not begun.

    Returns:
        The state at the end.

    Raises:
        OverflowError: a time is beyond 64 bits.
    """
    # places of pools that one call may take: a collective begins, and as many phases as chunks start
    receives = int(s.npus[:, NODE_COUNT].max())
    margin = 4 * int(t.phases[:, PARALLEL].max()) * (2 * int(t.rules[2]) + 4) + receives + 16
    s = _enlarged(s._replace(requests=np.zeros((margin, 8), np.int64)), LEAST_POOL + 2 * margin)
    while True:
        code = run(t, s, margin)
        if code == TOO_LONG:
            raise OverflowError
        if code != MORE:
            return s
        s = _enlarged(s, 2 * len(s.heap))


def prepared(
    system: System, programs: Programs, npus: Sequence[int], whole: bool
) -> tuple[Tables, State, dict[int, list[Node]]]:
    """Tables and the state of NPUs that have not begun.

    Args:
        system: what they run on.
        programs: what they run.
        npus: numbers of the NPUs that are simulated.
        whole: whether phases are taken as a whole.

    Returns:
        Tables, state, and nodes by NPU in order of id.
    """
    collectives = Collectives(system, whole)
    members, groups = group_members(system, npus)
    rows: list[tuple[int, ...]] = []
    edges: list[int] = []
    made: dict[tuple[int, int], tuple[int, list[int], list[Node]]] = {}
    programs_of = {npu: programs.of(npu) for npu in npus}  # kept, so that each has an id of its own
    table, waits, nodes = np.zeros((len(npus), COLUMNS), np.int64), [], {}
    count = 0
    for i, npu in enumerate(npus):
        program = programs_of[npu]
        key = id(program), groups.get(npu, NONE)
        if key not in made:
            more, waiting, ordered = program_rows(system, program, npu, collectives, edges)
            made[key] = len(rows), waiting, ordered
            rows += more
        base, waiting, nodes[npu] = made[key]
        table[i, [NODE_BASE, STATE_BASE, NODE_COUNT, LEFT]] = base, count, *(2 * [len(waiting)])
        table[i, [NUMBER, GROUP, RUNNING_NODE]] = npu, npu in groups, NONE
        if npu in groups:
            mine = system.group_of(npu)
            table[i, [GROUP_AT, GROUP_ME]] = groups[npu], mine.index(npu)
        waits.append(waiting)
        count += len(waiting)
    t = tables(system, collectives, rows, edges, members)
    return (
        t,
        _state(system, t, table, np.concatenate([np.array(w, np.int64) for w in waits])),
        nodes,
    )


def _state(system: System, t: Tables, npus: Ints, waits: Ints) -> State:
    n, count, kept = len(npus), len(waits), int(t.rules[2])
    phases = int(t.classes[:, 1].max())
    dims = 1 + max(system.part(d)[0] for d in range(len(system.npus)))

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    queues, links = zeros(n, dims * system.queues, 3), zeros(0, 3)
    queues[:, :, :2] = NONE
    if system.aware:
        every = system.size**2 if system.topology[0] == "FullyConnected" else 2 * system.size
        links = zeros(every, 3)
        links[:, :2] = NONE
    clock = zeros(10)
    clock[[BEGUN, CURRENT]] = NONE
    return State(
        npus=npus, busy=zeros(n, 2), least=np.zeros((n, dims)), port_free=np.zeros((n, dims)),
        turns=zeros(n, 3, dims), trees=zeros(n, 4, len(system.npus)), waits=waits,
        spans=np.full((count, 2), NONE, np.int64), owner=np.arange(n).repeat(npus[:, NODE_COUNT]),
        order=zeros(count), ready=zeros(3, count + 1), readies=zeros(n, 3),
        chunks=zeros(n * kept, 12), places=zeros(n * kept, max(1, phases), 3), queues=queues,
        links=links, heap=zeros(0, 3), entries=zeros(0, 9), buckets=zeros(0), calls=zeros(0, 4),
        posts=zeros(0, 8), free=zeros(3, 0), requests=zeros(0, 8), clock=clock,
    )  # fmt: skip


def _enlarged(s: State, size: int) -> State:
    """The same state with pools of ``size`` places; the buckets of entries are laid out anew."""

    def longer(a: Ints) -> Ints:
        return np.concatenate([a, np.zeros((size - len(a), *a.shape[1:]), np.int64)])

    before, clock = len(s.entries), s.clock.copy()
    free = np.zeros((3, size), np.int64)
    for i, column in enumerate((FREE_ENTRIES, FREE_CALLS, FREE_POSTS)):
        there = int(clock[column])
        free[i, :there] = s.free[i, :there]
        free[i, there : there + size - before] = np.arange(before, size)
        clock[column] += size - before
    made = s._replace(
        heap=longer(s.heap), entries=longer(s.entries), calls=longer(s.calls), posts=longer(s.posts),
        free=free, clock=clock, buckets=np.full(1 << size.bit_length(), NONE, np.int64),
    )  # fmt: skip
    used_ = np.ones(before, np.int64)
    used_[s.free[0, : int(s.clock[FREE_ENTRIES])]] = 0
    lay_out(made, used_)
    return made
