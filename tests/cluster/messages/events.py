"""The simulation of a cluster: every message of every NPU in the order of ASTRA-sim, or phases as a whole.

Events of one nanosecond happen in the order in which they were scheduled.
"""

from __future__ import annotations

from archgym.simulators.cluster.events import Outcome
from archgym.simulators.cluster.faults import closed, used
from archgym.simulators.cluster.system import System
from archgym.simulators.cluster.workloads import Programs

from .network import Clock, ContendedNetwork, Network
from .npu import Chunk, Npu, WholeChunk


def simulate(system: System, programs: Programs, whole: bool | None = None) -> Outcome:
    """Run the program of every NPU.

    Args:
        system: what it runs on.
        programs: what it runs.
        whole: whether phases are taken as a whole and one NPU stands for all of its stage (default: where
            that gives the same times).

    Returns:
        Times of all NPUs; those whose program never ends finish at None.
    """
    if whole is None:
        whole = programs.stands_for is not None and closed(system, used(system, programs))
    stands_for = programs.stands_for if whole else None
    every = range(system.size)
    named = [stands_for(i) for i in every] if stands_for is not None else list(every)
    clock = Clock()
    network = (ContendedNetwork if system.aware else Network)(system, clock)
    chunk = WholeChunk if whole else Chunk
    npus = {i: Npu(system, clock, network, i, chunk) for i in dict.fromkeys(named)}
    for i, npu in npus.items():
        npu.load(programs.of(i))
    for npu in npus.values():
        npu.issue()
    clock.run()
    ends = {i: n.finish if n.left == 0 else None for i, n in npus.items()}
    least = {i: max(n.least.values(), default=0.0) for i, n in npus.items()}
    last = max(npus, key=lambda i: npus[i].finish)
    return Outcome(
        [ends[i] for i in named], [npus[i].compute for i in named],
        [npus[i].communication for i in named], [least[i] for i in named], last,
        {i: n.spans for i, n in npus.items()}, network.messages,
    )  # fmt: skip
