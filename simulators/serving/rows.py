"""Measured rows of serving: read, held to what they may say, and turned into configurations."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .arguments import Setups
from .devices import Format, device, number_format
from .models import find
from .pools import Pools
from .shapes import Shape
from .tables import ENGINES, GPUS, engine

COLUMNS = (
    "engine",
    "model",
    "gpu",
    "mode",
    "isl",
    "osl",
    "concurrency",
    "gpus",
    "ttft_ms",
    "tpot_ms",
)
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
        """A selection, in that order.

        Args:
            index: positions to keep.

        Returns:
            Those rows alone.
        """
        return Rows(
            [self.rows[i] for i in index],
            self.pairs,
            Setups._make(c[index] for c in self.setups),
            self.ttft[index],
            self.tpot[index],
        )


def precision(row: Mapping[str, str], shape: Shape) -> Format:
    """The format of a row: its quantisation, else its precision, else the model's own.

    Args:
        row: a measured row by column.
        shape: of its model.

    Returns:
        The format; bf16 where the row says none.
    """
    if shape.stored:
        return number_format(shape.stored)
    for key in ("gemm_quant", "precision"):
        if row.get(key):
            return number_format(row[key])
    return number_format("bf16")


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of measurements.

    Args:
        path: the file.

    Returns:
        The rows by column, as text.

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


def _number(row: Mapping[str, str], key: str, default: float | None = None) -> float:
    """The finite number of a column, more than 0 where there is no default."""
    text = row.get(key) or ""
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (default is None and value <= 0) or value < 0:
        raise ArchgymError(f"{key}: expected a number above 0, got {text!r}")
    return value


def _table(
    rows: Sequence[Mapping[str, str]], where: str, mode: str, worker: str
) -> tuple[list[Mapping[str, str]], Rows | None]:
    """The rows of a mode whose numbers are known; ``worker`` begins the names of columns of its GPUs."""
    pairs: dict[tuple[str, str], tuple[int, tuple[Shape, Format]]] = {}
    kept, table = [], []
    for line, row in enumerate(rows, 2):
        if row["mode"] != mode or row.get("flag") in LEFT_OUT or not row["concurrency"]:
            continue
        if mode == "disagg" and not (row.get("prefill_workers") and row.get("decode_workers")):
            continue
        try:
            shape = find(row["model"])
            stored = precision(row, shape)
            at, _ = pairs.setdefault((shape.name, stored.name), (len(pairs), (shape, stored)))
            flags = [_number(row, f"{worker}{key}", 0.0) for key in ("dp_attn", "ep")]
            lengths = [_number(row, key) for key in ("concurrency", "isl", "osl")]
            times = [_number(row, key) * 1e-3 for key in ("ttft_ms", "tpot_ms")]
            names = [GPUS.index(device(row["gpu"]).name), ENGINES.index(engine(row["engine"]))]
            table.append([at, *names, _number(row, f"{worker}gpus"), 1.0, *flags, *lengths, *times])
        except ArchgymError as error:
            raise ArchgymError(f"{where}, line {line}: {error}") from error
        kept.append(row)
    if not kept:
        return [], None
    columns = list(zip(*table))
    ints = [np.array(c, np.int64) for c in columns[:3]]
    floats = [np.array(c, np.float64) for c in columns[3:]]
    setups = Setups._make([*ints, *floats[:7]])
    return kept, Rows(kept, [p for _, p in pairs.values()], setups, floats[7], floats[8])


def aggregated(rows: Sequence[Mapping[str, str]], where: str = "rows") -> Rows:
    """The rows in which prefill and decode share GPUs, without those that their flag leaves out.

    Args:
        rows: measured rows by column.
        where: the file, for messages.

    Returns:
        The rows that count.

    Raises:
        ArchgymError: a value makes no sense (the message names its line), or there is no such row.
    """
    _, found = _table(rows, where, "agg", "")
    if found is None:
        raise ArchgymError(f"{where}: no aggregated rows")
    return found


def disaggregated(
    rows: Sequence[Mapping[str, str]], where: str = "rows"
) -> tuple[Rows, Pools] | None:
    """The rows whose prefill has GPUs of its own and whose numbers of workers are known.

    Args:
        rows: measured rows by column.
        where: the file, for messages.

    Returns:
        The rows and their pools of GPUs; None where there is no such row.

    Raises:
        ArchgymError: a value makes no sense. The message names its line.
    """
    kept, found = _table(rows, where, "disagg", "decode_")
    if found is None:
        return None

    def column(key: str, default: float | None = None) -> NDArray[np.float64]:
        return np.array([_number(row, key, default) for row in kept])

    return found, Pools(
        column("prefill_workers"),
        column("prefill_gpus"),
        column("prefill_dp_attn", 0.0),
        column("prefill_ep", 0.0),
        column("decode_workers"),
    )


def versions(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The engine's version of each row; empty where it is not known.

    Args:
        rows: measured rows by column.

    Returns:
        A text per row.
    """
    return [row.get("engine_version") or "" for row in rows]
