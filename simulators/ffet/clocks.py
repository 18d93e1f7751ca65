"""The clock of a netlist: where every clocked cell's comes from, and what the flow cannot time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .functions import BUF, CLOCK_PIN, CLOCKED, FUNCTIONS, ICG, INV


class Wired(Protocol):
    """What of a :class:`.netlist.Netlist` is looked at here."""

    @property
    def function(self) -> Any:
        """Function of every cell, (n,)."""
        ...

    @property
    def cell_start(self) -> Any:
        """First pin of every cell, (n + 1,)."""
        ...

    @property
    def pin_cell(self) -> Any:
        """Cell of every pin, (p,)."""
        ...

    @property
    def pin_net(self) -> Any:
        """Net of every pin, (p,)."""
        ...

    @property
    def pin_output(self) -> Any:
        """Whether a pin drives, (p,) bool."""
        ...

    @property
    def pin_place(self) -> Any:
        """Place of every pin on its cell, (p,)."""
        ...

    @property
    def port_net(self) -> Any:
        """Net of every port, (q,)."""
        ...

    @property
    def port_input(self) -> Any:
        """Whether a port is an input, (q,) bool."""
        ...

    @property
    def port_names(self) -> Any:
        """Names of the ports, (q,)."""
        ...

    @property
    def nets(self) -> Any:
        """Number of nets."""
        ...

    @property
    def block_ports(self) -> int:
        """Number of ports that are no macro's pin."""
        ...

    @property
    def macros(self) -> Any:
        """The netlist's macros, or None."""
        ...

    @property
    def clock_tree(self) -> Any:
        """The netlist's clock tree."""
        ...

    def where(self, net: int) -> str:
        """A net in words.

        Args:
            net: its number.

        Returns:
            Such as ``n7 of d[3], u12 (INV)``.
        """
        ...


@dataclass(frozen=True)
class ClockTree:
    """Clocked cells' numbers (k,), the net at the root of each one's clock, and whether it is inverted.

    Clock pins of macros follow the cells, numbered as ports after the last cell.

    ``nets`` are all nets from the roots to the clock pins; ``cells`` the buffers, inverters and clock
    gates between them.
    """

    cells_clocked: NDArray[np.int64]
    root: NDArray[np.int64]
    inverted: NDArray[np.bool_]
    nets: frozenset[int]
    cells: frozenset[int]

    @property
    def clock(self) -> int:
        """The net that most clocked cells' clocks come from; -1 without any."""
        return int(np.bincount(self.root).argmax()) if len(self.root) else -1

    @property
    def falling(self) -> bool:
        """Whether most clocked cells act on the falling edge (a latch: is open while the clock is low)."""
        return bool(self.inverted.sum() * 2 > len(self.inverted))


def clock_tree(netlist: Wired) -> ClockTree:
    """Follow every clock pin up through buffers, inverters and clock gates.

    Args:
        netlist: the netlist.

    Returns:
        What is clocked, and from where.
    """
    n = netlist
    passes = np.flatnonzero(np.isin(n.function, (BUF, INV, ICG)))
    out = n.pin_net[n.cell_start[passes + 1] - 1].tolist()
    above = dict(zip(out, passes.tolist()))
    clocked = np.flatnonzero(CLOCKED[n.function])
    known: dict[int, tuple[int, bool]] = {}
    cells: set[int] = set()

    def up(net: int) -> tuple[int, bool]:
        way = []
        while net not in known:
            way.append(net)
            cell = above.get(net)
            if cell is None or len(way) > len(passes) + 1:  # the root, or a ring of inverters
                known[net] = net, False
                break
            cells.add(cell)
            gate = n.function[cell] == ICG
            net = int(n.pin_net[n.cell_start[cell] + (CLOCK_PIN if gate else 0)])
        root, inverted = known[net]
        for at in reversed(way):
            cell = above.get(at)
            if cell is not None and at != root:
                inverted ^= bool(n.function[cell] == INV)
            known[at] = root, inverted
        return known[way[0]] if way else known[net]

    found = [up(int(net)) for net in n.pin_net[n.cell_start[clocked] + CLOCK_PIN]]
    if n.macros:
        pins = np.flatnonzero(n.macros.clocked)
        at = [up(int(net)) for net in n.port_net[n.block_ports + pins]]
        found += [(r, i ^ bool(low)) for (r, i), low in zip(at, n.macros.falling[pins])]
        clocked = np.concatenate([clocked, len(n.function) + n.block_ports + pins])
    root = np.array([r for r, _ in found], np.int64)
    inverted = np.array([i for _, i in found], np.bool_)
    return ClockTree(clocked, root, inverted, frozenset(known), frozenset(cells))


