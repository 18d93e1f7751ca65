"""What latency, time and energy of a memory are made of.

A request is followed from its stamp to its response. Every cycle on that way belongs to one part. The whole
run is followed along the channel that answers last: every cycle belongs to what its oldest open request waits
for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown, Move, Part, breakdown, columns

from ..modern.notes import Notes
from .intervals import Covered, last_before, merged

I64 = NDArray[np.int64]
Floats = NDArray[np.float64]
ARBITER, QUEUE, REFRESH, BANK, ROW, BUS, ACCESS, RESPONSE, DATA, TRACE = (
    "arbiter", "queue", "refresh", "bank", "row", "bus", "access", "response", "data bus", "the trace",
)  # fmt: skip
WAITS = (
    Part("the arbiter holds the request", ARBITER),
    Part("the controller's queue is full", QUEUE),
    Part("refresh", REFRESH),
    Part("the bank serves other requests", BANK),
    Part("its row is opened", ROW),
    Part("the bus, timing between commands, waking up", BUS),
    Part("access and burst", ACCESS),
    Part("the response waits and returns", RESPONSE),
)
IN_ACCESS = 6  # of WAITS
TIMES = (
    *(Part(f"the oldest request: {p.name}", p.resource) for p in WAITS),
    Part("the oldest request: its access, while data moves", DATA),
    Part("nothing to do: the trace has no request", TRACE),
)


@dataclass
class Account:
    """One design's parts: cycles of a mean request, of the 99th percentile and of the run; joules."""

    mean: Floats
    p99: Floats
    times: Floats
    energy: dict[Part, float]
    clock_s: float
    bits: int


class Followed:
    """The requests of a run, each with its stages.

    Args:
        notes: of the run.
        stamp: (n,) cycles.
        latency: (n,) cycles.
        burst_cycles: of the data of a burst.
    """

    def __init__(self, notes: Notes, stamp: I64, latency: I64, burst_cycles: int) -> None:
        self.channel, self.stamp, self.answered = notes.channel, stamp, stamp + latency
        bank, moment, ends = notes.served
        before = last_before(bank, moment, notes.bank, notes.opened)
        busy = np.clip(before, notes.entered, notes.opened)
        # when each stage begins; the door's wait is told from the arbiter's below
        self._begins = np.stack(
            [stamp, notes.entered, busy, notes.opened, notes.accessed, notes.ended, self.answered],
            axis=1,
        )
        self._bank = notes.bank
        span = int(self.answered.max()) + 2
        self._refreshed = Covered(*notes.refreshed, span)
        door = np.flatnonzero(notes.entered > notes.arrived)
        self._full = Covered(
            notes.channel[door], notes.arrived[door], (notes.entered - notes.arrived)[door], span
        )

        banks = int(notes.bank.max() + 1)
        of_channel = np.zeros(banks, np.int64)
        of_channel[notes.bank] = notes.channel
        self._data = Covered(*merged(of_channel[bank], ends - burst_cycles, ends), span)

    def parts(self, start: I64, rows: I64 | slice = slice(None)) -> Floats:
        """What requests wait for, from a moment of their lives to their answers.

        Args:
            start: (m,) cycles, not before its stamp.
            rows: the m requests.

        Returns:
            Cycles (m, 8), by ``WAITS``.
        """
        at = np.maximum(self._begins[rows], start[:, None])
        channel, bank = self.channel[rows], self._bank[rows]
        full = self._full(channel, at[:, 1]) - self._full(channel, at[:, 0])
        marks = [self._refreshed(bank, at[:, i]) for i in (1, 2, 3, 4)]
        held = np.diff(np.stack(marks, axis=1), axis=1)
        lasts = np.diff(at, axis=1)
        in_bank, on_bus, in_row = (lasts[:, 1 + i] - held[:, i] for i in range(3))
        return np.stack(
            [
                lasts[:, 0] - full, full, held.sum(axis=1), in_bank, in_row, on_bus, lasts[:, 4],
                lasts[:, 5],
            ],
            axis=1,
        ).astype(np.float64)  # fmt: skip

    def oldest(self, end: int) -> Floats:
        """What the oldest request waits for, all along a run, in the channel that answers last.

        Args:
            end: cycles of the run.

        Returns:
            Cycles (10,), by ``TIMES``.
        """
        last = self.channel[self.answered.argmax()]
        rows = np.flatnonzero(self.channel == last)
        rows = rows[np.argsort(self.stamp[rows], kind="stable")]
        done = np.maximum.accumulate(self.answered[rows])
        before = np.concatenate([[0], done[:-1]])
        start = np.maximum(before, self.stamp[rows])
        idle = int((start - before).clip(0).sum())
        alive = np.flatnonzero(self.answered[rows] > start)
        parts = self.parts(start[alive], rows[alive]).sum(axis=0)
        parts[-1] += end - int(done[-1])  # the last response is ended
        moving = self._moving(start[alive], rows[alive])
        parts[IN_ACCESS] -= moving
        return np.append(parts, [moving, float(idle)])

    def _moving(self, start: I64, rows: I64) -> int:
        """Cycles of the accesses of requests, from a moment on, in which their channel moves data."""
        first, last = (np.maximum(self._begins[rows, i], start) for i in (4, 5))
        channel = self.channel[rows]
        return int((self._data(channel, last) - self._data(channel, first)).sum())


