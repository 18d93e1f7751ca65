"""Merging, splitting and describing data sets, in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import UnknownNameError
from .reader import Dataset
from .schema import DatasetError
from .writer import DatasetWriter

SPLITS = ("random", "agent", "region", "workload")


def merge(paths: Sequence[Path], to: Path, *, keep_duplicates: bool = False) -> tuple[int, int]:
    """All rows of several data sets of one space in one file.

    A row is dropped if a design that must behave like it, on the same simulator and workload, is
    there already: the first one stays.

    Args:
        paths: the data sets, in order.
        to: the file to write.
        keep_duplicates: drop nothing.

    Returns:
        Rows written, and rows dropped.

    Raises:
        DatasetError: no data set was named, or spaces or metrics differ.
    """
    sets = [Dataset(p) for p in paths]
    if not sets:
        raise DatasetError("name at least one data set to merge")
    first = sets[0].description
    known = np.empty(0, np.uint64)
    dropped = 0
    with DatasetWriter(to, first) as writer:
        for data in sets:
            first.require_same(data.description, str(data.path))
            writer.fingerprints |= dict(data.description.fingerprints)
            writer.workloads |= dict(data.description.workloads)
            writer.sources += [dict(s) for s in data.description.sources]
            for table in data.batches():
                if not keep_duplicates:
                    keys = _row_keys(table)
                    _, fresh = np.unique(keys, return_index=True)
                    fresh = np.sort(fresh[~_contains(known, keys[fresh])])
                    dropped += len(keys) - len(fresh)
                    known = np.union1d(known, keys[fresh])
                    table = table.take(fresh)
                if len(table):
                    writer.write_table(table.replace_schema_metadata(None))
        rows = writer.rows
    return rows, dropped


def _row_keys(table: Any) -> NDArray[np.uint64]:
    simulator = pd.util.hash_array(np.asarray(table["simulator"].to_pandas(), object))
    canonical = table["canonical"].to_numpy().astype(np.uint64)
    with np.errstate(over="ignore"):
        return canonical ^ (simulator * np.uint64(0x9E3779B97F4A7C15))


def _contains(known: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.asarray(known[at] == keys)


@dataclass(frozen=True)
class Split:
    """Which rows train and which test, and what was held out, in words."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    held_out: str


def split(
    data: Dataset, by: str = "random", *, test: float = 0.2, seed: int = 0, hold_out: str = ""
) -> Split:
    """Rows apart, never with designs that must behave alike on both sides.

    ``random``: a share ``test`` of the designs.  ``agent``, ``workload``: the rows of one agent
    or workload (``hold_out``, else the one nearest to the share), less the designs also found
    by the others.  ``region``: the extreme fifth of one knob (``hold_out``, else the knob whose
    upper end holds a share nearest to ``test``).

    Args:
        data: the data set.
        by: ``random``, ``agent``, ``workload`` or ``region``.
        test: the share of rows to hold out, between 0 and 1.
        seed: of a random split.
        hold_out: the agent, workload or knob to hold out, where not chosen by ``test``.

    Returns:
        Rows to learn from, and rows that are held out.

    Raises:
        DatasetError: nothing would be left on one side, or ``test`` is out of range.
        UnknownNameError: no such split.
    """
    if by not in SPLITS:
        raise UnknownNameError("split", by, SPLITS)
    if not 0 < test < 1:
        raise DatasetError(f"the test share must lie between 0 and 1, got {test}")
    groups = data.canonical
    n = len(groups)
    if by == "random":
        ids, inverse = np.unique(groups, return_inverse=True)
        chosen = np.random.default_rng(seed).random(len(ids)) < test
        out = chosen[inverse.reshape(-1)]
        words = f"a random {test:.0%} of the designs"
    elif by == "region":
        out, words = _region(data, test, hold_out)
    else:
        labels = data.column(by)
        names, counts = np.unique(labels.astype(str), return_counts=True)
        if len(names) < 2:
            raise DatasetError(f"{data.path} has one {by} only ({names[0]!r}): nothing to hold out")
        name = hold_out or str(names[np.argmin(np.abs(counts / n - test))])
        if name not in names:
            raise UnknownNameError(f"{by} in {data.path}:", name, names)
        out = labels.astype(str) == name
        words = f"{by} {name!r}"
    train = ~out
    if by != "workload":  # another workload makes another row of the same design
        train &= ~np.isin(groups, np.unique(groups[out]))
    if not train.any() or not out.any():
        raise DatasetError(
            f"split {by!r} of {data.path} leaves {train.sum()} training and {out.sum()} test rows"
        )
    return Split(np.flatnonzero(train), np.flatnonzero(out), words)


