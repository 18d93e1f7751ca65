"""What a cluster runs: programs of compute nodes, collectives, sends and receives, one program an NPU.

A node is a mapping with ``id``, ``op`` (comp, coll, send, recv) and ``deps``; a comp node has ``flops`` and
``bytes`` or ``us``, a coll node ``kind``, ``size`` and ``dims``, a send ``dst``, ``size`` and ``tag``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from .system import KINDS, coordinates, number
from .transformer import transformer

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Programs:
    """Programs of a cluster.

    ``of(npu)`` is the program of an NPU.  ``stands_for(npu)`` is the NPU whose time it shares, where NPUs of
    a stage run alike; None where every NPU is to be simulated.
    """

    npus: tuple[int, ...]
    of: Callable[[int], Sequence[Node]]
    stands_for: Callable[[int], int] | None

    @property
    def size(self) -> int:
        """NPUs in all."""
        return prod(self.npus)


def alike(npus: Sequence[int], nodes: Sequence[Node]) -> Programs:
    """The same program on every NPU.

    Args:
        npus: NPUs along each dimension.
        nodes: of the program.

    Returns:
        The programs; one NPU stands for all where no node sends or receives.
    """
    local = all(n["op"] in ("comp", "coll") for n in nodes)
    return Programs(tuple(npus), lambda npu: nodes, (lambda npu: 0) if local else None)


def collective(
    npus: Sequence[int], kind: str, size: int, dims: Sequence[int] | None = None, repeat: int = 1
) -> Programs:
    """One collective, or several in a row.

    Args:
        npus: NPUs along each dimension.
        kind: of collective, one of KINDS.
        size: bytes.
        dims: dimensions over which it goes (default: all).
        repeat: how many, one after another.

    Returns:
        The programs.
    """
    over = list(range(len(npus))) if dims is None else list(dims)
    return alike(
        npus,
        [
            {"id": i, "op": "coll", "deps": [i - 1] if i else [], "kind": kind, "size": size, "dims": over}
            for i in range(repeat)
        ],
    )  # fmt: skip


def graph(npus: Sequence[int], nodes: Sequence[Node] | Mapping[str, Sequence[Node]]) -> Programs:
    """A task graph for every NPU, or one per NPU.

    Args:
        npus: NPUs along each dimension.
        nodes: of the graph, or graphs by the NPU's number as text.

    Returns:
        The programs.
    """
    if isinstance(nodes, Mapping):
        return Programs(tuple(npus), lambda npu: nodes[str(npu)], None)
    return alike(npus, nodes)


def _congruential(seed: int) -> Iterator[int]:
    x = seed & 0x7FFFFFFF
    while True:
        x = (1103515245 * x + 12345) & 0x7FFFFFFF
        yield x >> 8


def random_dag(
    npus: Sequence[int],
    seed: int,
    n: int,
    p_comm: int = 50,
    max_log: int = 26,
    roofline: int = 0,
) -> Programs:
    """Random nodes, each after 0 to 3 earlier ones, drawn by a linear congruential generator.

    Args:
        npus: NPUs along each dimension.
        seed: of the generator.
        n: how many nodes.
        p_comm: collectives among them, in percent.
        max_log: logarithm to base 2 of the largest collective's bytes.
        roofline: whether compute nodes have operations and bytes (1), or a time (0).

    Returns:
        The programs, the same on every NPU.
    """
    draw = _congruential(seed)
    nodes: list[Node] = []
    for i in range(n):
        count = min(i, next(draw) % 4)
        deps = sorted({max(0, i - 1 - next(draw) % 6) for _ in range(count)})
        node: dict[str, Any] = {"id": i, "deps": deps}
        if next(draw) % 100 < p_comm:
            kind = KINDS[next(draw) % 4]
            size = 1 << (16 + next(draw) % (max_log - 15))
            mask = next(draw) % (1 << len(npus))
            dims = [d for d in range(len(npus)) if mask >> d & 1] or list(range(len(npus)))
            node |= {"op": "coll", "kind": kind, "size": size, "dims": dims}
        elif roofline:
            flops = 10**8 * (1 + next(draw) % 1000)
            node |= {"op": "comp", "flops": flops, "bytes": 10**6 * (1 + next(draw) % 500)}
        else:
            node |= {"op": "comp", "us": 1 + next(draw) % 2000}
        nodes.append(node)
    return alike(npus, nodes)


def pingpong(
    npus: Sequence[int], pairs: Sequence[Sequence[int]], size: int, rounds: int
) -> Programs:
    """Pairs of NPUs send a message to and fro; the others compute for 1 µs.

    Args:
        npus: NPUs along each dimension.
        pairs: of NPU numbers; the first of a pair begins.
        size: bytes of a message.
        rounds: how often it goes to and fro.

    Returns:
        The programs.
    """
    programs: dict[int, list[dict[str, Any]]] = {}

    def add(npu: int, op: str, other: str, peer: int, tag: int) -> None:
        nodes = programs.setdefault(npu, [])
        deps = [nodes[-1]["id"]] if nodes else []
        nodes.append(
            {"id": len(nodes), "op": op, "deps": deps, other: peer, "size": size, "tag": tag}
        )

    for k, (a, b) in enumerate(pairs):
        for r in range(rounds):
            tag = 1000 * k + 2 * r
            add(a, "send", "dst", b, tag)
            add(b, "recv", "src", a, tag)
            add(b, "send", "dst", a, tag + 1)
            add(a, "recv", "src", b, tag + 1)
    idle = [{"id": 0, "op": "comp", "deps": [], "us": 1}]
    return Programs(tuple(npus), lambda npu: programs.get(npu, idle), None)


def staged(npus: Sequence[int], **arguments: Any) -> Programs:
    """A transformer; NPUs of one pipeline stage run alike.

    Args:
        npus: NPUs along each dimension.
        arguments: of :func:`~.transformer.transformer`.

    Returns:
        The programs, made when they are asked for.
    """
    stages = list(arguments.get("pp", ()))
    made: dict[int, Sequence[Node]] = {}

    def of(npu: int) -> Sequence[Node]:
        if not stages:
            npu = 0
        if npu not in made:
            made[npu] = transformer(npus, npu, **arguments)
        return made[npu]

    def stands_for(npu: int) -> int:
        place = coordinates(npu, npus)
        return number([c if d in stages else 0 for d, c in enumerate(place)], npus)

    return Programs(tuple(npus), of, stands_for)


GENERATORS: dict[str, Callable[..., Programs]] = {
    "collective": collective,
    "graph": graph,
    "random_dag": random_dag,
    "pingpong": pingpong,
    "transformer": staged,
}


def programs(npus: Sequence[int], workload: Mapping[str, Any]) -> Programs:
    """Programs of a workload given as ``gen``, the generator's name, and its arguments.

    Args:
        npus: NPUs along each dimension.
        workload: ``gen`` with a key of GENERATORS, and the generator's other arguments by name.

    Returns:
        The programs.
    """
    arguments = {k: v for k, v in workload.items() if k != "gen"}
    return GENERATORS[workload["gen"]](npus, **arguments)
