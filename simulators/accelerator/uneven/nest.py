"""Nests of holders, loops and unrolled loops: read, checked and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.documents import shortened

from ..architecture import Architecture
from ..mapping import Mapping, MappingError
from ..nest import RELEVANT
from ..layout import DIMENSIONS, SPATIAL_X, SPATIAL_Y, TEMPORAL
from .product import Product

# kinds of items, and their four numbers
HOLD = 0  # level, tensor, entry: holders of one entry stand at one place
LOOP = 1  # dimension, iterations
UNROLL = 2  # dimension, iterations, 2 * level + axis
BARRIER = 3  # 0, -1: where shared loops end and those of one of several products begin
AXES = "XY"

Items = NDArray[np.int64]


def parse_nest(written: Sequence[Any], product: Product, machine: Architecture) -> Items:
    """A nest from its written form.

    The form is that of ``mapping_optima_reference.json``, outermost first: ``["S", level, tensors]``,
    ``["T", dimension, tile after the loop]``, ``["X", level + "arr." + axis, dimension, tile after it]``.

    Args:
        written: the entries.
        product: names dimensions and tensors.
        machine: names levels.

    Returns:
        Items (n, 4).

    Raises:
        MappingError: an entry of another form, an unknown name, a tile that does not divide the one before,
            a dimension that is not used up, a tensor that a level must keep and does not.
    """
    left, items = dict(product.extents), []
    levels = [level.name for level in machine.levels]
    for number, entry in enumerate(written, 1):
        try:
            kind, *rest = entry
            if kind == "S":
                level = levels.index(rest[0])
                items += [(HOLD, level, product.tensors.index(t), number) for t in rest[1]]
            elif kind == "T":
                items.append((LOOP, *_iterations(left, product, *rest), 0))
            elif kind == "X":
                place, axis = str(rest[0]).split("arr.")
                where = 2 * levels.index(place) + AXES.index(axis)
                items.append((UNROLL, *_iterations(left, product, *rest[1:]), where))
            else:
                raise ValueError(f"{kind!r} is not one of S, T, X")
        except (ValueError, TypeError, LookupError) as error:
            raise MappingError(
                f"entry {number}, {shortened(entry)}: {error}; levels are {', '.join(levels)}, tensors "
                f"{', '.join(product.tensors)}, dimensions {', '.join(product.dimensions)}"
            ) from error
    rest_of = [f"{d} {n}" for d, n in left.items() if n != 1]
    if rest_of:
        raise MappingError(f"iterations are left over: {', '.join(rest_of)}")
    out = np.array(items, np.int64).reshape(-1, 4)
    faults = faults_of(out, product, machine)
    if faults:
        raise MappingError("; ".join(faults))
    return out


def _iterations(
    left: dict[str, int], product: Product, dimension: str, tile: int
) -> tuple[int, int]:
    """(dimension, iterations) of a loop, whose tile becomes what is left."""
    if dimension not in left:
        raise ValueError(f"unknown dimension {dimension!r}")
    if not isinstance(tile, int) or tile < 1 or left[dimension] % tile:
        raise ValueError(f"a tile of {tile!r} does not divide the {left[dimension]} before")
    times = left[dimension] // tile
    left[dimension] = tile
    return product.dimensions.index(dimension), times


def faults_of(
    items: Items, product: Product, machine: Architecture, passed: Collection[str] = ()
) -> list[str]:
    """What makes a nest impossible, capacities aside.

    Args:
        items: (n, 4).
        product: names tensors.
        machine: what levels must and may keep, and their fan-outs.
        passed: tensors that go from one product to another, so that their home may be any level.

    Returns:
        One sentence a fault.
    """
    faults = []
    must, may = machine.keeps
    names = [level.name for level in machine.levels]
    for t, tensor in enumerate(product.tensors):
        held = items[(items[:, 0] == HOLD) & (items[:, 2] == t), 1].tolist()
        if held[:1] != [0] and (tensor not in passed or not held):
            faults.append(f"{tensor} is not held by {names[0]} first")
        if sorted(set(held)) != held:
            faults.append(
                f"{tensor} is held by {[names[x] for x in held]}, not from outside inwards"
            )
        for level, name in enumerate(names):
            outside = tensor in passed and bool(held) and level < held[0]
            if must[level, t] and level not in held and not outside:
                faults.append(f"{name} must keep {tensor}")
            if level in held and not may[level, t]:
                faults.append(f"{name} may not keep {tensor}")
    for level, x in enumerate(machine.levels):
        for axis, most in enumerate(x.fanout):
            unrolled = (items[:, 0] == UNROLL) & (items[:, 3] == 2 * level + axis)
            children = int(items[unrolled, 2].prod())
            if children > most:
                faults.append(
                    f"{children} children along {AXES[axis]} of {x.name}, which has {most}"
                )
    return faults


def of_mapping(mapping: Mapping) -> Items:
    """An even mapping as a nest of the same reuse.

    Holders of a level stand before its loops, and further out where the loops just outside leave their
    tile in place: an even mapping implies that reuse, a nest says it.

    Args:
        mapping: whole factors.

    Returns:
        Items (n, 4).
    """
    items: list[tuple[int, ...]] = []
    for level, (factor, order, keep) in enumerate(zip(mapping.factor, mapping.order, mapping.keep)):
        for t in np.flatnonzero(keep):
            at = len(items)
            for i in range(len(items) - 1, -1, -1):
                what, a, b, _ = items[i]
                if (what == HOLD and b == t) or (what == LOOP and RELEVANT[t, a]):
                    break
                at = i
            items.insert(at, (HOLD, level, int(t), 3 * level + int(t) + 1))
        items += [(LOOP, d, factor[TEMPORAL, d], 0) for d in order if factor[TEMPORAL, d] > 1]
        for axis, kind in enumerate((SPATIAL_X, SPATIAL_Y)):
            unrolled = [d for d in range(len(DIMENSIONS)) if factor[kind, d] > 1]
            items += [(UNROLL, d, factor[kind, d], 2 * level + axis) for d in unrolled]
    return np.array(items, np.int64).reshape(-1, 4)


def written_nest(items: Items, product: Product, machine: Architecture) -> list[list[Any]]:
    """The inverse of :func:`parse_nest`.

    Args:
        items: (n, 4).
        product: names dimensions and tensors.
        machine: names levels.

    Returns:
        The entries.
    """
    left, last = dict(product.extents), -1
    out: list[list[Any]] = []
    names = [level.name for level in machine.levels]
    entry: list[Any]
    for kind, a, b, c in items.tolist():
        if kind == HOLD:
            if c == last:
                out[-1][2] += product.tensors[b]
                continue
            entry = ["S", names[a], product.tensors[b]]
        else:
            dimension = product.dimensions[a]
            left[dimension] //= b
            how = ["T"] if kind == LOOP else ["X", f"{names[c // 2]}arr.{AXES[c % 2]}"]
            entry = [*how, dimension, left[dimension]]
        last = c if kind == HOLD else -1
        out.append(entry)
    return out


def describe_nest(items: Items, product: Product, machine: Architecture) -> str:
    """The nest as people read it.

    Args:
        items: (n, 4).
        product: names dimensions and tensors.
        machine: names levels.

    Returns:
        Lines of text, indented by depth.
    """
    lines, depth = [], 0
    names = [level.name for level in machine.levels]
    for kind, a, b, c in items.tolist():
        if kind == HOLD:
            lines.append(f"{'  ' * depth}{names[a]} keeps {product.tensors[b]}")
            continue
        if b > 1:
            how = (
                "for"
                if kind == LOOP
                else f"parallel ({AXES[c % 2].lower()}, below {names[c // 2]})"
            )
            lines.append(f"{'  ' * depth}{how} {product.dimensions[a]} in 0..{b}")
            depth += 1
    return "\n".join(lines)
