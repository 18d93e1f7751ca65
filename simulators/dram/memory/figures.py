"""Metrics of a run in SI units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Metric

from ..modern.layout import (
    C_CYC_ACT,
    C_CYC_PDNA,
    C_CYC_PDNP,
    C_CYC_PRE,
    C_CYC_SREF,
    C_ROW_HITS,
)
from ..modern.run import Run
from ..modern.standards import ModernDevice

TIMES = (
    Metric("total_time", "s", "start to the last response"),
    Metric("mean_latency", "s", "arrival stamp to response, mean over requests"),
    Metric("p99_latency", "s", "arrival stamp to response, 99th percentile"),
    Metric("bandwidth", "B/s", "bytes requested over total_time"),
    Metric("row_hit_rate", "", "share of accesses that found their row opened by an earlier one"),
)
ENERGIES = (
    Metric("energy", "J", "core energy of all ranks up to the last response"),
    Metric("energy_per_bit", "J", "energy over the bits requested"),
    Metric("power", "W", "energy over total_time"),
)
COSTS = (
    Metric("channels", "", "controllers"),
    Metric("total_ranks", "", "ranks (HBM: pseudo channels) of all channels"),
    Metric("pins", "", "data pins of all channels"),
    Metric("capacity", "B", "of all ranks"),
)
_STATES = (C_CYC_ACT, C_CYC_PRE, C_CYC_PDNA, C_CYC_PDNP, C_CYC_SREF)


def energy_j(run: Run, device: ModernDevice, ranks: int) -> float:
    """Core energy up to the last response.

    The closed forms end with the last command of each channel: a channel without work would cost nothing.
    What is left of each rank's time is added at the current of the state it was left in: self-refresh if
    any rank was left so, else power-down, else precharged standby.  A rank that was left awake has at
    most a few refresh intervals left.

    Args:
        run: what came out.
        device: of a power model.
        ranks: in all channels.

    Returns:
        J.

    Raises:
        ValueError: the device has no power model.
    """
    if run.energy_j is None:
        raise ValueError(f"{device.name} has no power model")
    return run.energy_j + left_j(run, device, ranks)[1]


def left_j(run: Run, device: ModernDevice, ranks: int) -> tuple[str, float]:
    """What ranks spend after their channels' last commands, up to the last response.

    Args:
        run: what came out.
        device: of a power model.
        ranks: in all channels.

    Returns:
        The state in which they stood, and J.
    """
    left = max(0, run.end * ranks - int(run.counters[list(_STATES)].sum()))
    asleep = run.count("SREFEN") > run.count("SREFEX")
    down = run.count("PDEA", "PDEP") > run.count("PDXA", "PDXP")
    watts = sum(
        volts * _current(device.amperes[domain], asleep, down)
        for domain, volts in device.volts.items()
    )
    state = "self-refresh" if asleep else "precharged power-down" if down else "precharged standby"
    return state, left * watts * device.clock_ps * 1e-12 * device.devices


def _current(amperes: dict[str, float], asleep: bool, down: bool) -> float:
    if asleep:
        return amperes["6N"] if "6N" in amperes else amperes["6"]
    return amperes["2P"] if down else amperes["2N"]


def times(
    run: Run, device: ModernDevice, latency: NDArray[np.int64], nbytes: int
) -> tuple[float, float, float, float, float]:
    """The values of ``TIMES``.

    Args:
        run: what came out.
        device: whose clock counts.
        latency: (n,) cycles, of requests of the trace.
        nbytes: bytes requested in all.

    Returns:
        Total time, mean and 99th percentile of latency in s, bandwidth in B/s, share of row hits.
    """
    clock = device.clock_ps * 1e-12
    total = run.end * clock
    accesses = run.count("RD", "WR", "RDA", "WRA")
    return (
        total,
        float(latency.mean()) * clock,
        float(np.quantile(latency, 0.99)) * clock,
        nbytes / total,
        float(run.counters[C_ROW_HITS]) / accesses,
    )
