"""What the flow knows of a macro, from its Liberty and its LEF: outline, pins, timing, energy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archgym.documents import Faults, read_bytes
from archgym.errors import ArchgymError

from ..technology import MOST_LAYERS
from . import lef_text, liberty_text
from .liberty_text import Group, number, numbers
from .tables import Table, latest, reduced

GRID_UM = 1e-3  # what DEF places on
LAYER = re.compile(r"(B?)M([1-9][0-9]?)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
PREFIX = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


@dataclass(frozen=True)
class Pin:
    """A pin: place from the lower left corner in um, load in fF, tables in ps and fF.

    ``setup`` is over the data's edge, ``delay`` and ``edge`` (20 to 80 %) are over the load.
    """

    name: str
    output: bool
    clock: bool
    x: float
    y: float
    side: int
    both_sides: bool
    load: float
    setup: Table | None = None
    delay: Table | None = None
    edge: Table | None = None


@dataclass(frozen=True)
class Abstract:
    """A macro; ``clock_fj`` is the energy that it takes in a cycle of its clock."""

    name: str
    wide: float
    high: float
    pins: tuple[Pin, ...]
    buses: dict[str, tuple[int, int]]  # from, to
    falling: bool
    leakage_nw: float
    clock_fj: float
    vdd: float
    obstructions: tuple[tuple[int, int, lef_text.Box], ...]  # side, layer from 1, box in um


@dataclass(frozen=True)
class _Units:
    time: float  # to ps
    load: float  # to fF
    leakage: float  # to nW
    energy: float  # to fJ
    slew: float  # a library's edge in ps, 20 to 80 %
    vdd: float

    @classmethod
    def of(cls, library: Group) -> _Units:
        def unit(text: str, letter: str) -> float:
            match = re.fullmatch(rf"\s*([0-9.]+)\s*([munpfk]?){letter}\s*", text)
            if not match:
                raise ArchgymError(f"a unit is {text!r}: expected such as 1n{letter}")
            return float(match[1]) * PREFIX[match[2]]

        time = unit(library.text("time_unit", "1ns"), "s") * 1e12
        pair = library.attributes.get("capacitive_load_unit", ("1", "pf"))
        if len(pair) != 2 or pair[1].lower() not in ("ff", "pf"):
            raise ArchgymError(f"capacitive_load_unit is {pair}: expected such as (1, pf)")
        load = number(pair[0], "capacitive_load_unit") * (1.0 if pair[1].lower() == "ff" else 1e3)
        leakage = unit(library.text("leakage_power_unit", "1nW"), "W") * 1e9
        volts = unit(library.text("voltage_unit", "1V"), "V")
        for key in (
            f"{k}_threshold_pct_{w}" for k in ("input", "output") for w in ("rise", "fall")
        ):
            if library.text(key) == "" or library.number(key, 50.0) != 50.0:
                raise ArchgymError(f"{key} is {library.text(key) or 'missing'}: expected 50")
        low = library.number("slew_lower_threshold_pct_rise", 20.0)
        high = library.number("slew_upper_threshold_pct_rise", 80.0)
        if not 0 < low < high < 100:
            raise ArchgymError(f"slew thresholds are {low:g} and {high:g} %")
        derate = library.number("slew_derate_from_library", 1.0)
        slew = time * derate * 60.0 / (high - low)
        return cls(time, load, leakage, load * volts**2, slew, library.number("nom_voltage", 0.7))


@dataclass
class _Bit:
    """A pin of a cell, its attributes and arcs gathered from the groups that speak of it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)


def _bits(cell: Group, library: Group) -> tuple[dict[str, _Bit], dict[str, tuple[int, int]]]:
    """Single pins of a cell, those of buses written out, and the buses' ranges."""
    out: dict[str, _Bit] = {}
    buses: dict[str, tuple[int, int]] = {}

    def add(name: str, group: Group) -> None:
        bit = out.setdefault(name, _Bit(name))
        bit.attributes |= {k: v[0] for k, v in group.attributes.items() if v}
        bit.groups += group.groups

    if cell.inside("bundle"):
        raise ArchgymError("bundle groups are not read; write the pins out")
    for group in cell.inside("pin"):
        for name in group.names:
            add(name, group)
    for bus in cell.inside("bus"):
        kind = bus.text("bus_type")
        types = [g for g in [*cell.inside("type"), *library.inside("type")] if kind in g.names]
        if not bus.names or not types:
            raise ArchgymError(f"bus {' '.join(bus.names)}: no type ({kind})")
        first, last = int(types[0].number("bit_from", 0)), int(types[0].number("bit_to", 0))
        if not 0 == last <= first < 4096:
            raise ArchgymError(
                f"bus {bus.names[0]}: bits are {first} to {last}, expected at most 4095 to 0"
            )
        buses[bus.names[0]] = first, last
        own = Group("pin", (), bus.attributes, [g for g in bus.groups if g.kind != "pin"])
        for i in range(first, -1, -1):
            add(f"{bus.names[0]}[{i}]", own)
        for group in bus.inside("pin"):
            for name in group.names:
                for bit in _range(name):
                    if bit not in out:
                        raise ArchgymError(f"pin {bit} lies outside bus {bus.names[0]}")
                    add(bit, group)
    return out, buses


