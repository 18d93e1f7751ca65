"""Mappings: how a layer's loops are split over levels, ordered and unrolled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from .architecture import LETTERS, Architecture
from .layers import Layer
from .layout import (
    CAPACITY,
    COVERAGE,
    DIMENSIONS,
    OK,
    REASONS,
    SPATIAL_X,
    SPATIAL_Y,
    TEMPORAL,
    TENSORS,
)

LOOP = re.compile(r"([A-Z])(\d+)(?:/(\d+))?")


class MappingError(ArchgymError, ValueError):
    """A mapping that cannot be read."""


@dataclass(frozen=True)
class Mapping:
    """``factor`` (L, 3, 8), ``order`` (L, 8), ``keep`` (L, 3); see ``layout``."""

    factor: NDArray[np.int64]
    order: NDArray[np.int64]
    keep: NDArray[np.bool_]

    @staticmethod
    def parse(rows: Sequence[Sequence[str]]) -> Mapping:
        """A mapping from words such as ``K16``, one row per level, outermost first.

        A row is [kept tensors, temporal, x, y]. Loops are outermost first, one per dimension and
        kind: ``["WIO", "K16 C4", "P14", "R3"]``. ``K16/5`` is 16 iterations of which the last round
        has 5.

        Args:
            rows: one per level.

        Returns:
            The mapping.

        Raises:
            MappingError: a word that is no loop, a dimension twice, a factor of 0.
        """
        n = len(rows)
        if n == 0:
            raise MappingError("a mapping needs at least one level")
        factor, keep = np.ones((n, 3, 8), np.int64), np.zeros((n, 3), np.bool_)
        order = np.tile(np.arange(8), (n, 1))
        for level, row in enumerate(rows):
            if len(row) != 4:
                raise MappingError(
                    f"level {level}: expected [kept, temporal, x, y], got {len(row)} entries"
                )
            for letter in row[0]:
                if letter not in LETTERS:
                    raise MappingError(f"level {level}: {letter!r} is not one of W, I, O")
                keep[level, LETTERS.index(letter)] = True
            for kind, text in enumerate(row[1:]):
                used = []
                for word in text.split():
                    d, n_times = _loop(word, level)
                    if d in used:
                        raise MappingError(f"level {level}: {DIMENSIONS[d]} twice in {text!r}")
                    used.append(d)
                    factor[level, kind, d] = n_times
                if kind == TEMPORAL:
                    order[level] = used + [d for d in range(8) if d not in used]
        return Mapping(factor, order, keep)

    def format(self) -> list[list[str]]:
        """The inverse of :meth:`parse`; loops that run once are left out."""
        out = []
        for f, o, k in zip(self.factor, self.order, self.keep):
            kinds = [
                " ".join(f"{DIMENSIONS[d]}{f[kind, d]}" for d in sequence if f[kind, d] > 1)
                for kind, sequence in ((TEMPORAL, o), (SPATIAL_X, range(8)), (SPATIAL_Y, range(8)))
            ]
            out.append(["".join(c for c, kept in zip(LETTERS, k) if kept), *kinds])
        return out

    def describe(self, architecture: Architecture) -> str:
        """The loop nest as people read it.

        Args:
            architecture: names the levels; it has as many as the mapping.

        Returns:
            Lines of text, indented by depth.
        """
        lines, depth = [], 0
        for level, f, o, k in zip(architecture.levels, self.factor, self.order, self.keep):
            kept = ", ".join(t for t, held in zip(TENSORS, k) if held) or "passes everything by"
            lines.append(f"{'  ' * depth}{level.name} [{kept}]")
            for d in o:
                if f[TEMPORAL, d] > 1:
                    lines.append(f"{'  ' * (depth + 1)}for {DIMENSIONS[d]} in 0..{f[TEMPORAL, d]}")
                    depth += 1
            for kind, name in ((SPATIAL_Y, "y"), (SPATIAL_X, "x")):
                for d in range(8):
                    if f[kind, d] > 1:
                        lines.append(
                            f"{'  ' * (depth + 1)}parallel ({name}) {DIMENSIONS[d]} in 0..{f[kind, d]}"
                        )
                        depth += 1
        lines.append(f"{'  ' * (depth + 1)}multiply, accumulate")
        return "\n".join(lines)


def _loop(word: str, level: int) -> tuple[int, int]:
    match = LOOP.fullmatch(word)
    if match is None or match[1] not in DIMENSIONS or int(match[2]) < 1:
        raise MappingError(
            f"level {level}: {word!r} is no loop; expected a dimension of {', '.join(DIMENSIONS)} and "
            "a factor of at least 1, such as K16"
        )
    return DIMENSIONS.index(match[1]), int(match[2])


@dataclass(frozen=True)
class Refusal:
    """Why a mapping does not fit: reason of ``layout.REASONS``, the level, what it needs and has."""

    reason: str
    level: str
    needed: float
    available: float

    def __str__(self) -> str:
        if self.reason == "coverage":
            return (
                f"coverage: the factors of {self.level} cover {self.available:g} of {self.needed:g}"
            )
        unit = " words" if self.reason == "capacity" else ""
        what = {"capacity": "tiles", "instances": "instances"}.get(self.reason, self.reason)
        return (
            f"{self.reason}: {what} at {self.level} need {self.needed:g}{unit}, "
            f"there are {self.available:g}"
        )


@dataclass(frozen=True)
class Cost:
    """What a mapping costs: the whole layer, on all instances.

    Attributes:
        energy_pj: the total, with the MACs.
        cycles: with stalls, first fill and last drain.
        compute_cycles: of the multipliers alone.
        mac_energy_pj: of the MACs.
        utilisation: products over what all multipliers could do in that time.
        counts: (L, 3, 3) words read, filled and updated per level, tensor and instance.
        level_energy_pj: (L, 3) by level and tensor.
        level_cycles: (L,) with stalls.
        instances: (L + 1,) in use, the MACs last.
        capacity: (L, 3) words held.
    """

    energy_pj: float
    cycles: float
    compute_cycles: float
    mac_energy_pj: float
    utilisation: float
    counts: NDArray[np.float64]
    level_energy_pj: NDArray[np.float64]
    level_cycles: NDArray[np.float64]
    instances: NDArray[np.int64]
    capacity: NDArray[np.float64]

    @property
    def traffic(self) -> NDArray[np.float64]:
        """Words moved by all instances of each level, (L, 3)."""
        return self.counts.sum(axis=2) * self.instances[:-1, None]

    def traffic_bits(self, architecture: Architecture) -> NDArray[np.float64]:
        """Bits moved by all instances of each level; finished outputs count at their own width.

        Args:
            architecture: widths of words.

        Returns:
            (L,) bits.
        """
        from .cost import narrowed

        moved: NDArray[np.float64] = self.traffic @ architecture.widths[:3]
        if architecture.final_bits != architecture.bits[2]:
            bits = architecture.arrays[1]
            saved = [narrowed(self.counts, bits, i) for i in range(len(moved))]
            moved = moved - np.array(saved) * self.instances[:-1]
        return moved


def workspace(levels: int) -> tuple[NDArray[Any], ...]:
    """The arrays that ``cost.evaluate`` fills for L levels.

    counts (L, 3, 3), energy table (L, 3), cycles (L,), extent (L + 1, 8), tile volume (L, 3), used
    instances (L + 1,), fan-out (L, 8), spread (L, 3), bits moved alone (L, 2), loops (8 L, 4), where
    each level's loops start (L + 1,), scratch (4, 8).

    Args:
        levels: L, how many levels there are.

    Returns:
        The arrays in that order.
    """
    return (
        np.zeros((levels, 3, 3)),
        np.zeros((levels, 3)),
        np.zeros(levels),
        np.empty((levels + 1, 8), np.int64),
        np.zeros((levels, 3)),
        np.zeros(levels + 1, np.int64),
        np.zeros((levels, 8), np.int64),
        np.zeros((levels, 3)),
        np.zeros((levels, 2)),
        np.zeros((8 * levels, 4), np.int64),
        np.zeros(levels + 1, np.int64),
        np.zeros((4, 8), np.int64),
    )


def evaluate_mapping(
    layer: Layer,
    architecture: Architecture,
    mapping: Mapping,
    *,
    reuse: str = "physical",
    fill_and_drain: bool = True,
) -> Cost | Refusal:
    """The cost of one mapping, or why it does not fit.

    Args:
        layer: its shape.
        architecture: with as many levels as the mapping.
        mapping: see :class:`Mapping`.
        reuse: ``physical`` (an input tile keeps what the tile before held), ``timeloop`` (its
            two-iteration extrapolation) or ``whole-tile`` (ZigZag: none of it).
        fill_and_drain: whether the first fill and the last drain count as cycles.

    Returns:
        What it costs, or the first rule that it breaks.

    Raises:
        MappingError: another number of levels, an unknown convention, or a tensor that a level must or
            cannot keep.
    """
    from .cost import evaluate
    from .layout import REUSE

    if len(mapping.factor) != len(architecture.levels):
        raise MappingError(
            f"the mapping has {len(mapping.factor)} levels, {architecture.name} has "
            f"{len(architecture.levels)}"
        )
    if reuse not in REUSE:
        raise MappingError(f"unknown reuse convention {reuse!r}; known: {', '.join(REUSE)}")
    must, may = architecture.keeps
    wrong = np.argwhere((must & ~mapping.keep) | (mapping.keep & ~may))
    if len(wrong):
        level, t = wrong[0]
        verb = "must" if must[level, t] else "cannot"
        raise MappingError(f"level {architecture.levels[level].name!r} {verb} keep {TENSORS[t]}")
    arrays, dims, geometry = architecture.arrays, layer.dims, layer.geometry
    work = workspace(len(architecture.levels))
    code, level, needed, available, pj, cycles, computing = evaluate(
        dims, geometry, mapping.factor, mapping.order, mapping.keep, arrays,
        (REUSE.index(reuse), fill_and_drain), work,
    )  # fmt: skip
    if code != OK:
        return refusal(architecture, code, level, needed, available)
    counts, table, level_cycles, _, volume, used = work[:6]
    return Cost(
        pj,
        cycles,
        computing,
        layer.macs * architecture.mac_pj,
        layer.macs / (cycles * architecture.macs),
        counts,
        table,
        level_cycles,
        used,
        np.where(mapping.keep, volume, 0.0),
    )


def refusal(
    architecture: Architecture, code: int, level: int, needed: float, available: float
) -> Refusal:
    """The reason that the kernels gave as numbers, in words.

    Args:
        architecture: names the level; capacities are in its words.
        code: an index of ``layout.REASONS``.
        level: the level; the dimension where the layer is not covered.
        needed: bits or instances that the mapping needs.
        available: bits or instances that there are.

    Returns:
        The refusal.
    """
    if code == COVERAGE:
        return Refusal(REASONS[code], DIMENSIONS[level], needed, available)
    name = "MAC" if level == len(architecture.levels) else architecture.levels[level].name
    scale = float(architecture.bits[0]) if code == CAPACITY else 1.0
    return Refusal(REASONS[code], name, needed / scale, available / scale)
