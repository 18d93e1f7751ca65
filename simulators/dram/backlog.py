"""What waits at a server that takes as long for a burst as a window of the trace says (Lindley)."""

from __future__ import annotations

from .compiled import compiled


@compiled
def backlog(stamp, service, nearest, size, starts, length, warm, inside):
    """Mean cycles that a burst waits, over the whole trace and inside each window.

    A window begins with nothing that waits.

    Args:
        stamp: (n,) cycles of arrival, rising.
        service: (w,) cycles per burst that each window says.
        nearest: (blocks,) window by block of the trace.
        size: bursts of a block.
        starts: (w,) first burst of each window.
        length: bursts of a window.
        warm: bursts of a window that do not count.
        inside: (w,) filled: mean of the window's bursts that count.

    Returns:
        The mean of all bursts.
    """
    waits, total = 0.0, 0.0
    for i in range(len(stamp)):
        if i > 0:
            waits = max(waits - (stamp[i] - stamp[i - 1]), 0.0)
        total += waits
        waits += service[nearest[i // size]]
    for k in range(len(starts)):
        waits, inside[k] = 0.0, 0.0
        for i in range(length):
            at = starts[k] + i
            if i > 0:
                waits = max(waits - (stamp[at] - stamp[at - 1]), 0.0)
            if i >= warm:
                inside[k] += waits / (length - warm)
            waits += service[k]
    return total / len(stamp)