def clock_faults(netlist: Wired) -> list[str]:
    """What about the clock is not modelled.

    Args:
        netlist: the netlist.

    Returns:
        One sentence per fault.
    """
    n, tree = netlist, netlist.clock_tree
    faults = []
    own = n.port_input[: n.block_ports]
    ports = {int(k) for k in n.port_net[: n.block_ports][own]}
    driver = dict(zip(n.pin_net[n.pin_output].tolist(), n.pin_cell[n.pin_output].tolist()))
    roots = np.unique(tree.root).tolist()
    for root in roots:
        if root in ports:
            continue
        hit = int(tree.cells_clocked[np.flatnonzero(tree.root == root)[0]])
        cell = driver.get(root)
        what = "derived" if cell is not None and CLOCKED[n.function[cell]] else "gated"
        by = n.where(root) if cell is None else f"u{cell} ({FUNCTIONS[n.function[cell]].name})"
        of = f"u{hit}" if hit < len(n.function) else n.port_names[hit - len(n.function)]
        faults.append(
            f"a {what} clock: {int((tree.root == root).sum())} clocked cells, the first {of}, are "
            f"clocked by {by}, not by an input port; use an ICG cell, or a clock enable"
        )
    if len(roots) > 1:
        names = ", ".join(
            f"{n.where(r).split(',')[0]} ({int((tree.root == r).sum())})" for r in roots[:4]
        )
        faults.append(f"{len(roots)} clocks: {names}; the flow times one")
    if tree.inverted.any() and not tree.inverted.all():
        low = int(tree.inverted.sum())
        faults.append(
            f"two edges of the clock: {len(tree.inverted) - low} clocked cells act on one, {low} on "
            "the other; the flow times one"
        )
    faults += _as_data(n)
    return faults


def _as_data(n: Wired) -> list[str]:
    """Clock nets that logic or output ports read."""
    tree = n.clock_tree
    if not tree.nets:
        return []
    on = np.zeros(n.nets, np.bool_)
    on[list(tree.nets)] = True
    inside = np.zeros(len(n.function), np.bool_)
    inside[list(tree.cells)] = True
    clock_pin = CLOCKED[n.function[n.pin_cell]] & (n.pin_place == CLOCK_PIN)
    through = inside[n.pin_cell] & (n.function[n.pin_cell] != ICG)
    data = np.flatnonzero(on[n.pin_net] & ~n.pin_output & ~clock_pin & ~through)
    faults = []
    if len(data):
        cell = int(n.pin_cell[data[0]])
        faults.append(
            f"the clock is read as data by {len(data)} pins, the first of u{cell} "
            f"({FUNCTIONS[n.function[cell]].name})"
        )
    reads = on[n.port_net] & ~n.port_input
    out = np.flatnonzero(reads[: n.block_ports])
    if len(out):
        faults.append(f"the clock leaves through the output port {n.port_names[out[0]]}")
    if n.macros:
        wrong = np.flatnonzero(reads[n.block_ports :] & ~n.macros.clocked)
        if len(wrong):
            faults.append(f"the clock is read as data by {n.port_names[n.block_ports + wrong[0]]}")
    return faults
