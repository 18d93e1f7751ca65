"""How long a phase takes when all its members enter together and nothing contends, in closed form.

With these, one NPU stands for all that run the same program: the cost of a design does not grow with the
number of NPUs.
"""

from __future__ import annotations

from .algorithms import halving_steps, log2
from .phases import Phase
from .system import System

CLOSED = ("ring", "direct", "halvingDoubling")


def message(system: System, phase: Phase, away: int, size: int) -> int:
    """How long one message of a phase takes.

    Args:
        system: the cluster.
        phase: whose message it is.
        away: how many places on the receiver is among the members.
        size: bytes.

    Returns:
        ns.
    """
    me, n = phase.me, len(phase.members)
    if away == 1 and phase.algorithm == "ring" and system.is_line(phase.dimension):
        away = (
            2  # a logical ring laid on a line visits every second place there and the others back
        )
        me = 0
    source, destination = phase.members[me], phase.members[(me + away) % n]
    if system.aware and system.topology[0] == "Switch":  # two links, each truncated by itself
        return 2 * int(system.latency[0] + size / system.bytes_per_ns(0))
    return system.delay(source, destination, size)


def duration(system: System, phase: Phase) -> int:
    """How long a phase takes.

    Args:
        system: the cluster.
        phase: its algorithm is one of CLOSED.

    Returns:
        ns.
    """
    n, s, e = len(phase.members), phase.size, phase.endpoint_delay
    if phase.algorithm == "halvingDoubling":
        return _halving_doubling(system, phase)
    size = s if phase.kind == "all_gather" else s // n
    reduction = system.reduction(size)
    if phase.algorithm == "ring":
        step = message(system, phase, 1, size)
        if phase.kind == "all_reduce":
            return (2 * n - 1) * e + 2 * (n - 1) * step + (n - 1) * reduction
        if phase.kind == "all_to_all":
            steps = n * (n - 1) // 2
            return (steps + 1) * e + steps * step
        reduced = (n - 1) * reduction if phase.kind == "reduce_scatter" else 0
        return n * e + (n - 1) * step + reduced
    delays = [message(system, phase, k, size) for k in range(1, n)]
    if phase.kind != "all_reduce":
        reduced = reduction if phase.kind == "reduce_scatter" else 0
        return 2 * e + max(delays) + reduced
    # the second half starts when all of the first is in: k-th reception, k-th destination
    arrivals = sorted(e + d for d in delays)
    reduced_at = [a + e + reduction for a in arrivals]
    first = min(t for t in reduced_at if t >= arrivals[-1])
    return max(max(t, first) + d for t, d in zip(reduced_at, delays)) + e


def links(system: System, dimension: int) -> int:
    """Links or ports by which an NPU sends in a dimension.

    Args:
        system: the cluster.
        dimension: number of the dimension.

    Returns:
        How many there are.
    """
    n = system.npus[dimension]
    kind = system.topology[dimension]
    if kind == "Ring":
        return 2 if n > 2 else 1
    return max(1, n - 1) if kind == "FullyConnected" else 1


def port_time(system: System, phase: Phase) -> float:
    """How long a phase occupies an NPU's ports, other NPUs' traffic through them included.

    Args:
        system: the cluster.
        phase: its algorithm is one of CLOSED.

    Returns:
        ns.
    """
    n, s, d = len(phase.members), phase.size, phase.dimension
    size = s if phase.kind == "all_gather" else s // n
    ring = system.topology[d] == "Ring"
    _, whole, stride = system.part(d)
    if phase.algorithm == "ring":
        steps = {"all_reduce": 2 * (n - 1), "all_to_all": n * (n - 1) // 2}.get(phase.kind, n - 1)
        through = stride if ring else 1  # groups that lie in one another send over the same links
        return steps * size * through / system.bytes_per_ns(d)
    if phase.algorithm == "direct":
        loads = [(k, size) for k in range(1, n)] * (2 if phase.kind == "all_reduce" else 1)
        ways = links(system, d)
    else:
        both = phase.kind == "all_reduce"
        loads = halving_steps("reduce_scatter" if both else phase.kind, n, s) * (2 if both else 1)
        ways = 2 if ring and n > 2 else 1
    total = sum((min(k * stride, whole - k * stride) if ring else 1) * b for k, b in loads)
    return total / (ways * system.bytes_per_ns(d))


def sending_time(system: System, phase: Phase) -> float:
    """How much of a phase is the sending of its messages, one after another, where it is alone.

    Args:
        system: the cluster.
        phase: its algorithm is one of CLOSED.

    Returns:
        ns.
    """
    n, s, d = len(phase.members), phase.size, phase.dimension
    halves = 2 if phase.kind == "all_reduce" else 1
    if phase.algorithm == "direct":  # all messages of a half leave at once
        return halves * (s if phase.kind == "all_gather" else s // n) / system.bytes_per_ns(d)
    if phase.algorithm == "ring":
        steps = n * (n - 1) // 2 if phase.kind == "all_to_all" else halves * (n - 1)
        return steps * (s if phase.kind == "all_gather" else s // n) / system.bytes_per_ns(d)
    one_way = s * (n - 1) if phase.kind == "all_gather" else s * (n - 1) / n
    return halves * one_way / system.bytes_per_ns(d)


def least_port_time(system: System, phase: Phase) -> float:
    """The time below which no algorithm can do a phase, by the bandwidth of an NPU's ports.

    Args:
        system: the cluster.
        phase: of any algorithm.

    Returns:
        ns.
    """
    n, s, d = len(phase.members), phase.size, phase.dimension
    sent = {"all_reduce": 2 * s * (n - 1) / n, "all_gather": s * (n - 1)}.get(
        phase.kind, s * (n - 1) / n
    )
    return sent / (links(system, d) * system.bytes_per_ns(d))


def _halving_doubling(system: System, phase: Phase) -> int:
    n, e = len(phase.members), phase.endpoint_delay
    steps = halving_steps(phase.kind, n, phase.size)
    total = (len(steps) + 1) * e + sum(message(system, phase, *step) for step in steps)
    if phase.kind == "all_gather":
        return total
    return total + sum(system.reduction(size) for _, size in steps[1 : log2(n)])
