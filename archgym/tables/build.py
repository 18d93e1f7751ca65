"""Enumerate a space: canonical designs only, each class of like designs once, block by block.

A block that is finished lies on disk under ``blocks/``; a build that is killed loses the block in
flight and goes on when it is started again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.simulator import Simulator
from ..errors import ArchgymError, StoreError
from ..files.arrays import read_arrays
from ..files.locks import hold
from .coverage import Coverage
from .description import DESCRIPTION
from .table import Table, smallest_unsigned

LARGEST = 1 << 28
_CHUNK = 1 << 18
_SECONDS_A_BLOCK = 5.0
_FIRST_BLOCK, _LARGEST_BLOCK = 256, 1 << 17


@dataclass(frozen=True)
class EnumerationProgress:
    """How many of the designs are known, and how many the simulator evaluated for it."""

    known: int
    designs: int
    evaluated: int
    seconds: float


OnProgress = Callable[[EnumerationProgress], None]


def build(
    simulator: Simulator,
    parameters: Mapping[str, Sequence[object]],
    folder: Path,
    on_progress: OnProgress | None = None,
) -> Table:
    """The table of a simulator over its space narrowed to ``parameters``; read if it exists.

    Args:
        simulator: what answers.
        parameters: values by knob to which the space is narrowed; empty for all.
        folder: where the table lies or comes to lie.
        on_progress: is called now and then.

    Returns:
        The table, mapped from its files.

    Raises:
        ArchgymError: more than 268 million designs; StoreError: the disk is full, or another
            process builds the same table.
    """
    if (folder / DESCRIPTION).exists():
        return Table.load(folder, simulator.space)
    coverage = Coverage(simulator.space, parameters)
    if coverage.space.cardinality > LARGEST:
        raise ArchgymError(
            f"the space has {coverage.space.cardinality:,} designs; enumeration stops at {LARGEST:,}: "
            "pin or narrow knobs under the scenario's key 'parameters'"
        )
    blocks = folder / "blocks"
    try:
        blocks.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot write to {folder}: {error.strerror}; choose another --tables"
        ) from error
    busy = f"{folder} is being built by another process; wait for it"
    with hold(folder / "lock", busy, f"cannot write to {folder}: {{why}}; choose another --tables"):
        simulator.prepare()
        work = _Build(simulator, coverage, blocks)
        work.run(on_progress)
        table = work.table(parameters)
        table.save(folder, simulator)
        shutil.rmtree(blocks, ignore_errors=True)
    return table


class _Build:
    def __init__(self, simulator: Simulator, coverage: Coverage, blocks: Path) -> None:
        self.simulator, self.coverage, self.blocks = simulator, coverage, blocks
        self.n = coverage.space.cardinality
        self.row = np.full(self.n, -1, np.int64)
        self.values: list[NDArray[np.float64]] = []
        self.feasible: list[NDArray[np.bool_]] = []
        self.reasons: dict[int, str] = {}
        self.evaluated = 0
        self.rows = 0
        self.home, self.queue = self._survey()

    def _survey(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The canonical rank of every design, and the ranks that must be evaluated.

        Designs that break a constraint come to the same, that constraint's reason: one answers for all.
        """
        home = np.empty(self.n, np.int64)
        breaks: dict[int, int] = {}  # a design that breaks each constraint
        for start in range(0, self.n, _CHUNK):
            ranks = np.arange(start, min(start + _CHUNK, self.n))
            x = self.coverage.designs(ranks)
            broken = self.simulator.space.first_broken(x)
            there = self.coverage.ranks(self.simulator.canonical(x))
            home[ranks] = np.where((there >= 0) & (broken < 0), there, ranks)
            for i in range(len(self.simulator.space.constraints)):
                alike = ranks[broken == i]
                if len(alike):
                    home[alike] = breaks.setdefault(i, int(alike[0]))
        representatives = np.flatnonzero(home == np.arange(self.n))
        # a random order: designs of one class are rarely evaluated in one block
        return home, np.random.default_rng(0).permutation(representatives)

    # ---- evaluation, block by block
    def run(self, on_progress: OnProgress | None) -> None:
        start = time.perf_counter()
        number = self._replay()
        at, size = 0, _FIRST_BLOCK
        while True:
            ranks, at = self._next(at, size)
            if not len(ranks):
                break
            before = time.perf_counter()
            evaluation, alike = self.simulator.evaluate_alike(self.coverage.designs(ranks))
            names = [m.name for m in self.simulator.metrics]
            values = np.stack([evaluation.metrics[n] for n in names], axis=1)
            block = (ranks, values, evaluation.feasible, evaluation.reasons, alike)
            self._keep(number, *block)
            self._take(*block)
            spent = time.perf_counter() - before
            number += 1
            rate = _SECONDS_A_BLOCK / max(spent, 1e-6)
            size = int(np.clip(size * min(rate, 4.0), _FIRST_BLOCK, _LARGEST_BLOCK))
            if on_progress is not None:
                on_progress(self._progress(at, time.perf_counter() - start))
        self.row = self.row[self.home]

    def _next(self, at: int, size: int) -> tuple[NDArray[np.int64], int]:
        """The next ``size`` ranks whose row is unknown, and where to go on from."""
        picked: list[NDArray[np.int64]] = []
        found = 0
        while at < len(self.queue) and found < size:
            part = self.queue[at : at + 4 * size]
            fresh = np.flatnonzero(self.row[part] < 0)[: size - found]
            picked.append(part[fresh])
            found += len(fresh)
            at += int(fresh[-1]) + 1 if found == size else len(part)
        return (np.concatenate(picked) if picked else np.empty(0, np.int64)), at

    def _take(
        self,
        ranks: NDArray[np.int64],
        values: NDArray[np.float64],
        feasible: NDArray[np.bool_],
        reasons: Sequence[str],
        alike: NDArray[np.bool_] | None,
    ) -> None:
        rows = self.rows + np.arange(len(ranks))
        self.values.append(values)
        self.feasible.append(feasible)
        self.reasons.update({int(r): t for r, t in zip(rows, reasons) if t})
        self.row[ranks] = rows
        if alike is not None:
            for row, marked in zip(rows.tolist(), alike):
                self.row[self.coverage.box(marked)] = row
        self.rows += len(ranks)
        self.evaluated += len(ranks)

    def _progress(self, at: int, seconds: float) -> EnumerationProgress:
        known = int((self.row[self.queue] >= 0).sum()) if len(self.queue) < 1 << 21 else at
        share = known / max(1, len(self.queue))
        return EnumerationProgress(int(share * self.n), self.n, self.evaluated, seconds)

    # ---- blocks on disk
    def _keep(
        self,
        number: int,
        ranks: NDArray[np.int64],
        values: NDArray[np.float64],
        feasible: NDArray[np.bool_],
        reasons: Sequence[str],
        alike: NDArray[np.bool_] | None,
    ) -> None:
        arrays: dict[str, Any] = {
            "ranks": ranks,
            "values": values,
            "feasible": feasible,
            "reasons": np.array(json.dumps(list(reasons))),
        }
        if alike is not None:
            arrays["alike"] = np.packbits(alike, axis=1)
        path = self.blocks / f"{number:06d}.npz"
        temporary = path.with_suffix(".part")
        try:
            with open(temporary, "wb") as file:
                np.savez(file, **arrays)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(
                f"cannot write {path}: {error.strerror}; free some space and enumerate again: "
                f"{number} blocks are kept"
            ) from error

    def _replay(self) -> int:
        """Take up what an earlier attempt finished; returns the number of the next block."""
        number = -1
        for path in sorted(self.blocks.glob("*.npz")):
            number = int(path.stem)
            try:
                block = read_arrays(path)
                ranks, values, feasible = block["ranks"], block["values"], block["feasible"]
                reasons = json.loads(str(block["reasons"]))
                alike = None
                if "alike" in block:
                    width = int(self.simulator.space.nvec.sum())
                    alike = np.unpackbits(block["alike"], axis=1, count=width).astype(np.bool_)
            except (StoreError, ValueError, KeyError, TypeError, IndexError):
                path.unlink()  # damaged: its designs are evaluated again
                continue
            self._take(ranks, values, feasible, reasons, alike)
        return number + 1

    def table(self, parameters: Mapping[str, Sequence[object]]) -> Table:
        """Equal rows merged, rows numbered by first use."""
        values = np.concatenate(self.values)
        feasible = np.concatenate(self.feasible)
        reason_id, texts = _numbered([self.reasons.get(i, "") for i in range(len(values))])
        bits = np.concatenate(
            [values.view(np.int64), feasible[:, None].astype(np.int64), reason_id[:, None]], axis=1
        )
        _, first, inverse = np.unique(bits, axis=0, return_index=True, return_inverse=True)
        kind = smallest_unsigned(len(first) - 1)
        return Table(
            space=self.coverage.space,
            parameters=parameters,
            metrics=tuple(m.name for m in self.simulator.metrics),
            index=inverse.reshape(-1).astype(kind)[self.row],
            values=values[first],
            feasible=feasible[first],
            reasons={i: texts[reason_id[k]] for i, k in enumerate(first) if reason_id[k]},
            key=self.simulator.key,
            evaluated=self.evaluated,
        )


def _numbered(reasons: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    numbers: dict[str, int] = {"": 0}
    out = np.array([numbers.setdefault(r, len(numbers)) for r in reasons], np.int64)
    return out, list(numbers)
