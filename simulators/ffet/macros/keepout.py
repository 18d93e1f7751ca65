"""What macros leave of every layer's tracks, by the obstructions of their LEF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.contracts.evaluation import Floats

from .instances import Macros
from .lef_text import Box

KeepOut = Sequence[tuple[int, Box]]  # layer from 1, box in um


def keep_out(macros: Macros | None, solid: Floats, side: int) -> list[tuple[int, Box]]:
    """Obstructed boxes of one side on the core; ``solid`` (m, 4) are the macros' own boxes.

    Args:
        macros: the macros, or None.
        solid: (m, 4) boxes of the macros in um.
        side: 0 front, 1 back.

    Returns:
        Layers, from 1, with boxes in um.
    """
    out: list[tuple[int, Box]] = []
    for abstract, (x, y, _, _) in zip(macros.abstracts if macros else (), solid):
        out += [
            (layer, (x + x0, y + y0, x + x1, y + y1))
            for at, layer, (x0, y0, x1, y1) in abstract.obstructions
            if at == side
        ]
    return out


def kept_free(
    boxes: KeepOut, cap_h: Floats, cap_v: Floats, size: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Whole tracks that boxes leave at every border between gcells.

    Args:
        boxes: what is obstructed.
        cap_h: (layers, nx - 1, ny) tracks of M2, M4 ….
        cap_v: (layers, nx, ny - 1) tracks of M1, M3 ….
        size: sides of the core in um.

    Returns:
        Two arrays of those shapes; infinity where nothing obstructs.
    """
    shares = np.zeros(cap_h.shape), np.zeros(cap_v.shape)
    nx, ny = cap_v.shape[1], cap_h.shape[2]
    xs, ys = np.arange(nx + 1) * (size[0] / nx), np.arange(ny + 1) * (size[1] / ny)
    for layer, (x0, y0, x1, y1) in boxes:
        horizontal = layer % 2 == 0
        share = shares[0 if horizontal else 1]
        place = layer // 2 - 1 if horizontal else layer // 2
        if place >= len(share):
            continue
        if horizontal:
            crossed = (xs[1:-1] > x0) & (xs[1:-1] < x1)
            share[place] += np.outer(crossed, np.diff(np.clip(ys, y0, y1)) / (ys[1] - ys[0]))
        else:
            crossed = (ys[1:-1] > y0) & (ys[1:-1] < y1)
            share[place] += np.outer(np.diff(np.clip(xs, x0, x1)) / (xs[1] - xs[0]), crossed)
    out = []
    for share, cap in zip(shares, (cap_h, cap_v)):
        left = np.floor(cap * (1.0 - np.minimum(share, 1.0)) + 1e-9)
        out.append(np.where(share > 1e-9, left, np.inf))
    return out[0], out[1]
