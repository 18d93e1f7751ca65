"""The spaces of ArchGym's AstraSim environment: four files of knobs, with what they leave fixed.

The files are ``knobs_1.py`` to ``knobs_4.py`` of its folder ``sims/AstraSim``, with the networks and systems
that belong to them.  Names are in this package's spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError
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

from .division import divided
from .stages import Recipe
from .system import IMPLEMENTATIONS, KINDS, OPTIMIZATIONS, TOPOLOGIES, System

NPUS = 1024
DIMENSIONS = range(4)
POWERS = tuple(1 << k for k in range(10))
DERIVED = {"Ring": "ring", "FullyConnected": "direct", "Switch": "halvingDoubling"}


@dataclass(frozen=True)
class Fixed:
    """What a file of knobs leaves as it is, and ArchGym's own design of its knobs."""

    npus: tuple[int, ...] = ()
    topology: tuple[str, ...] = ()
    bandwidth: tuple[float, ...] = ()
    latency: tuple[float, ...] = (700.0,) * 4
    splits: int = 4
    optimization: str = "baseline"
    parallel: Mapping[str, int] = field(default_factory=dict)
    start: Mapping[str, Value] = field(default_factory=dict)


_HETEROGENEOUS = Fixed(
    npus=(4, 8, 4, 8),
    topology=("Ring", "FullyConnected", "Ring", "Switch"),
    bandwidth=(187.5, 25.0, 75.0, 100.0),
    latency=(20.0, 700.0, 700.0, 1700.0),
    optimization="localBWAware",
    start={"dp": 64, "pp": 1, "sp": 4, "weight_sharded": 0},
)
_NETWORK: dict[str, Value] = {
    **{f"topology{d}": t for d, t in enumerate(_HETEROGENEOUS.topology)},
    **{f"npus{d}": n for d, n in enumerate(_HETEROGENEOUS.npus)},
}
_COLLECTIVES: dict[str, Value] = {
    "scheduling_policy": "LIFO",
    "splits": 4,
    "optimization": "baseline",
}
SPACES = {
    "archgym-workload": _HETEROGENEOUS,
    "archgym-compute": _HETEROGENEOUS,
    "archgym-network": Fixed(
        start=_NETWORK | {"dp": 32, "pp": 1, "sp": 8, "weight_sharded": 0}
    ),
    "archgym-collectives": Fixed(
        parallel={"dp": 8, "pp": 4, "sp": 8, "weight_sharded": 1},
        start=_NETWORK
        | _COLLECTIVES
        | {f"all_reduce{d}": DERIVED[t] for d, t in enumerate(_HETEROGENEOUS.topology)},
    ),
}  # fmt: skip


def _workload_knobs() -> list[Parameter]:
    return [
        ordinal("dp", POWERS, "data-parallel copies", scale="log"),
        ordinal("pp", (1, 2, 4), "pipeline stages", scale="log"),
        ordinal("sp", POWERS, "parts of a sequence", scale="log"),
        ordinal("weight_sharded", (0, 1), "whether copies share weights, gradients and optimizer"),
    ]


def _network_knobs() -> list[Parameter]:
    return [
        *(categorical(f"topology{d}", TOPOLOGIES, f"of dimension {d}") for d in DIMENSIONS),
        *(ordinal(f"npus{d}", (4, 8, 16), f"along dimension {d}", scale="log") for d in DIMENSIONS),
    ]


def _collective_knobs() -> list[Parameter]:
    return [
        categorical("scheduling_policy", ("LIFO", "FIFO"), "without effect in the tool"),
        ordinal("splits", (2, 4, 8, 16), "chunks of a collective", scale="log"),
        *(
            categorical(f"all_reduce{d}", IMPLEMENTATIONS, f"of every collective in dimension {d}")
            for d in DIMENSIONS
        ),
        categorical("optimization", OPTIMIZATIONS, "of an all-reduce over several dimensions"),
    ]


def _parallel_fits(columns: Columns) -> NDArray[np.bool_]:
    degrees = np.stack([columns[k] for k in ("dp", "sp", "pp")]).astype(np.int64)
    return np.asarray(degrees.prod(axis=0) <= NPUS)


def _npus_fit(columns: Columns) -> NDArray[np.bool_]:
    sizes = np.stack([columns[f"npus{d}"] for d in DIMENSIONS]).astype(np.int64)
    return np.asarray(sizes.prod(axis=0) == NPUS)


def _starts_without_switch(columns: Columns) -> NDArray[np.bool_]:
    return np.asarray(np.asarray(columns["topology0"]) != "Switch")