def _range(name: str) -> list[str]:
    match = re.fullmatch(r"(.+)\[(\d{1,5}):(\d{1,5})\]", name)
    if not match:
        return [name]
    a, b = int(match[2]), int(match[3])
    return [f"{match[1]}[{i}]" for i in range(min(a, b), max(a, b) + 1)]


class _Reader:
    """One cell of one library with its LEF macro; faults are gathered."""

    def __init__(self, cell: Group, library: Group, lef: lef_text.Macro, faults: Faults) -> None:
        self.cell, self.library, self.lef, self.faults = cell, library, lef, faults
        self.name = cell.names[0]
        self.units = _Units.of(library)
        self.bits, self.buses = _bits(cell, library)
        self.edges: set[str] = set()
        self.clocks = {
            g.text("related_pin") for b in self.bits.values() for g in b.groups
            if g.kind == "timing" and re.search("_edge|setup|hold", g.text("timing_type"))
        }  # fmt: skip

    def fault(self, text: str) -> None:
        self.faults.add(f"macro {self.name}: {text}")

    def read(self) -> Abstract | None:
        size = self._size()
        signals = {n: p for n, p in self.lef.pins.items() if p.use not in ("POWER", "GROUND")}
        for name in signals.keys() - self.bits.keys():
            self.fault(f"pin {name} stands in its LEF, not in its Liberty")
        pins = []
        for name, bit in self.bits.items():
            if name not in signals:
                self.fault(f"pin {name} stands in its Liberty, not in its LEF")
                continue
            with self.faults.collected(f"macro {self.name}: pin {name}"):
                pins.append(self._pin(bit, signals[name], size))
        if not any(p.clock for p in pins):
            self.fault(
                "no pin is a clock: no timing arc names one; the flow has clocked macros only"
            )
        if len(self.edges) > 1:
            self.fault(
                "some arcs are of the rising edge, some of the falling one; the flow times one"
            )
        obstructions = []
        for layer, box in self.lef.obstructions:
            with self.faults.collected(f"macro {self.name}: OBS"):
                obstructions.append((*_layer(layer), box))
        energy = sum(_energy(g, self.library, self.units.energy) for b in self.bits.values()
                     if b.name in self.clocks for g in b.groups if g.kind == "internal_power")  # fmt: skip
        leakage = self.cell.number("cell_leakage_power", 0.0) * self.units.leakage
        return Abstract(
            self.name, *size, tuple(pins), self.buses, self.edges == {"falling"}, leakage, energy,
            self.units.vdd, tuple(obstructions),
        )  # fmt: skip

    def _size(self) -> tuple[float, float]:
        size = self.lef.size
        if size is None:
            self.fault("no SIZE in its LEF")
            return 1.0, 1.0
        for value in size:
            steps = value / GRID_UM
            if not value > 0 or abs(steps - round(steps)) > 1e-6:
                self.fault(f"SIZE {value:g} must be above 0 and a multiple of {GRID_UM:g} um")
        return size

    def _pin(self, bit: _Bit, shape: lef_text.Pin, size: tuple[float, float]) -> Pin:
        way = bit.attributes.get("direction", "").lower()
        if way not in ("input", "output"):
            raise ArchgymError(f"direction is {way or 'missing'}; expected input or output")
        if shape.direction and shape.direction.split()[0] != way.upper():
            raise ArchgymError(f"is {shape.direction} in LEF and {way} in Liberty")
        if not shape.boxes:
            raise ArchgymError("has no RECT in LEF")
        sides = [_layer(layer)[0] for layer, _ in shape.boxes]
        x0, y0, x1, y1 = shape.boxes[0][1]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if not (0 <= x <= size[0] and 0 <= y <= size[1]):
            raise ArchgymError(f"lies at {x:g}, {y:g} um, outside SIZE {size[0]:g} by {size[1]:g}")
        load = number(bit.attributes.get("capacitance", "0"), "capacitance") * self.units.load
        if load < 0 or (way == "input" and load == 0):
            raise ArchgymError("an input needs a capacitance above 0")
        clock = bit.name in self.clocks
        place = (x, y, sides[0], len(set(sides)) == 2)
        if way == "output":
            return Pin(bit.name, True, False, *place, 0.0, None, *self._launch(bit))
        setup = None if clock else self._setup(bit)
        return Pin(bit.name, False, clock, *place, load, setup)

    def _tables(self, arcs: list[Group], kinds: tuple[str, ...], kept: str, scale: float,
                axis: float) -> Table:  # fmt: skip
        found = [
            reduced(g, self.library, kept, scale, axis, g.kind)
            for arc in arcs for kind in kinds for g in arc.inside(kind)
        ]  # fmt: skip
        if not found:
            raise ArchgymError(f"its timing arc has no table {' or '.join(kinds)}")
        return latest(found)

    def _launch(self, bit: _Bit) -> tuple[Table, Table]:
        arcs = [g for g in bit.groups if g.kind == "timing"]
        edged = [g for g in arcs if g.text("timing_type") in ("rising_edge", "falling_edge")]
        for g in arcs:
            if g not in edged and g.text("timing_type") not in ("min_pulse_width", "hold_rising"):
                raise ArchgymError(
                    f"a {g.text('timing_type', 'combinational')} arc from {g.text('related_pin')}: the "
                    "flow times arcs from the clock's edge only"
                )
        if not edged:
            raise ArchgymError("no timing arc from a clock")
        self.edges |= {g.text("timing_type").removesuffix("_edge") for g in edged}
        kept, u = "total_output_net_capacitance", self.units
        return (
            self._tables(edged, ("cell_rise", "cell_fall"), kept, u.time, u.load),
            self._tables(edged, ("rise_transition", "fall_transition"), kept, u.slew, u.load),
        )

    def _setup(self, bit: _Bit) -> Table:
        kinds = ("setup_rising", "setup_falling", "recovery_rising", "recovery_falling")
        arcs = [g for g in bit.groups if g.kind == "timing" and g.text("timing_type") in kinds]
        if not arcs:
            raise ArchgymError("no timing arc: an input needs setup or recovery against a clock")
        self.edges |= {g.text("timing_type").split("_")[1] for g in arcs}
        constraints = ("rise_constraint", "fall_constraint")
        return self._tables(
            arcs, constraints, "constrained_pin_transition", self.units.time, self.units.slew
        )


