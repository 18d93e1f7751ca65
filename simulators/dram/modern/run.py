"""One trace through one design of a device: counters and latencies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .bursts import bursts_of
from .checks import check_bits, check_device
from .commands import CODES
from .design import Design, controller_of
from .energy import core_energy_j
from .layout import (
    BANK, BANKS, BURST, CHANNELS, C_COMMANDS, C_END, G_REQUESTS, K_NOTED, N_COUNTERS, READ_ONLY,
)  # fmt: skip
from .mappings import Bits, parse_mapping
from .notes import Notes, ask, read
from .packing import packed
from .standards import ModernDevice
from .tables import named_timings, tables, units

I64 = NDArray[np.int64]
# a run that lasts longer than this many cycles after its last stamp is stuck
LONGEST = 1 << 40


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
        ArchgymError: the device contradicts itself, the design cannot work on it, the mapping does not
            cover it, or an address lies beyond it.
        WorkloadError: requests are no power of two of bursts.
    """
    from .kernel import simulate

    check_device(device)
    size = request_bytes or device.burst_bytes
    controller = controller_of(design, device, size)
    if bits is None:
        bits = parse_mapping(design.address_mapping, device, design.ranks, design.channels)
    else:
        check_bits(bits, device, design.ranks, design.channels)
    capacity = 1 << sum(len(b) for b in bits.values())
    if len(address) and int(address.max()) >= capacity:
        raise ArchgymError(
            f"address {int(address.max()):#x} lies beyond {device.name} with {design.ranks} ranks and "
            f"{design.channels} channels ({capacity} bytes): take more of them, or fold the trace"
        )
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
    state = _aligned(whole + noted)
    state[READ_ONLY:CHANNELS] = d
    state[G_REQUESTS] = n
    bursts = np.empty(n * bursts_of(size, device) * BURST, np.int32)
    latency, finish = np.zeros(n, np.int64), np.zeros(n * bursts_of(size, device), np.int64)
    simulate(
        np.ascontiguousarray(stamp, np.int64), np.ascontiguousarray(is_write, np.uint8),
        np.ascontiguousarray(address, np.int64), state, bursts, finish, latency, LONGEST,
    )  # fmt: skip
    counters = state[:N_COUNTERS].copy()
    energy = core_energy_j(device, counters, named_timings(device, fine, semantics), fine)
    return Run(counters, latency, energy, read(d, state[whole:], is_write) if log else None)
