"""Dimensions of a network divided among uses: tensor, sequence, data and pipeline parallelism."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .system import System


def divided(system: System, uses: Mapping[str, int]) -> tuple[System, dict[str, list[int]]]:
    """Lay uses over the dimensions of a network, from the innermost dimension outward, in their order.

    Args:
        system: whose dimensions have powers of 2 NPUs.
        uses: by role, how many NPUs it needs; all of them multiply to the system's NPUs.

    Returns:
        The system with one dimension for each part of a dimension of its network that one use has, and the
        dimensions of each use.
    """
    parts: list[tuple[int, int, int]] = []  # dimension of the network, NPUs, distance of neighbours
    dims: dict[str, list[int]] = {role: [] for role in uses}
    dimension, stride = 0, 1
    for role, needed in uses.items():
        while needed > 1:
            size = min(needed, system.npus[dimension] // stride)
            if size > 1:
                dims[role].append(len(parts))
                parts.append((dimension, size, stride))
                stride *= size
                needed //= size
            if stride == system.npus[dimension]:
                dimension, stride = dimension + 1, 1
    of = [d for d, _, _ in parts]
    made = replace(
        system,
        topology=tuple(system.topology[d] for d in of),
        npus=tuple(size for _, size, _ in parts),
        bandwidth=tuple(system.bandwidth[d] for d in of),
        latency=tuple(system.latency[d] for d in of),
        algorithms={k: tuple(v[d] for d in of) for k, v in system.algorithms.items()},
        parts=tuple((d, system.npus[d], stride) for d, _, stride in parts),
    )
    return made, dims
