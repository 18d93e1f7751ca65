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

Ints = NDArray[np.int64]
MOST_CHOICES = 2_000_000  # unrollings times choices of tensors
FEW, MORE = 4096, 8  # unrollings that there is room for at first; times, where that is not enough


@dataclass(frozen=True)
class Choices:
    """``across`` and ``down`` (n, L, 8) factors along x and y, ``keep`` (k, L, 3) choices of tensors."""

    across: NDArray[np.int64]
    down: NDArray[np.int64]
    keep: NDArray[np.bool_]


def list_choices(layer: Layer, architecture: Architecture) -> Choices:
    """All unrollings and all choices of optional tensors.

    Of unrollings that differ only in how a factor is split over x and y, the first is listed, in the order
    of factors along x and y of the levels from the outside inwards.

    Args:
        layer: gives the extents.
        architecture: gives fan-outs and tensors.

    Returns:
        The choices.

    Raises:
        ArchgymError: more of them than can be listed.
    """
    from .unrolling import list_products, split_first

    keeps = tensor_choices(architecture)
    across = np.ones((1, len(architecture.levels), 8), np.int64)
    dims = _unrolled(layer, architecture)
    if not len(dims):
        return Choices(across, across.copy(), keeps)
    some = MOST_CHOICES // len(keeps)
    columns = _columns_of(layer, architecture, dims, some)
    picks, n = np.empty((0, len(dims)), np.int32), some + 1
    while columns is not None and n > len(picks) and len(picks) < some:  # most layers have few
        picks = np.empty((min(some, max(FEW, MORE * len(picks))), len(dims)), np.int32)
        n = list_products(*columns.arrays, picks)
    if columns is None or n > len(picks):
        raise ArchgymError(
            f"{architecture.name}: more than {MOST_CHOICES} unrollings of layer {layer.name!r}; "
            "narrow spatial_x and spatial_y of the machine"
        )
    across = across.repeat(n, axis=0)
    down = across.copy()
    split_first(picks[:n], *columns.arrays[1:], (columns.levels, dims), across, down)
    order = _order(across, down, columns.levels, dims)
    return Choices(across[order], down[order], keeps)


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


def _unrolled(layer: Layer, architecture: Architecture) -> Ints:
    """The dimensions that some level can unroll."""
    sides = np.array([x.fanout for x in architecture.levels])[:, :, None]
    able = ((sides > 1) & architecture.spatial).any(axis=(0, 1))
    return np.flatnonzero(able & (layer.dims > 1))


@dataclass(frozen=True)
class _Columns:
    """What ``unrolling`` lists products from, and the levels that have children to unroll over."""

    arrays: tuple[Ints, Ints, Ints, Ints, Ints]
    levels: Ints


def _columns_of(layer: Layer, architecture: Architecture, dims: Ints, most: int) -> _Columns | None:
    """The columns of the dimensions; None where one has more than ``most`` tuples of factors."""
    sides = np.array([x.fanout for x in architecture.levels])
    levels = np.flatnonzero((sides > 1).any(axis=1))
    rooms = np.where(architecture.spatial, sides[:, :, None], 1)[levels]
    first, products, ends, splits = [0], [], [np.zeros(1, np.int64)], []
    for d in dims.tolist():
        columns = _columns(int(layer.dims[d]), tuple(rooms[:, :, d].ravel().tolist()), most)
        if columns is None:
            return None
        first.append(first[-1] + len(columns[0]))
        products.append(columns[0])
        ends.append(columns[1] + ends[-1][-1])
        splits.append(columns[2])
    arrays = (
        np.array(first), np.concatenate(products), np.concatenate(ends), np.concatenate(splits),
        sides[levels],
    )  # fmt: skip
    return _Columns(arrays, levels)


@lru_cache(maxsize=1024)
def _columns(size: int, rooms: tuple[int, ...], most: int) -> tuple[Ints, Ints, Ints] | None:
    """The products of a dimension at all levels that tight factors have, and those factors along x.

    Args:
        size: the dimension's extent.
        rooms: children along x and y of each level, 1 where the dimension is not unrolled.
        most: tuples of factors that are listed at most.

    Returns:
        (products (m, L), where the splits of each column and level end (m L,), splits); None where there
        are more.
    """
    rows = np.ones((1, len(rooms)), np.int64)
    for at, room in enumerate(rooms):
        grown = []
        for f in useful_unrollings(size, room):
            rows[:, at] = f
            whole = rows.prod(axis=1, keepdims=True)
            whole *= -(-size // whole)
            grown.append(rows[((rows == 1) | (whole // rows * (rows - 1) < size)).all(axis=1)])
        rows = np.concatenate(grown)
        if len(rows) > most:
            return None
    levels = len(rooms) // 2
    products, column = np.unique(
        rows.reshape(-1, levels, 2).prod(axis=2), axis=0, return_inverse=True
    )
    # whether a factor is tight depends on the whole product alone, so levels are split independently
    radix = max(rooms) + 1
    cell = column.ravel()[:, None] * levels + np.arange(levels)
    known = np.unique(cell * radix + rows[:, ::2])
    ends = np.searchsorted(known, np.arange(1, len(products) * levels + 1) * radix)
    return products, ends.astype(np.int64), known % radix


def _order(across: Ints, down: Ints, levels: Ints, dims: Ints) -> NDArray[np.intp]:
    """The order of unrollings by their factors along x and y, levels from the outside inwards."""
    keys, room = [np.zeros(len(across), np.int64)], 1
    for level in levels:
        for side in (across, down):
            for d in dims:
                values = side[:, level, d]
                radix = int(values.max()) + 1
                if room * radix >= 2**62:
                    keys.append(np.zeros(len(across), np.int64))
                    room = 1
                keys[-1] = keys[-1] * radix + values
                room *= radix
    return np.lexsort(keys[::-1])


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
