"""The knobs of a cluster: ArchGym's AstraSim environment, with parallelism as the use of each dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.space import (
    Columns,
    Constraint,
    Designs,
    DesignSpace,
    Parameter,
    Value,
    categorical,
    ordinal,
)

from .stages import Recipe
from .system import KINDS, OPTIMIZATIONS, TOPOLOGIES, System
from .training import Workload
from .transformer import RECOMPUTE

ROLES = ("tensor", "data", "pipeline", "sequence")
ALGORITHMS = ("ring", "direct", "halvingDoubling")
BANDWIDTHS = tuple(range(50, 501, 50))


def cluster_space(npus: int, dimensions: int, experts: bool, train: bool = True) -> DesignSpace:
    """The space of clusters of some number of NPUs.

    The knobs of ArchGym without ``scheduling-policy``, which has no effect in the tool, and without the
    double binary tree, with which NPUs fall out of step and the tool deadlocks.

    Args:
        npus: in all, a power of 2.
        dimensions: of the network.
        experts: whether the model has experts, and so all-to-alls to choose algorithms for.
        train: whether there is a backward pass, for which activations are kept or computed again.

    Returns:
        The space; its one constraint is that the dimensions multiply to ``npus``.
    """
    sizes = tuple(1 << k for k in range(npus.bit_length()))
    knobs: list[Parameter] = []
    for d in range(dimensions):
        knobs += [
            categorical(f"topology{d}", TOPOLOGIES, f"of dimension {d}"),
            ordinal(f"npus{d}", sizes, f"along dimension {d}", scale="log"),
            ordinal(f"bandwidth{d}", BANDWIDTHS, "of a link or port, 2^30 bytes", "GB/s"),
            categorical(f"role{d}", ROLES, f"what dimension {d} divides"),
        ]
        kinds = KINDS if experts else KINDS[:3]
        knobs += [categorical(f"{kind}{d}", ALGORITHMS, f"in dimension {d}") for kind in kinds]
    knobs += [
        categorical("optimization", OPTIMIZATIONS, "of an all-reduce over several dimensions"),
        ordinal("splits", (1, 2, 4, 8, 16), "chunks of a collective", scale="log"),
        ordinal("active_chunks", (1, 2, 4, 8), "at once in a dimension", scale="log"),
        ordinal("micro_batches", (1, 2, 4, 8, 16), "of a step", scale="log"),
        ordinal("zero", (0, 1, 3), "what is sharded over data: nothing, optimizer, weights too"),
        categorical("schedule", ("gpipe", "1f1b"), "of pipeline stages"),
    ]
    if train:
        what = (
            "what is computed again for the backward pass: nothing, the core of attention, layers"
        )
        knobs.append(categorical("recompute", RECOMPUTE, what))

    def holds(columns: Columns) -> NDArray[np.bool_]:
        sizes = np.stack([columns[f"npus{d}"] for d in range(dimensions)]).astype(np.int64)
        return np.asarray(sizes.prod(axis=0) == npus)

    rule = Constraint("npus", holds, f"the dimensions do not multiply to {npus} NPUs")
    return DesignSpace(knobs, (rule,))


class FullKnobs:
    """The whole space, and what its designs stand for: each dimension divides one thing.

    Args:
        task: whose step is asked for.
        npus: in all, a power of 2.
        dimensions: of the network.
        rest: what no knob says of the system.
        latency: of a hop in every dimension, in ns.
    """

    def __init__(
        self, task: Workload, npus: int, dimensions: int, rest: Mapping[str, Any], latency: float
    ) -> None:
        self.task, self.npus, self.dimensions = task, npus, dimensions
        self._rest, self._latency = rest, latency
        self.space = cluster_space(npus, dimensions, bool(task.shape.experts), task.mode == "train")

    def default_design(self) -> dict[str, Value]:
        """Tensor parallelism over at most 8 NPUs, data parallelism over the others, stages where needed."""
        parts = self._division()
        design: dict[str, Value] = {p.name: p.values[0] for p in self.space.parameters}
        for d in range(self.dimensions):
            size, role = parts[d] if d < len(parts) else (1, "data")
            design |= {f"npus{d}": size, f"role{d}": role}
            design |= {f"bandwidth{d}": 200, f"topology{d}": "Switch"}
        kept = {"recompute": "selective"} if "recompute" in design else {}
        return design | {"splits": 4, "zero": 1, "schedule": "1f1b"} | kept

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
        """Designs with knobs that have no effect at their first value.

        These are knobs of dimensions of one NPU, and sharding where there are no copies to share with.

        Args:
            x: designs (n, d).

        Returns:
            Designs (n, d).
        """
        out, names = x.copy(), self.space.names
        at = {name: i for i, name in enumerate(names)}
        copies = np.zeros(len(x), np.bool_)
        for d in range(self.dimensions):
            alone = out[:, at[f"npus{d}"]] == 0
            for name in names:
                if name[-1] == str(d) and not name.startswith("npus"):
                    out[alone, at[name]] = 0
            role = out[:, at[f"role{d}"]]
            shares = (role == ROLES.index("data")) | (role == ROLES.index("sequence"))
            copies |= ~alone & shares
        out[~copies, at["zero"]] = 0
        return out

    def network(self, design: Mapping[str, Any]) -> System:
        """The cluster of a design.

        Args:
            design: values by knob.

        Returns:
            The cluster.
        """

        def each(name: str) -> tuple[Any, ...]:
            return tuple(design.get(f"{name}{d}", "ring") for d in range(self.dimensions))

        return System(
            topology=each("topology"),
            npus=tuple(int(v) for v in each("npus")),
            bandwidth=tuple(float(v) for v in each("bandwidth")),
            latency=(self._latency,) * self.dimensions,
            algorithms={kind: each(kind) for kind in KINDS},
            active_chunks=int(design["active_chunks"]),
            splits=int(design["splits"]),
            optimization=str(design["optimization"]),
            **self._rest,
        )

    def recipe(self, design: Mapping[str, Any]) -> Recipe:
        """What a design asks for.

        Args:
            design: values by knob.

        Returns:
            The recipe.
        """
        dims = {r: [d for d in range(self.dimensions) if design[f"role{d}"] == r] for r in ROLES}
        micro, zero, schedule = (design[k] for k in ("micro_batches", "zero", "schedule"))
        again = str(design.get("recompute", "none"))
        return Recipe(self.network(design), dims, int(micro), int(zero), str(schedule), again)
