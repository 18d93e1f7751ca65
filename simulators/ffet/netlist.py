"""A gate-level netlist as arrays, its checks, and the packed file that it ships in."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError
from archgym.files.arrays import read_arrays

from .clocks import ClockTree, clock_faults, clock_tree
from .functions import EDGED, FUNCTIONS, INDEX, LATCH
from .macros.instances import Macros

Ints = NDArray[np.int64]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.+-]{0,99}")
MOST_BYTES = 1 << 30  # of a packed netlist, unpacked
INPUTS = np.array([len(f.inputs) for f in FUNCTIONS], np.int64)


@dataclass(frozen=True)
class Netlist:
    """A gate-level netlist as arrays.

    Pins of cells lie one after the other, inputs first, output last. The block's ports come first
    among the ports, and the pins of macros follow them. An input of a macro is where a path ends,
    as at an output port.

    Attributes:
        name: of the netlist.
        function: (cells,) each cell's function.
        pin_net: (pins,) net of each pin.
        port_net: (ports,) net of each port.
        port_input: (ports,) whether it is an input; of macros' pins, whether it is an output of the
            macro.
        port_names: names of the ports.
        origin: says where it comes from.
        macros: its macros, or None.
    """

    name: str
    function: Ints
    pin_net: Ints
    port_net: Ints
    port_input: NDArray[np.bool_]
    port_names: tuple[str, ...]
    origin: str = ""
    macros: Macros | None = None

    @property
    def block_ports(self) -> int:
        """How many of the ports are the block's own; macros' pins come after them."""
        return len(self.port_net) - (len(self.macros.pins) if self.macros else 0)

    @property
    def macro_area_um2(self) -> float:
        """Area of all macros in um2."""
        return self.macros.area_um2 if self.macros else 0.0

    @cached_property
    def cell_start(self) -> Ints:
        """First pin of every cell, and the end: (cells + 1,)."""
        return np.concatenate([[0], np.cumsum(INPUTS[self.function] + 1)])

    @cached_property
    def nets(self) -> int:
        """Number of nets."""
        most = max(self.pin_net.max(initial=-1), self.port_net.max(initial=-1))
        return int(most) + 1

    @cached_property
    def pin_cell(self) -> Ints:
        """Cell of every pin, (pins,)."""
        return np.repeat(np.arange(len(self.function)), np.diff(self.cell_start))

    @cached_property
    def pin_place(self) -> Ints:
        """Place of every pin in its cell: inputs from 0, then the output."""
        return np.arange(len(self.pin_net)) - self.cell_start[self.pin_cell]

    @cached_property
    def pin_output(self) -> NDArray[np.bool_]:
        """Whether a pin is its cell's output."""
        out = np.zeros(len(self.pin_net), np.bool_)
        out[self.cell_start[1:] - 1] = True
        return out

    @cached_property
    def clock_tree(self) -> ClockTree:
        """Where every clocked cell's clock comes from."""
        return clock_tree(self)

    @property
    def clock(self) -> int:
        """The net that most clocked cells' clocks come from, through buffers, inverters and clock gates.

        -1 without clocked cells.
        """
        return self.clock_tree.clock

    @property
    def clock_nets(self) -> list[int]:
        """All nets that carry the clock."""
        return sorted(self.clock_tree.nets)

    @cached_property
    def content_hash(self) -> str:
        """A digest of the arrays and port names."""
        digest = hashlib.sha256()
        for a in (self.function, self.pin_net, self.port_net, self.port_input.astype(np.int64)):
            digest.update(np.ascontiguousarray(a, np.int64).tobytes())
        digest.update("\n".join(self.port_names).encode())
        if self.macros:
            texts = (json.dumps(self.macros.document()), *self.macros.liberty, *self.macros.lef)
            digest.update("\0".join(texts).encode())
        return digest.hexdigest()[:32]

    def check(self) -> Netlist:
        """The netlist itself.

        Raises:
            ArchgymError: an undriven net, one driven twice, an unknown cell, a combinational loop, a
                name that no file could carry, or a clock that the flow does not model.
        """
        if not NAME.fullmatch(self.name):
            raise ArchgymError(
                f"netlist name {self.name[:80]!r}: expected a letter, then at most 99 letters, digits "
                "or any of _ . + -"
            )
        if len(self.function) == 0:
            raise ArchgymError(f"netlist {self.name}: it has no cells")
        if self.function.min() < 0 or self.function.max() >= len(FUNCTIONS):
            raise ArchgymError(
                f"netlist {self.name}: cell function {self.function.max()} is none of "
                f"0 to {len(FUNCTIONS) - 1}"
            )
        if len(self.pin_net) != self.cell_start[-1] or self.pin_net.min(initial=0) < 0:
            raise ArchgymError(
                f"netlist {self.name}: its cells have {self.cell_start[-1]} pins, "
                f"{len(self.pin_net)} are given, or one has no net"
            )
        drivers = np.bincount(self.pin_net[self.pin_output], minlength=self.nets)
        drivers += np.bincount(self.port_net[self.port_input], minlength=self.nets)
        used = np.bincount(self.pin_net[~self.pin_output], minlength=self.nets)
        used += np.bincount(self.port_net[~self.port_input], minlength=self.nets)
        bad = np.flatnonzero((drivers == 0) & (used > 0))
        if len(bad):
            raise ArchgymError(
                f"netlist {self.name}: {len(bad)} nets are undriven, the first is {self.where(bad[0])}"
            )
        bad = np.flatnonzero(drivers > 1)
        if len(bad):
            raise ArchgymError(
                f"netlist {self.name}: {len(bad)} nets have several drivers, "
                f"the first is {self.where(bad[0])}"
            )
        loop = self._loop()
        if loop:
            open_ = " and latches, which are open at once" if (self.function == LATCH).any() else ""
            raise ArchgymError(
                f"netlist {self.name}: combinational loop through {loop}{open_}; break it with a "
                "flip-flop"
            )
        faults = clock_faults(self)
        if faults:
            raise ArchgymError(f"netlist {self.name}: " + "; ".join(faults))
        return self

    def where(self, net: int) -> str:
        """A net and what hangs on it, in words.

        Args:
            net: its number.

        Returns:
            Such as ``n7 of d[3], u12 (INV)``.
        """
        ports = [self.port_names[i] for i in np.flatnonzero(self.port_net == net)[:2]]
        pins = [
            f"u{c} ({FUNCTIONS[self.function[c]].name})"
            for c in self.pin_cell[np.flatnonzero(self.pin_net == net)[:3]]
        ]
        return f"n{net} of " + ", ".join([*ports, *pins])

    def _loop(self) -> str:
        from .kernels.graph import levelise

        level = levelise(EDGED[self.function], self.cell_start, self.pin_net, self.nets)[0]
        stuck = np.flatnonzero(level < 0)
        return ", ".join(f"u{c} ({FUNCTIONS[self.function[c]].name})" for c in stuck[:4])


