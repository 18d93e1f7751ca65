"""AccelForge's rows: optima of its mapper, and random nests, under its own counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archgym.errors import ArchgymError
from archgym.validation import Check, equal, within

from ..architecture import Architecture
from ..layers import Layer
from ..machines import load_architecture
from ..mapping import Cost, evaluate_mapping
from ..mapping import Mapping as Loops
from ..readers.nests import read_nest
from ..readers.tables import read_csv
from ..uneven import evaluate_nest

TOLERANCE = 1e-6  # AccelForge's energies leave it as 32-bit numbers
Row = Mapping[str, Any]


def check(data: Mapping[str, Any]) -> list[Check]:
    """Compare nests with AccelForge, and mappings with what is recorded of this model.

    Args:
        data: the reference file: machines, layers, optima, random mappings, optima of this model.

    Returns:
        The checks; of a table that the file does not have, none.
    """
    machines, layers = _read(data)
    out = list[Check]()
    for title, case in (("optima", "optima of its mapper"), ("random_mappings", "random nests")):
        if data.get(title):
            out += _nests(data[title], case, machines, layers)
    if data.get("archgym_optima"):
        out += _recorded(data["archgym_optima"], machines, layers)
    if not out:
        raise ArchgymError(
            "the file has none of the tables optima, random_mappings, archgym_optima"
        )
    return out


def _recorded(
    rows: Sequence[Row], machines: Mapping[str, Architecture], layers: Mapping[str, Layer]
) -> list[Check]:
    """Optima of this model that another search proved; machines that ship are not in the file."""
    source, errors, cheaper, imperfect = "an independent search, this model", list[float](), 0, 0
    for row in rows:
        if row["machine"] not in machines or row["layer"] not in layers:
            continue
        place = layers[row["layer"]], machines[row["machine"]]
        cost = evaluate_mapping(*place, Loops.parse(row["mapping"]))
        if row["factors"] == "perfect":
            errors += _errors(row, cost) if isinstance(cost, Cost) else [float("nan")]
        elif isinstance(cost, Cost):
            imperfect += 1
            cheaper += cost.energy_pj <= row["energy_pj"] * (1 + TOLERANCE)
    return [
        within("energy and cycles, relative", source, errors, TOLERANCE, case="perfect factors"),
        equal(
            "energy not above", source, cheaper, imperfect, case="imperfect factors",
            note="recorded figures may bill an access for words of 1e-13 that rounding left",
        ),
    ]  # fmt: skip


def _read(data: Mapping[str, Any]) -> tuple[dict[str, Architecture], dict[str, Layer]]:
    with TemporaryDirectory() as folder:
        machines = dict[str, Architecture]()
        for name, texts in data["machines"].items():
            path = Path(folder) / "machine.yaml"
            path.write_text(texts["archgym_yaml"], encoding="utf-8")
            machines[name] = load_architecture(path)
        table = Path(folder) / "layers.csv"
        lines = [data["layers"]["csv_header"], *data["layers"]["csv"].values()]
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return machines, {layer.name: layer for layer in read_csv(table).layers}


def _nests(
    rows: Sequence[Row],
    case: str,
    machines: Mapping[str, Architecture],
    layers: Mapping[str, Layer],
) -> list[Check]:
    errors, fitting, words, counted = list[float](), 0, 0, 0
    for row in rows:
        layer, machine = layers[row["layer"]], machines[row["machine"]]
        cost = evaluate_nest(layer, machine, read_nest(row["mapping"], layer, machine))
        fitting += row.get("fits", True) == (not cost.full)
        if row.get("fits", True):
            errors += _errors(row, cost)
        if "actions" in row:
            counted += 1
            words += _actions(machine, cost.reads, cost.writes) == {
                k: tuple(v) for k, v in row["actions"].items()
            }
    out = [
        within("energy and cycles, relative", "AccelForge", errors, TOLERANCE, case=case),
        equal("fits", "AccelForge", fitting, len(rows), case=case),
    ]  # fmt: skip
    if counted:
        out.append(equal("reads and writes by level", "AccelForge", words, counted, case=case))
    return out


def _actions(machine: Architecture, reads: Any, writes: Any) -> dict[str, tuple[float, float]]:
    return {
        f"{level.name}.{letter}": (float(reads[at, t]), float(writes[at, t]))
        for at, level in enumerate(machine.levels)
        for t, letter in enumerate("WIO")
        if reads[at, t] or writes[at, t]
    }


def _errors(row: Row, cost: Any) -> list[float]:
    return [abs(getattr(cost, k) / row[k] - 1) for k in ("energy_pj", "cycles")]
