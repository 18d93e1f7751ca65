"""Addresses beyond a device brought into it, on request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archgym.errors import WorkloadError

from ..devices import Device
from .trace import Trace

PAGE_BITS = 12


def folded(trace: Trace, device: Device, how: str) -> Trace:
    """The trace with every address below the device's capacity.

    Args:
        trace: any trace.
        device: whose capacity counts.
        how: ``none``; ``modulo``: the address modulo the capacity, which keeps distances and lets
            far addresses meet; ``pages``: 4 KiB pages get frames in order of first touch, which
            keeps pages apart and loses distances between them.

    Returns:
        The trace; the same one where nothing is to be done.

    Raises:
        WorkloadError: the trace touches more pages than the device has frames.
    """
    if how == "none":
        return trace
    origin = {**trace.origin, "fold": how}
    if how == "modulo":
        return replace(trace, address=trace.address % device.capacity_bytes, origin=origin)
    pages, first, page_of = np.unique(
        trace.address >> PAGE_BITS, return_index=True, return_inverse=True
    )
    frames = device.capacity_bytes >> PAGE_BITS
    if len(pages) > frames:
        raise WorkloadError(
            f"trace {trace.name!r} touches {len(pages):,} pages of 4 KiB, {device.name} has "
            f"{frames:,}: use a larger device or --fold modulo"
        )
    frame_of = np.empty(len(pages), np.int64)
    frame_of[np.argsort(first, kind="stable")] = np.arange(len(pages))
    inside = trace.address & ((1 << PAGE_BITS) - 1)
    return replace(trace, address=(frame_of[page_of] << PAGE_BITS) | inside, origin=origin)