def _layer(name: str) -> tuple[int, int]:
    """Side and number of a layer: M1 to M12 at the front, BM1 to BM12 at the back."""
    match = LAYER.fullmatch(name)
    if not match or int(match[2]) > MOST_LAYERS:
        raise ArchgymError(
            f"layer {name}: expected M1 to M{MOST_LAYERS} (front) or BM1 to BM{MOST_LAYERS} (back)"
        )
    return int(bool(match[1])), int(match[2])


def _energy(group: Group, library: Group, scale: float) -> float:
    """Of both edges, mean of each table's values, in fJ."""
    total = 0.0
    for kind in ("rise_power", "fall_power"):
        for table in group.inside(kind):
            values = numbers(table.attributes.get("values", ()), kind)
            total += sum(values) / max(1, len(values)) * scale
    return total


class Files:
    """Liberty and LEF texts; cells are read when a netlist uses them."""

    def __init__(self, liberty: tuple[str, ...] = (), lef: tuple[str, ...] = ()) -> None:
        self.liberty, self.lef = liberty, lef
        self._cells: dict[str, tuple[Group, Group]] = {}
        self._macros: dict[str, lef_text.Macro] = {}
        faults = Faults()
        for i, text in enumerate(liberty, 1):
            with faults.collected(f"macro Liberty file {i}"):
                library = liberty_text.parse(text)
                for cell in library.inside("cell"):
                    name = cell.names[0] if cell.names else ""
                    if not NAME.fullmatch(name) or name in self._cells:
                        faults.add(
                            f"macro Liberty file {i}: cell {name[:80]!r} is unnamed or there twice"
                        )
                    self._cells[name] = cell, library
        for i, text in enumerate(lef, 1):
            with faults.collected(f"macro LEF file {i}"):
                self._macros |= lef_text.parse(text)
        faults.raise_if_any()

    @classmethod
    def read(cls, liberty: Sequence[Path], lef: Sequence[Path]) -> Files:
        """Read Liberty and LEF from files.

        Args:
            liberty: Liberty files.
            lef: LEF files.

        Returns:
            The texts.

        Raises:
            ArchgymError: one is missing, too large, no text, or no Liberty or LEF.
        """
        faults, texts = Faults(), ([], [])  # type: tuple[Faults, tuple[list[str], list[str]]]
        for out, paths in zip(texts, (liberty, lef)):
            for path in paths:
                with faults.collected(str(path)):
                    out.append(read_bytes(path).decode())
        faults.raise_if_any()
        return cls(tuple(texts[0]), tuple(texts[1]))

    @property
    def names(self) -> list[str]:
        """Cells of the Liberty files."""
        return sorted(self._cells)

    def abstracts(self, used: list[str]) -> tuple[Abstract, ...]:
        """The cells of these names.

        Args:
            used: names of cells.

        Returns:
            One abstract per name.

        Raises:
            ArchgymError: all that is missing or wrong, at once.
        """
        faults, out = Faults(), []
        for name in used:
            if name not in self._cells:
                faults.add(f"macro {name}: no cell of this name in the Liberty given")
            elif name not in self._macros:
                faults.add(f"macro {name}: no MACRO of this name in the LEF given")
            else:
                with faults.collected(f"macro {name}"):
                    found = _Reader(*self._cells[name], self._macros[name], faults).read()
                    out.append(found)
        faults.raise_if_any()
        return tuple(a for a in out if a is not None)
