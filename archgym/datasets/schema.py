"""What a data set's file says about itself, and what its columns are called.

| column | meaning |
|---|---|
| ``KNOB`` | physical value of a knob, in its unit |
| ``index.KNOB`` | its value index (int32), what every simulator and model takes |
| ``METRIC`` | metric in its SI unit (float64, NaN where infeasible) |
| ``feasible``, ``reason`` | whether the design works, and why not |
| ``canonical`` | a hash (uint64) that designs which must behave alike share |
| ``simulator`` | key of the simulator's fingerprint, spelt out in the file's metadata |
| ``scenario``, ``workload``, ``workload_hash`` | what was searched, on what |
| ``agent``, ``hyperparameters`` (JSON), ``seed``, ``run``, ``step`` | who proposed it, when |
| ``computed`` | True where this row was new to its run, False where it was known already |

Units stand in the metadata of each column (``unit``) and of the file.  Where names collide,
:mod:`archgym.contracts.column_names` has the rule.  Files of format 1, which say ``value.KNOB`` and
``metric.METRIC``, are read under the names above.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contracts.column_names import ColumnNames
from ..contracts.evaluation import Metric
from ..documents import is_number
from ..errors import ArchgymError
from ..files.seal import damaged, sealed
from ..space import DesignSpace, Parameter

FORMAT, OLDEST = 2, 1
METADATA = b"archgym"
UNIT = b"unit"  # in the metadata of a column
PROVENANCE = (
    "simulator", "scenario", "workload", "workload_hash", "agent", "hyperparameters", "run",
)  # fmt: skip


def sidecar(path: Path) -> Path:
    """Where a data set's metadata stands a second time, for files that another tool rewrote.

    Args:
        path: of the data set.

    Returns:
        The path with ``.json`` at its end.
    """
    return path.with_name(path.name + ".json")


class DatasetError(ArchgymError, ValueError):
    """A file that is not a data set, or not one of the space that is asked for."""


@dataclass(frozen=True)
class Description:
    """A data set's metadata: its space, its metrics, where it comes from.

    ``workloads`` holds what simulators say of their workloads in numbers, ``fingerprints`` spells out
    every key of the column ``simulator``, ``sources`` has one entry per run or imported file, ``notes`` is
    free text for the card, and ``format`` says how the file's columns are named.
    """

    space: DesignSpace
    metrics: tuple[Metric, ...]
    fingerprints: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()
    notes: str = ""
    workloads: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def columns(self) -> ColumnNames:
        """What knobs and metrics are called in files and frames."""
        return ColumnNames.of(self.space.names, [m.name for m in self.metrics])

    @property
    def former_columns(self) -> dict[str, str]:
        """What columns of a file of format 1 are called now; empty for others."""
        if self.format > OLDEST:
            return {}
        names = self.columns
        knobs = {f"value.{k}": column for k, column in names.knobs.items()}
        return knobs | {f"metric.{m}": column for m, column in names.metrics.items()}

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column of knobs and metrics; those without one are left out."""
        names = self.columns
        found = {names.knobs[p.name]: p.unit for p in self.space.parameters}
        found |= {names.metrics[m.name]: m.unit for m in self.metrics}
        return {column: unit for column, unit in found.items() if unit}

    def to_bytes(self) -> bytes:
        """As it stands in the file."""
        document = sealed(
            {
                "format": self.format,
                "parameters": [
                    {
                        "name": p.name, "values": list(p.values), "kind": p.kind, "unit": p.unit,
                        "scale": p.scale, "description": p.description,
                    }
                    for p in self.space.parameters
                ],
                "metrics": [m.to_document() for m in self.metrics],
                "fingerprints": dict(self.fingerprints),
                "sources": [dict(s) for s in self.sources],
                "notes": self.notes,
                "workloads": {k: dict(v) for k, v in self.workloads.items()},
            }
        )  # fmt: skip
        return json.dumps(document, default=str).encode()

    @classmethod
    def from_bytes(cls, text: bytes | None, where: str) -> Description:
        """The description that a file's metadata holds.

        Args:
            text: the metadata; None where a file has none.
            where: the file, for messages.

        Returns:
            Space, metrics and provenance.

        Raises:
            DatasetError: there is none, or it is of another format.
        """
        if text is None:
            raise DatasetError(
                f"{where} is no data set of archgym (its metadata is missing); bring foreign tables in with "
                "archgym dataset import"
            )
        try:
            document = json.loads(text)
            if document.get("format") not in range(OLDEST, FORMAT + 1):
                raise DatasetError(
                    f"{where} is of format {document.get('format')}; this version reads {OLDEST} to {FORMAT}: "
                    "export it again, or read it with the archgym that wrote it"
                )
            if damaged(document):
                raise ValueError("its digest differs: it is damaged")
            parameters = [
                Parameter(
                    p["name"],
                    tuple(p["values"]),
                    p["kind"],
                    p["unit"],
                    p["scale"],
                    p["description"],
                )
                for p in document["parameters"]
            ]
            metrics = tuple(Metric.from_document(m) for m in document["metrics"])
            _require_words(parameters, metrics)
            if not all(isinstance(s, Mapping) for s in document["sources"]):
                raise ValueError("sources are a list of mappings")
            if not all(isinstance(w, Mapping) and all(map(is_number, w.values()))
                       for w in document.get("workloads", {}).values()):  # fmt: skip
                raise ValueError("what is said of a workload is numbers by name")
            return cls(
                DesignSpace(parameters),
                metrics,
                dict(document["fingerprints"]),
                list(document["sources"]),
                notes=str(document["notes"]),
                workloads=dict(document.get("workloads", {})),
                format=document["format"],
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, DatasetError):
                raise
            raise DatasetError(
                f"the metadata of {where} is damaged ({type(error).__name__}: {error}); export it again"
            ) from error

    def require_same(self, other: Description, where: str) -> None:
        """Refuse data of another space or of other metrics, naming the first difference.

        Args:
            other: of the data that come in.
            where: their file, for messages.

        Raises:
            DatasetError: names the first difference.
        """
        if self.space != other.space:
            mine, theirs = self.space.parameters, other.space.parameters
            for a, b in zip(mine, theirs):
                if a != b:
                    raise DatasetError(
                        f"{where}: another design space: knob {b.name!r} has {b.describe_values()}, expected "
                        f"{a.name!r} with {a.describe_values()}"
                    )
            raise DatasetError(
                f"{where}: another design space: {len(theirs)} knobs, expected {len(mine)}"
            )
        names = [(m.name, m.unit) for m in self.metrics]
        if names != [(m.name, m.unit) for m in other.metrics]:
            raise DatasetError(
                f"{where}: other metrics: {[m.name for m in other.metrics]}, expected {[m.name for m in self.metrics]}"
            )


def _require_words(parameters: Sequence[Parameter], metrics: Sequence[Metric]) -> None:
    """Refuse names, units and values of another type than they have.

    Raises:
        ValueError: says which.
    """
    for p in parameters:
        words = (p.name, p.unit, p.description)
        if not all(isinstance(w, str) for w in words) or not p.name:
            raise ValueError(f"knob {p.name!r}: name, unit and description are texts")
        if p.kind not in ("ordinal", "categorical") or p.scale not in ("linear", "log"):
            raise ValueError(f"knob {p.name!r}: kind {p.kind!r}, scale {p.scale!r}")
        if not all(isinstance(v, str) or is_number(v) or isinstance(v, bool) for v in p.values):
            raise ValueError(f"knob {p.name!r}: values are numbers, texts or booleans")
    for m in metrics:
        good = all(isinstance(w, str) for w in (m.name, m.unit, m.description))
        if not good or not m.name or not isinstance(m.signed, bool):
            raise ValueError(f"metric {m.name!r}: name, unit and description are texts")
    names = [m.name for m in metrics]
    if len(set(names)) != len(names):
        raise ValueError(f"a metric is named twice: {names}")
