"""An accelerator and its memory, evaluated together: DRAM bandwidth is what the memory gives."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError, UnknownNameError
from archgym.space import THREADS, Designs, DesignSpace, Setting, Value, categorical

from ...accelerator.architecture import Architecture
from ...accelerator.dram_trace import traffic
from ...accelerator.layers import Layer, Network
from ...accelerator.layout import OBJECTIVES
from ...accelerator.machines import load_architecture
from ...accelerator.mapper import find_mapping
from ...accelerator.mapping import Mapping, Refusal
from ...accelerator.workloads import names, resolve
from ..traces import Trace
from .families import FAMILIES
from .figures import COSTS
from .organisations import Held
from .simulator import MemorySimulator

MACHINES = ("eyeriss", "nvdla", "shidiannao", "simba", "tpu")


class Chip(NamedTuple):
    """A machine under one mapping: its memory's simulator, and what the chip takes by itself."""

    memory: MemorySimulator
    compute_s: float
    chip_j: float
    machine: Architecture
    mapped: tuple[tuple[Layer, Mapping], ...]


class AcceleratedSimulator(Simulator):
    """Layers on an accelerator, mapped for some objective, over a memory of one family.

    The mapping's loop nest says when which bytes are asked for; the memory answers them.  The layers
    end with the last response, or with the last multiplication where that is later.  What a step needs is
    asked for when the step before it may still run, however far the memory lags: buffers ahead of the
    machine are not bounded, so that stalls are a lower bound.  Energy is the chip's, without the
    cost model's constant for DRAM, and the memory's.
    """

    name = "accelerated"
    version = "1.2"
    settings = (
        Setting("device", "choice", "LPDDR5", tuple(FAMILIES), description="family of the memory"),
        Setting("requests", "whole", 20_000, low=1, high=1_000_000, description="most asked for"),
        Setting("effort", "whole", 800, low=1, high=1_000_000, description="mappings tried per layer"),
        Setting("pins", "whole", None, low=1, high=4096, optional=True,
                description="data pins of every design"),
        Setting("capacity", "number", None, low=0.0, high=4096.0, unit="GiB", optional=True,
                description="capacity of every design"),
        THREADS,
    )  # fmt: skip
    metrics = (
        Metric("total_time", "s", "all layers"),
        Metric("stall_time", "s", "of it, beyond the cycles of computing"),
        Metric("bandwidth", "B/s", "bytes of DRAM over total_time"),
        Metric("energy", "J", "chip and memory"),
        Metric("memory_energy", "J", "of it, the memory's core"),
        *COSTS,
    )

    def __init__(
        self,
        workload: str | Layer | Network = "mobilenet-v2/block13_project",
        *,
        device: str = "LPDDR5",
        requests: int = 20_000,
        effort: int = 800,
        pins: int | None = None,
        capacity: float | None = None,
        threads: int | None = None,
    ) -> None:
        self.network = resolve(workload)
        self.workload, self.workload_hash = self.network.name, self.network.content_hash
        self._held = Held(pins, capacity)
        self._effort, self._requests, self._device = effort, requests, device
        self._threads = threads
        self._chips: dict[tuple[str, str], Chip | str] = {}
        zero = np.zeros(1, np.int64)
        self._memory = self._memory_of(Trace("one", zero, zero.astype(np.uint8), zero, 1000))
        inner = self._memory.space
        knobs = [
            categorical("architecture", MACHINES, "the accelerator"),
            categorical("mapped_for", OBJECTIVES, "what its mapper minimises"),
        ]
        self.space = DesignSpace([*knobs, *inner.parameters], inner.constraints)
        if not self._memory.family.has_energy:
            left_out = ("energy", "memory_energy")
            self.metrics = tuple(m for m in type(self).metrics if m.name not in left_out)  # type: ignore[misc, assignment]

    @staticmethod
    def workload_names() -> list[str]:
        """Networks by name; most are longer than ``requests`` allows, NETWORK/LAYER is one layer."""
        return names()

    @property
    def config(self) -> collections.abc.Mapping[str, Any]:
        """Everything that the answers depend on."""
        own = {"device": self._device, "requests": self._requests, "effort": self._effort}
        return own | self._held.facts

    def _memory_of(self, trace: Trace) -> MemorySimulator:
        held = self._held
        return MemorySimulator(
            trace,
            device=self._device,
            pins=held.pins,
            capacity=held.capacity,
            threads=self._threads,
        )

    def default_design(self) -> dict[str, Value]:
        """The first machine that the layers fit, mapped for energy-delay, over the cheapest memory."""
        for machine in MACHINES:
            chip = self._chip(machine, OBJECTIVES[0])
            if isinstance(chip, Chip):
                own = {"architecture": machine, "mapped_for": OBJECTIVES[0]}
                return {**own, **chip.memory.default_design()}
        raise ArchgymError(f"no machine serves {self.workload!r}: {chip}")

    def canonical(self, x: Designs) -> Designs:
        """The memory's knobs that cannot matter, at their first value."""
        return np.concatenate([x[:, :2], self._memory.canonical(x[:, 2:])], axis=1)

    def _chip(self, machine: str, objective: str) -> Chip | str:
        """A machine under its mapping, or why it cannot serve the layers; worked out once."""
        key = (machine, objective)
        if key not in self._chips:
            try:
                self._chips[key] = self._mapped(machine, objective)
            except UnknownNameError:
                raise
            except ArchgymError as error:
                self._chips[key] = str(error)
        return self._chips[key]

    def _mapped(self, machine_name: str, objective: str) -> Chip:
        machine = load_architecture(machine_name)
        mapped, cycles, energy = [], 0.0, 0.0
        for layer in self.network.layers:
            found = find_mapping(
                layer, machine, objective=objective, effort=self._effort, moves="single"
            )
            if isinstance(found, Refusal):
                raise ArchgymError(f"layer {layer.name!r} does not fit {machine.name}: {found}")
            cost = found.cost
            mapped.append((layer, found.mapping))
            cycles += layer.count * cost.compute_cycles
            energy += layer.count * (cost.energy_pj - float(cost.level_energy_pj[0].sum()))
        most = self._requests
        trace, complete = traffic(mapped, machine, most)
        if not complete:
            raise ArchgymError(
                f"{self.workload} on {machine.name} asks DRAM for more than {most:,} times: "
                "name a layer (NETWORK/LAYER), or raise the setting requests"
            )
        memory, compute_s = self._memory_of(trace), cycles / machine.clock_hz
        return Chip(memory, compute_s, energy * 1e-12, machine, tuple(mapped))

    def _evaluate(self, x: Designs) -> Evaluation:
        names_, parts = [m.name for m in self.metrics], []
        chosen, group = np.unique(x[:, :2], axis=0, return_inverse=True)
        for k, (machine, objective) in enumerate(chosen):
            rows = np.flatnonzero(group.reshape(-1) == k)
            chip = self._chip(MACHINES[machine], OBJECTIVES[objective])
            if isinstance(chip, str):
                nothing = Evaluation.empty(names_, len(rows))
                part = Evaluation(nothing.metrics, nothing.feasible, [chip] * len(rows))
            else:
                part = self._together(chip, chip.memory.evaluate(x[rows, 2:]))
            parts.append((rows, part))
        return Evaluation.scatter(parts, names_, len(x))

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Time by computing and by what the memory's requests wait for; energy by level and state."""
        from .accelerated_explaining import Asked, breakdowns

        asked: list[Asked | None] = []
        for row, ok in zip(x, evaluation.feasible):
            chip = self._chip(MACHINES[row[0]], OBJECTIVES[row[1]])
            if not ok or isinstance(chip, str):
                asked.append(None)
            else:
                asked.append(Asked(chip, chip.memory.explain(row[None, 2:])))
        return breakdowns(asked, evaluation, self.space.names)

    def _together(self, chip: Chip, e: Evaluation) -> Evaluation:
        """The memory's answers and the chip's own time and energy."""
        asked = e.metrics["bandwidth"] * e.metrics["total_time"]
        total = np.maximum(e.metrics["total_time"], chip.compute_s)
        out = {
            "total_time": total, "stall_time": total - chip.compute_s, "bandwidth": asked / total,
            **{m.name: e.metrics[m.name] for m in COSTS},
        }  # fmt: skip
        if "energy" in e.metrics:
            out |= {
                "energy": e.metrics["energy"] + chip.chip_j,
                "memory_energy": e.metrics["energy"],
            }
        return Evaluation(out, e.feasible, e.reasons)
