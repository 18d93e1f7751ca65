"""What ASTRA-sim crashes, hangs or is silently wrong on, told before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterator

from .durations import CLOSED
from .system import KINDS, System
from .workloads import Programs

Used = set[tuple[str, int]]


def used(system: System, programs: Programs) -> Used:
    """Which collectives the programs use, and where.

    Args:
        system: the cluster.
        programs: what it runs.

    Returns:
        (kind of collective, dimension), of dimensions with more than one NPU.
    """
    stands_for = programs.stands_for
    npus = (
        range(system.size)
        if stands_for is None
        else dict.fromkeys(map(stands_for, range(system.size)))
    )
    nodes = {id(program): program for program in (programs.of(i) for i in npus)}
    pairs = {
        (n["kind"], d)
        for program in nodes.values()
        for n in program
        if n["op"] == "coll"
        for d in n["dims"]
    }
    return {(kind, d) for kind, d in pairs if system.npus[d] > 1}


def closed(system: System, pairs: Used) -> bool:
    """Whether every phase that is used has a closed form.

    Args:
        system: the cluster.
        pairs: what is used, as :func:`used` tells.

    Returns:
        Whether the closed forms give the same times as every message would.
    """
    if system.groups:
        return False
    names = set()
    for kind, d in pairs:
        algorithms = system.algorithms[kind]
        if algorithms[0].startswith("one"):
            return False
        if d < len(algorithms):
            names.add(algorithms[d])
    if not names <= set(CLOSED):
        return False
    if not system.aware:
        return True
    if system.active_chunks > 1 or system.queues > 1:
        return False  # chunks that run side by side meet on the links
    kind = system.topology[0]
    if kind == "Ring":
        return names <= {"ring"}
    return kind == "FullyConnected" or "direct" not in names


def faults(system: System, pairs: Used) -> list[str]:
    """Why a system cannot run collectives of some kinds.

    Args:
        system: the cluster.
        pairs: what is used, as :func:`used` tells.

    Returns:
        One text per fault; empty where there is none.
    """
    return list(dict.fromkeys(_faults(system, pairs)))


def _faults(system: System, pairs: Used) -> Iterator[str]:
    if system.aware and len(system.npus) > 1:
        yield "the congestion-aware back end has one dimension, this system has several"
    if system.aware and system.topology[0] == "Ring" and system.size == 2:
        yield "the congestion-aware back end has no ring of 2 NPUs"
    for kind, d in sorted(pairs):
        algorithms = system.algorithms[kind]
        one = algorithms[0].startswith("one")
        if not one and d >= len(algorithms):
            continue
        name = algorithms[0][3:].lower() if one else algorithms[d].lower()
        n = system.size if one else system.npus[d]
        where = f"dimension {d} of {n} NPUs"
        if "halvingdoubling" in name and kind == "all_to_all":
            yield f"{where}: halvingDoubling has no all-to-all"
        elif ("halvingdoubling" in name or "tree" in name) and n & (n - 1):
            yield f"{where}: {algorithms[0 if one else d]} needs a power of 2"
        elif "tree" in name and kind != "all_reduce":
            wanted = kind.replace("_", "-")
            yield f"{where}: doubleBinaryTree runs an all-reduce in place of the {wanted}"


def check(system: System) -> list[str]:
    """What is wrong with a system by itself.

    Args:
        system: the cluster.

    Returns:
        One text per fault; empty where there is none.
    """
    out = []
    lengths = {len(system.topology), len(system.npus), len(system.bandwidth), len(system.latency)}
    if len(lengths) > 1 or not system.npus:
        out.append("topology, npus, bandwidth and latency need one value for each dimension")
    if any(n < 1 for n in system.npus):
        out.append(f"npus: expected at least 1 in every dimension, got {list(system.npus)}")
    if any(not b > 0 for b in system.bandwidth) or not system.local_mem_bw > 0:
        out.append("bandwidths must be positive")
    if any(not v >= 0 for v in (*system.latency, system.endpoint_delay)):
        out.append("latencies and endpoint delay cannot be negative")
    if min(system.active_chunks, system.splits, system.queues) < 1:
        out.append("active chunks, splits and queues are at least 1")
    missing = [kind for kind in KINDS if not system.algorithms.get(kind)]
    if missing:
        out.append(f"no algorithm for {', '.join(missing)}")
    return out
