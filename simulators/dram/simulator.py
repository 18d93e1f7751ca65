"""The memory-controller simulator: designs and a trace in, time, latency, energy out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.features import Features
from archgym.contracts.fidelity import Fidelity
from archgym.space import THREADS, Value
from archgym.contracts.simulator import Simulator
from archgym.space import Designs, Setting
from archgym.kernels.threads import map_rows

from . import layout
from .addresses import decode_address
from .alike import alike
from .devices import DEVICES, Device
from .memspec import device_named
from .energy import core_energy_j, power_w
from .space import KNOBS, SPACES, canonical, kernel_codes, space_named, to_kernel, DEFAULT_DESIGN
from .state import Noted, Notes, Requests
from .timing import SEMANTICS, timing
from .traces import Trace, resolve
from .traces.library import Workload, names
from .traces.options import FOLDS, TraceOptions
from .traces.played import Played

if TYPE_CHECKING:
    from .windows import Windows


LEAST = (
    50_000  # bursts of a trace whose windows are a small part of it; shorter ones have no features
)


class DRAMSimulator(Simulator):
    """One channel, one rank, one trace; every design of the space is a memory controller.

    ``workload`` is a name, a path or a :class:`Trace`, or several as initiators (a list, or joined by
    ``+``).

    ``device`` is a name of ``devices.DEVICES`` or the path of a DRAMSys memory specification.

    ``format``, ``clock``, ``ipc``, ``fold`` and ``word_bytes`` say what a trace file does not say itself:
    see :class:`~.traces.options.TraceOptions`.

    ``semantics`` is ``dramsys`` or ``jedec``. The former has the rules of the DRAMSys version that the
    device's reference data comes from, its quirks included. The latter has tRC between activates of a
    bank, a buffer check on the bank that a request is for, and power-down currents of VPP no higher than
    in standby.
    """

    name = "dram"
    version = "1.0"
    features_version = "windows 2"
    settings = (
        Setting(
            "device",
            "text",
            "DDR4-2400",
            description=f"{', '.join(DEVICES)}, or a DRAMSys memory specification (JSON file)",
        ),
        Setting(
            "semantics", "choice", "dramsys", SEMANTICS, description="whose timing rules: see above"
        ),
        Setting("space", "choice", "full", SPACES, description="the design space"),
        Setting("format", "text", None, optional=True, description="dialect of a trace file"),
        Setting(
            "clock",
            "any",
            None,
            optional=True,
            description="what stamps count in files without a clock: 200MHz, 1.25ns (number: MHz)",
        ),
        Setting(
            "ipc",
            "any",
            None,
            optional=True,
            description="instructions per cycle, for formats that count instructions",
        ),
        Setting(
            "fold", "choice", "none", FOLDS, description="addresses beyond the device: see README"
        ),
        Setting(
            "word_bytes",
            "whole",
            None,
            low=1,
            high=1 << 20,
            unit="B",
            optional=True,
            description="bytes of a word in SCALE-Sim traces (default 1)",
        ),
        THREADS,
    )
    metrics = (
        Metric("total_time", "s", "start to the last response"),
        Metric("mean_latency", "s", "arrival stamp to response, mean over requests"),
        Metric("p99_latency", "s", "arrival stamp to response, 99th percentile"),
        Metric("energy", "J", "core energy of all devices of the rank"),
        Metric("power", "W", "core energy over the time it was counted in"),
        Metric("bandwidth", "B/s", "bytes moved over total_time"),
        Metric(
            "row_hit_rate", "", "share of accesses that found their row opened by an earlier one"
        ),
    )

    def __init__(
        self,
        workload: Workload = "stream",
        *,
        device: str = "DDR4-2400",
        semantics: str = "dramsys",
        space: str = "full",
        format: str | None = None,
        clock: str | float | None = None,
        ipc: str | float | None = None,
        fold: str = "none",
        word_bytes: int | str | None = None,
        threads: int | None = None,
    ) -> None:
        if semantics not in SEMANTICS:
            raise UnknownNameError("DRAM semantics", semantics, SEMANTICS)
        self.device: Device = device_named(device)
        self.semantics = semantics
        self.space = space_named(space)
        self._reading = TraceOptions(format, clock, ipc, fold, word_bytes, self.device)
        self.trace = resolve(workload, options=self._reading)
        self.trace.check_fits(self.device)
        self.workload = self.trace.name
        self.workload_hash = self.trace.content_hash
        self._space_name = space
        self._threads = None if threads is None else int(threads)
        self._codes = kernel_codes(self.space)
        self._timing = timing(self.device, semantics)
        self._reads_only = not self.trace.is_write.any()
        self._played = self.trace.played(self.device)
        self._decoded: dict[int, Requests] = {}
        if space != "full" or len(self._played.stamp) < LEAST:
            self.features_version = ""  # type: ignore[misc]

    @property
    def workload_features(self) -> Mapping[str, float]:
        """Length, read share, footprint, duration, intensity and locality of the trace."""
        facts = self.trace.information(self.device)
        return {k: float(v) for k, v in facts.items() if isinstance(v, int | float)}

    @staticmethod
    def workload_names() -> list[str]:
        """Every workload that has a name."""
        return names()

    def default_design(self) -> dict[str, Value]:
        """DRAMSys' own controller, every knob by name: it serves any trace on any device."""
        return dict(DEFAULT_DESIGN)

    @property
    def config(self) -> Mapping[str, Any]:
        """Device, semantics and space, and how the trace was read where that was said."""
        return {
            "device": self.device.name,
            "semantics": self.semantics,
            "space": self._space_name,
            **self._reading.named,
        }

    def canonical(self, x: Designs) -> Designs:
        """Knobs that cannot matter at their first value; see :func:`.space.canonical`."""
        return canonical(x, self.space, self._reads_only)

    def fidelities(self) -> tuple[Fidelity, ...]:
        """The first requests of the trace; time and energy are scaled to its length."""
        from .fidelities import shorter

        return shorter(len(self.trace), len(self._played.stamp), self._beginning)

    def _beginning(self, n: int) -> tuple[Simulator, int]:
        """The same controllers on the first n requests of the trace, and the bursts of these."""
        out = copy(self)
        out.__dict__.pop("_windows", None)
        out.features_version = ""  # type: ignore[misc]
        out.trace = self.trace.head(n)
        out.workload_hash = out.trace.content_hash
        out._played, out._decoded = out.trace.played(self.device), {}
        return out, len(out._played.stamp)

    def evaluate_alike(self, x: Designs) -> tuple[Evaluation, NDArray[np.bool_]]:
        """The evaluation, and which limits were never felt: see :func:`.alike.alike`."""
        table = self._table(self.space.check(x))
        return self._as_evaluation(table), alike(x, table[:, len(self.metrics) :], self.space)

    def prepare(self) -> None:
        """Compile the kernel (about ten seconds the first time on a machine)."""
        codes = np.zeros(len(KNOBS), np.int64)
        codes[[layout.BUFFER_SIZE, layout.MAX_ACTIVE]] = 1
        self.simulate(codes, self.trace.head(1))

    def simulate(
        self, codes: NDArray[np.int64], trace: Trace | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Run one controller, given in kernel codes (12,).

        Returns:
            The counters of ``layout.COUNTERS`` (cycles and counts), and the latency of every
            burst in cycles (m,).
        """
        from .kernel import simulate

        requests = (
            self._columns(int(codes[layout.MAPPING]))
            if trace is None
            else self._decode(trace.played(self.device), int(codes[layout.MAPPING]))
        )
        latency = np.empty(len(requests.stamp), np.int64)
        return simulate(requests, codes, self.device.banks, self._timing, latency), latency

    def _evaluate(self, x: Designs) -> Evaluation:
        return self._as_evaluation(self._table(x))

    def noted(self, codes: NDArray[np.int64]) -> Noted:
        """Run one controller, given in kernel codes (12,), and note when each burst got on."""
        from .kernel import simulate

        requests, n = self._columns(int(codes[layout.MAPPING])), len(self._played.stamp)
        refreshes = int(self.simulate(codes)[0][layout.C_REF])
        latency = np.empty(n, np.int64)
        notes = Notes(
            np.full(n, -1, np.int64), np.full(n, -1, np.int64), np.full(n, -1, np.int64),
            np.zeros(refreshes, np.int64), np.zeros(1, np.int64),
        )  # fmt: skip
        out = simulate(requests, codes, self.device.banks, self._timing, latency, notes)
        notes = notes._replace(refreshes=notes.refreshes[: int(notes.noted[0])])
        return Noted(requests, notes, out, latency)

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Latency by what a request waits for; time by use of the bus; energy by command and state."""
        from .explaining import account, breakdowns

        if not len(x):
            return ()
        codes = to_kernel(x, self._codes)
        first, scalars = self._played.first, self._timing.scalars
        accounts = [
            account(self.noted(row), first, self.device, self.semantics, scalars) for row in codes
        ]
        return breakdowns(accounts, evaluation, self.device.clock_s)

    def _features(self, x: Designs) -> Features:
        """A few windows of a long trace, simulated exactly, and what waits in between."""
        from .windows import window_features

        return window_features(self._windows, x, self._codes)

    @cached_property
    def _windows(self) -> Windows:
        from .windows import Windows

        facts = self.workload_features
        return Windows(self.device, self.semantics, self._timing, self._columns, facts)

    def _table(self, x: Designs) -> NDArray[np.float64]:
        codes = to_kernel(x, self._codes)
        for mapping in np.unique(codes[:, layout.MAPPING]):
            self._columns(int(mapping))
        return np.array(map_rows(self._row, codes, self._threads))

    def _as_evaluation(self, table: NDArray[np.float64]) -> Evaluation:
        metrics = {m.name: table[:, i].copy() for i, m in enumerate(self.metrics)}
        return Evaluation(metrics, np.ones(len(table), np.bool_))

    def _row(self, codes: NDArray[np.int64]) -> tuple[float, ...]:
        """The metrics, then which limits were felt (``layout.LIMITS``)."""
        out, bursts = self.simulate(codes)
        latency = self._played.per_request(bursts)
        clock = self.device.clock_s
        total = float(out[layout.C_END]) * clock
        energy = core_energy_j(self.device, out, self.semantics)
        accesses = int(out[[layout.C_RD, layout.C_WR, layout.C_RDA, layout.C_WRA]].sum())
        return (
            total,
            float(latency.mean()) * clock,
            percentile(latency, 0.99) * clock,
            energy,
            power_w(self.device, out, energy),
            accesses * self.device.request_bytes / total,
            float(out[layout.C_ROW_HITS]) / accesses,
            *(float(out[c]) for c in layout.LIMITS),
        )

    def _columns(self, mapping: int) -> Requests:
        if mapping not in self._decoded:
            self._decoded[mapping] = self._decode(self._played, mapping)
        return self._decoded[mapping]

    def _decode(self, played: Played, mapping: int) -> Requests:
        name = str(KNOBS[layout.MAPPING].values[mapping])
        bank, row = decode_address(played.address, self.device.mappings[name])
        return Requests(played.stamp, played.is_write, bank, row, played.address)


def percentile(values: NDArray[np.int64], q: float) -> float:
    """A quantile by linear interpolation, as ``numpy.quantile``, but by selection instead of a sort.

    Args:
        values: (n,), at least one.
        q: the share below, 0 to 1.

    Returns:
        The quantile, in the values' unit.
    """
    where = q * (len(values) - 1)
    low = int(where)
    high = min(low + 1, len(values) - 1)
    part = np.partition(values, [low, high])
    return float(part[low] + (part[high] - part[low]) * (where - low))
