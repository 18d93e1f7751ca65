"""What a proxy is trained on: rows of data in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats
from ..datasets.reader import Dataset
from ..datasets.schema import Description
from ..errors import ArchgymError
from ..space import Designs


class ProxyError(ArchgymError, ValueError):
    """A proxy that cannot be trained, loaded or used for what is asked."""


@dataclass(frozen=True)
class Rows:
    """Rows of a data set in memory, n of them.

    Attributes:
        description: space and metrics.
        x: designs (n, d).
        metrics: (n,) by name, in SI units.
        feasible: (n,) bool.
        canonical: (n,) numbers that are equal for designs that must behave alike.
        workload: (n,) positions in ``workloads``.
        workloads: names.
        keys: of the simulators that answered.
    """

    description: Description
    x: Designs
    metrics: Mapping[str, Floats]
    feasible: NDArray[np.bool_]
    canonical: NDArray[np.uint64]
    workload: NDArray[np.int64]
    workloads: tuple[str, ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, data: Dataset) -> Rows:
        """Everything a model may see of a data set.

        Args:
            data: an open data set; its rows are read into memory.

        Returns:
            Knobs as value indices, metrics in SI units, feasibility, workloads.

        Raises:
            ProxyError: a metric that is NaN or infinite in a row that is marked feasible.
        """
        d = data.description
        feasible = data.feasible
        metrics = {m.name: data.metric(m.name) for m in d.metrics}
        for name, values in metrics.items():
            bad = feasible & ~np.isfinite(values)
            if bad.any():
                row = int(np.argmax(bad))
                raise ProxyError(
                    f"{data.path}, row {row + 1}: metric {name!r} is {values[row]} though the row is marked feasible"
                )
        names, position = np.unique(data.column("workload").astype(str), return_inverse=True)
        keys = tuple(dict.fromkeys(data.column("simulator").astype(str).tolist()))
        return cls(
            d,
            data.x,
            metrics,
            feasible,
            data.canonical,
            position.reshape(-1).astype(np.int64),
            tuple(names.tolist()),
            keys,
        )

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """A selection of rows.

        Args:
            rows: (k,) row numbers.

        Returns:
            The rows in that order.
        """
        return Rows(
            self.description, self.x[rows], {k: v[rows] for k, v in self.metrics.items()}, self.feasible[rows],
            self.canonical[rows], self.workload[rows], self.workloads, self.keys,
        )  # fmt: skip

    def thinned(self, most: int, seed: int) -> Rows:
        """At most so many of the rows, drawn at random.

        Args:
            most: the most rows to keep.
            seed: of the draw.

        Returns:
            The rows in their order.
        """
        if len(self) <= most:
            return self
        return self.take(np.sort(np.random.default_rng(seed).permutation(len(self))[:most]))

    def joined(self, other: Rows) -> Rows:
        """These rows and others after them.

        Args:
            other: rows of the same space and workloads.

        Returns:
            Both, these first.
        """
        return Rows(
            self.description,
            np.concatenate([self.x, other.x]),
            {k: np.concatenate([v, other.metrics[k]]) for k, v in self.metrics.items()},
            np.concatenate([self.feasible, other.feasible]),
            np.concatenate([self.canonical, other.canonical]),
            np.concatenate([self.workload, other.workload]),
            self.workloads,
            self.keys,
        )

    def of_workload(self, name: str) -> Rows:
        """The rows of one workload alone.

        Args:
            name: one of ``workloads``.

        Returns:
            Its rows in their order; the only workload is then that one.

        Raises:
            ValueError: no workload is called that.
        """
        kept = self.take(np.flatnonzero(self.workload == self.workloads.index(name)))
        return dataclasses.replace(kept, workload=np.zeros(len(kept), np.int64), workloads=(name,))

    # ---- as arrays in a proxy's folder
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the description and the names, for :meth:`restored`.

        Returns:
            Arrays by name: ``x`` (n, d), ``metrics`` (m, n), ``feasible``, ``canonical`` and ``workload``
            (n,).
        """
        return {
            "x": self.x.astype(np.min_scalar_type(int(self.x.max(initial=0)))),
            "metrics": np.stack([self.metrics[m.name] for m in self.description.metrics]),
            "feasible": self.feasible,
            "canonical": self.canonical,
            "workload": self.workload.astype(np.uint16),
        }

    @classmethod
    def restored(
        cls,
        description: Description,
        arrays: Mapping[str, NDArray[Any]],
        workloads: tuple[str, ...],
        keys: tuple[str, ...],
    ) -> Rows:
        """The rows whose :meth:`arrays` these are.

        Args:
            description: space and metrics.
            arrays: what :meth:`arrays` gave.
            workloads: names in order.
            keys: of the simulators, in the same order.

        Returns:
            The rows.
        """
        metrics = {m.name: v for m, v in zip(description.metrics, arrays["metrics"])}
        return cls(
            description, arrays["x"].astype(np.int64), metrics, arrays["feasible"],
            arrays["canonical"], arrays["workload"].astype(np.int64), workloads, keys,
        )  # fmt: skip
