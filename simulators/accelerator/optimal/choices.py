"""What the search branches on first: unrollings and kept tensors of a machine, for one layer.

The space of a certificate holds every mapping whose factors cover the layer and are *tight* (no factor
could be lower by one and still cover its dimension), whose levels have no more children along x and y than
the machine gives them, and that keeps what a level must keep.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from ..architecture import Architecture
from ..layers import Layer
from .forms import tight_unrollings

MOST_CHOICES = 2_000_000  # unrollings times choices of tensors


@dataclass(frozen=True)
class Choices:
    """``across`` and ``down`` (n, L, 8) factors along x and y, ``keep`` (k, L, 3) choices of tensors."""

    across: NDArray[np.int64]
    down: NDArray[np.int64]
    keep: NDArray[np.bool_]


def list_choices(layer: Layer, architecture: Architecture) -> Choices:
    """All unrollings and all choices of optional tensors.

    Of unrollings that differ only in how a factor is split over x and y, one is listed.

    Args:
        layer: gives the extents.
        architecture: gives fan-outs and tensors.

    Returns:
        The choices.

    Raises:
        ArchgymError: more of them than can be listed.
    """
    dims = layer.dims
    keeps = tensor_choices(architecture)
    levels = len(architecture.levels)
    across = np.ones((1, levels, 8), np.int64)
    down = across.copy()
    for at, level in enumerate(architecture.levels):
        sides = [
            _vectors(dims, side, architecture.spatial[at, axis])
            for axis, side in enumerate(level.fanout)
        ]
        across, down = _combined(across, down, at, *sides)
        if len(across) * len(keeps) > MOST_CHOICES:
            raise ArchgymError(
                f"{architecture.name}: more than {MOST_CHOICES} unrollings of layer {layer.name!r}; "
                "narrow spatial_x and spatial_y of the machine"
            )
        kept = tight_unrollings(dims, across, down)
        across, down = across[kept], down[kept]
    _, first = np.unique((across * down).reshape(len(across), -1), axis=0, return_index=True)
    first.sort()
    return Choices(across[first], down[first], keeps)


def tensor_choices(architecture: Architecture) -> NDArray[np.bool_]:
    """All choices of optional tensors.

    Args:
        architecture: gives what levels must and may keep.

    Returns:
        (k, L, 3) tensors that the levels keep.

    Raises:
        ArchgymError: more of them than can be listed.
    """
    must, may = architecture.keeps
    optional = np.argwhere(may & ~must)
    if len(optional) > 12:
        raise ArchgymError(
            f"{architecture.name}: {len(optional)} optional tensors give 2^{len(optional)} choices; a "
            "certificate takes at most 12. State must_keep, or leave letters out of may_keep"
        )
    keeps = []
    for pick in itertools.product((True, False), repeat=len(optional)):
        keep = must.copy()
        keep[tuple(optional.T)] = pick
        keeps.append(keep)
    return np.array(keeps)


def _combined(
    across: NDArray[np.int64],
    down: NDArray[np.int64],
    at: int,
    x: NDArray[np.int64],
    y: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every unrolling so far with every pair of vectors at level ``at``."""
    n = len(across)
    i, j, k = (a.ravel() for a in np.indices((n, len(x), len(y))))
    across, down = across[i], down[i]
    across[:, at], down[:, at] = x[j], y[k]
    return across, down


@lru_cache(maxsize=4096)
def useful_unrollings(size: int, room: int) -> tuple[int, ...]:
    """Factors of a loop that are tight: one less would cost a round more.

    Args:
        size: the loop's extent.
        room: children along the axis.

    Returns:
        The factors, in rising order.
    """
    return tuple(f for f in range(1, min(size, room) + 1) if (f - 1) * -(-size // f) < size)


def _vectors(dims: NDArray[np.int64], room: int, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Factors by dimension whose product has room on an axis, (n, 8)."""
    rows = np.ones((1, 8), np.int64)
    for d in range(8):
        if dims[d] == 1 or not allowed[d]:
            continue
        factors = np.array(useful_unrollings(int(dims[d]), room), np.int64)
        size = rows.prod(axis=1)
        i, j = np.nonzero(size[:, None] * factors[None] <= room)
        rows = rows[i]
        rows[:, d] = factors[j]
    return rows


def possible_extents(largest: int, slots: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Products of tight factors that cover m, for m up to ``largest`` and up to ``slots`` factors.

    Args:
        largest: the largest m.
        slots: how many factors at most.

    Returns:
        (table (slots + 1, largest + 1, most), how many there are (slots + 1, largest + 1)).
    """
    return _extents(largest, slots)


@lru_cache(maxsize=32)
def _extents(largest: int, slots: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    found = {
        (k, m): [m] + [e for e in range(m + 1, 2 * m) if _fewest(e, (e - 1) // (e - m)) <= k]
        for k in range(slots + 1)
        for m in range(1, largest + 1)
    }
    table = np.zeros((slots + 1, largest + 1, max(map(len, found.values()))), np.int64)
    counts = np.zeros((slots + 1, largest + 1), np.int64)
    for (k, m), values in found.items():
        table[k, m, : len(values)] = values
        counts[k, m] = len(values)
    return table, counts


@lru_cache(maxsize=1 << 16)
def _fewest(product: int, highest: int) -> int:
    """The least number of factors up to ``highest`` that a product has; a large number if none."""
    if product == 1:
        return 0
    if product <= highest:
        return 1
    best = 99
    for f in range(2, highest + 1):
        if product % f == 0:
            best = min(best, 1 + _fewest(product // f, f))
    return best
