"""Nests as files with optima of other mappers write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archgym.errors import ArchgymError

from ..architecture import LETTERS, Architecture
from ..layers import Layer
from ..layout import DIMENSIONS
from ..uneven import Holder, Loop


def read_nest(entries: Sequence[Any], layer: Layer, machine: Architecture) -> list[Holder | Loop]:
    """The items of a nest.

    Args:
        entries: outermost first: ``["S", level, tensors]`` holds tensors from here inwards, ``["T",
            dimension, tile after the loop]`` runs in time, ``["X", "GLBarr.Y", dimension, tile after
            it]`` is unrolled over the children of GLB.
        layer: gives the extents.
        machine: gives the levels.

    Returns:
        Holders and loops.

    Raises:
        ArchgymError: an entry of another form, a tile that does not divide what is left, a dimension
            that is not covered, more children than a level has, a tensor without a holder at the
            outermost level or with holders in another order.
    """
    names = [level.name for level in machine.levels]
    left, out = layer.dims.copy(), list[Holder | Loop]()
    faults, children = list[str](), dict[tuple[int, str], int]()

    def level_of(name: Any, at: int) -> int:
        if name not in names:
            faults.append(f"entry {at}: no level {name!r}; known: {', '.join(names)}")
            return -1
        return names.index(name)

    for at, entry in enumerate(entries):
        match entry:
            case ["S", level, str(letters)] if letters and set(letters) <= set(LETTERS):
                out += [Holder(level_of(level, at), LETTERS.index(x)) for x in letters]
            case ["T", d, int(tile)] | ["X", _, d, int(tile)] if d in DIMENSIONS and tile > 0:
                index = DIMENSIONS.index(d)
                times, rest = divmod(int(left[index]), tile)
                if rest or not times:
                    faults.append(f"entry {at}: {d}: {tile} does not divide {left[index]}")
                    continue
                left[index] = tile
                fanout = None
                if entry[0] == "X":
                    name, _, axis = str(entry[1]).partition("arr.")
                    fanout = level_of(name, at)
                    children[fanout, axis] = children.get((fanout, axis), 1) * times
                out.append(Loop(index, times, fanout))
            case _:
                faults.append(
                    f"entry {at}: expected ['S', level, letters of {LETTERS}], ['T', dimension, tile] or "
                    f"['X', fan-out, dimension, tile], got {entry!r}"
                )
    faults += [f"{DIMENSIONS[d]}: {left[d]} are left at the end" for d in np.flatnonzero(left > 1)]
    outer = {x.tensor for x in out if isinstance(x, Holder) and x.level == 0}
    faults += [f"{x}: not held by {names[0]}" for i, x in enumerate(LETTERS) if i not in outer]
    for i, x in enumerate(LETTERS):
        levels = [y.level for y in out if isinstance(y, Holder) and y.tensor == i]
        if levels != sorted(set(levels)):
            faults.append(f"{x}: its holders go from the outermost level inwards, one a level")
    for (at, axis), n in children.items():
        room = dict(zip("XY", machine.levels[at].fanout)).get(axis, 0)
        if n > room and at >= 0:
            faults.append(f"{names[at]}: {n} children along {axis!r}, there are {room}")
    if faults:
        raise ArchgymError(f"nest of layer {layer.name!r}: " + "; ".join(faults))
    return out
