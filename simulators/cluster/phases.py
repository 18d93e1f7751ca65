"""From a collective to chunks, and from a chunk to phases, one in each dimension that takes part."""

from __future__ import annotations

from dataclasses import dataclass

from .system import GROUP_ENDPOINT_NS, System

CLOCKWISE, ANTICLOCKWISE = 1, -1


@dataclass(frozen=True)
class Phase:
    """One dimension's part of a chunk.

    ``kind`` and ``algorithm`` say what is done with ``size`` bytes among ``members``, NPU numbers in ring
    order, of which this NPU is number ``me``.  ``queue`` is (dimension of the network, number), ``dimension``
    the part of it where dimensions are divided, ``variant`` the double binary tree that is used (0: root
    last, 1: root first).
    """

    kind: str
    algorithm: str
    members: tuple[int, ...]
    me: int
    size: int
    dimension: int
    queue: tuple[int, int]
    direction: int
    variant: int
    endpoint_delay: int

    @property
    def size_after(self) -> int:
        """Bytes that the next phase starts from."""
        n = len(self.members)
        if self.algorithm == "doubleBinaryTree" or self.kind in ("all_reduce", "all_to_all"):
            return self.size
        return self.size // n if self.kind == "reduce_scatter" else self.size * n


def chunks(system: System, kind: str, size: int) -> tuple[int, int]:
    """How a collective is cut.

    A chunk holds at least one byte per NPU of the system (but for an all-gather). Every chunk is whole,
    so a remainder makes one more.

    Args:
        system: the cluster.
        kind: of collective, one of KINDS.
        size: bytes of the collective.

    Returns:
        Bytes of a chunk, and how many chunks there are.

    Raises:
        ValueError: an all-gather has fewer bytes than chunks.
    """
    chunk = size // system.splits
    if kind != "all_gather" and chunk < system.size:
        chunk = system.size
        size = system.splits * chunk
    if chunk == 0:
        raise ValueError(f"an all-gather of {size} bytes in {system.splits} splits never ends")
    return chunk, -(-size // chunk)


class Planner:
    """Makes the phases of one NPU's chunks; queues and trees are taken in turn."""

    def __init__(self, system: System, npu: int) -> None:
        self.system, self.npu = system, npu
        self.group = system.group_of(npu)
        self._turns: dict[tuple[str, int], int] = {}
        self._trees: dict[tuple[str, int], int] = {}

    def phases(self, kind: str, size: int, dimensions: list[int]) -> list[Phase]:
        """The phases of one chunk.

        Args:
            kind: of collective, one of KINDS.
            size: bytes of the chunk.
            dimensions: over which the collective goes.

        Returns:
            Phases in order, one in each dimension (of an all-reduce, up to two) that has more than one
            NPU.
        """
        places = self._places(kind, dimensions)
        out: list[Phase] = []
        for step, place, turn in self.plan(kind, len(places)):
            before = out[-1].size_after if out else size
            out.append(self._phase(kind, step, places[place], before, turn))
        return out

    def plan(self, kind: str, places: int) -> list[tuple[str, int, str]]:
        """What a chunk does, in order.

        Args:
            kind: of collective, one of KINDS.
            places: how many dimensions take part.

        Returns:
            Of each phase its kind, the number of its place, and which queues it takes in turn (``first``,
            ``last`` or ``all``).
        """
        order = list(range(places))
        if kind == "all_reduce" and self.system.optimization == "localBWAware":
            there = [("reduce_scatter", i, "first") for i in order[:-1]]
            turned = [("all_reduce", i, "first") for i in order[-1:]]
            return there + turned + [("all_gather", i, "last") for i in order[-2::-1]]
        return [(kind, i, "all") for i in (order[::-1] if kind == "all_gather" else order)]

    def _places(self, kind: str, dimensions: list[int]) -> list[tuple[int, str, tuple[int, ...]]]:
        """(dimension, algorithm, members) of each part that has more than one NPU."""
        algorithms = self.system.algorithms[kind]
        if self.group:
            return [(0, "ring", self.group)] if len(self.group) > 1 else []
        if algorithms[0].startswith("one"):
            name = algorithms[0][3:]
            every = tuple(range(self.system.size))
            return [(0, name[0].lower() + name[1:], every)] if len(every) > 1 else []
        return [
            (d, algorithms[d], self.system.members(self.npu, d))
            for d in range(len(algorithms))
            if d in dimensions and self.system.npus[d] > 1
        ]

    def _phase(
        self, kind: str, step: str, place: tuple[int, str, tuple[int, ...]], size: int, turn: str
    ) -> Phase:
        dimension, algorithm, members = place
        place_of_queue = self.system.part(dimension)[0]
        number, direction = self._queue(place_of_queue, turn)
        variant = 0
        if algorithm == "doubleBinaryTree":
            variant = self._trees.get((kind, dimension), 0)
            self._trees[kind, dimension] = 1 - variant
        delay = GROUP_ENDPOINT_NS if self.group else self.system.endpoint_delay
        me = members.index(self.npu)
        queue = (place_of_queue, number)
        return Phase(
            step, algorithm, members, me, size, dimension, queue, direction, variant, delay
        )

    def _queue(self, dimension: int, turn: str) -> tuple[int, int]:
        """The next queue of a dimension and its direction; returning phases have the upper half."""
        q = self.system.queues
        if q == 1:
            return 0, ANTICLOCKWISE if turn == "last" else CLOCKWISE
        low, high = {"all": (0, q), "first": (0, q // 2), "last": (q // 2, q)}[turn]
        count = self._turns.get((turn, dimension), 0)
        self._turns[turn, dimension] = count + 1
        number = low + count % (high - low)
        return number, CLOCKWISE if number < q // 2 else ANTICLOCKWISE
