"""The simulation of a cluster: every message of every NPU in the order of ASTRA-sim, or phases as a whole.

Events of one nanosecond happen in the order in which they were scheduled.
"""

from __future__ import annotations

from dataclasses import dataclass

from .faults import closed, used
from .network import Clock, ContendedNetwork, Network
from .npu import Chunk, Npu, Span, WholeChunk
from .system import System
from .workloads import Programs


@dataclass(frozen=True)
class Outcome:
    """Of each NPU: when its last node ended in ns (None: never) and how long it computed in ns.

    ``communication`` is how long a collective was under way in ns, ``least`` the time in ns that its busiest
    dimension's ports need for what it sends in them, by any algorithm.
    ``last`` are the nodes of the NPU that ends last, in the order in which they ended, ``spans`` those of
    every simulated NPU by its number.
    """

    finish: list[int | None]
    compute: list[int]
    communication: list[int]
    least: list[float]
    last: list[Span]
    spans: dict[int, list[Span]]


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
    last = max(npus.values(), key=lambda n: n.finish)
    return Outcome(
        [ends[i] for i in named], [npus[i].compute for i in named],
        [npus[i].communication for i in named], [least[i] for i in named], last.spans,
        {i: n.spans for i, n in npus.items()},
    )  # fmt: skip
