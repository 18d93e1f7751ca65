"""What the compiled simulation of every message starts from: clusters, programs and collectives as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .algorithms import halving_steps, log2, tree_of
from .durations import duration, least_port_time, port_time, sending_time
from .message_state import (
    ALGORITHM,
    ALWAYS,
    CHARGE,
    COLLECTIVE,
    COMPUTE,
    COUNT,
    DIRECT,
    ENDPOINT,
    HALF,
    HALVING,
    LEVELS,
    NEVER,
    NONE,
    NOTHING,
    ODD_GROUPS,
    PARALLEL,
    PART,
    QUEUE_OF,
    RECEIVE,
    REDUCED,
    REDUCES,
    RING,
    SEND,
    SENDS,
    SIZE,
    STEPS,
    STRIDE,
    TIME,
    TREE,
    TREE_OF,
    TURN,
    WHOLE,
    Tables,
)
from .phases import Phase, Planner, chunks
from .system import KINDS, TOPOLOGIES, System
from .workloads import Node

TURNS = ("all", "first", "last")
OPS = {"comp": COMPUTE, "coll": COLLECTIVE, "send": SEND, "recv": RECEIVE}
PHASE_COLUMNS, NODE_COLUMNS = 18, 7


class Collectives:
    """The table of collectives: a class for each kind, size, dimensions and communicator group.

    Args:
        system: the cluster.
        whole: whether phases are taken as a whole.
    """

    def __init__(self, system: System, whole: bool) -> None:
        self.system, self.whole = system, whole
        self.phases: list[list[int]] = []
        self.bounds: list[tuple[float, float, float]] = []
        self.classes: list[tuple[int, int, int, int]] = []
        self.steps: list[tuple[int, int, int]] = []
        self.trees: list[tuple[int, int, int, int]] = []
        self._known: dict[Any, int] = {}
        self._trees: dict[int, int] = {}

    def number(self, node: Node, npu: int) -> int:
        """The class of a node.

        Args:
            node: a collective.
            npu: an NPU that runs it; another of its group may run it too.

        Returns:
            The number of its class.

        Raises:
            ValueError: an all-gather has fewer bytes than chunks, or nobody takes part.
        """
        key = node["kind"], node["size"], tuple(node["dims"]), self.system.group_of(npu)
        if key not in self._known:
            self._known[key] = self._add(node, npu)
        return self._known[key]

    def _add(self, node: Node, npu: int) -> int:
        kind = node["kind"]
        size, count = chunks(self.system, kind, node["size"])
        planner = Planner(self.system, npu)
        phases = planner.phases(kind, size, node["dims"])
        if not phases:
            raise ValueError(f"collective {node['id']} has one NPU")
        first, parts = len(self.phases), len({(p.dimension, p.members) for p in phases})
        for phase, (_, _, turn) in zip(phases, planner.plan(kind, parts), strict=True):
            self.phases.append(self._phase(phase, turn))
            busy = port_time(self.system, phase) if self.whole else 0.0
            rest = self.phases[-1][TIME] - sending_time(self.system, phase) if self.whole else 0.0
            self.bounds.append((least_port_time(self.system, phase), busy, rest))
        self.classes.append((first, len(phases), count, KINDS.index(kind)))
        return len(self.classes) - 1

    def _phase(self, phase: Phase, turn: str) -> list[int]:
        n, name, kind = len(phase.members), phase.algorithm, phase.kind
        row = [0] * PHASE_COLUMNS
        row[COUNT], row[ENDPOINT], row[TURN] = n, phase.endpoint_delay, TURNS.index(turn)
        row[QUEUE_OF], row[PART], row[PARALLEL] = phase.queue[0], phase.dimension, 1
        # members are those of a communicator group, or as far apart as neighbours of a dimension
        grouped = self.system.group_of(phase.members[phase.me])
        row[STRIDE] = 0 if grouped else self.system.stride(phase.dimension)
        uncut = kind == "all_gather" or name == "doubleBinaryTree"
        row[SIZE] = phase.size if uncut else phase.size // n
        row[CHARGE] = self.system.reduction(row[SIZE])
        row[REDUCES] = {"reduce_scatter": ALWAYS, "all_reduce": ODD_GROUPS}.get(kind, NEVER)
        halves = 2 if kind == "all_reduce" else 1
        if self.whole:
            row[ALGORITHM], row[TIME] = WHOLE, duration(self.system, phase)
        elif name == "doubleBinaryTree":
            row[ALGORITHM], row[TREE_OF] = TREE, self._tree(n)
        elif name == "halvingDoubling":
            row[ALGORITHM], row[STEPS], row[LEVELS] = HALVING, len(self.steps), halves * log2(n)
            row[SENDS], row[REDUCED] = halves * log2(n), log2(n) - 1
            made = halving_steps(kind, n, phase.size)
            self.steps += [(away, size, self.system.reduction(size)) for away, size in made]
        elif name.startswith("direct"):
            row[ALGORITHM], row[SENDS] = DIRECT, halves * (n - 1)
            row[PARALLEL] = row[REDUCED] = min(int(name[6:] or n), n - 1)
            row[HALF] = n - 1 if kind == "all_reduce" else 0
        else:
            rounds = {"all_reduce": 2 * (n - 1), "all_to_all": n * (n - 1) // 2}
            row[ALGORITHM], row[SENDS], row[REDUCED] = RING, rounds.get(kind, n - 1), n - 1
        return row

    def _tree(self, n: int) -> int:
        if n not in self._trees:
            self._trees[n] = len(self.trees)
            for variant in (0, 1):
                for up, below in zip(*tree_of(n, variant)):
                    one, two = (*below, NONE, NONE)[:2]
                    self.trees.append((NONE if up is None else up, one, two, len(below)))
        return self._trees[n]


def _value(system: System, node: Node) -> int:
    """Nanoseconds of a computation; NOTHING where it is over at once."""
    if not system.roofline:
        return int(node["us"] * 1000) or 1
    time = system.compute_time(node["flops"], node["bytes"])
    return NOTHING if time == 0 and node["flops"] == 0 else time


def program_rows(
    system: System, nodes: Sequence[Node], npu: int, collectives: Collectives, edges: list[int]
) -> tuple[list[tuple[int, ...]], list[int], list[Node]]:
    """A program as rows of the table of nodes.

    Args:
        system: what it runs on.
        nodes: of the program.
        npu: one that runs it.
        collectives: the table of collectives; more are added.
        edges: the table of edges; more are added.

    Returns:
        Rows in order of id, how many nodes each waits for, and the nodes in that order.
    """
    every = sorted(nodes, key=lambda n: int(n["id"]))
    place = {n["id"]: i for i, n in enumerate(every)}
    children: list[list[int]] = [[] for _ in every]
    for i, n in enumerate(every):
        for d in n["deps"]:
            children[place[d]].append(i)
    rows: list[tuple[int, ...]] = []
    for n, below in zip(every, children):
        op, value = OPS[n["op"]], 0
        if op == COMPUTE:
            value = _value(system, n)
        elif op == COLLECTIVE:
            value = collectives.number(n, npu)
        peer = n.get("dst", n.get("src", 0))
        rows.append(
            (op, value, peer, n.get("size", 0), n.get("tag", 0), len(edges), len(edges) + len(below))
        )  # fmt: skip
        edges += below
    return rows, [len(n["deps"]) for n in every], every


def tables(
    system: System, collectives: Collectives, rows: Sequence[tuple[int, ...]], edges: Sequence[int],
    groups: Sequence[int],
) -> Tables:  # fmt: skip
    """Everything that does not change in a simulation.

    Args:
        system: the cluster.
        collectives: of all programs.
        rows: of all programs.
        edges: of all programs.
        groups: members of communicator groups, one group after another.

    Returns:
        The tables.

    Raises:
        OverflowError: a number is beyond 64 bits.
    """
    every = range(len(system.npus))
    topology = [TOPOLOGIES.index(kind) for kind in system.topology]
    dims = [(n, topology[d], *system.part(d)[1:]) for d, n in enumerate(system.npus)]
    kept = 2 * max([c[2] for c in collectives.classes], default=1)
    capacity = -(-system.active_chunks // system.queues)
    rules = [
        capacity, system.queues, kept, system.bounded, system.aware, topology[0], system.size,
    ]  # fmt: skip

    def whole(values: Sequence[Any], columns: int) -> Any:
        return np.array(values or [[0] * columns], np.int64).reshape(-1, columns)

    return Tables(
        whole(dims, 4), np.array(system.latency, np.float64),
        np.array([system.bytes_per_ns(d) for d in every]),
        whole(collectives.phases, PHASE_COLUMNS),
        np.array(collectives.bounds or [(0.0, 0.0, 0.0)], np.float64),
        whole(collectives.classes, 4), whole(collectives.steps, 3), whole(collectives.trees, 4),
        np.array(groups or [0], np.int64), whole(rows, NODE_COLUMNS),
        np.array(edges or [0], np.int64), np.array(rules, np.int64),
    )  # fmt: skip


def group_members(system: System, npus: Sequence[int]) -> tuple[list[int], Mapping[int, int]]:
    """Communicator groups of NPUs.

    Args:
        system: the cluster.
        npus: numbers.

    Returns:
        Members, one group after another, and by NPU that has one where its group begins.
    """
    members: list[int] = []
    begins: dict[tuple[int, ...], int] = {}
    where = {}
    for npu in npus if system.groups else ():
        group = system.group_of(npu)
        if group:
            if group not in begins:
                begins[group] = len(members)
                members += group
            where[npu] = begins[group]
    return members, where
