"""Measured rows of serving: read, held to what they may say, and turned into configurations."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .devices import Format, device, number_format
from .kernel import Setups
from .models import find
from .shapes import Shape
from .tables import ENGINES, GPUS, engine

COLUMNS = ("engine", "model", "gpu", "mode", "isl", "osl", "concurrency", "ttft_ms", "tpot_ms")
# flags of rows that cannot be what their fields say
LEFT_OUT = ("multinode", "queueing", "hidden_batch_limit")


@dataclass(frozen=True)
class Rows:
    """Measured rows as the kernel takes them, with what was measured (s)."""

    rows: Sequence[Mapping[str, str]]
    pairs: Sequence[tuple[Shape, Format]]  # what ``setups.model`` counts
    setups: Setups
    ttft: NDArray[np.float64]
    tpot: NDArray[np.float64]

    def take(self, index: NDArray[np.int64]) -> Rows:
        """A selection, in that order."""
        return Rows(
            [self.rows[i] for i in index],
            self.pairs,
            Setups._make(c[index] for c in self.setups),
            self.ttft[index],
            self.tpot[index],
        )


def precision(row: Mapping[str, str], shape: Shape) -> Format:
    """The format of a row: its quantisation, else its precision, else the model's own."""
    if shape.stored:
        return number_format(shape.stored)
    for key in ("gemm_quant", "precision"):
        if row.get(key):
            return number_format(row[key])
    return number_format("bf16")


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of measurements.

    Raises:
        ArchgymError: no such file, or columns are missing.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise ArchgymError(f"{path}: columns are missing: {', '.join(missing)}")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArchgymError(f"{path}: cannot be read as CSV ({error})") from error


def aggregated(rows: Sequence[Mapping[str, str]], where: str = "rows") -> Rows:
    """The rows in which prefill and decode share GPUs, without those that their flag leaves out.

    Raises:
        ArchgymError: names the line of a value that cannot be.
    """
    pairs: dict[tuple[str, str], tuple[int, tuple[Shape, Format]]] = {}
    kept, table = [], []
    for line, row in enumerate(rows, 2):
        if row["mode"] != "agg" or row.get("flag") in LEFT_OUT or not row["concurrency"]:
            continue
        try:
            shape = find(row["model"])
            stored = precision(row, shape)
            at, _ = pairs.setdefault((shape.name, stored.name), (len(pairs), (shape, stored)))
            table.append(
                (
                    at, GPUS.index(device(row["gpu"]).name), ENGINES.index(engine(row["engine"])),
                    float(row["gpus"]), 1.0, float(row.get("dp_attn") or 0), float(row.get("ep") or 0),
                    float(row["concurrency"]), float(row["isl"]), float(row["osl"]),
                    float(row["ttft_ms"]) * 1e-3, float(row["tpot_ms"]) * 1e-3,
                )
            )  # fmt: skip
        except (ValueError, ArchgymError) as error:
            raise ArchgymError(f"{where}, line {line}: {error}") from error
        kept.append(row)
    if not kept:
        raise ArchgymError(f"{where}: no aggregated rows")
    columns = list(zip(*table))
    ints = [np.array(c, np.int64) for c in columns[:3]]
    floats = [np.array(c, np.float64) for c in columns[3:]]
    return Rows(
        kept,
        [p for _, p in pairs.values()],
        Setups._make([*ints, *floats[:7]]),
        floats[7],
        floats[8],
    )


def versions(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The engine's version of each row; empty where it is not known."""
    return [row.get("engine_version") or "" for row in rows]
