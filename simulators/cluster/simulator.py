"""The cluster simulator: a step of a large model on a network of accelerators."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from archgym.contracts.drawing import Drawing
from archgym.contracts.evaluation import Doubt, Evaluation, Metric
from archgym.contracts.explanation import Breakdown
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError
from archgym.space import Designs, Setting, Value

from .archgym_space import SPACES, ArchgymKnobs
from .costs import network_cost
from .graph_file import GraphTask
from .graph_space import GraphKnobs
from .models import parameters
from .space import FullKnobs
from .stages import Figures, quick
from .step import Step, held, indivisible, ports, step_of
from .training import NAMED, Workload, total
from .training import workload as find

SEMANTICS = ("physical", "astra-sim")
# times are whole nanoseconds: rounding alone brings collectives of a few hundred of them to 1.01
BELOW_BOUND = Doubt(
    1.02,
    "collectives end below the least time that the ports of an NPU allow, which no network reaches; messages "
    "share no port under semantics astra-sim, under physical they do",
)


class ClusterSimulator(Simulator):
    """One step of training, prefill or decode on ``npus`` NPUs in up to four dimensions.

    ``semantics: astra-sim`` is the tool's congestion-unaware back end, rule for rule.  ``physical`` differs
    in one rule: phases of a dimension share its ports.  The tool lets any number of messages leave at once,
    and a search would find designs far below what ports allow.

    ``space`` is the whole space or one of ArchGym's, which have 1,024 NPUs and bring their own network.
    """

    name = "cluster"
    version = "1.2"
    settings = (
        Setting("space", "choice", "full", ("full", *SPACES), description="which knobs there are"),
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
        Metric("throughput", "1/s", "tokens (or patches, or runs of a task graph) per second"),
        Metric("compute", "s", "longest computation of an NPU"),
        Metric("exposed", "s", "longest time that an NPU does not compute"),
        Metric("memory", "B", "held by the fullest NPU; of a task graph, what its file states"),
        Metric("bandwidth", "B/s", "of all links and ports of an NPU"),
        Metric("port_bound", "s", "least communication time by the bandwidth of ports"),
        Metric(
            "port_ratio",
            "",
            "port bound by time in collectives: above 1 no ports allow",
            signed=True,
            doubt=BELOW_BOUND,
        ),
        Metric("network_cost", "USD", "of the network of all NPUs, by bandwidth (LIBRA's prices)"),
    )

    def __init__(
        self,
        workload: str = "gpt3-13b-train",
        *,
        space: str = "full",
        npus: int = 64,
        dimensions: int = 3,
        semantics: str = "physical",
        peak_tflops: float = 312.0,
        memory_gbps: float = 2039.0,
        latency: float = 500.0,
        endpoint_delay: int = 10,
    ) -> None:
        self.task = find(workload)
        self.workload = workload
        if isinstance(self.task, GraphTask):
            npus, dimensions = self.task.programs.size, len(self.task.programs.npus)
        elif npus & (npus - 1):
            raise ArchgymError(f"npus must be a power of 2, got {npus}")
        self._space = space
        self.npus, self.dimensions, self.semantics = npus, dimensions, semantics
        self._facts = {"peak_tflops": peak_tflops, "memory_gbps": memory_gbps, "latency": latency}
        self.endpoint_delay = endpoint_delay
        bounded = semantics == "physical"
        rest = {
            "endpoint_delay": endpoint_delay, "local_mem_bw": memory_gbps,
            "peak_perf": peak_tflops, "bounded": bounded,
        }  # fmt: skip
        self.knobs: FullKnobs | ArchgymKnobs | GraphKnobs
        if isinstance(self.task, GraphTask):
            if space != "full":
                raise ArchgymError(
                    f"{workload} is a task graph, and the space {space} divides a model"
                )
            self.knobs = GraphKnobs(self.task, rest, latency)
        elif space == "full":
            self.knobs = FullKnobs(self.task, npus, dimensions, rest, latency)
        else:
            self.dimensions = 4
            self.knobs = ArchgymKnobs(
                space, npus, peak_tflops, memory_gbps, endpoint_delay, bounded
            )
        self.space = self.knobs.space
        t = self.task
        facts = (
            t.document if isinstance(t, GraphTask) else [*t.shape, t.mode, t.batch, t.seq, t.ctx]
        )
        self.workload_hash = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

    @staticmethod
    def workload_names() -> list[str]:
        """Workloads by name."""
        return sorted(NAMED)

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything that the answers depend on."""
        return {
            "space": self._space, "npus": self.npus, "dimensions": self.dimensions,
            "semantics": self.semantics, "endpoint_delay": self.endpoint_delay, **self._facts,
        }  # fmt: skip

    @property
    def workload_notes(self) -> Mapping[str, Any]:
        """How many parameters the model has, by its shape; nothing of a task graph."""
        if isinstance(self.task, GraphTask):
            return {}
        total, used = (f"{n / 1e9:.3g} billion" for n in parameters(self.task.shape))
        return {"parameters": total + (f", {used} of them per token" if total != used else "")}

    def prepare(self) -> None:
        """Compile the kernels."""
        self.evaluate(self.space.encode([self.default_design()]))

    def default_design(self) -> dict[str, Value]:
        """A division that the model allows, or ArchGym's own design."""
        return self.knobs.default_design()

    def canonical(self, x: Designs) -> Designs:
        """Designs with knobs that have no effect at their first value.

        Args:
            x: designs (n, d).

        Returns:
            Designs (n, d).
        """
        return self.knobs.canonical(x)

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
        """One step of the workload on a design, phase by phase.

        Args:
            design: values by knob.

        Returns:
            The step, or a text that says why there is none.
        """
        if isinstance(self.knobs, GraphKnobs):
            return self.knobs.step(design)
        assert isinstance(self.task, Workload)
        return step_of(self.knobs.recipe(design), self.task, self.knobs.network(design))

    def figures(self, design: Mapping[str, Any]) -> Figures | str:
        """Times of a step on a design, by the fastest way that can tell them.

        Args:
            design: values by knob.

        Returns:
            Times in ns, or a text that says why there are none.
        """
        if not isinstance(self.knobs, GraphKnobs):
            assert isinstance(self.task, Workload)
            recipe = self.knobs.recipe(design)
            wrong = next(indivisible(recipe, self.task), "")
            found = wrong or quick(recipe, self.task)
            if found is not None:
                return found
        step = self.step(design)
        return step if isinstance(step, str) else step.figures

    def _one(self, design: Mapping[str, Any]) -> tuple[list[float], str]:
        """Metrics of one design, or why it has none."""
        found = self.figures(design)
        if isinstance(found, str):
            return [float("nan")] * len(self.metrics), found
        network, time = self.knobs.network(design), found.time * 1e-9
        return [
            time,
            self._tokens / time if time else 0.0,
            found.compute * 1e-9,
            found.exposed * 1e-9,
            self._memory(design),
            sum(ports(network).values()) * 2.0**30,
            found.least * 1e-9,
            found.least / found.communication if found.communication else 0.0,
            network_cost(network),
        ], ""

    @property
    def _tokens(self) -> int:
        """What a step handles; a graph is one thing."""
        return 1 if isinstance(self.task, GraphTask) else self.task.tokens

    def _memory(self, design: Mapping[str, Any]) -> float:
        """Bytes of the fullest NPU; a graph states them."""
        if isinstance(self.knobs, GraphKnobs):
            return self.knobs.task.memory
        assert isinstance(self.task, Workload)
        return total(held(self.knobs.recipe(design), self.task))

    def draw(self, design: Designs) -> Iterator[Drawing]:
        """A timeline, whole and close, and the roofline of computations."""
        from .drawing import drawings

        (named,) = self.space.decode(self.space.check(design[None]))
        step = self.step(named)
        if isinstance(step, str):
            raise ArchgymError(f"this design has no step to draw: {step}")
        yield from drawings(step)

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """Time by computation and exposed communication; memory by what is held."""
        from .explaining import breakdowns

        steps = [
            self.step(d) if ok else "" for d, ok in zip(self.space.decode(x), evaluation.feasible)
        ]
        return breakdowns(steps, evaluation, self.dimensions, set(self.space.names))
