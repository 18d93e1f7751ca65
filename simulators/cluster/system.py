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
    """The position of an NPU in each dimension; dimension 0 varies fastest.

    Args:
        npu: its number.
        npus: NPUs along each dimension.

    Returns:
        A position per dimension.
    """
    out = []
    for n in npus:
        out.append(npu % n)
        npu //= n
    return out


def number(position: Sequence[int], npus: Sequence[int]) -> int:
    """The NPU at a position.

    Args:
        position: in each dimension.
        npus: NPUs along each dimension.

    Returns:
        Its number.
    """
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
        """The bandwidth of a link; the tool counts GB of 2^30 bytes.

        Args:
            dimension: number of the dimension.

        Returns:
            Bytes per ns.
        """
        return self.bandwidth[dimension] * 2**30 / 1e9

    def stride(self, dimension: int) -> int:
        """How far apart neighbours of a dimension are in number.

        Args:
            dimension: number of the dimension.

        Returns:
            A difference of NPU numbers.
        """
        return prod(self.npus[:dimension])

    def members(self, npu: int, dimension: int) -> tuple[int, ...]:
        """NPUs that differ from one in one dimension alone.

        Args:
            npu: number of the NPU.
            dimension: number of the dimension.

        Returns:
            Numbers of NPUs in order, itself included.
        """
        stride = self.stride(dimension)
        first = npu - npu // stride % self.npus[dimension] * stride
        return tuple(first + k * stride for k in range(self.npus[dimension]))

    def part(self, dimension: int) -> tuple[int, int, int]:
        """What a dimension is a part of, where dimensions of the network are divided among uses.

        Args:
            dimension: number of the dimension.

        Returns:
            The dimension of the network, its NPUs in all, and how far neighbours are apart in it.
        """
        return self.parts[dimension] if self.parts else (dimension, self.npus[dimension], 1)

    def hops(self, dimension: int, a: int, b: int) -> int:
        """Links between two positions of a dimension.

        Args:
            dimension: number of the dimension.
            a: a position.
            b: another position.

        Returns:
            How many links; 2 through a switch.
        """
        kind = self.topology[dimension]
        if kind == "Ring":
            _, whole, stride = self.part(dimension)
            away = abs(a - b) * stride
            return min(away, whole - away)
        return 1 if kind == "FullyConnected" else 2

    def is_line(self, dimension: int) -> bool:
        """Whether this is a part of a ring that does not close: its ends are no neighbours.

        Args:
            dimension: number of the dimension.

        Returns:
            Whether it is.
        """
        _, whole, stride = self.part(dimension)
        n = self.npus[dimension]
        return self.topology[dimension] == "Ring" and n > 2 and n * stride < whole

    def delay(self, source: int, destination: int, size: int) -> int:
        """How long a message takes where no other is in the way.

        Only the first dimension in which the two NPUs differ counts; the others are free, as in the tool.

        Args:
            source: number of the NPU that sends.
            destination: number of the NPU that receives.
            size: bytes.

        Returns:
            ns; 0 from an NPU to itself.
        """
        for d, n in enumerate(self.npus):
            a, b = source % n, destination % n
            if a != b:
                hops = self.hops(d, a, b)
                return int(hops * self.latency[d] + size / self.bytes_per_ns(d))
            source, destination = source // n, destination // n
        return 0

    def reduction(self, size: int) -> int:
        """How long received bytes take to be reduced: one write and two reads of local memory.

        Args:
            size: bytes.

        Returns:
            ns.
        """
        return 3 * int(size / self.local_mem_bw)

    def group_of(self, npu: int) -> tuple[int, ...]:
        """The communicator group of an NPU, the last that lists it.

        Args:
            npu: number of the NPU.

        Returns:
            Numbers of NPUs; empty for no group and for one of all NPUs.
        """
        mine: tuple[int, ...] = ()
        for group in self.groups:
            if npu in group:
                mine = tuple(group)
        return () if len(mine) == self.size else mine

    def compute_time(self, operations: float, size: float) -> int:
        """How long a compute node takes under the roofline of memory and peak performance.

        Args:
            operations: floating-point operations.
            size: bytes that move from and to memory; 0 leaves the peak alone.

        Returns:
            ns.
        """
        if operations == 0:
            return 0
        peak = self.peak_perf * 1e12
        bound = min(self.local_mem_bw * 1e9 * (operations / size), peak) if size else peak
        return int(operations / bound * 1e9)
