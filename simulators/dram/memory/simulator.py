"""The simulator of memories: organisations, controllers and mappings in; time, energy and cost out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError, WorkloadError
from archgym.kernels.threads import map_rows
from archgym.space import THREADS, Designs, Parameter, Setting, Value

from ..modern.design import Design, faults_of
from ..modern.mappings import Bits
from ..modern.run import Run, run
from ..modern.standards import ModernDevice
from ..modern.tables import SEMANTICS
from ..traces import resolve
from ..traces.library import Workload, names
from ..traces.options import FOLDS
from .alike import in_flight, marks
from .families import FAMILIES, GIB, family_named
from .figures import COSTS, ENERGIES, TIMES, energy_j, times
from .mappings import (
    bits_of, check_own, default_mapping, named_knob, own_knob, search_knobs,
)  # fmt: skip
from .mapping_forms import MappingForms
from .organisations import Held, Organisation, capacity, organisations
from .playing import Playing, check_request, reading
from .space import canonical, default_controller, memory_space

PLAYERS = ("per-channel", "shared")
FELT = (1 << 40,) * 3  # a design that did not run says nothing of others
CONTROLLER = tuple(f for f in Design.__dataclass_fields__ if f != "address_mapping")


class Row(NamedTuple):
    """Of one design: its metrics or the reason why it has none, and what was in flight at most."""

    metrics: list[float]
    reason: str
    flight: tuple[int, int, int]


class Built(NamedTuple):
    """What a design is made of."""

    one: Organisation
    device: ModernDevice
    design: Design
    bits: Bits


class MemorySimulator(Simulator):
    """One trace through memories of one family: ranks, channels, controllers, address mappings.

    ``device`` is a family of ``families.FAMILIES``; its speed bins are a knob.  ``players`` is
    ``per-channel`` (a crossbar: requests of a channel wait for that channel alone) or ``shared`` (one
    port issues everything in order and takes one response a cycle).  Every request is ``request_bytes``
    long; longer ones of the trace are cut, shorter ones read a whole one.  Stamps without a clock count
    nanoseconds.  ``pins``, ``capacity``, ``channels`` and ``ranks`` leave only designs that have so many.
    """

    name = "memory"
    version = "1.1"
    settings = (
        Setting("device", "choice", "DDR5", tuple(FAMILIES), description="family of the devices"),
        Setting("players", "choice", "per-channel", PLAYERS, description="who issues requests"),
        Setting("semantics", "choice", "jedec", SEMANTICS, description="whose timing rules"),
        Setting(
            "mapping", "text", "named",
            description="address mappings: named, searched, or one in the grammar of the README",
        ),
        Setting("pins", "whole", None, low=1, high=4096, optional=True,
                description="data pins of every design"),
        Setting("capacity", "number", None, low=0.0, high=4096.0, unit="GiB", optional=True,
                description="capacity of every design"),
        Setting("channels", "whole", None, low=1, high=64, optional=True,
                description="channels of every design"),
        Setting("ranks", "whole", None, low=1, high=64, optional=True,
                description="ranks of a channel of every design"),
        Setting(
            "request_bytes", "whole", 64, low=32, high=4096, unit="B", description="of a request"
        ),
        Setting("format", "text", None, optional=True, description="dialect of a trace file"),
        Setting("clock", "any", None, optional=True, description="of stamps in files without one"),
        Setting("ipc", "any", None, optional=True, description="where stamps count instructions"),
        Setting("fold", "choice", "none", FOLDS, description="addresses beyond the smallest memory"),
        Setting(
            "word_bytes", "whole", None, low=1, high=64, unit="B", optional=True,
            description="bytes of a word in SCALE-Sim traces (default 1)",
        ),
        THREADS,
    )  # fmt: skip
    metrics = (*TIMES, *ENERGIES, *COSTS)

    def __init__(
        self,
        workload: Workload = "stream",
        *,
        device: str = "DDR5",
        players: str = "per-channel",
        semantics: str = "jedec",
        mapping: str = "named",
        pins: int | None = None,
        capacity: float | None = None,
        channels: int | None = None,
        ranks: int | None = None,
        request_bytes: int = 64,
        format: str | None = None,
        clock: str | float | None = None,
        ipc: str | float | None = None,
        fold: str = "none",
        word_bytes: int | str | None = None,
        threads: int | None = None,
    ) -> None:
        self.family = family_named(device)
        self._held = Held(pins, capacity, channels, ranks)
        self._facts = {
            "device": device, "players": players, "semantics": semantics, "mapping": mapping,
            "request_bytes": request_bytes, **self._held.facts,
        }  # fmt: skip
        self.players, self.semantics, self.request_bytes = players, semantics, request_bytes
        check_request(request_bytes, self.family)
        self._reading = reading(
            self.family, request_bytes,
            format=format, clock=clock, ipc=ipc, fold=fold, word_bytes=word_bytes,
        )  # fmt: skip
        self._organisations = organisations(self.family, self._held)
        self._mapping = self._mapping_knobs(mapping)
        self.space = memory_space(self.family, self._mapping, request_bytes, self._held)
        trace = resolve(workload, options=self._reading)
        self.playing = Playing(trace, self.family, request_bytes)
        self.workload, self.workload_hash = trace.name, trace.content_hash
        if not self.family.has_energy:  # no open power model: asking for energy is an error
            self.metrics = (*TIMES, *COSTS)  # type: ignore[misc, assignment]
        self._threads = None if threads is None else int(threads)
        self._start = self._smallest()
        self._forms = (
            MappingForms(
                self.family, self.space, request_bytes, (self.playing.end - 1).bit_length()
            )
            if mapping == "searched"
            else None
        )

    @staticmethod
    def workload_names() -> list[str]:
        """Every workload that has a name."""
        return names()

    @property
    def config(self) -> Mapping[str, Any]:
        """Family, players, semantics, what is held equal, and how the trace was read."""
        return self._facts | self._reading.named

    @property
    def workload_features(self) -> Mapping[str, float]:
        """Length, read share, footprint, duration, intensity and locality of the trace."""
        facts = self.playing.trace.information(self._reading.device)  # type: ignore[arg-type]
        return {k: float(v) for k, v in facts.items() if isinstance(v, int | float)}

    def default_design(self) -> dict[str, Value]:
        """The fewest channels and ranks that hold the trace, under an ordinary controller."""
        controller = default_controller(self.family)
        return {**self._start._asdict(), **controller, **default_mapping(self._mapping)}

    def _mapping_knobs(self, mapping: str) -> list[Parameter]:
        if mapping == "named":
            return named_knob()
        if mapping == "searched":
            channels, ranks = (
                max(n) for n in zip(*((o.channels, o.ranks) for o in self._organisations))
            )
            return search_knobs(self.family, channels, ranks, self.request_bytes)
        check_own(mapping, self.family, self._organisations)
        return own_knob(mapping)

    def _smallest(self) -> Organisation:
        """The first organisation that holds the trace, and that its mapping covers.

        Raises:
            WorkloadError: there is none; says what the largest one holds.
        """
        for one in self._organisations:
            if capacity(self.family, one) >= self.playing.end and self._covered(one):
                return one
        largest = max(capacity(self.family, one) for one in self._organisations) / GIB
        facts = ", ".join(f"{k} {v:g}" for k, v in self._held.facts.items())
        raise WorkloadError(
            f"trace {self.workload!r} reaches address {self.playing.end - 1:#x}; the largest "
            f"{self.family.name} of this space{facts and f' ({facts})'} holds {largest:g} GiB: take "
            "another device, or --fold modulo or --fold pages (setting fold)"
        )

    def _covered(self, one: Organisation) -> bool:
        try:
            self._bits(default_mapping(self._mapping), one)
        except ArchgymError:
            return False
        return True

    def _bits(self, values: Mapping[str, Any], one: Organisation) -> Bits:
        device = self.family.built(one.speed_bin, one.channel_width)
        return bits_of(values, device, one.ranks, one.channels, self.request_bytes)

    def canonical(self, x: Designs) -> Designs:
        """Knobs and mappings that cannot matter, in one form; see ``space`` and ``mapping_forms``."""
        out = canonical(x, self.space, self.playing.reads_only)
        if self._forms is not None:
            self._forms.apply(out)
        return out

    def evaluate_alike(self, x: Designs) -> tuple[Evaluation, NDArray[np.bool_]]:
        """The evaluation, and which limits the runs cannot have felt: see :mod:`.alike`."""
        rows = self._rows(self.space.check(x))
        requests, bursts, writes = np.array([flight for *_, flight in rows], np.int64).T
        return self._as_evaluation(rows), marks(x, self.space, requests, bursts, writes)

    def prepare(self) -> None:
        """Compile the kernel."""
        self.evaluate(self.space.encode(self.default_design()))

    def _evaluate(self, x: Designs) -> Evaluation:
        return self._as_evaluation(self._rows(x))

    def _rows(self, x: Designs) -> list[Row]:
        designs = self.space.decode(x)
        return map_rows(lambda i: self._row(designs[i]), np.arange(len(x)), self._threads)

    def _as_evaluation(self, rows: list[Row]) -> Evaluation:
        reasons = [row.reason for row in rows]
        table = np.array([row.metrics or [np.nan] * len(self.metrics) for row in rows])
        feasible = np.array([not r for r in reasons], np.bool_)
        metrics = {m.name: table[:, i].copy() for i, m in enumerate(self.metrics)}
        return Evaluation(metrics, feasible, [] if feasible.all() else reasons)

    def _row(self, values: Mapping[str, Any]) -> Row:
        """Metrics of one design, or why it has none."""
        built = self._built(values)
        return Row([], built, FELT) if isinstance(built, str) else self._measured(built)

    def _built(self, values: Mapping[str, Any]) -> Built | str:
        """What a design is made of, or why it cannot work."""
        one = Organisation(
            str(values["speed_bin"]), *(int(values[k]) for k in Organisation._fields[1:])
        )
        device = self.family.built(one.speed_bin, one.channel_width)
        chosen = {k: v for k, v in values.items() if k in CONTROLLER}
        if chosen["refresh_policy"] != "AllBank":  # refreshes of single banks have no granularity
            chosen["fine_granularity"] = 1
        design, held = Design(**chosen), capacity(self.family, one)
        faults = faults_of(design, device, self.request_bytes)
        if self.playing.end > held:
            faults.append(
                f"the trace reaches address {self.playing.end - 1:#x}, this memory holds {held} bytes"
            )
        try:
            bits = self._bits(values, one)
        except ArchgymError as error:  # an own mapping of another organisation
            faults.append(str(error))
        return "; ".join(faults) if faults else Built(one, device, design, bits)

    def _run(self, built: Built, log: int = 0) -> Run:
        played = self.playing.at(built.device.clock_ps)
        return run(
            built.device, built.design, played.stamp, played.is_write, played.address,
            request_bytes=self.request_bytes, semantics=self.semantics, bits=built.bits,
            players=self.players, log=log,
        )  # fmt: skip

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Latencies and time by what a request waits for, energies by command and state."""
        from .accounting import account
        from .explaining import Account, breakdowns

        def of(values: Mapping[str, Any]) -> Account | None:
            built = self._built(values)
            if isinstance(built, str):
                return None
            played = self.playing.at(built.device.clock_ps)
            return account(self._run, built, played, self.request_bytes, self.semantics)

        designs = self.space.decode(x)
        rows = map_rows(
            lambda i: of(designs[i]) if evaluation.feasible[i] else None,
            np.arange(len(x)),
            self._threads,
        )
        return breakdowns(rows, evaluation, self.space.names)

    def _measured(self, built: Built) -> Row:
        """Run a design that can work; its metrics, or why it has none."""
        one, device = built.one, built.device
        played = self.playing.at(device.clock_ps)
        out = self._run(built)
        if out.end <= 0:
            return Row([], "the last request is never answered", FELT)
        nbytes = len(played.stamp) * self.request_bytes
        latency = np.asarray(played.per_request(out.latency), np.int64)
        row = list(times(out, device, latency, nbytes))
        if self.family.has_energy:
            energy = energy_j(out, device, one.ranks * one.channels)
            row += [energy, energy / (8 * nbytes), energy / row[0]]
        pins = self.family.pins(one.channel_width, one.ranks, one.channels)
        costs = one.channels, one.ranks * one.channels, pins, capacity(self.family, one)
        bursts = self.request_bytes // device.burst_bytes
        flight = in_flight(played.stamp, out.latency, played.is_write, bursts)
        return Row([*row, *map(float, costs)], "", flight)
