"""A trace as the controllers of all channels see it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

from .mappings import Bits, decode
from .standards import ModernDevice
from .state import Requests

I64 = NDArray[np.int64]


def requests_of(
    stamp: I64,
    is_write: NDArray[np.uint8],
    address: I64,
    request_bytes: int,
    device: ModernDevice,
    bits: Bits,
    per_channel: bool = False,
) -> Requests:
    """Requests and their bursts, decoded.

    Args:
        stamp: (n,) clock cycles, not falling.
        is_write: (n,) 0 or 1.
        address: (n,) bytes of the first burst; a request goes on from there.
        request_bytes: length of every request, a burst or a power of two times it.
        device: whose bursts they are.
        bits: the address mapping.
        per_channel: every channel has an initiator of its own.

    Raises:
        WorkloadError: a request that is no power of two of bursts.
    """
    each, left = divmod(request_bytes, device.burst_bytes)
    if left or each < 1 or each & (each - 1):
        raise WorkloadError(
            f"requests of {request_bytes} bytes: {device.name} moves bursts of {device.burst_bytes} "
            "bytes; expected that or a power of two times it"
        )
    n = len(stamp)
    burst = (address[:, None] + np.arange(each) * device.burst_bytes).ravel()
    to = decode(burst, bits)
    channel = to.channel[::each]
    # as in DRAMSys, a request stays in the channel of its first burst
    banks = 1 << sum(len(bits[name]) for name in ("rank", "stack", "group", "bank"))
    who = channel.astype(np.int32) if per_channel else np.zeros(n, np.int32)
    return Requests(
        np.ascontiguousarray(stamp, np.int64),
        channel.astype(np.int32),
        who,
        _following(who),
        np.arange(0, n * each + 1, each, dtype=np.int32),
        np.repeat(np.arange(n, dtype=np.int32), each),
        np.repeat(is_write.astype(np.uint8), each),
        (np.repeat(channel, each) * banks + to.bank).astype(np.int32),
        to.row.astype(np.int32),
        burst,
    )


def _following(player: NDArray[np.int32]) -> NDArray[np.int32]:
    """The next request of the same initiator, -1 at the end, (n,)."""
    out = np.full(len(player), -1, np.int32)
    for p in np.unique(player):
        own = np.flatnonzero(player == p).astype(np.int32)
        out[own[:-1]] = own[1:]
    return out
