"""Features of controllers on long traces: a few windows of the trace simulated exactly, the rest as a fluid.

Each window is played twice: as its requests arrive, and all of them at once. The first says how long a
request takes while the controller keeps up. The second says how fast it can be at most. From the latter
follows what waits, over the whole trace: whatever arrives faster than it is served.

Windows need not be like the trace: a program may come in bursts that few windows meet, with idle times
between them. So what waits inside a window is taken from its latency, and what waits in the trace is put in
its place. Energy between windows is that of idle times, which the windows' energy over their lengths tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.contracts.features import Features
from archgym.space import Designs

from . import layout
from .devices import Device
from .energy import core_energy_j
from .kernel import simulate
from .space import to_kernel
from .state import Requests

WINDOWS, LONG = 8, 500  # how many, evenly spaced; bursts of each
WARM, DRAINED = (
    LONG // 3,
    LONG - LONG // 10,
)  # bursts between which it is warm, and has some to choose from
BLOCK, MOST_BLOCKS = 64, 2000  # bursts that wait together; more of them where the trace is long
# times the fastest service: near saturation a little more or less decides
RATES = (0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1)
OF_WINDOW = ("latency", "service", "latency at once", "row hits", "row hits at once", "load")
OF_TRACE = (
    "read share", "bursts per cycle", "sequential share", "same row share", "bank change share",
)  # fmt: skip
COLUMNS = (
    *(f"window {w}.{what}" for w in range(WINDOWS) for what in OF_WINDOW),
    *(f"waiting at {rate:g} of service" for rate in RATES),
    "waiting over latency",
    "share of blocks that wait",
    "load",
    *OF_TRACE,
)
ESTIMATED = ("total_time", "mean_latency", "p99_latency", "energy", "power", "bandwidth")
NOTHING = 1e-15  # of an estimate, which is positive


class Window(NamedTuple):
    """Consecutive bursts as they arrive, and all at once."""

    arriving: Requests
    together: Requests


class Windows:
    """Windows of a trace on a device.

    Args:
        device: that the trace is played to.
        semantics: whose rules of energy.
        timing: what the kernel reads.
        columns: the whole trace under the address mapping of a kernel code.
        facts: of the trace, by name.
    """

    def __init__(
        self,
        device: Device,
        semantics: str,
        timing: Any,
        columns: Callable[[int], Requests],
        facts: Mapping[str, float],
    ) -> None:
        self.device, self.semantics = device, semantics
        self._timing, self._columns = timing, columns
        self._refresh = float(timing.scalars[layout.T_RFC])
        self._slower = 1 / (1 - self._refresh / float(timing.scalars[layout.T_REFI]))
        whole = columns(0)
        self.stamp = whole.stamp
        self.of_trace = [
            facts["read_share"], facts["requests_per_1000_cycles"] / 1000,
            facts["sequential_share"], facts["same_row_share"],
            float((np.diff(whole.bank) != 0).mean()),
        ]  # fmt: skip
        n = len(self.stamp)
        self.starts = [(2 * w + 1) * (n - LONG) // (2 * WINDOWS) for w in range(WINDOWS)]
        self.size = max(BLOCK, n // MOST_BLOCKS)
        self.spans = np.array(
            [self.stamp[a + LONG - 1] - self.stamp[a] for a in self.starts], float
        )
        edges = np.arange(0, n, self.size)
        self.sizes = np.diff(np.append(edges, n)).astype(np.float64)
        arrivals = self.stamp[edges].astype(np.float64)
        self.gaps = np.diff(np.append(arrivals, float(self.stamp[-1])))
        middle = (np.array(self.starts) + LONG / 2)[:, None]
        self.nearest = np.abs(middle - edges).argmin(axis=0)  # window by block
        self._known: dict[int, list[Window]] = {}

    def of_mapping(self, mapping: int) -> list[Window]:
        """The windows under one address mapping.

        Args:
            mapping: its kernel code.

        Returns:
            One a window.
        """
        if mapping not in self._known:
            whole = self._columns(mapping)
            found = []
            for start in self.starts:
                part = Requests(*(column[start : start + LONG] for column in whole))
                first = part.stamp - part.stamp[0]
                found.append(Window(part._replace(stamp=first), part._replace(stamp=first * 0)))
            self._known[mapping] = found
        return self._known[mapping]

    def played(self, codes: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """What one controller does with the windows.

        Args:
            codes: (12,) of the kernel.

        Returns:
            (WINDOWS, len(OF_WINDOW)) cycles and shares, and J of each window as it arrives, (WINDOWS,).
        """
        out, joules = np.empty((WINDOWS, len(OF_WINDOW))), np.empty(WINDOWS)
        latency, busy = np.empty(LONG, np.int64), DRAINED - WARM
        banks, timing = self.device.banks, self._timing
        # a window is shorter than a refresh interval; over the whole trace each takes its share
        slower = self._slower if codes[layout.REFRESH] == 1 else 1.0
        for w, window in enumerate(self.of_mapping(int(codes[layout.MAPPING]))):
            counters = simulate(window.arriving, codes, banks, timing, latency)
            joules[w] = core_energy_j(self.device, counters, self.semantics)
            alone, hits = latency[WARM:].mean(), counters[layout.C_ROW_HITS] / LONG
            counters = simulate(window.together, codes, banks, timing, latency)
            ends = np.sort(latency)
            refreshing = counters[layout.C_REF] * self._refresh * busy / LONG
            service = (float(ends[DRAINED - 1] - ends[WARM - 1]) - refreshing) / busy
            service = max(service, 1.0) * slower
            arrival = max(float(window.arriving.stamp[-1]), 1.0) / LONG
            hits_at_once = counters[layout.C_ROW_HITS] / LONG
            out[w] = alone, service, latency.mean(), hits, hits_at_once, service / arrival
        return out, joules

    def waiting(self, service: Floats) -> Floats:
        """Cycles that work waits at the end of each block (Lindley's recursion), by ``RATES``.

        Args:
            service: (WINDOWS,) cycles per burst.

        Returns:
            (len(RATES), blocks).
        """
        work = service[self.nearest] * self.sizes
        ahead = np.cumsum(np.array(RATES)[:, None] * work - self.gaps, axis=1)
        return np.asarray(ahead - np.minimum(np.minimum.accumulate(ahead, axis=1), 0.0))

    def latency(self, played: Floats) -> float:
        """Cycles of a burst, from what windows say: beyond waiting, and waiting in the whole trace.

        Args:
            played: (WINDOWS, len(OF_WINDOW)).

        Returns:
            The mean of all bursts.
        """
        from .backlog import backlog

        inside, starts = np.empty(WINDOWS), np.array(self.starts)
        service = np.ascontiguousarray(played[:, 1])
        waits = backlog(  # type: ignore[call-arg]
            self.stamp, service, self.nearest, self.size, starts, LONG, WARM, inside
        )
        return float(waits + max((played[:, 0] - inside).mean(), 1.0))

    def energy(self, joules: Floats) -> float:
        """J of the whole trace: as many bursts as it has, and idle times where windows are shorter or longer.

        Args:
            joules: of each window, (WINDOWS,).

        Returns:
            Energy in J.
        """
        n, spans = len(self.stamp), np.maximum(self.spans, 1.0)
        apart = spans - spans.mean()
        square = float(apart @ apart)
        # J a cycle that a longer window takes more; at most what the least busy window takes in all
        idle = float(apart @ joules) / square if square > 0 else 0.0
        idle = min(max(idle, 0.0), float((joules / spans).min()))
        missing = float(self.stamp[-1]) - n * spans.mean() / LONG
        return float(n * joules.mean() / LONG + idle * missing)

    def describe(self, codes: NDArray[np.int64]) -> tuple[list[float], list[float]]:
        """Features and estimates of one controller.

        Args:
            codes: (12,) of the kernel.

        Returns:
            ``COLUMNS``, and figures of the metrics ``ESTIMATED``, in their units.
        """
        played, joules = self.played(codes)
        n, span, clock = len(self.stamp), float(self.stamp[-1]), self.device.clock_s
        queues = self.waiting(played[:, 1])
        means = [float(queue @ self.sizes) / n for queue in queues]
        queue, wait = queues[RATES.index(1.0)], means[RATES.index(1.0)]
        alone = float(played[:, 0].mean())
        end = (span + float(queue[-1]) + alone) * clock
        row = [
            *played.reshape(-1).tolist(),
            *means,
            wait / (alone + wait),
            float((queue > 0).mean()),
            float(played[self.nearest, 1] @ self.sizes) / max(span, 1.0),
            *self.of_trace,
        ]
        energy = self.energy(joules)
        found = [
            end,
            self.latency(played) * clock,
            float(played[:, 0].max() + np.quantile(queue, 0.99)) * clock,
            energy,
            energy / end,
            n * self.device.request_bytes / end,
        ]
        return row, [max(value, NOTHING) for value in found]


def window_features(windows: Windows, x: Designs, codes: list[NDArray[np.int64]]) -> Features:
    """Features and estimates of controllers.

    Args:
        windows: of the trace.
        x: designs (n, d).
        codes: what the kernel calls the values, see ``space.kernel_codes``.

    Returns:
        ``COLUMNS``, and estimates of ``ESTIMATED``.
    """
    values, rough = np.empty((len(x), len(COLUMNS))), np.empty((len(x), len(ESTIMATED)))
    for i, row in enumerate(to_kernel(x, codes)):
        values[i], rough[i] = windows.describe(row)
    return Features(COLUMNS, values, dict(zip(ESTIMATED, rough.T.copy())))
