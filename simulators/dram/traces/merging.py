"""Several traces as initiators that share one controller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from archgym.errors import WorkloadError

from ..devices import Device
from .formats import scaled
from .trace import MAX_REQUESTS, Trace


def shared(traces: Sequence[Trace], device: Device | None = None) -> Trace:
    """The requests of several initiators in order of arrival, as one trace.

    All count time from the same zero.  Requests of one stamp come in the order of the initiators.
    Behind the common queue they are served as any others: a request that finds the controller full
    holds back those behind it, whosever they are.

    Args:
        traces: at least one.
        device: whose cycles stamps without a clock count; needed where others have a clock.

    Returns:
        The one trace; a single trace comes back as it is.

    Raises:
        WorkloadError: clocks that cannot be brought together, or too many requests.
    """
    if len(traces) == 1:
        return traces[0]
    total = sum(len(trace) for trace in traces)
    if total > MAX_REQUESTS:
        raise WorkloadError(
            f"{len(traces)} initiators have {total:,} requests; at most {MAX_REQUESTS:,} are read: "
            "cut some with NAME@N"
        )
    same = _one_clock(traces, device)
    stamp = np.concatenate([trace.stamp for trace in same])
    order = np.argsort(stamp, kind="stable")
    size = None
    if any(trace.size is not None for trace in same):
        size = np.concatenate(
            [np.zeros(len(t), np.int32) if t.size is None else t.size for t in same]
        )[order]
    return Trace(
        "+".join(trace.name for trace in traces),
        stamp[order],
        np.concatenate([trace.is_write for trace in same])[order],
        np.concatenate([trace.address for trace in same])[order],
        same[0].clock_ps,
        {
            "initiators": len(traces),
            **{f"initiator {i}": {"name": t.name, **t.origin} for i, t in enumerate(traces)},
        },
        size,
    )


def _one_clock(traces: Sequence[Trace], device: Device | None) -> list[Trace]:
    clocks = {trace.clock_ps for trace in traces}
    if len(clocks) == 1:
        return list(traces)
    if None in clocks and device is None:
        unclocked = [trace.name for trace in traces if trace.clock_ps is None]
        raise WorkloadError(
            f"initiators of several clocks: the stamps of {', '.join(unclocked)} are cycles of the "
            "DRAM, the others' are not: say --device, or their clock with --clock"
        )
    out = []
    for trace in traces:
        tick = trace.clock_ps or (device.clock_ps if device is not None else 0)
        out.append(
            replace(trace, stamp=scaled(trace.stamp, Fraction(tick), trace.name), clock_ps=1)
        )
    return out