def _region(data: Dataset, test: float, hold_out: str) -> tuple[NDArray[np.bool_], str]:
    space = data.description.space
    x = data.x
    best: tuple[float, int, NDArray[np.bool_]] | None = None
    for column, p in enumerate(space.parameters):
        if len(p) < 2 or (hold_out and p.name != hold_out):
            continue
        limit = max(1, round(len(p) * (1 - 0.2)))
        inside = x[:, column] >= limit
        distance = abs(float(inside.mean()) - test)
        if inside.any() and not inside.all() and (best is None or distance < best[0]):
            best = distance, column, inside
    if best is None:
        if hold_out:
            space.position(hold_out)
        raise DatasetError(f"no knob of {data.path} has rows both at its upper end and elsewhere")
    p = space.parameters[best[1]]
    limit = max(1, round(len(p) * (1 - 0.2)))
    return best[2], f"{p.name} in {list(p.values[limit:])}"


def write_split(data: Dataset, parts: Split, train: Path, test: Path) -> None:
    """Write the two sides as data sets of their own.

    Args:
        data: what was split.
        parts: the rows of each side.
        train: the file for the rows to learn from.
        test: the file for those held out.
    """
    table = None
    for path, rows in ((train, parts.train), (test, parts.test)):
        table = data._table(None) if table is None else table
        with DatasetWriter(path, data.description) as writer:
            writer.sources = [dict(s) for s in data.description.sources]
            writer.write_table(table.take(rows).replace_schema_metadata(None))


def diversity(data: Dataset, seed: int = 0) -> pd.DataFrame:
    """How varied each agent's designs are.

    Args:
        data: the data set.
        seed: of the pairs of rows that are compared.

    Returns:
        One row per agent and one for all: rows, different designs, the mean share of knobs in which
        two random rows differ, the share of all knob values that occur, and the mean entropy of a
        knob over that of uniform draws.
    """
    space = data.description.space
    x, labels, groups = data.x, data.column("agent").astype(str), data.canonical
    moving = [i for i, p in enumerate(space.parameters) if len(p) > 1]
    rng = np.random.default_rng(seed)
    rows = []
    for name in [*np.unique(labels), "(all)"]:
        mine = np.arange(len(x)) if name == "(all)" else np.flatnonzero(labels == name)
        a, b = x[rng.choice(mine, 4000)], x[rng.choice(mine, 4000)]
        seen, entropy = 0, []
        for i in moving:
            count = np.bincount(x[mine, i], minlength=len(space.parameters[i]))
            seen += int((count > 0).sum())
            p = count[count > 0] / count.sum()
            entropy.append(float(-(p * np.log(p)).sum() / np.log(len(count))))
        rows.append(
            {
                "agent": name,
                "rows": len(mine),
                "different designs": len(np.unique(groups[mine])),
                "mean distance": float((a[:, moving] != b[:, moving]).mean()) if moving else 0.0,
                "values seen": seen / max(1, sum(len(space.parameters[i]) for i in moving)),
                "entropy": float(np.mean(entropy)) if entropy else 0.0,
            }
        )
    return pd.DataFrame(rows)
