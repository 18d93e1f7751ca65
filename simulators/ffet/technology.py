"""Devices and both metal stacks, read from tables with their sources (``data/*.csv``)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archgym.errors import ArchgymError, UnknownNameError

DATA = Path(__file__).parent / "data"
STACKS = {"virtual5": (50.0, 28.0), "gt2n": (42.0, 24.0)}  # name: gate pitch, M0 pitch, nm
MOST_LAYERS = 12
VDD, THRESHOLD, ALPHA = 0.70, 0.25, 1.3  # nominal supply; effective threshold; alpha-power law
# fF/um without and with neighbours on both sides, where a table says nothing: wires half a pitch wide,
# a pitch thick, a pitch to the layers above and below, dielectric constant 2.5 (see ``data/gt2n.csv``).
WIRE_FF_PER_UM = (0.0960, 0.1580)


@dataclass(frozen=True)
class Layer:
    """One metal layer: pitch in nm, ohm/um, ohm of the via below, fF/um alone and between neighbours."""

    name: str
    pitch_nm: float
    ohm_per_um: float
    via_ohm: float
    empty_ff: float
    full_ff: float


@dataclass(frozen=True)
class Stack:
    """The metal of one side of the wafer, M1 first; both sides are mirror images."""

    name: str
    cpp_nm: float
    m0_nm: float
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Device:
    """A transistor architecture with its cell height and what its power delivery costs."""

    name: str
    height_tracks: float
    dual_sided: bool
    tap_cpp: int
    tap_pitch_cpp: int
    sheet_tracks: float

    @property
    def flipped(self) -> bool:
        """Whether it is a flip FET."""
        return self.name.startswith("ffet")


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a table, without its comments.

    Args:
        path: the table, a CSV file.

    Yields:
        Rows by column.

    Raises:
        ArchgymError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ArchgymError(f"{path}: cannot read this technology table: {error.strerror}") from None
    yield from csv.DictReader(line for line in lines if line.strip() and not line.startswith("#"))


def number(row: dict[str, str], column: str, path: Path) -> float:
    """What a row holds in a column: a number that is not negative.

    Args:
        row: of the table.
        column: the column's name.
        path: names the table in messages.

    Returns:
        The number.

    Raises:
        ArchgymError: there is no number, or a negative one.
    """
    try:
        value = float(row[column])
    except (KeyError, TypeError, ValueError):
        raise ArchgymError(
            f"{path}: {row}: column {column!r} must hold a number, got {row.get(column)!r}"
        ) from None
    if not 0 <= value < 1e9:
        raise ArchgymError(f"{path}: {row}: {column} must not be negative, got {value}")
    return value


@cache
def stack(name: str) -> Stack:
    """A stack by name, or from a CSV file (which keeps virtual5's gate pitch).

    The last two columns, capacitances, may be missing.

    Args:
        name: one of ``STACKS``, or the path of a CSV file.

    Returns:
        The stack.

    Raises:
        ArchgymError: a layer is missing, out of order or has no number where one belongs.
        UnknownNameError: neither.
    """
    path = DATA / f"{name}.csv" if name in STACKS else Path(name)
    if name not in STACKS and path.suffix != ".csv":
        raise UnknownNameError("metal stack", name, STACKS)
    cpp, m0 = STACKS.get(name, STACKS["virtual5"])
    layers = []
    for i, row in enumerate(rows(path), 1):
        if row.get("layer") != f"M{i}":
            raise ArchgymError(
                f"{path}: expected layer M{i} in row {i}, got {row.get('layer')!r}; "
                f"a table lists M1 to M{MOST_LAYERS} in order"
            )
        if row.get("direction") != "HV"[i % 2]:
            raise ArchgymError(
                f"{path}: M{i}: direction must be {'HV'[i % 2]} (M1 is vertical, then they take "
                f"turns), got {row.get('direction')!r}"
            )
        figures = [number(row, c, path) for c in ("pitch_nm", "ohm_per_um", "via_ohm")]
        if figures[0] == 0:
            raise ArchgymError(f"{path}: M{i}: a pitch of 0 nm is none")
        wire = [
            number(row, c, path) if c in row else default
            for c, default in zip(("empty_ff_per_um", "full_ff_per_um"), WIRE_FF_PER_UM)
        ]
        layers.append(Layer(f"M{i}", *figures, *wire))
    if len(layers) != MOST_LAYERS:
        raise ArchgymError(
            f"{path}: layer M{len(layers) + 1} is missing; a table lists M1 to M{MOST_LAYERS}"
        )
    return Stack(name, cpp, m0, tuple(layers))


@cache
def devices() -> dict[str, Device]:
    """Every device of the table."""
    path = DATA / "devices.csv"
    out = {}
    for row in rows(path):
        height, dual, tap, pitch, sheet = (
            number(row, c, path)
            for c in ("height_tracks", "dual_sided", "tap_cpp", "tap_pitch_cpp", "sheet_tracks")
        )
        out[row["device"]] = Device(row["device"], height, bool(dual), int(tap), int(pitch), sheet)
    return out


def slowdown(vdd: float) -> float:
    """Resistance of a transistor at ``vdd`` over that at 0.7 V (alpha-power law).

    Args:
        vdd: supply in V, above the threshold.

    Returns:
        The ratio.
    """
    overdrive = ((VDD - THRESHOLD) / (vdd - THRESHOLD)) ** ALPHA
    return vdd / VDD * overdrive
