"""A cluster as ASTRA-sim's analytical back ends describe it: dimensions, links, collective algorithms.

Rules: Yang et al., ASTRA-sim 2.0 (ISPASS 2023, arXiv 2303.14006), as its source of 2024 has them.
One cycle is one nanosecond, and every delay is truncated to whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
TOPOLOGIES = ("Ring", "FullyConnected", "Switch")
IMPLEMENTATIONS = ("ring", "direct", "halvingDoubling", "doubleBinaryTree")
OPTIMIZATIONS = ("localBWAware", "baseline")
GROUP_ENDPOINT_NS = 10  # collectives of communicator groups take this, whatever the endpoint delay


def coordinates(npu: int, npus: Sequence[int]) -> list[int]:
    """Position in each dimension; dimension 0 varies fastest."""
    out = []
    for n in npus:
        out.append(npu % n)
        npu //= n
    return out


def number(position: Sequence[int], npus: Sequence[int]) -> int:
    """The NPU at a position."""
    out = 0
    for place, n in zip(reversed(position), reversed(npus)):
        out = out * n + place
    return out


@dataclass(frozen=True)
class System:
    """What a step of training or a collective runs on.

    Attributes:
        topology: type of each dimension, of TOPOLOGIES.
        npus: NPUs along each dimension; dimension 0 varies fastest in an NPU's number.
        bandwidth: of a link or port of each dimension in GB/s of 2^30 bytes.
        latency: of a hop of each dimension in ns.
        algorithms: by kind of collective, the implementation of each dimension.
        endpoint_delay: ns that a packet spends at an NPU before it is sent and after it has arrived.
        active_chunks: phases that run at once in a dimension.
        splits: into how many chunks a collective is cut.
        optimization: how an all-reduce over several dimensions is composed, of OPTIMIZATIONS.
        local_mem_bw: of an NPU's memory in GB/s of 1e9 bytes.
        peak_perf: of an NPU in TFLOP/s.
        roofline: whether compute nodes take their time from operations and bytes.
        queues: of each dimension.
        groups: communicator groups, lists of NPUs.
        aware: whether messages that share a link wait for one another (one dimension only).
        bounded: whether the phases of a dimension share its ports. In the tool's congestion-unaware back end
            any number of messages leave at once, each at full bandwidth.
        parts: where dimensions of the network are divided among several uses: of each part, which dimension
            it is of, the NPUs of that whole dimension, and how far apart neighbours of the part are in it.
            Parts of one dimension share its queue and its ports.
    """

    topology: tuple[str, ...]
    npus: tuple[int, ...]
    bandwidth: tuple[float, ...]
    latency: tuple[float, ...]
    algorithms: Mapping[str, Sequence[str]]
    endpoint_delay: int = 10
    active_chunks: int = 1
    splits: int = 1
    optimization: str = "localBWAware"
    local_mem_bw: float = 1600.0
    peak_perf: float = 312.0
    roofline: bool = True
    queues: int = 1
    groups: Sequence[Sequence[int]] = field(default=())
    aware: bool = False
    bounded: bool = False
    parts: tuple[tuple[int, int, int], ...] = ()

    @property
    def size(self) -> int:
        """NPUs in all."""
        return prod(self.npus)

    def bytes_per_ns(self, dimension: int) -> float:
        """Bandwidth of a link in bytes per nanosecond; the tool counts GB of 2^30 bytes."""
        return self.bandwidth[dimension] * 2**30 / 1e9

    def stride(self, dimension: int) -> int:
        """How far apart neighbours of a dimension are in number."""
        return prod(self.npus[:dimension])

    def members(self, npu: int, dimension: int) -> tuple[int, ...]:
        """NPUs that differ from one in this dimension alone, itself included, in order."""
        stride = self.stride(dimension)
        first = npu - npu // stride % self.npus[dimension] * stride
        return tuple(first + k * stride for k in range(self.npus[dimension]))

    def part(self, dimension: int) -> tuple[int, int, int]:
        """Which dimension of the network this is of, its NPUs in all, and how far neighbours are apart."""
        return self.parts[dimension] if self.parts else (dimension, self.npus[dimension], 1)

    def hops(self, dimension: int, a: int, b: int) -> int:
        """Links between two positions of a dimension."""
        kind = self.topology[dimension]
        if kind == "Ring":
            _, whole, stride = self.part(dimension)
            away = abs(a - b) * stride
            return min(away, whole - away)
        return 1 if kind == "FullyConnected" else 2

    def is_line(self, dimension: int) -> bool:
        """Whether this is a part of a ring that does not close: its ends are no neighbours."""
        _, whole, stride = self.part(dimension)
        n = self.npus[dimension]
        return self.topology[dimension] == "Ring" and n > 2 and n * stride < whole

    def delay(self, source: int, destination: int, size: int) -> int:
        """Nanoseconds of a message of ``size`` bytes where no other is in the way.

        Only the first dimension in which the two NPUs differ counts; the others are free, as in the tool.
        """
        for d, n in enumerate(self.npus):
            a, b = source % n, destination % n
            if a != b:
                hops = self.hops(d, a, b)
                return int(hops * self.latency[d] + size / self.bytes_per_ns(d))
            source, destination = source // n, destination // n
        return 0

    def reduction(self, size: int) -> int:
        """Nanoseconds to reduce ``size`` received bytes: one write and two reads of local memory."""
        return 3 * int(size / self.local_mem_bw)

    def group_of(self, npu: int) -> tuple[int, ...]:
        """The group of an NPU, the last that lists it; empty for none and for one of all NPUs."""
        mine: tuple[int, ...] = ()
        for group in self.groups:
            if npu in group:
                mine = tuple(group)
        return () if len(mine) == self.size else mine

    def compute_time(self, operations: float, size: float) -> int:
        """Nanoseconds of a compute node under the roofline of memory and peak performance."""
        if operations == 0:
            return 0
        peak = self.peak_perf * 1e12
        bound = min(self.local_mem_bw * 1e9 * (operations / size), peak) if size else peak
        return int(operations / bound * 1e9)
