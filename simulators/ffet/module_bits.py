"""The bits of a module of yosys' JSON: what they are called, who drives and reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .functions import INDEX

Module = dict[str, Any]
Bit = int | str
LISTED = 20  # names of a kind that a report lists


class Bits:
    """Names, drivers and readers of a module's bits."""

    def __init__(self, module: Module) -> None:
        self.cells: dict[str, Module] = module["cells"]
        self.names: dict[Bit, str] = {}
        self.inputs: dict[Bit, str] = {}
        for label, net in module.get("netnames", {}).items():
            count, first = len(net["bits"]), net.get("offset", 0)
            for i, bit in enumerate(net["bits"]):
                place = first + (count - 1 - i if net.get("upto") else i)
                shown = f"{label}[{place}]" if count > 1 else label
                if bit not in self.names or (self.names[bit][:1] == "$" and not net["hide_name"]):
                    self.names[bit] = shown
        for label, port in module["ports"].items():
            for bit in port["bits"]:
                if port["direction"] != "output":
                    self.inputs[bit] = label
        self.driver: dict[Bit, tuple[str, str]] = {}
        self.drivers: Counter[Bit] = Counter()
        self.read: set[Bit] = set()
        for port in module["ports"].values():
            if port["direction"] != "output":
                self.drivers.update(port["bits"])
            if port["direction"] != "input":
                self.read.update(port["bits"])
        for label, pin, bit, output in self.pins():
            if output:
                self.driver[bit] = label, pin
                self.drivers[bit] += 1
            else:
                self.read.add(bit)

    def pins(self) -> Iterator[tuple[str, str, Bit, bool]]:
        """Cell, pin, bit, and whether the cell drives it."""
        for label, cell in self.cells.items():
            directions = cell.get("port_directions", {})
            for pin, bits in cell["connections"].items():
                way = directions.get(pin, "input")
                for bit in bits:
                    if way != "input":
                        yield label, pin, bit, True
                    if way != "output":
                        yield label, pin, bit, False

    def name(self, bit: Bit) -> str:
        """A bit as the source calls it.

        Args:
            bit: of yosys' JSON.

        Returns:
            Its first name, or its number.
        """
        return self.names.get(bit, f"bit {bit}")


def some(names: list[str]) -> list[str]:
    """The names, cut at twenty.

    Args:
        names: any names.

    Returns:
        At most twenty, and then how many more there are.
    """
    return names if len(names) <= LISTED else [*names[:LISTED], f"… {len(names) - LISTED} more"]


def library_index(kind: str) -> int | None:
    """The function of a cell of this package's library.

    Args:
        kind: the cell's type.

    Returns:
        Its index; None for another library's cell.
    """
    return INDEX.get(kind.removesuffix("_X1"))


def macro_bit(cell: Module, pin: str) -> Bit | None:
    """What a macro's pin is connected to.

    Args:
        cell: of yosys' JSON.
        pin: the pin's name; ``bus[3]`` is a bit of a bus.

    Returns:
        The bit; None for nothing.
    """
    pins = cell["connections"]
    if pin in pins:
        return pins[pin][0] if pins[pin] else None
    bus, _, place = pin.removesuffix("]").rpartition("[")
    bits = pins.get(bus, [])
    return bits[int(place)] if bus and int(place) < len(bits) else None
