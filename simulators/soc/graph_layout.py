"""Places of a task graph's nodes in columns by depth, and of its edges, so that none runs through a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 8
Point = tuple[float, float]


@dataclass(frozen=True)
class Layered:
    """``nodes`` (n,) as (column, height), and for each edge the points of its ``lines``, ends included."""

    nodes: list[Point]
    lines: list[list[Point]]


def layered(nodes: int, edges: Sequence[tuple[int, int]]) -> Layered:
    """Lay a graph out after Sugiyama: columns by depth, order in them by the mean of the neighbours.

    An edge over several columns gets a place of its own in each of them (Sugiyama, Tagawa, Toda, IEEE
    Transactions on Systems, Man and Cybernetics 1981).

    Args:
        nodes: how many there are.
        edges: (from, to), without circles.

    Returns:
        Places of nodes and edges.
    """
    depth = [0] * nodes
    for _ in range(nodes):
        for a, b in edges:
            depth[b] = max(depth[b], depth[a] + 1)
    chains, columns = _chains(depth, edges)
    neighbours: dict[int, list[int]] = {i: [] for column in columns for i in column}
    for chain in chains:
        for a, b in pairwise(chain):
            neighbours[a].append(b)
            neighbours[b].append(a)
    height = {i: float(k) for column in columns for k, i in enumerate(column)}
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 else columns[::-1]:
            mean = {i: _mean([height[j] for j in neighbours[i]], height[i]) for i in column}
            column.sort(key=lambda i: (mean[i], i))
            for k, i in enumerate(column):
                height[i] = k - (len(column) - 1) / 2
    at = {i: (float(c), height[i]) for c, column in enumerate(columns) for i in column}
    return Layered([at[i] for i in range(nodes)], [[at[i] for i in chain] for chain in chains])


def _chains(
    depth: list[int], edges: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]]]:
    """Each edge as a chain of nodes, one a column, with new ones in between; and the columns."""
    columns: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
    for i, d in enumerate(depth):
        columns[d].append(i)
    fresh, chains = len(depth), []
    for a, b in edges:
        between = []
        for d in range(depth[a] + 1, depth[b]):
            columns[d].append(fresh)
            between.append(fresh)
            fresh += 1
        chains.append([a, *between, b])
    return chains, columns


def _mean(values: list[float], else_: float) -> float:
    return sum(values) / len(values) if values else else_
