"""Requests as bursts of a device."""

from __future__ import annotations

from archgym.errors import WorkloadError

from .standards import ModernDevice


def bursts_of(request_bytes: int, device: ModernDevice) -> int:
    """Bursts of a request.

    Args:
        request_bytes: length of every request, a burst or a power of two times it.
        device: whose bursts they are.

    Returns:
        How many there are, a power of two.

    Raises:
        WorkloadError: a request that is no power of two of bursts.
    """
    each, left = divmod(request_bytes, device.burst_bytes)
    if left or each < 1 or each & (each - 1):
        raise WorkloadError(
            f"requests of {request_bytes} bytes: {device.name} moves bursts of {device.burst_bytes} "
            "bytes; expected that or a power of two times it"
        )
    return each
