"""The cluster simulator: a step of a large model on a network of accelerators."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError
from archgym.space import Designs, Setting, Value

from .durations import links
from .events import simulate
from .faults import faults, used
from .space import ROLES, cluster_space
from .step import Step
from .system import KINDS, System
from .training import NAMED, memory_parts, total
from .training import workload as find
from .workloads import staged

SEMANTICS = ("physical", "astra-sim")


class ClusterSimulator(Simulator):
    """One step of training, prefill or decode on ``npus`` NPUs in up to four dimensions.

    ``semantics: astra-sim`` is the tool's congestion-unaware back end, rule for rule.  ``physical`` differs
    in one rule: phases of a dimension share its ports.  The tool lets any number of messages leave at once,
    and a search would find designs far below what ports allow.
    """

    name = "cluster"
    version = "1.0"
    settings = (
        Setting("npus", "whole", 64, low=2, high=4096, description="NPUs in all, a power of 2"),
        Setting("dimensions", "whole", 3, low=1, high=4, description="of the network"),
        Setting("semantics", "choice", "physical", SEMANTICS, description="who may send at once"),
        Setting("peak_tflops", "number", 312.0, low=1e-3, high=1e6, description="TFLOP/s of an NPU"),
        Setting("memory_gbps", "number", 2039.0, low=1e-3, high=1e6, description="GB/s of its memory"),
        Setting("latency", "number", 500.0, low=0.0, high=1e9, description="ns of a hop"),
        Setting("endpoint_delay", "whole", 10, low=0, high=10**9, description="ns of a packet at an NPU"),
    )  # fmt: skip
    metrics = (
        Metric("time", "s", "one step"),
        Metric("throughput", "1/s", "tokens (or patches) per second"),
        Metric("compute", "s", "longest computation of an NPU"),
        Metric("exposed", "s", "longest time that an NPU does not compute"),
        Metric("memory", "B", "held by the fullest NPU"),
        Metric("bandwidth", "B/s", "of all links and ports of an NPU"),
        Metric("port_bound", "s", "least communication time by the bandwidth of ports"),
    )

    def __init__(
        self,
        workload: str = "gpt3-13b-train",
        *,
        npus: int = 64,
        dimensions: int = 3,
        semantics: str = "physical",
        peak_tflops: float = 312.0,
        memory_gbps: float = 2039.0,
        latency: float = 500.0,
        endpoint_delay: int = 10,
    ) -> None:
        if npus & (npus - 1):
            raise ArchgymError(f"npus must be a power of 2, got {npus}")
        self.task = find(workload)
        self.workload = workload
        self.npus, self.dimensions, self.semantics = npus, dimensions, semantics
        self._facts = {"peak_tflops": peak_tflops, "memory_gbps": memory_gbps, "latency": latency}
        self.endpoint_delay = endpoint_delay
        self.space = cluster_space(npus, dimensions, bool(self.task.shape.experts))
        text = json.dumps(
            [*self.task.shape, self.task.mode, self.task.batch, self.task.seq, self.task.ctx]
        )
        self.workload_hash = hashlib.sha256(text.encode()).hexdigest()[:16]

    @staticmethod
    def workload_names() -> list[str]:
        """Workloads by name."""
        return sorted(NAMED)

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything that the answers depend on."""
        return {
            "npus": self.npus, "dimensions": self.dimensions, "semantics": self.semantics,
            "endpoint_delay": self.endpoint_delay, **self._facts,
        }  # fmt: skip

    def default_design(self) -> dict[str, Value]:
        """Tensor parallelism over at most 8 NPUs, data parallelism over the others, stages where needed."""
        parts = self._division()
        design: dict[str, Value] = {p.name: p.values[0] for p in self.space.parameters}
        for d in range(self.dimensions):
            size, role = parts[d] if d < len(parts) else (1, "data")
            design |= {f"npus{d}": size, f"role{d}": role}
            design |= {f"bandwidth{d}": 200, f"topology{d}": "Switch"}
        return design | {"splits": 4, "zero": 1, "schedule": "1f1b"}

    def _division(self) -> list[tuple[int, str]]:
        """(NPUs, role) of each dimension of the first division that the model allows."""
        shape, powers = self.task.shape, [1 << k for k in range(self.npus.bit_length())]
        for tensor in sorted(powers, key=lambda t: (t > 8, -t if t <= 8 else t)):
            for data in reversed(powers):
                stages = self.npus // (tensor * data)
                parts = [(tensor, "tensor"), (data, "data"), (stages, "pipeline")]
                parts = [part for part in parts if part[0] > 1]
                fits = tensor * data * stages == self.npus and len(parts) <= self.dimensions
                if fits and not (
                    shape.heads % tensor or self.task.batch % data or shape.layers % stages
                ):
                    return parts
        return [(self.npus, "data")]

    def canonical(self, x: Designs) -> Designs:
        """Knobs of dimensions of one NPU, and sharding over no data dimension, at their first value."""
        out, names = x.copy(), self.space.names
        at = {name: i for i, name in enumerate(names)}
        data = np.zeros(len(x), np.bool_)
        for d in range(self.dimensions):
            alone = out[:, at[f"npus{d}"]] == 0
            for name in names:
                if name[-1] == str(d) and not name.startswith("npus"):
                    out[alone, at[name]] = 0
            data |= ~alone & (out[:, at[f"role{d}"]] == ROLES.index("data"))
        out[~data, at["zero"]] = 0
        return out

    def system_of(self, design: Mapping[str, Any]) -> System:
        """The cluster of a design, values by name."""
        dims = range(self.dimensions)

        def each(name: str) -> tuple[Any, ...]:
            return tuple(design.get(f"{name}{d}", "ring") for d in dims)

        return System(
            topology=each("topology"),
            npus=tuple(int(v) for v in each("npus")),
            bandwidth=tuple(float(v) for v in each("bandwidth")),
            latency=(float(self._facts["latency"]),) * self.dimensions,
            algorithms={kind: each(kind) for kind in KINDS},
            endpoint_delay=self.endpoint_delay,
            active_chunks=int(design["active_chunks"]),
            splits=int(design["splits"]),
            optimization=str(design["optimization"]),
            local_mem_bw=float(self._facts["memory_gbps"]),
            peak_perf=float(self._facts["peak_tflops"]),
            bounded=self.semantics == "physical",
        )

    def _evaluate(self, x: Designs) -> Evaluation:
        rows, reasons = [], []
        for design in self.space.decode(x):
            row, reason = self._one(design)
            rows.append(row)
            reasons.append(reason)
        table = np.array(rows)
        feasible = np.array([not r for r in reasons], np.bool_)
        metrics = {m.name: table[:, i] for i, m in enumerate(self.metrics)}
        return Evaluation(metrics, feasible, [] if feasible.all() else reasons)

    def step(self, design: Mapping[str, Any]) -> Step | str:
        """One step of the workload on a design, values by name; or why there is none."""
        system, task, shape = self.system_of(design), self.task, self.task.shape
        dims = {r: [d for d in range(self.dimensions) if design[f"role{d}"] == r] for r in ROLES}
        tensor, data, stages = (
            int(np.prod([system.npus[d] for d in dims[role]], initial=1)) for role in ROLES
        )
        micro, zero, schedule = (design[k] for k in ("micro_batches", "zero", "schedule"))
        if task.batch % (data * micro):
            return f"a batch of {task.batch} is not divided by {data} x {micro} micro-batches"
        if shape.layers % stages:
            return f"{shape.layers} layers are not divided by {stages} stages"
        if shape.heads % tensor:
            return f"{shape.heads} heads are not divided by {tensor} tensor-parallel NPUs"
        programs = staged(
            system.npus, model=shape, mode=task.mode, batch=task.batch, seq=task.seq, ctx=task.ctx,
            tp=dims["tensor"], dp=dims["data"], pp=dims["pipeline"], micro=micro, zero=zero,
            schedule=schedule,
        )  # fmt: skip
        wrong = faults(system, used(system, programs))
        if wrong:
            return "; ".join(wrong)
        outcome = simulate(system, programs, whole=True)
        if None in outcome.finish:
            return f"deadlock: {outcome.finish.count(None)} of {self.npus} NPUs never finish"
        held = memory_parts(task, tensor, data, stages, micro, zero, schedule)
        wide = [d for d, n in enumerate(system.npus) if n > 1]
        ports = {d: links(system, d) * system.bandwidth[d] for d in wide}
        return Step(outcome, dims, held, ports)

    def _one(self, design: Mapping[str, Any]) -> tuple[list[float], str]:
        """Metrics of one design, or why it has none."""
        step = self.step(design)
        if isinstance(step, str):
            return [float("nan")] * len(self.metrics), step
        outcome = step.outcome
        finish = np.array(outcome.finish, np.float64)
        time = float(finish.max()) * 1e-9
        return [
            time,
            self.task.tokens / time if time else 0.0,
            max(outcome.compute) * 1e-9,
            float((finish - outcome.compute).max()) * 1e-9,
            total(step.memory),
            sum(step.ports.values()) * 2.0**30,
            max(outcome.least) * 1e-9,
        ], ""

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Time by computation and exposed communication; memory by what is held."""
        from .explaining import breakdowns

        steps = [
            self.step(d) if ok else "" for d, ok in zip(self.space.decode(x), evaluation.feasible)
        ]
        return breakdowns(steps, evaluation, self.dimensions)
