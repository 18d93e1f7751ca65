"""Networks as tables: the project's own columns, and SCALE-Sim's topologies."""

from __future__ import annotations

import csv
from pathlib import Path

from archgym.errors import WorkloadError

from ..layers import FIELDS, Layer, Network
from .checks import Faults, read_text
from .scalesim import is_topology, read_topology

MOST_LAYERS = 100_000


def read_csv(path: Path) -> Network:
    """A network from a table with the columns ``FIELDS``; strides, dilations, count default to 1.

    A table with SCALE-Sim's columns is read as its topology.

    Args:
        path: the file.

    Returns:
        The network.

    Raises:
        WorkloadError: all faults of the file with their places.
    """
    path = Path(path)
    lines = [line for line in read_text(path).splitlines() if line and not line.startswith("#")]
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise WorkloadError(f"cannot read the network {path}: {error}") from error
    if not rows:
        raise WorkloadError(
            f"{path} is empty: expected a table with the columns {', '.join(FIELDS)}"
        )
    if len(rows) > MOST_LAYERS:
        raise WorkloadError(f"{path}: {len(rows)} rows, more than {MOST_LAYERS}")
    if is_topology(rows[0]):
        return read_topology(path, rows)
    return of_rows(path, [cell.strip() for cell in rows[0]], rows[1:])


def of_rows(path: Path, header: list[str], rows: list[list[str]]) -> Network:
    """A network from the cells of a table with the columns ``FIELDS``.

    Args:
        path: where it stands, for errors and the name.
        header: names of the columns.
        rows: a list of cells a layer.

    Returns:
        The network.

    Raises:
        WorkloadError: all faults of the table with their places.
    """
    faults = Faults(path)
    faults.keys(dict.fromkeys(header), FIELDS, "unknown column in the header")
    for key in {k for k in header if header.count(k) > 1}:
        faults.add("header", f"column {key!r} twice")
    if "name" not in header:
        faults.add("header", "the column 'name' is missing")
    faults.settle()
    layers: list[Layer] = []
    seen: dict[str, int] = {}
    for i, cells in enumerate(rows, 1):
        row = dict(zip(header, cells))
        name = row.get("name", "").strip()
        where = f"layer {i} ({name})" if name else f"layer {i}"
        if not name:
            faults.add(where, "no name")
        elif name in seen:
            faults.add(where, f"layers {seen[name]} and {i} share a name")
        if len(cells) > len(header):
            faults.add(where, f"{len(cells)} values for {len(header)} columns")
        seen.setdefault(name, i)
        before = len(faults.found)
        values: dict[str, int] = {}
        for key in FIELDS[1:]:
            text = row.get(key, "").strip() or ("0" if key == "own_weights" else "1")
            if key == "own_weights" and text not in ("0", "1"):
                faults.add(where, f"own_weights is 0 or 1, got {text!r}")
                continue
            values[key] = _cell(faults, text, f"{where}, {key}", key)
        if name and len(faults.found) == before:
            layer = faults.attempt(lambda n=name, v=values: Layer(n, **v))  # type: ignore[misc]
            layers += [layer] if layer else []
    faults.settle()
    return Network(path.stem, tuple(layers))


def _cell(faults: Faults, text: str, place: str, key: str) -> int:
    before = len(faults.found)
    value = faults.whole(text, place, 0 if key == "own_weights" else 1)
    if len(faults.found) > before:  # the name of the column once more, as the sentence reads
        faults.found[-1] = faults.found[-1].replace(f", {key}: must", f": {key} must", 1)
        faults.found[-1] = faults.found[-1].replace(f", {key}: ", f": {key} is ", 1)
    return value


def write_csv(network: Network, path: Path) -> None:
    """Write a network as a table that :func:`read_csv` reads.

    Args:
        network: the network.
        path: the file, overwritten.
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(FIELDS)
        table.writerows([getattr(layer, f) for f in FIELDS] for layer in network.layers)