PARALLEL = Constraint("parallel", _parallel_fits, f"dp x sp x pp is more than {NPUS} NPUs")
SIZES = Constraint("npus", _npus_fit, f"the dimensions do not multiply to {NPUS} NPUs")
FIRST = Constraint(
    "first", _starts_without_switch, "the first dimension is a switch, which ArchGym excludes"
)


def archgym_space(name: str) -> DesignSpace:
    """The space of a file of knobs, its constraints included.

    Args:
        name: of SPACES.

    Returns:
        The space.
    """
    if name == "archgym-workload":
        return DesignSpace(_workload_knobs(), (PARALLEL,))
    if name == "archgym-compute":
        peak = ordinal("peak_perf", (10, 20, 40, 80), "of an NPU", "TFLOP/s", scale="log")
        return DesignSpace([*_workload_knobs(), peak], (PARALLEL,))
    if name == "archgym-network":
        return DesignSpace([*_network_knobs(), *_workload_knobs()], (SIZES, PARALLEL, FIRST))
    return DesignSpace([*_collective_knobs(), *_network_knobs()], (SIZES, FIRST))


class ArchgymKnobs:
    """A space of ArchGym, and what its designs stand for.

    Args:
        name: of SPACES.
        npus: as the simulator was told.
        peak_tflops: of an NPU in TFLOP/s, where that is no knob.
        memory_gbps: of its memory in GB/s.
        endpoint_delay: ns.
        bounded: whether phases of a dimension share its ports.

    Raises:
        ArchgymError: another number of NPUs than the file's.
    """

    def __init__(
        self, name: str, npus: int, peak_tflops: float, memory_gbps: float, endpoint_delay: int,
        bounded: bool,
    ) -> None:  # fmt: skip
        if npus != NPUS:
            raise ArchgymError(f"the space {name} has {NPUS} NPUs, got npus: {npus}")
        self.name, self.fixed, self.space = name, SPACES[name], archgym_space(name)
        self._peak, self._memory = peak_tflops, memory_gbps
        self._endpoint_delay, self._bounded = endpoint_delay, bounded

    def default_design(self) -> dict[str, Value]:
        """ArchGym's own design."""
        peak = {"peak_perf": 10} if self.name == "archgym-compute" else {}
        return {**self.fixed.start, **peak}

    def canonical(self, x: Designs) -> Designs:
        """Designs with the scheduling policy at its first value.

        It has no effect, as one collective is in flight.

        Args:
            x: designs (n, d).

        Returns:
            Designs (n, d).
        """
        if "scheduling_policy" not in self.space.names:
            return x
        out = x.copy()
        out[:, self.space.names.index("scheduling_policy")] = 0
        return out

    def network(self, design: Mapping[str, Any]) -> System:
        """The cluster of a design, before its dimensions are divided among uses.

        Args:
            design: values by knob.

        Returns:
            The cluster, with the dimensions of its network.
        """
        fixed = self.fixed

        def each(name: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
            return given or tuple(design[f"{name}{d}"] for d in DIMENSIONS)

        topology, npus = each("topology", fixed.topology), each("npus", fixed.npus)
        derived = tuple(
            {"Ring": 50.0, "Switch": 100.0, "FullyConnected": 100.0 / (n - 1)}[t]
            for t, n in zip(topology, npus)
        )
        algorithms = tuple(
            str(design.get(f"all_reduce{d}", DERIVED[t])) for d, t in enumerate(topology)
        )
        return System(
            topology=topology,
            npus=tuple(int(n) for n in npus),
            bandwidth=fixed.bandwidth or derived,
            latency=fixed.latency,
            algorithms=dict.fromkeys(KINDS, algorithms),
            endpoint_delay=self._endpoint_delay,
            splits=int(design.get("splits", fixed.splits)),
            optimization=str(design.get("optimization", fixed.optimization)),
            local_mem_bw=self._memory,
            peak_perf=float(design.get("peak_perf", self._peak)),
            bounded=self._bounded,
        )

    def recipe(self, design: Mapping[str, Any]) -> Recipe:
        """What a design asks for: tensor parallelism has the NPUs that dp, sp and pp leave.

        Args:
            design: values by knob.

        Returns:
            The recipe, with the dimensions divided among uses.
        """
        dp, pp, sp, sharded = (
            int(self.fixed.parallel.get(k, design.get(k, 0)))
            for k in ("dp", "pp", "sp", "weight_sharded")
        )
        uses = {
            "tensor": NPUS // prod((dp, pp, sp)), "sequence": sp, "data": dp, "pipeline": pp
        }  # fmt: skip
        system, dims = divided(self.network(design), uses)
        # the tool's workloads compute nothing again
        return Recipe(
            system, dims, micro=pp, zero=3 * sharded, schedule="1f1b", recompute="selective",
            recomputing=False,
        )  # fmt: skip
