"""What latency, time and energy of a memory controller are made of.

A request is followed from its stamp to its response. Every cycle on that way belongs to one part of
:data:`WAITS`, such as a refresh, or its bank serving others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown

from . import layout
from .devices import Device
from .energy import energy_parts_j
from .state import Noted, Notes, Requests

I64 = NDArray[np.int64]
ENTRY, REFRESH, BANK, ROW, BUS, ACCESS, RETURN = (
    "entry", "refresh", "bank", "row", "bus", "access", "response",
)  # fmt: skip
WAITS = (
    Part("before the request enters its bank's queue", ENTRY),
    Part("refresh", REFRESH),
    Part("the bank serves other requests", BANK),
    Part("its row is opened", ROW),
    Part("the bus, and timing between commands", BUS),
    Part("access and burst", ACCESS),
    Part("the response waits and returns", RETURN),
)
TIMES = (
    Part("data on the bus", "data bus"),
    Part("refresh", REFRESH),
    Part("nothing to do: the trace has no request", "the trace"),
    Part("requests wait for rows, turnarounds and the controller", "rows and turnarounds"),
)


@dataclass
class Account:
    """One design's parts: cycles of a mean request, cycles of the run, joules."""

    waits: NDArray[np.float64]
    times: NDArray[np.float64]
    energy: dict[str, float]
    window_s: float


def account(noted: Noted, first: I64 | None, device: Device, semantics: str, t: I64) -> Account:
    """The parts of one run.

    Args:
        noted: the run with its notes.
        first: each request's first burst (n,); None where every request is one burst.
        device: what it ran on.
        semantics: whose rules.
        t: the device's rules in cycles, ``layout.TIMING_FIELDS``.

    Returns:
        Its parts.
    """
    requests, notes = noted.requests, noted.notes
    write = requests.is_write.astype(bool)
    ends = notes.accessed + np.where(write, t[layout.T_WRITE_END], t[layout.T_READ_END])
    answered = requests.stamp + noted.latency
    waits = _waits(requests, notes, ends, answered, int(t[layout.T_RFC]))
    if first is not None:  # a request waits for its last burst
        waits = waits[_last_bursts(noted.latency, first)]
    end = int(noted.counters[layout.C_END])
    data = len(answered) * device.burst_cycles
    times = _times(
        end, data, requests.stamp, answered, _covered(notes.refreshes, int(t[layout.T_RFC]))
    )
    energy = energy_parts_j(device, noted.counters, semantics)
    window = max(int(noted.counters[layout.C_WINDOW]), 1) * device.clock_s
    return Account(waits.mean(axis=0), times, energy, window)


def _waits(
    requests: Requests, notes: Notes, ends: I64, answered: I64, rfc: int
) -> NDArray[np.float64]:
    """Cycles (n, 7) of every burst, by ``WAITS``."""
    admitted, accessed = notes.admitted, notes.accessed
    own = np.where(notes.opened >= 0, notes.opened, accessed)  # its first command
    busy = np.clip(_last_access_before(requests.bank, accessed, own), admitted, own)
    refreshed = _covered(notes.refreshes, rfc)
    steps = [(admitted, busy), (busy, own), (own, accessed)]
    blocked = [refreshed(b) - refreshed(a) for a, b in steps]
    bank, bus, row = ((b - a) - held for (a, b), held in zip(steps, blocked))
    columns = (
        admitted - requests.stamp, sum(blocked), bank, row, bus, ends - accessed, answered - ends,
    )  # fmt: skip
    return np.stack([np.asarray(c, np.float64) for c in columns], axis=1)


def _last_bursts(latency: I64, first: I64) -> I64:
    """Of every request the burst that is answered last."""
    ends = np.append(first[1:], len(latency))
    return np.array([a + int(latency[a:b].argmax()) for a, b in zip(first, ends)])


