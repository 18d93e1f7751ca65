"""Blocks of rows on their way into a file: columns of equal length, checked once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation
from ..space import Designs
from .schema import PROVENANCE, Description


@dataclass(frozen=True)
class Block:
    """Rows that share their provenance.

    ``x`` (n, d) of the data set's space, ``evaluation`` (n,), ``canonical`` (n,) uint64,
    ``step`` (n,), ``computed`` (n,); the constant columns in ``provenance``.
    """

    x: Designs
    evaluation: Evaluation
    canonical: NDArray[np.uint64]
    step: NDArray[np.int64]
    computed: NDArray[np.bool_]
    seed: int
    provenance: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    def columns(self, description: Description) -> dict[str, Any]:
        """Every column by name, ready for Arrow.

        Args:
            description: what the columns are called.

        Returns:
            Arrays and lists (n,) by column name.
        """
        space, names = description.space, description.columns
        n = len(self)
        out: dict[str, Any] = {}
        for i, p in enumerate(space.parameters):
            out[names.knobs[p.name]] = p.array[self.x[:, i]]
        for i, p in enumerate(space.parameters):
            out[names.indices[p.name]] = self.x[:, i].astype(np.int32)
        for metric in description.metrics:
            out[names.metrics[metric.name]] = self.evaluation.metrics[metric.name]
        out["feasible"] = self.evaluation.feasible
        out["reason"] = [self.evaluation.reason(i) for i in range(n)]
        out["canonical"] = self.canonical
        for name in PROVENANCE:
            out[name] = [self.provenance.get(name, "")] * n
        out["seed"] = np.full(n, self.seed, np.int64)
        out["step"] = self.step.astype(np.int64)
        out["computed"] = self.computed
        return out


def hash_designs(x: Designs) -> NDArray[np.uint64]:
    """A 64-bit hash of each design, the same on every machine.

    Args:
        x: (n, d) value indices.

    Returns:
        (n,) hashes.
    """
    rows = np.ascontiguousarray(x).astype("<i4")
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(r.tobytes(), digest_size=8).digest(), "little")
            for r in rows
        ],
        np.uint64,
    )
