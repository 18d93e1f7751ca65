"""The SoC simulator: task graphs and systems in, latency, energy, power, area out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.features import Features
from archgym.space import THREADS, Value
from archgym.contracts.simulator import Simulator
from archgym.space import Designs, Setting
from archgym.kernels.threads import split_rows

from . import layout
from .advice import advise
from .features import VERSION
from .limited import LimitedSpace
from .space import FullSpace
from .state import Chip, Scratch
from .system import System
from .technology import cacti
from .task_graph import Workload
from .workloads import names, resolve

SEMANTICS = ("physical", "farsi")
SPACES = ("full", "archgym-limited")


@dataclass(frozen=True)
class Outcome:
    """One system's figures.

    Attributes:
        reason: why it is infeasible; empty where it is feasible.
        results: figures by the names of ``layout.RESULTS``.
        start: (T,) seconds at which tasks are launched.
        finish: (T,) seconds at which they are done.
        utilisation: by block. Of elements it is the share of time busy, of buses and memories the share
            of the busier direction's bandwidth.
        phases: (seconds, the bottleneck block that set its length) of each phase.
    """

    reason: str
    results: dict[str, float]
    start: NDArray[np.float64]
    finish: NDArray[np.float64]
    utilisation: dict[str, float]
    phases: list[tuple[float, str]]


class SoCSimulator(Simulator):
    """Every design is a system on chip; the workload is one task graph, or several at once.

    ``semantics``: ``farsi`` reproduces FARSI to the digit, quirks included; ``physical`` (default)
    finishes all work, frees memory when its readers are done, cuts power windows at phases, and makes
    width and frequency cost energy and area.
    """

    name = "soc"
    version = "1.0"
    features_version = VERSION
    settings = (
        Setting("semantics", "choice", "physical", SEMANTICS, description="physical, or as FARSI"),
        Setting("space", "choice", "full", tuple(SPACES), description="the design space"),
        Setting("cpus", "whole", 2, low=1, high=64, description="processors that a design may use"),
        Setting("memories", "whole", 3, low=1, high=64, description="memories that it may use"),
        Setting("buses", "whole", 3, low=1, high=64, description="buses that it may use"),
        THREADS,
    )
    metrics = (
        Metric("latency", "s", "finish of the last workload"),
        Metric("energy", "J", "dynamic energy"),
        Metric("power", "W", "largest mean power over windows of 10 ms"),
        Metric("mean_power", "W", "energy over the whole run"),
        Metric("area", "m2", "elements, SRAM and buses"),
        Metric("dram_area", "m2", "DRAM, stacked apart"),
        Metric("development_cost", "", "FARSI's porting effort"),
    )

    def __init__(
        self,
        workload: str | Path | Workload = "audio_decoder",
        *,
        semantics: str = "physical",
        space: str = "full",
        cpus: int = 2,
        memories: int = 3,
        buses: int = 3,
        threads: int | None = None,
    ) -> None:
        if semantics not in SEMANTICS:
            raise UnknownNameError("SoC semantics", semantics, SEMANTICS)
        self.graph = resolve(workload)
        self.semantics = semantics
        if space not in SPACES:
            raise UnknownNameError("SoC design space", space, SPACES)
        self._space_name = space
        self.full = FullSpace(self.graph, cpus, memories, buses)
        self.limited = LimitedSpace(self.graph) if space == "archgym-limited" else None
        self.space = self.full.space if self.limited is None else self.limited.space
        if self.limited is not None:
            self.features_version = ""  # type: ignore[misc]
        self.workload, self.workload_hash = self.graph.name, self.graph.content_hash
        self._threads = None if threads is None else int(threads)
        ends = list(self.graph.ends.values())
        self._ends = (
            np.cumsum([0, *(len(e) for e in ends)]).astype(np.int32),
            np.array([t for e in ends for t in e], np.int32),
        )
        self._tables = self.full.tables(semantics == "physical")
        self._switches = np.full(3, int(semantics == "farsi"), np.int64)
        if len(self.graph.ends) > 1:
            extra = [Metric(f"latency_{n}", "s", f"finish of {n}") for n in self.graph.ends]
            self.metrics = (*type(self).metrics, *extra)  # type: ignore[misc, assignment]

    @staticmethod
    def workload_names() -> list[str]:
        """Every workload that has a name."""
        return names()

    @property
    def config(self) -> Mapping[str, Any]:
        """Semantics and the number of slots."""
        f = self.full
        slots = {"cpus": f.cpus, "memories": f.memories, "buses": f.buses}
        return {"semantics": self.semantics, "space": self._space_name, **slots}

    def prepare(self) -> None:
        """Compile the kernel."""
        self.evaluate(self.space.sample(1, np.random.default_rng(0)))

    def default_design(self) -> dict[str, Value]:
        """A feasible design of any workload, every knob by name: all tasks on one A53, memory and bus."""
        return self.full.default() if self.limited is None else self.limited.default()

    def system(self, design: Designs) -> System:
        """The system that one design stands for.

        Args:
            design: (d,) value indices.

        Returns:
            The system.
        """
        return self.full.system(design) if self.limited is None else self.limited.system(design)

    def repair(self, x: Designs, rng: np.random.Generator) -> Designs:
        """Valid designs close to the ones given."""
        return x if self.limited is None else self.limited.repair(x)

    def mask(self, prefix: Designs) -> NDArray[np.bool_]:
        """Which values the next parameter may take."""
        return super().mask(prefix) if self.limited is None else self.limited.mask(prefix)

    def advise(self, design: Designs, metric: str, evaluation: Evaluation) -> Designs:
        """Moves that should lower a metric of a design; see :mod:`.advice`.

        Args:
            design: one design (d,).
            metric: the metric to lower.
            evaluation: the design's own evaluation, one row, which the caller has paid for.

        Returns:
            Moved designs (k, d), the most promising first; nothing is simulated for them.
        """
        if self.limited is not None:
            return self.space.neighbors(design)
        return advise(self.full, self.semantics == "physical", design, metric, evaluation)

    def simulate(self, system: System) -> Outcome:
        """Run one system, whether it belongs to the space or not.

        Args:
            system: the system.

        Returns:
            Its figures, with the reason where it is infeasible.
        """
        w = self.graph
        reason, results, scratch, _ = self.run(system)
        run, names = scratch.run, system.block_names
        n = int(results["phases"])
        phases = [
            (float(dt), names[b]) for dt, b in zip(run.length[:n], run.bound) if dt > 0 and b >= 0
        ]
        carried = np.where(w.work[:, None, None] > 0, scratch.traffic.moved, 0.0).sum(axis=0).T
        used = system.utilisation(run.busy, carried, results["duration"])
        return Outcome(reason, results, run.start, run.finish, used, phases)

    def run(self, system: System) -> tuple[str, dict[str, float], Scratch, Chip]:
        """Run one system, with all the notes that the kernel makes.

        Args:
            system: the system.

        Returns:
            (why it is infeasible or "", ``layout.RESULTS``, the kernel's notes, its chip).
        """
        from .kernel import simulate
        from .room import room

        w, chip = self.graph, system.chip(self.graph, self.semantics == "physical")
        sizes = (len(w.tasks), len(w.edges), len(system.elements), len(system.buses))
        scratch = room(*sizes, len(system.memories))
        out = np.zeros(layout.N_RESULTS)
        code = simulate(w.graph, chip, system.prune, self._switches, cacti(), scratch, out)
        return layout.REASONS[code], dict(zip(layout.RESULTS, out.tolist())), scratch, chip

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Latency by task and block that it waits for; energy and area by block."""
        from .explaining import Account, account, block_names, breakdowns

        accounts = [Account() for _ in x]
        for i in np.flatnonzero(evaluation.feasible):
            system = self.system(x[i])
            _, results, scratch, chip = self.run(system)
            if self.limited is None:
                blocks = block_names(self.full, system, x[i])
            else:
                blocks = [n.replace("mem", "memory") for n in system.block_names]
            accounts[i] = account(self.graph, chip, int(results["phases"]), scratch, blocks)
        return breakdowns(accounts, evaluation, {} if self.limited else self._reliefs)

    @cached_property
    def _reliefs(self) -> Mapping[str, Any]:
        from .relieving import reliefs

        return reliefs(self.full)

    def _features(self, x: Designs) -> Features:
        """A sketch of the run of a design of the full space."""
        from .features import features

        return features(self.full, self.semantics == "physical", x)

    def latencies(self, outcome: Outcome) -> list[float]:
        """Seconds at which each graph is done: its last task's finish.

        Args:
            outcome: of a system.

        Returns:
            Seconds by graph, in the workload's order.
        """
        return [float(outcome.finish[list(ends)].max()) for ends in self.graph.ends.values()]

    def _evaluate(self, x: Designs) -> Evaluation:
        from .batch import simulate_batch

        w, n = self.graph, len(x)
        x = np.ascontiguousarray(x)  # the kernel is compiled for one layout of arrays
        code = np.zeros(n, np.int64)
        out = np.zeros((n, layout.N_RESULTS))
        latency = np.zeros((n, len(w.ends)))

        def part(rows: slice) -> None:
            simulate_batch(
                x[rows],
                *self._tables,
                w.graph,
                self._switches,
                cacti(),
                self._ends,
                code[rows],
                out[rows],
                latency[rows],
            )

        if self.limited is not None:
            for i, design in enumerate(x):
                outcome = self.simulate(self.limited.system(design))
                code[i] = layout.REASONS.index(outcome.reason)
                out[i] = list(outcome.results.values())
                latency[i] = self.latencies(outcome)
            return self._collect(code, out, latency)
        split_rows(part, n, self._threads)
        return self._collect(code, out, latency)

    def _collect(
        self, code: NDArray[np.int64], out: NDArray[np.float64], latency: NDArray[np.float64]
    ) -> Evaluation:
        column = dict(zip(layout.RESULTS, out.T))
        metrics = {
            "latency": latency.max(axis=1),
            "energy": column["energy"],
            "power": column["power"],
            "mean_power": column["mean_power"],
            "area": column["pe_area"] + column["sram_area"] + column["bus_area"],
            "dram_area": column["dram_area"],
            "development_cost": column["development_cost"],
        }
        if len(self.graph.ends) > 1:
            metrics |= {f"latency_{n}": latency[:, i] for i, n in enumerate(self.graph.ends)}
        feasible = code == layout.OK
        reasons = [] if feasible.all() else [layout.REASONS[c] for c in code]
        return Evaluation({k: v.copy() for k, v in metrics.items()}, feasible, reasons)
