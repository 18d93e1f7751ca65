"""The knobs of a cluster: ArchGym's AstraSim environment, with parallelism as the use of each dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.space import Columns, Constraint, DesignSpace, Parameter, categorical, ordinal

from .system import KINDS, OPTIMIZATIONS, TOPOLOGIES

ROLES = ("tensor", "data", "pipeline")
ALGORITHMS = ("ring", "direct", "halvingDoubling")
BANDWIDTHS = tuple(range(50, 501, 50))


def cluster_space(npus: int, dimensions: int, experts: bool) -> DesignSpace:
    """The space of clusters of ``npus`` NPUs, a power of 2, in some dimensions.

    The knobs of ArchGym without ``scheduling-policy``, which has no effect in the tool, and without the
    double binary tree, with which NPUs fall out of step and the tool deadlocks.
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

    def holds(columns: Columns) -> NDArray[np.bool_]:
        sizes = np.stack([columns[f"npus{d}"] for d in range(dimensions)]).astype(np.int64)
        return np.asarray(sizes.prod(axis=0) == npus)

    rule = Constraint("npus", holds, f"the dimensions do not multiply to {npus} NPUs")
    return DesignSpace(knobs, (rule,))