def write_netlist(netlist: Netlist, path: Path) -> None:
    """Pack a netlist; the file takes about nine bytes per cell.

    Args:
        netlist: the netlist.
        path: the file, overwritten.
    """
    header: dict[str, Any] = {
        "version": 1, "name": netlist.name, "functions": [f.name for f in FUNCTIONS],
        "ports": netlist.port_names, "origin": netlist.origin, "hash": netlist.content_hash,
    }  # fmt: skip
    texts: dict[str, Any] = {}
    if netlist.macros:
        header["macros"] = netlist.macros.document()
        for kind in ("liberty", "lef"):
            for i, text in enumerate(getattr(netlist.macros, kind)):
                texts[f"{kind}{i}"] = np.frombuffer(text.encode(), np.uint8)
    np.savez_compressed(
        path,
        header=np.frombuffer(json.dumps(header).encode(), np.uint8),
        function=netlist.function.astype(np.uint8),
        pin_net=netlist.pin_net.astype(np.uint32),
        port_net=netlist.port_net.astype(np.uint32),
        port_input=netlist.port_input,
        **texts,
    )


def read_netlist(path: Path) -> Netlist:
    """Read a packed netlist.

    Args:
        path: the file.

    Returns:
        The netlist, checked.

    Raises:
        ArchgymError: no such file, truncated, changed, or not a sound netlist.
    """
    try:
        data = read_arrays(path, MOST_BYTES)
        header = json.loads(data["header"].tobytes())
        names = header["functions"]
        unknown = [n for n in names if n not in INDEX]
        if unknown:
            raise ArchgymError(f"{path}: unknown cells {', '.join(map(str, unknown))}")
        renumber = np.array([INDEX[n] for n in names], np.int64)
        netlist = Netlist(
            str(header["name"]), renumber[data["function"]], data["pin_net"].astype(np.int64),
            data["port_net"].astype(np.int64), data["port_input"], tuple(map(str, header["ports"])),
            str(header["origin"]), _macros(header, data),
        )  # fmt: skip
        saved = header["hash"]
        _require_flat(netlist, path)
        if netlist.block_ports < 0:
            raise ArchgymError(f"{path}: fewer ports than its macros have pins; it is damaged")
    except (OSError, KeyError, ValueError, IndexError, TypeError, RecursionError) as error:
        raise ArchgymError(
            f"{path}: not a readable packed netlist, or truncated: {error}"
        ) from error
    if netlist.content_hash != saved:
        raise ArchgymError(f"{path}: the content does not match its digest; the file was changed")
    return netlist.check()


def _macros(header: dict[str, Any], data: dict[str, NDArray[Any]]) -> Macros | None:
    if not header.get("macros"):
        return None
    texts: dict[str, list[str]] = {"liberty": [], "lef": []}
    for kind, found in texts.items():
        while f"{kind}{len(found)}" in data:
            found.append(data[f"{kind}{len(found)}"].tobytes().decode())
    return Macros.of_document(header["macros"], tuple(texts["liberty"]), tuple(texts["lef"]))


def _require_flat(netlist: Netlist, path: Path) -> None:
    arrays = (netlist.function, netlist.pin_net, netlist.port_net, netlist.port_input)
    ports = len(netlist.port_names)
    flat = all(a.ndim == 1 for a in arrays) and netlist.port_input.dtype == np.bool_
    if not flat or len(netlist.port_net) != ports or len(netlist.port_input) != ports:
        raise ArchgymError(f"{path}: its arrays have other shapes than a netlist's; it is damaged")
    most = 1024 + 64 * (len(netlist.pin_net) + ports)  # arrays as long as this are made of it
    if max(netlist.pin_net.max(initial=0), netlist.port_net.max(initial=0)) > most:
        raise ArchgymError(f"{path}: a net's number is beyond all nets; it is damaged")
