"""Designs as numbers a model can learn from, by each knob's declared kind and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..space import Designs, DesignSpace, Parameter, items_of, places


class FeatureMap:
    """Value indices (n, d) to features (n, p) between 0 and 1.

    Ordered numbers keep their distances, on a logarithmic scale where declared. Ordered names are evenly
    spaced. Unordered values get a column each (two values share one). Several workloads add the numbers
    that ``described`` holds of all of them, else a column each.
    """

    def __init__(
        self,
        space: DesignSpace,
        workloads: Sequence[str] = (),
        described: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.space = space
        self.workloads = tuple(workloads) if len(workloads) > 1 else ()
        tables = [_table(p) for p in space.parameters]
        self.names = [
            p.name if t.shape[1] == 1 else f"{p.name}={(items_of(p) or p.values)[k]}"
            for p, t in zip(space.parameters, tables)
            for k in range(t.shape[1])
        ]
        # all columns of all tables end to end: a batch is one look-up
        flat = [t[:, k] for t in tables for k in range(t.shape[1])]
        self._values = np.concatenate([np.zeros(0), *flat])
        self._start = np.cumsum([0, *map(len, flat)])[:-1]
        self._knob = np.repeat(np.arange(len(tables)), [t.shape[1] for t in tables])
        columns, self._of_workload = _described(self.workloads, described or {})
        self.names += columns

    def __len__(self) -> int:
        return len(self.names)

    def __call__(self, x: Designs, workload: NDArray[np.int64] | int = 0) -> Floats:
        """Features of designs; ``workload`` (n,) are positions in ``workloads``."""
        if not len(self):
            return np.zeros((len(x), 1))
        found = self._values[x.take(self._knob, axis=1) + self._start]
        if not self.workloads:
            return found
        told = self._of_workload[np.broadcast_to(workload, len(x))]
        return np.concatenate([found, told], axis=1)


def _described(
    workloads: Sequence[str], described: Mapping[str, Mapping[str, float]]
) -> tuple[list[str], Floats]:
    """Columns of workloads and their values, (workloads, columns), each between 0 and 1."""
    known = [dict(described.get(w, {})) for w in workloads]
    names = [n for n in known[0] if all(n in k for k in known)] if known else []
    values = np.array([[k[n] for n in names] for k in known]).reshape(len(known), len(names))
    spread = np.ptp(values, axis=0) > 0 if len(known) else np.zeros(0, np.bool_)
    if len(np.unique(values, axis=0)) != len(known) or not spread.any():
        return [f"workload={w}" for w in workloads], np.eye(len(workloads))
    values = values[:, spread]
    decades = (values.min(axis=0) > 0) & (values.max(axis=0) > 10 * values.min(axis=0))
    values[:, decades] = np.log(values[:, decades])
    low, high = values.min(axis=0), values.max(axis=0)
    columns = [f"workload.{n}" for n, kept in zip(names, spread) if kept]
    return columns, (values - low) / (high - low)


def _table(p: Parameter) -> Floats:
    """Features of each value of one knob, (values, features); none where there is one value."""
    n = len(p)
    if n < 2:
        return np.zeros((n, 0))
    if items_of(p):
        return places(p)
    if p.kind == "categorical":
        return np.eye(n) if n > 2 else np.arange(n, dtype=np.float64)[:, None]
    numbers = np.arange(n, dtype=np.float64)
    if p.numeric:
        values = np.array([float(v) for v in p.values])
        if p.scale == "log" and values.min() > 0:
            values = np.log(values)
        if np.ptp(values) > 0:
            numbers = values
    low, high = numbers.min(), numbers.max()
    return ((numbers - low) / (high - low))[:, None]
