"""Measured cells: load, resistance, delay, edge and leakage of every function and size, from GT2N.

``data/cells.csv`` holds what its libraries say of two sheet widths.  A function that exists in one size
is made stronger as tools and libraries do it: with a buffer of the library behind it, in one outline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from archgym.contracts.evaluation import Floats

from .functions import FUNCTIONS, Function
from .kernels.timing import LN2, LN4, SLEW_SHARE
from .technology import DATA, number, rows

GT2N_NM = 144.0  # its cells' height: 6 tracks of 24 nm
W13_NM = 96.0  # height at which its narrow sheet, 13 nm, is taken as it is: 4 such tracks
COLUMNS = ("load_ff", "kohm", "intrinsic_ps", "edge_ps", "leakage_nw")
BUFFERED = (2, 4)  # sizes of functions that GT2N has in one size


@dataclass(frozen=True)
class Cell:
    """One cell at 0.7 V: fF, kohm, ps, ps, nW; ``buffer`` is the size of the buffer behind it, or 0."""

    load: float
    kohm: float
    intrinsic: float
    edge: float
    leakage: float
    buffer: int = 0


def _figures(row: dict[str, str], height_nm: float, sheet: float) -> Floats:
    """A row of the table at another height, between both sheets by a geometric mean."""
    path = DATA / "cells.csv"
    wide, narrow = (
        np.array([number(row, start + c, path) for c in COLUMNS]) for start in ("", "w13_")
    )
    for figures, at in ((wide, GT2N_NM), (narrow, W13_NM)):
        scale = height_nm / at
        figures[[0, 4]] *= scale
        figures[1] /= scale
    return np.asarray(wide ** (1.0 - sheet) * narrow**sheet)


def _behind(first: Cell, buffer: Cell, size: int) -> Cell:
    """A gate and the buffer that it drives, as one cell."""
    rc = first.kohm * buffer.load
    delay = first.intrinsic + LN2 * rc + SLEW_SHARE * (first.edge + LN4 * rc) + buffer.intrinsic
    leakage = first.leakage + buffer.leakage
    return Cell(first.load, buffer.kohm, delay, buffer.edge, leakage, size)


@cache
def measured(height_nm: float, sheet: float) -> dict[str, dict[int, Cell]]:
    """Cells by function and size.

    Args:
        height_nm: of the cells.
        sheet: width of the sheet between 0 (wide, w31) and 1 (narrow, w13).

    Returns:
        Cells by the function's name, then by size.
    """
    own: dict[str, dict[int, Cell]] = {}
    for row in rows(DATA / "cells.csv"):
        cell = Cell(*_figures(row, height_nm, sheet).tolist())
        own.setdefault(row["function"], {})[int(row["size"])] = cell
    return {f.name: _sizes(f, own) for f in FUNCTIONS}


def _sizes(f: Function, own: dict[str, dict[int, Cell]]) -> dict[int, Cell]:
    buffers = own["BUF"]
    if not f.inputs:
        return {1: replace(own["INV"][1], load=0.0)}  # a constant
    if f.role == "flop":
        # the buffers are in GT2N's own X2 and X4, for the width see library.py
        return {k: replace(c, buffer=k if k > 1 else 0) for k, c in own["DFF"].items()}
    if f.role == "gate":
        return {k: own["AND2"][k] for k in (1, 2, 4)}
    if f.role == "latch":  # half of what a flip-flop takes longer than its output buffer
        flop = own["DFF"]
        return {
            k: replace(buffers[k], intrinsic=(buffers[k].intrinsic + flop[k].intrinsic) / 2)
            for k in (1, 2, 4)
        }
    found = own[f.name]
    if len(found) > 1:
        return found
    return found | {k: _behind(found[1], buffers[k], k) for k in BUFFERED}
