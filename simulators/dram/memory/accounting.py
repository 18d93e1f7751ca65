"""One run of a memory, noted and told apart into parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.explanation import Part

from ..modern.energy_parts import energy_parts_j
from ..modern.run import Run
from ..modern.tables import named_timings
from ..traces.played import Played
from .explaining import Account, Followed, of_quantile
from .figures import left_j

if TYPE_CHECKING:
    from .simulator import Built

FIRST_LOG = 1 << 12  # refreshes that there is room for at first
RESOURCE_OF = {
    "activate": "rows", "precharge": "rows", "read": "reads and writes", "write": "reads and writes",
    "refresh": "refresh", "precharged standby": "standby", "active standby": "standby",
    "precharged power-down": "power-down", "active power-down": "power-down",
    "self-refresh": "power-down",
}  # fmt: skip


def account(
    go: Callable[[Built, int], Run],
    built: Built,
    played: Played,
    request_bytes: int,
    semantics: str,
) -> Account:
    """What one design's latencies, time and energy are made of.

    Args:
        go: runs what is built, with room for so many refreshes in the notes.
        built: the design.
        played: the trace in cycles of the device.
        request_bytes: of every request.
        semantics: whose timing rules.

    Returns:
        Its parts.
    """
    log = FIRST_LOG
    out = go(built, log)
    while out.notes is not None and out.notes.lost:
        log *= 8
        out = go(built, log)
    assert out.notes is not None
    device = built.device
    followed = Followed(out.notes, played.stamp, out.latency, device.burst_cycles)
    parts = followed.parts(played.stamp)
    if played.first is not None:  # a request waits for the piece that is answered last
        parts = parts[_last_pieces(out.latency, played.first)]
    latency = np.asarray(played.per_request(out.latency), np.int64)
    return Account(
        parts.mean(axis=0), of_quantile(parts, latency, 0.99), followed.oldest(out.end),
        _energy(out, built, semantics), device.clock_ps * 1e-12, 8 * len(played.stamp) * request_bytes,
    )  # fmt: skip


def _last_pieces(latency: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    ends = np.append(first[1:], len(latency))
    return np.array([a + int(latency[a:b].argmax()) for a, b in zip(first, ends)])


def _energy(out: Run, built: Built, semantics: str) -> dict[Part, float]:
    """Joules by command and state, up to the last response."""
    device, fine = built.device, built.design.fine_granularity
    joules = energy_parts_j(device, out.counters, named_timings(device, fine, semantics), fine)
    if joules:
        state, more = left_j(out, device, built.one.ranks * built.one.channels)
        joules[state] = joules.get(state, 0.0) + more
    return {Part(name, RESOURCE_OF[name]): value for name, value in joules.items()}
