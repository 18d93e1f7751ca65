"""The macros of a netlist: their pins follow the block's ports, and this says which is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats

from ..kernels.state import MacroPins
from ..kernels.timing import LN4
from .abstract import Abstract, Files, Pin
from .tables import Table

Ints = NDArray[np.int64]
PLAIN, CLOCK = -1, -2  # a port without a table; a pin at which no path ends


@dataclass(frozen=True)
class Instance:
    """``at`` is the wanted lower left corner in um; None: where the flow finds best."""

    name: str
    cell: str
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Macros:
    """Instances, and the Liberty and LEF texts that say all about their cells."""

    liberty: tuple[str, ...]
    lef: tuple[str, ...]
    instances: tuple[Instance, ...]

    @cached_property
    def abstracts(self) -> tuple[Abstract, ...]:
        """Of every instance.

        Raises:
            ArchgymError: the texts do not hold them, or hold faults.
        """
        names = sorted({i.cell for i in self.instances})
        known = dict(zip(names, Files(self.liberty, self.lef).abstracts(names)))
        return tuple(known[i.cell] for i in self.instances)

    @cached_property
    def pins(self) -> tuple[tuple[int, Pin], ...]:
        """Instance and pin of every macro pin, in their order behind the ports (k,)."""
        return tuple((i, p) for i, a in enumerate(self.abstracts) for p in a.pins)

    @cached_property
    def owner(self) -> Ints:
        """Instance of every macro pin (k,)."""
        return np.array([i for i, _ in self.pins], np.int64)

    @cached_property
    def offset(self) -> tuple[Floats, Floats]:
        """Place of every macro pin in its macro, um (k,)."""
        return np.array([p.x for _, p in self.pins]), np.array([p.y for _, p in self.pins])

    @cached_property
    def loads(self) -> Floats:
        """Capacitance of every macro pin, fF (k,)."""
        return np.array([p.load for _, p in self.pins])

    @cached_property
    def clocked(self) -> NDArray[np.bool_]:
        """Whether a macro pin is a clock (k,)."""
        return np.array([p.clock for _, p in self.pins], np.bool_)

    @cached_property
    def falling(self) -> NDArray[np.bool_]:
        """Whether a macro pin's macro acts on the falling edge (k,)."""
        return np.array([self.abstracts[i].falling for i, _ in self.pins], np.bool_)

    @property
    def sizes(self) -> Floats:
        """Width and height of every instance, um (m, 2)."""
        return np.array([(a.wide, a.high) for a in self.abstracts])

    @property
    def area_um2(self) -> float:
        """Area of all instances in um2."""
        return float(self.sizes.prod(axis=1).sum())

    def document(self) -> list[dict[str, Any]]:
        """The instances as JSON."""
        return [{"name": i.name, "cell": i.cell, "at": i.at} for i in self.instances]

    @classmethod
    def of_document(
        cls, document: list[Mapping[str, Any]], liberty: tuple[str, ...], lef: tuple[str, ...]
    ) -> Macros:
        """The macros of a packed netlist.

        Args:
            document: what :meth:`document` gave.
            liberty: Liberty texts.
            lef: LEF texts.

        Returns:
            The macros.
        """
        at = [None if d["at"] is None else (float(d["at"][0]), float(d["at"][1])) for d in document]
        instances = [Instance(str(d["name"]), str(d["cell"]), a) for d, a in zip(document, at)]
        return cls(liberty, lef, tuple(instances))


def macro_pins(macros: Macros | None, port_net: Ints, nets: int) -> MacroPins:
    """What timing reads of macros.

    Args:
        macros: the macros, or None.
        port_net: (ports,) net of each port, macros' pins last.
        nets: how many nets there are.

    Returns:
        Tables, loads and resistances of the macros' pins.
    """
    ports = len(port_net)
    pins = macros.pins if macros else ()
    first = ports - len(pins)
    end, load, source = np.full(ports, PLAIN, np.int64), np.zeros(ports), np.zeros(nets)
    ends: list[Table] = []
    starts: list[tuple[int, Table, Table]] = []
    for i, (_, pin) in enumerate(pins, first):
        load[i] = pin.load
        if pin.clock:
            end[i] = CLOCK
        elif pin.setup is not None:
            end[i] = len(ends)
            ends.append(pin.setup)
        elif pin.delay is not None and pin.edge is not None:
            starts.append((int(port_net[i]), pin.delay, pin.edge))
    end_at, end_margin = _padded([(t.at, t.value) for t in ends])
    # both tables of an output on the points of either
    shared = [np.unique(np.concatenate([d.at, e.at])) for _, d, e in starts]
    start_at, start_delay = _padded([
        (at, np.array([d(x) for x in at])) for at, (_, d, _) in zip(shared, starts)
    ])  # fmt: skip
    _, start_edge = _padded([
        (at, np.array([e(x) for x in at])) for at, (_, _, e) in zip(shared, starts)
    ])  # fmt: skip
    net = np.array([n for n, _, _ in starts], np.int64)
    for n, _, edge in starts:
        source[n] = _ohm(edge)
    return MacroPins(net, start_at, start_delay, start_edge, end, end_at, end_margin, load, source)


def _ohm(edge: Table) -> float:
    """Resistance in kohm by which an output's edge grows with its load."""
    if len(edge.at) < 2:
        return 0.0
    return max(0.0, float((edge.value[-1] - edge.value[0]) / (edge.at[-1] - edge.at[0])) / LN4)


def _padded(tables: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Points and values (tables, longest): the last segment is continued, so that nothing changes."""
    most = max((len(at) for at, _ in tables), default=0)
    out = np.zeros((2, len(tables), max(2, most)))
    for k, (at, value) in enumerate(tables):
        step = at[-1] - at[-2] if len(at) > 1 else 1.0
        slope = (value[-1] - value[-2]) / step if len(at) > 1 else 0.0
        more = np.arange(1, out.shape[2] - len(at) + 1) * step
        out[0, k] = np.concatenate([at, at[-1] + more])
        out[1, k] = np.concatenate([value, value[-1] + slope * more])
    return out[0], out[1]
