"""SCALE-Sim's topology tables: convolutions, and matrix products in the form of its GEMM files."""

from __future__ import annotations

from pathlib import Path

from ..layers import Layer, Network
from .checks import Faults

CONVOLUTION = (
    "IFMAP Height", "IFMAP Width", "Filter Height", "Filter Width", "Channels", "Num Filter",
    "Strides",
)  # fmt: skip
PRODUCT = ("M", "N", "K")


def _plain(cell: str) -> str:
    return "".join(cell.lower().replace("_", " ").split())


def is_topology(header: list[str]) -> bool:
    """Whether a header is SCALE-Sim's.

    Tables of convolutions name an ifmap; GEMM files have Layer, M, N and K.

    Args:
        header: the first row's cells.

    Returns:
        True if it is.
    """
    cells = [_plain(c) for c in header if c.strip()]
    if not cells or not cells[0].startswith("layer"):
        return False
    return any("ifmap" in c for c in cells) or tuple(c.upper() for c in cells[1:4]) == PRODUCT


def read_topology(path: Path, rows: list[list[str]]) -> Network:
    """A topology; columns count by their place, as SCALE-Sim reads them.

    Output sizes are its own: ceil((input - filter + stride) / stride), so a last incomplete window
    counts.  One stride holds for both axes unless a second is given.  A layer with DP in its name is
    depthwise: each channel has its own filters.  Sparsity other than N:N is refused.

    Args:
        path: names the network, and the file in messages.
        rows: cells by row, the header first.

    Returns:
        The network.

    Raises:
        WorkloadError: all faults of the file with their places.
    """
    faults = Faults(path)
    products = not any("ifmap" in _plain(c) for c in rows[0])
    layers: list[Layer] = []
    names: dict[str, int] = {}
    for i, raw in enumerate(rows[1:], 1):
        cells = [c.strip() for c in raw]
        while cells and not cells[-1]:
            cells.pop()  # SCALE-Sim's lines end with a comma
        if not cells:
            continue
        name = cells[0] or f"layer{i}"
        names[name] = names.get(name, 0) + 1
        unique = name if names[name] == 1 else f"{name}_{names[name]}"
        where = f"row {i} ({name})"
        layer = (_product if products else _convolution)(faults, unique, cells[1:], where)
        layers += [layer] if layer else []
    if not layers:
        faults.add("", "no layer")
    faults.settle()
    form = "GEMM" if products else "convolution"
    return Network(path.stem, tuple(layers), {"format": f"SCALE-Sim topology, {form} form"})


def _values(
    faults: Faults, cells: list[str], columns: tuple[str, ...], where: str
) -> list[int] | None:
    if len(cells) < len(columns):
        missing = ", ".join(columns[len(cells) :])
        faults.add(where, f"{len(cells)} of {len(columns)} numbers; missing: {missing}")
        return None
    before = len(faults.found)
    out = [faults.whole(c, f"{where}, {k}") for c, k in zip(cells, columns)]
    return out if len(faults.found) == before else None


def _further(faults: Faults, cells: list[str], where: str) -> list[int]:
    """The plain numbers after the required ones; sparsity must be none."""
    out = []
    for cell in cells:
        if ":" in cell:
            kept, _, of = cell.partition(":")
            if kept.strip() != of.strip():
                faults.add(
                    where,
                    f"sparsity {cell} is no part of a layer here; leave it out, and give "
                    f"`archgym accelerator systolic --weights {cell}`",
                )
        elif cell:
            out.append(faults.whole(cell, where))
    return out


def _product(faults: Faults, name: str, cells: list[str], where: str) -> Layer | None:
    values = _values(faults, cells, PRODUCT, where)
    if values is None:
        return None
    m, n, k = values
    batch = (*_further(faults, cells[3:], f"{where}, batch"), 1)[0]
    made: Layer | None = faults.attempt(
        lambda: Layer(name, G=batch, P=m, K=n, C=k, own_weights=int(batch > 1)), where
    )
    return made


def _convolution(faults: Faults, name: str, cells: list[str], where: str) -> Layer | None:
    values = _values(faults, cells, CONVOLUTION, where)
    if values is None:
        return None
    height, width, r, s, channels, filters, down = values
    across = (*_further(faults, cells[7:], f"{where}, second stride"), down)[0]
    before = len(faults.found)
    for what, size, taps in (("height", height, r), ("width", width, s)):
        if taps > size:
            faults.add(where, f"the filter's {what} {taps} is larger than the input's {size}")
    if len(faults.found) > before:
        return None
    groups, depth = (channels, 1) if "DP" in name else (1, channels)
    p = -(-(height - r + down) // down)
    q = -(-(width - s + across) // across)
    made: Layer | None = faults.attempt(
        lambda: Layer(
            name, G=groups, K=filters, C=depth, P=p, Q=q, R=r, S=s, stride_h=down, stride_w=across
        ),
        where,
    )
    return made
