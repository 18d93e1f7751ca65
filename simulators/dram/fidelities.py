"""Cheaper answers: a memory controller on the first requests of a trace."""

from __future__ import annotations

from collections.abc import Callable

from archgym.contracts.fidelity import Fidelity
from archgym.contracts.simulator import Simulator

SHARES = {"twentieth": 20, "fifth": 5}  # of the trace, cheapest first
LEAST = 500  # requests of which a share still says something of the whole
FIXED = (
    1500  # bursts that take as long as what an evaluation does besides, about half a millisecond
)
WHOLE = ("total_time", "energy")  # grow with the trace; all other metrics are means


def shorter(
    requests: int, bursts: int, beginning: Callable[[int], tuple[Simulator, int]]
) -> tuple[Fidelity, ...]:
    """The first requests of a trace, by shares of it.

    Args:
        requests: of the whole trace.
        bursts: that they are made of.
        beginning: makes the simulator of the first n requests, and counts their bursts.

    Returns:
        Fidelities, cheapest first; none of a trace of which every share is too short.
    """
    out = []
    for name, parts in SHARES.items():
        n = requests // parts
        if n >= LEAST:
            rough, some = beginning(n)
            scale = dict.fromkeys(WHOLE, bursts / some)
            text = f"the first {n:,} of {requests:,} requests"
            cost = (some + FIXED) / (bursts + FIXED)
            out.append(Fidelity(name, cost, rough, scale, text))
    return tuple(out)