def of_quantile(parts: Floats, latency: I64, quantile: float) -> Floats:
    """The parts of the two requests between which a quantile lies, mixed as it is.

    Args:
        parts: (n, p) cycles of each request.
        latency: (n,) cycles.
        quantile: the share below, 0 to 1.

    Returns:
        (p,) cycles; they add up to the quantile.
    """
    order = np.argsort(latency, kind="stable")
    at = quantile * (len(latency) - 1)
    low = int(np.floor(at))
    high = min(low + 1, len(latency) - 1)
    share = at - low
    mixed: Floats = (1.0 - share) * parts[order[low]] + share * parts[order[high]]
    return mixed


WIDER = (Move("channels", 1), Move("speed_bin", 0), Move("channel_width", 0), Move("ranks", 1))
MAPPING = (Move("address_mapping", 0),)
SERVING = (Move("scheduler", 0), Move("page_policy", 0))
RELIEF: dict[str, tuple[Move, ...]] = {
    ARBITER: (Move("arbiter", 0), Move("max_active_transactions", 1), *WIDER, *SERVING, *MAPPING),
    QUEUE: (
        Move("request_buffer_size", 1), Move("scheduler_buffer", 0), *WIDER, *SERVING, *MAPPING,
        Move("arbiter", 0),
    ),
    REFRESH: (
        Move("refresh_policy", 0), Move("refresh_max_postponed", 1), Move("fine_granularity", 0),
        Move("refresh_max_pulled_in", 1), Move("refresh_max_postponed", -1),
    ),
    BANK: (*MAPPING, Move("ranks", 1), Move("channels", 1), *SERVING),
    ROW: (*SERVING, *MAPPING, Move("ranks", 1), Move("channels", 1)),
    BUS: (Move("power_down_policy", 0), *WIDER, *SERVING, *MAPPING),
    ACCESS: (Move("speed_bin", 0), Move("channel_width", 1)),
    RESPONSE: (Move("response_queue", 0), Move("arbiter", 0), Move("channels", 1)),
    DATA: (*WIDER, *MAPPING),
    TRACE: (),
}  # fmt: skip
ENERGY_RELIEF: dict[str, tuple[Move, ...]] = {
    "rows": (*SERVING, *MAPPING, Move("channel_width", -1)),
    "reads and writes": (Move("speed_bin", 0), Move("channel_width", 0)),
    "refresh": (
        Move("refresh_policy", 0), Move("refresh_max_postponed", 1), Move("ranks", -1),
        Move("channels", -1), Move("fine_granularity", 0),
    ),
    "standby": (
        Move("power_down_policy", 0), Move("ranks", -1), Move("channels", -1),
        Move("page_policy", 0), Move("request_buffer_size", 1),
    ),
    "power-down": (Move("ranks", -1), Move("channels", -1), Move("power_down_policy", 0)),
}  # fmt: skip


def known(
    relief: Mapping[str, tuple[Move, ...]], knobs: Sequence[str]
) -> dict[str, tuple[Move, ...]]:
    """Moves that a space can make, without those of knobs that it lacks.

    Args:
        relief: moves by resource.
        knobs: of the space.

    Returns:
        Moves by resource.
    """
    return {k: tuple(m for m in moves if m.knob in knobs) for k, moves in relief.items()}


def breakdowns(
    accounts: Sequence[Account | None], evaluation: Evaluation, knobs: Sequence[str]
) -> Iterator[Breakdown]:
    """What latencies, total time and energies are made of, and which moves would relieve them.

    Args:
        accounts: one per design; None where it is infeasible.
        evaluation: of the designs.
        knobs: of the space; moves of others are left out.

    Yields:
        A breakdown per metric.
    """
    nothing = np.zeros(len(TIMES))
    times, energies = known(RELIEF, knobs), known(ENERGY_RELIEF, knobs)
    for metric, parts, field in (
        ("mean_latency", WAITS, "mean"), ("p99_latency", WAITS, "p99"), ("total_time", TIMES, "times"),
    ):  # fmt: skip
        rows = [getattr(a, field) * a.clock_s if a else nothing[: len(parts)] for a in accounts]
        yield breakdown(metric, parts, np.array(rows), evaluation, relief=times)
    if "energy" not in evaluation.metrics:
        return
    states, joules = columns([a.energy if a else {} for a in accounts])
    yield breakdown("energy", states, joules, evaluation, relief=energies)
    bits = np.array([[a.bits if a else 1] for a in accounts], np.float64)
    yield breakdown("energy_per_bit", states, joules / bits, evaluation, relief=energies)
    watts = joules / evaluation.metrics["total_time"][:, None]
    yield breakdown("power", states, watts, evaluation, relief=energies)
