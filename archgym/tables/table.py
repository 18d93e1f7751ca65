"""A table: every design of a space with its exact metrics, a few bytes per design and metric.

On disk a folder: ``table.json`` (what it is a table of), ``index.npy`` (design rank to row),
``values.npy`` (rows, metrics) and ``feasible.npy``.  Values are the simulator's own bits: equal rows
are stored once, nothing is rounded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Evaluation, Floats
from ..contracts.simulator import Simulator
from ..errors import ArchgymError, StoreError
from ..files.arrays import DAMAGES
from ..files.seal import sealed
from ..files.text import write_json
from ..space import DesignSpace
from .description import DESCRIPTION, read_description

INDEX, VALUES, FEASIBLE = "index.npy", "values.npy", "feasible.npy"
UNKNOWN_REASON = "infeasible"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of metrics, and the row of every design.

    ``index`` (designs,) is in the lexicographic order of ``space``, which is the simulator's space
    narrowed to ``parameters``; ``values`` is (rows, metrics), ``feasible`` (rows,).  ``reasons``
    says of infeasible rows why.
    """

    space: DesignSpace
    parameters: Mapping[str, Sequence[object]]
    metrics: tuple[str, ...]
    index: NDArray[np.unsignedinteger[Any]]
    values: Floats
    feasible: NDArray[np.bool_]
    reasons: Mapping[int, str] = field(default_factory=dict)
    key: str = ""
    evaluated: int = 0

    def __len__(self) -> int:
        return len(self.index)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, on disk as in memory."""
        return self.index.nbytes + self.values.nbytes + self.feasible.nbytes

    def rows(self) -> Evaluation:
        """The distinct rows as one evaluation, (rows,)."""
        metrics = {n: np.ascontiguousarray(self.values[:, i]) for i, n in enumerate(self.metrics)}
        reasons = [self.reasons.get(i, "") for i in range(len(self.feasible))]
        return Evaluation(metrics, np.asarray(self.feasible), reasons if any(reasons) else ())

    # ---- on disk
    def save(self, folder: Path, simulator: Simulator) -> None:
        """Write the folder; ``table.json`` comes last, so that half a table is none.

        Args:
            folder: where to; it is made.
            simulator: whose answers these are.

        Raises:
            StoreError: the disk is full or cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, array in self._arrays().items():
                np.save(folder / name, array)
        except OSError as error:
            raise StoreError(
                f"cannot write the table {folder}: {error.strerror}; free some space and enumerate "
                "again: what was evaluated is kept"
            ) from error
        description = {
            "key": simulator.key,
            "fingerprint": simulator.fingerprint(),
            "parameters": {k: list(v) for k, v in self.parameters.items()},
            "metrics": list(self.metrics),
            "designs": len(self),
            "rows": len(self.values),
            "evaluated": self.evaluated,
            "reasons": {str(k): v for k, v in self.reasons.items()},
            "digests": {name: _digest(array) for name, array in self._arrays().items()},
        }
        write_json(folder / DESCRIPTION, sealed(description))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {INDEX: self.index, VALUES: self.values, FEASIBLE: self.feasible}

    @classmethod
    def load(cls, folder: Path, space: DesignSpace, *, check: bool = True) -> Table:
        """Read a table of a simulator's space; its arrays are mapped, not loaded.

        Args:
            folder: what :meth:`save` wrote.
            space: of the simulator.
            check: compare the digests of the arrays, which reads them once.

        Returns:
            The table.

        Raises:
            StoreError: a file is missing or short, or has another digest (arrays: with ``check``).
        """
        description = read_description(folder)
        arrays = {}
        for name, digest in description["digests"].items():
            if name not in (INDEX, VALUES, FEASIBLE):
                raise StoreError(f"{folder}: {name!r} is no file of a table; enumerate again")
            try:
                arrays[name] = np.load(folder / name, mmap_mode="r", allow_pickle=False)
            except DAMAGES as error:
                raise StoreError(
                    f"{folder / name} is damaged ({error}); delete the folder and enumerate again"
                ) from error
            if check and _digest(arrays[name]) != digest:
                raise StoreError(
                    f"{folder / name} is not what was written (its digest differs); delete the "
                    "folder and enumerate again"
                )
        _require_whole(folder, description, arrays)
        parameters = description["parameters"]
        try:
            narrowed = space.narrowed(parameters) if parameters else space
        except (ArchgymError, TypeError) as error:
            raise StoreError(f"{folder} is a table of another space: {error}") from error
        if narrowed.cardinality != description["designs"]:
            raise StoreError(
                f"{folder} holds {description['designs']:,} designs, its space has {narrowed.cardinality:,}; "
                "delete the folder and enumerate again"
            )
        return cls(
            space=narrowed,
            parameters=parameters,
            metrics=tuple(description["metrics"]),
            index=arrays[INDEX],
            values=arrays[VALUES],
            feasible=arrays[FEASIBLE],
            reasons={int(k): v for k, v in description["reasons"].items()},
            key=description["key"],
            evaluated=description["evaluated"],
        )


def _require_whole(
    folder: Path, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Refuse arrays that are not those the description speaks of.

    Raises:
        StoreError: names what does not fit.
    """
    missing = [n for n in (INDEX, VALUES, FEASIBLE) if n not in arrays]
    if missing:
        raise StoreError(
            f"{folder}: {', '.join(missing)} missing; delete the folder and enumerate again"
        )
    index, values, feasible = arrays[INDEX], arrays[VALUES], arrays[FEASIBLE]
    rows = description["rows"]
    good = (
        index.dtype.kind == "u"
        and index.shape == (description["designs"],)
        and values.dtype == np.float64
        and values.shape == (rows, len(description["metrics"]))
        and feasible.dtype == np.bool_
        and feasible.shape == (rows,)
        and int(index.max(initial=0)) < max(rows, 1)
    )
    if not good:
        raise StoreError(
            f"{folder}: its arrays are not what {DESCRIPTION} says (an index {index.dtype} {index.shape}, "
            f"values {values.dtype} {values.shape}); delete the folder and enumerate again"
        )


def _digest(array: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for part in np.array_split(array, max(1, array.nbytes >> 26)):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:32]


def smallest_unsigned(largest: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds ``largest``.

    Args:
        largest: a number of at least 0.

    Returns:
        A NumPy type.
    """
    for kind in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(kind).max:
            return kind
    return np.uint64
