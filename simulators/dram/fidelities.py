"""Cheaper answers: a memory controller on the first requests of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archgym.contracts.fidelity import Fidelity

if TYPE_CHECKING:
    from .simulator import DRAMSimulator

SHARES = {"twentieth": 20, "fifth": 5}  # of the trace, cheapest first
LEAST = 500  # requests of which a share still says something of the whole
WHOLE = ("total_time", "energy")  # grow with the trace; all other metrics are means


def shorter(simulator: DRAMSimulator) -> tuple[Fidelity, ...]:
    """The first requests of a trace, by shares of it.

    Args:
        simulator: of the whole trace.

    Returns:
        Fidelities, cheapest first; none of a trace of which every share is too short.
    """
    requests, out = len(simulator.trace), []
    for name, parts in SHARES.items():
        if requests // parts < LEAST:
            continue
        rough = simulator.beginning(requests // parts)
        share = rough.bursts / simulator.bursts
        scale = dict.fromkeys(WHOLE, 1 / share)
        text = f"the first {len(rough.trace):,} of {requests:,} requests"
        out.append(Fidelity(name, share, rough, scale, text))
    return tuple(out)
