"""The knobs of a network that runs a task graph: the graph says how many NPUs its dimensions have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.errors import ArchgymError
from archgym.space import Designs, DesignSpace, Parameter, Value, categorical, ordinal

from .events import simulate
from .faults import closed, faults, used
from .graph_file import GraphTask
from .space import ALGORITHMS, BANDWIDTHS
from .step import Step, ports
from .system import KINDS, OPTIMIZATIONS, TOPOLOGIES, System

EVERY_MESSAGE = (
    "it needs every message, and in several dimensions messages have no model in which they share ports; "
    "ask for astra-sim"
)


class GraphKnobs:
    """Topology, bandwidth and algorithms of each dimension, and how collectives are cut.

    Args:
        task: the task graph.
        rest: what no knob says of the system, but for its latency.
        latency: ns of a hop.
    """

    def __init__(self, task: GraphTask, rest: Mapping[str, Any], latency: float) -> None:
        self.task, self._rest, self._latency = task, rest, latency
        self.npus = task.programs.npus
        knobs: list[Parameter] = []
        kinds = [kind for kind in KINDS if kind in task.kinds]
        for d in range(len(self.npus)):
            knobs += [
                categorical(f"topology{d}", TOPOLOGIES, f"of dimension {d}"),
                ordinal(f"bandwidth{d}", BANDWIDTHS, "of a link or port, 2^30 bytes", "GB/s"),
                *(categorical(f"{kind}{d}", ALGORITHMS, f"in dimension {d}") for kind in kinds),
            ]
        knobs += [
            categorical("optimization", OPTIMIZATIONS, "of an all-reduce over several dimensions"),
            ordinal("splits", (1, 2, 4, 8, 16), "chunks of a collective", scale="log"),
            ordinal("active_chunks", (1, 2, 4, 8), "at once in a dimension", scale="log"),
        ]
        self.space = DesignSpace(knobs)

    def default_design(self) -> dict[str, Value]:
        """Switches of 200 GB/s, rings, 4 chunks."""
        design: dict[str, Value] = {p.name: p.values[0] for p in self.space.parameters}
        for d in range(len(self.npus)):
            design |= {f"bandwidth{d}": 200, f"topology{d}": "Switch"}
        return design | {"splits": 4}

    def canonical(self, x: Designs) -> Designs:
        """The designs as they are: every knob may have an effect.

        Args:
            x: designs (n, d).

        Returns:
            Designs (n, d).
        """
        return x

    def network(self, design: Mapping[str, Any]) -> System:
        """The cluster of a design.

        Args:
            design: values by knob.

        Returns:
            The cluster.
        """
        dims = range(len(self.npus))

        def each(name: str) -> tuple[Any, ...]:
            return tuple(design.get(f"{name}{d}", "ring") for d in dims)

        return System(
            topology=each("topology"),
            npus=self.npus,
            bandwidth=tuple(float(v) for v in each("bandwidth")),
            latency=(self._latency,) * len(self.npus),
            algorithms={kind: each(kind) for kind in KINDS},
            active_chunks=int(design["active_chunks"]),
            splits=int(design["splits"]),
            optimization=str(design["optimization"]),
            roofline=self.task.roofline,
            **self._rest,
        )

    def step(self, design: Mapping[str, Any]) -> Step | str:
        """One run of the graph.

        Args:
            design: values by knob.

        Returns:
            The run, or a text that says why there is none.
        """
        system, programs = self.network(design), self.task.programs
        pairs = used(system, programs)
        wrong = faults(system, pairs) + too_small(system, self.task)
        if wrong:
            return "; ".join(wrong)
        whole = programs.stands_for is not None and closed(system, pairs)
        if system.bounded and not whole:
            one_ring_of_two = system.topology[0] == "Ring" and system.size == 2
            if len(system.npus) > 1 or one_ring_of_two:
                return EVERY_MESSAGE
            system = self.network(design)
            system = type(system)(**{**vars(system), "aware": True, "bounded": False})
        try:
            outcome = simulate(system, programs, whole)
        except ArchgymError as error:  # a time that no number holds
            return str(error)
        if None in outcome.finish:
            lost = outcome.finish.count(None)
            return (
                f"deadlock: {lost} of {system.size} NPUs never finish, because they start collectives or "
                "chunks in different orders or wait for messages that are never sent"
            )
        wide = {f"dimension {d}": [d] for d, n in enumerate(system.npus) if n > 1}
        return Step(outcome, wide, {"stated": self.task.memory}, ports(system), system, {})


def too_small(system: System, task: GraphTask) -> list[str]:
    """All-gathers that never end in the tool, because they have fewer bytes than chunks.

    Args:
        system: the cluster.
        task: the graph.

    Returns:
        One text per size that is too small.
    """
    nodes = (n for i in range(task.programs.size) for n in task.programs.of(i))
    sizes = {n["size"] for n in nodes if n["op"] == "coll" and n["kind"] == "all_gather"}
    return [
        f"an all-gather of {size} bytes in {system.splits} splits never ends"
        for size in sorted(sizes)
        if size < system.splits
    ]