def _last_access_before(bank: NDArray[np.int16], accessed: I64, moment: I64) -> I64:
    """For every request the last access of its bank before a moment of its own; -1 where there is none."""
    span = int(accessed.max()) + 2
    keys = np.sort(bank.astype(np.int64) * span + accessed)
    wanted = bank.astype(np.int64) * span + moment
    at = np.searchsorted(keys, wanted, side="left") - 1
    found = keys[np.maximum(at, 0)]
    same = (at >= 0) & (found // span == bank)
    return np.where(same, found % span, -1)


def _covered(starts: I64, length: int) -> Any:
    """The function that gives the cycles before a moment at which some interval of ``length`` runs."""
    if not len(starts):
        return lambda moment: np.zeros(len(moment), np.int64)
    starts = np.sort(starts)
    lasts = np.minimum(np.append(np.diff(starts), length), length)  # refreshes in a row touch
    before = np.concatenate([[0], np.cumsum(lasts)])

    def covered(moment: I64) -> I64:
        at = np.searchsorted(starts, moment, side="right")
        last = np.maximum(at - 1, 0)
        inside = np.clip(moment - starts[last], 0, lasts[last])
        return np.where(at > 0, before[last] + inside, 0)

    return covered


def _times(end: int, data: int, stamp: I64, answered: I64, refreshed: Any) -> NDArray[np.float64]:
    """Cycles (4,) of the whole run of ``end`` cycles, by ``TIMES``."""
    order = np.argsort(stamp, kind="stable")
    start = stamp[order]
    until = np.minimum(np.maximum.accumulate(answered[order]), end)
    reached = np.concatenate([[0], until[:-1]])
    gaps = np.maximum(start - reached, 0)
    inside = refreshed(np.maximum(start, reached)) - refreshed(reached)
    held = int(refreshed(np.array([end]))[0] - inside[gaps > 0].sum())
    idle = int(gaps.sum())
    return np.array([data, held, idle, end - idle - held - data], np.float64)


DOWN = "power_down_policy"
RELIEF: dict[str, tuple[Move, ...]] = {
    ENTRY: (
        Move("request_buffer_size", 1), Move("scheduler_buffer", 0), Move("scheduler", 0),
        Move("arbiter", 0), Move("max_active_transactions", 1), Move("page_policy", 0),
    ),
    REFRESH: (
        Move("refresh_max_postponed", 1), Move("refresh_max_postponed", -1),
        Move("refresh_max_pulled_in", 1), Move("refresh_policy", 0),
    ),
    BANK: (Move("address_mapping", 0), Move("scheduler", 0), Move("page_policy", 0)),
    ROW: (Move("page_policy", 0), Move("scheduler", 0), Move("address_mapping", 0)),
    BUS: (Move("scheduler", 0), Move("address_mapping", 0), Move("page_policy", 0)),
    RETURN: (Move("response_queue", 0), Move("arbiter", 0)),
    "rows and turnarounds": (
        Move("scheduler", 0), Move("page_policy", 0), Move("request_buffer_size", 1),
        Move("address_mapping", 0), Move("scheduler_buffer", 0), Move("arbiter", 0),
        Move("max_active_transactions", 1),
    ),
}  # fmt: skip
ENERGY_RELIEF: dict[str, tuple[Move, ...]] = {
    "rows": (Move("page_policy", 0), Move("scheduler", 0), Move("address_mapping", 0)),
    "refresh": (Move("refresh_policy", 0), Move("refresh_max_postponed", 1)),
    "standby": (Move(DOWN, 0), Move("page_policy", 0), Move("request_buffer_size", 1)),
    "power-down": (Move(DOWN, 0), Move("page_policy", 0)),
}


def breakdowns(
    accounts: Sequence[Account], evaluation: Evaluation, clock_s: float
) -> Iterator[Breakdown]:
    """What mean latency, total time, energy and power are made of.

    Args:
        accounts: one per design, n of them.
        evaluation: of the n designs.
        clock_s: what a cycle lasts, in s.

    Yields:
        A breakdown per metric.
    """
    for metric, parts, rows in (
        ("mean_latency", WAITS, [a.waits for a in accounts]),
        ("total_time", TIMES, [a.times for a in accounts]),
    ):
        yield breakdown(metric, parts, np.array(rows) * clock_s, evaluation, relief=RELIEF)
    names = list(accounts[0].energy)
    states = [Part(n, RESOURCE_OF[n]) for n in names]
    joules = np.array([[a.energy[n] for n in names] for a in accounts])
    yield breakdown("energy", states, joules, evaluation, relief=ENERGY_RELIEF)
    window = np.array([[a.window_s] for a in accounts])
    yield breakdown("power", states, joules / window, evaluation, relief=ENERGY_RELIEF)


RESOURCE_OF = {
    "activate": "rows", "precharge": "rows", "read": "reads and writes", "write": "reads and writes",
    "refresh": "refresh", "precharged standby": "standby", "active standby": "standby",
    "precharged power-down": "power-down", "active power-down": "power-down",
    "self-refresh": "power-down",
}  # fmt: skip
