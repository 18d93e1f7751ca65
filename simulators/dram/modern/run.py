"""One trace through one design of a device: counters and latencies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .bursts import bursts_of
from .checks import check_bits, check_device, check_trace
from .commands import CODES
from .design import Design, controller_of
from .energy import core_energy_j
from .layout import (
    BANK, BANKS, CHANNELS, C_COMMANDS, C_END, G_FREE, G_FULL, G_RECORDS_END, G_REQUESTS, G_UNUSED, K_NOTED,
    K_STRIDE, N_COUNTERS, READ_ONLY,
)  # fmt: skip
from .mappings import Bits, parse_mapping
from .notes import Notes, ask, read
from .packing import packed
from .standards import ModernDevice
from .tables import named_timings, tables, units

I64 = NDArray[np.int64]
# a run that lasts longer than this many cycles after its last stamp is stuck
LONGEST = 1 << 40
# requests in flight that there is room for at first; where there are more, a run starts again with more
IN_FLIGHT = 4096
PLAYERS = ("shared", "per-channel")


class Run(NamedTuple):
    """What came out: ``counters`` of ``layout.COUNTERS`` and commands, ``latency`` (n,) cycles."""

    counters: I64
    latency: I64
    energy_j: float | None  # None where the device has no power model
    notes: Notes | None = None  # where they were asked for

    @property
    def end(self) -> int:
        """The cycle of the last response."""
        return int(self.counters[C_END])

    def count(self, *commands: str) -> int:
        """Commands issued.

        Args:
            commands: names of ``commands.NAMES``.

        Returns:
            How many of them there were, all together.
        """
        return int(sum(self.counters[C_COMMANDS + CODES[c]] for c in commands))


def _first_words(d: I64, first: int, in_flight: int) -> I64:
    """The state before cycle 0: ``d`` in front, records of requests from about word ``first`` on."""
    first = -(-first // 8) * 8
    end = first + in_flight * int(d[K_STRIDE - READ_ONLY])
    state = _aligned(end)
    state[READ_ONLY:CHANNELS] = d
    state[[G_FREE, G_UNUSED, G_RECORDS_END]] = -1, first, end
    return state


def _aligned(words: int) -> I64:
    """Words of 0 that begin with a cache line: the kernel moves rows of eight."""
    out = np.zeros(words + 7, np.int64)
    first = -(out.ctypes.data // 8) % 8
    return out[first : first + words]


def run(
    device: ModernDevice,
    design: Design,
    stamp: I64,
    is_write: NDArray[np.uint8],
    address: I64,
    *,
    request_bytes: int | None = None,
    semantics: str = "dramsys",
    bits: Bits | None = None,
    players: str = "shared",
    ordered: bool = False,
    log: int = 0,
) -> Run:
    """Play a trace to a device.

    Args:
        device: one of ``devices.MODERN_DEVICES``.
        design: the controller and the organisation.
        stamp: (n,) clock cycles of the device, not falling, the first 0.
        is_write: (n,) 0 or 1.
        address: (n,) bytes.
        request_bytes: bytes of every request; default: a burst.
        semantics: ``dramsys`` or ``jedec``, see the README.
        bits: an address mapping, in place of the design's.
        players: ``shared``: one initiator issues everything in order; ``per-channel``: one a channel.
        ordered: play every message in SystemC's order of events where nothing depends on it, too.
        log: refreshes that there is room for in the notes of the run; 0: no notes.

    Returns:
        Counters, latencies and energy; notes where there is room for some.

    Raises:
        ArchgymError: the device contradicts itself, the design cannot work on it, or the mapping does not
            cover it.
        WorkloadError: requests are no power of two of bursts, the trace cannot be played, or an address
            lies beyond the device.
    """
    from .kernel import simulate

    check_device(device)
    size = request_bytes or device.burst_bytes
    controller = controller_of(design, device, size)
    if bits is None:
        bits = parse_mapping(design.address_mapping, device, design.ranks, design.channels)
    else:
        check_bits(bits, device, design.ranks, design.channels)
    if players not in PLAYERS or (ordered and players != PLAYERS[0] and design.channels > 1):
        raise ArchgymError(
            f"players {players!r}: expected {PLAYERS[0]}, or {PLAYERS[1]} where nothing is ordered"
        )
    check_trace(stamp, is_write, address, 1 << sum(len(b) for b in bits.values()))
    fine = design.fine_granularity
    d = packed(
        tables(device, design.ranks, design.channels, design.refresh_policy, fine, semantics),
        controller,
        bits,
        units=units(device, design.refresh_policy),
        players=design.channels if players == "per-channel" else 1,
        bursts=bursts_of(size, device),
        burst_bytes=device.burst_bytes,
        books=bool(device.volts),
        ordered=ordered,
    )
    n = len(stamp)
    if log:
        ask(d, n, log)
    noted = int(d[K_NOTED - READ_ONLY])
    whole = BANKS + device.banks * design.ranks * design.channels * BANK
    trace = (
        np.ascontiguousarray(stamp, np.int64), np.ascontiguousarray(is_write, np.uint8),
        np.ascontiguousarray(address, np.int64),
    )  # fmt: skip
    following = np.empty(n if players == "per-channel" else 1, np.int32)
    latency = np.zeros(n, np.int64)
    in_flight = min(n, IN_FLIGHT)
    while True:
        state = _first_words(d, whole + noted, in_flight)
        state[G_REQUESTS] = n
        simulate(*trace, state, following, latency, LONGEST)
        if not state[G_FULL]:
            break
        in_flight = min(n, 8 * in_flight)
    counters = state[:N_COUNTERS].copy()
    energy = core_energy_j(device, counters, named_timings(device, fine, semantics), fine)
    return Run(
        counters, latency, energy, read(d, state[whole : whole + noted], is_write) if log else None
    )
