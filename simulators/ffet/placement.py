"""Global placement: electrostatic spreading against weighted-average wirelength (ePlace).

Cells spread evenly over the core, whatever its utilisation, so that a placement in unit
coordinates depends on the netlist, the cells' shapes, the aspect ratio and the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from archgym.contracts.evaluation import Floats
from archgym.errors import ArchgymError

from .functions import PIN_OFFSETS
from .kernels import density as bins
from .kernels.graph import pins_by_net
from .kernels.wirelength import wirelength_gradient
from .library import Library
from .netlist import Netlist

LARGEST_NET = 64  # pins; larger ones get buffer trees and pull nothing here
FILL = 0.75  # density that shapes are scaled to
MOST_STEPS, ENOUGH = 450, 0.07


# Ports a micrometre of the core's edge; more of them lie on a grid over the core.  Four layers of a
# pitch below 80 nm reach the edge, of which a quarter is not usable: some 60, a third of which is left
# to what crosses.  They are moved to their logic twice.
MOST_PORTS_PER_UM, MOVES = 20.0, 2


@dataclass(frozen=True)
class Placement:
    """Centres of cells (cells,) and places of ports (ports,) in units of the core's sides.

    ``macros`` (m, 2) are the centres of macros; None without any.
    """

    x: Floats
    y: Floats
    port_x: Floats
    port_y: Floats
    steps: int
    overflow: float
    macros: Floats | None = None


def port_positions(count: int) -> tuple[Floats, Floats]:
    """Places of ports in their order round the core.

    Args:
        count: how many there are.

    Returns:
        x and y (count,) in units of the core's sides.
    """
    t = (np.arange(count) + 0.5) / max(count, 1) * 4
    side, s = t.astype(np.int64), t % 1
    x = np.choose(side, [s, np.ones(count), 1 - s, np.zeros(count)])
    y = np.choose(side, [np.zeros(count), s, np.ones(count), 1 - s])
    return x, y


def crowded(netlist: Netlist, lib: Library, aspect: float = 1.0) -> bool:
    """Whether the edges of a core of X1 cells cannot hold all ports.

    Args:
        netlist: the netlist.
        lib: the library.
        aspect: height of the core over its width.

    Returns:
        True if they cannot.
    """
    wide, high = _sides(netlist, lib, aspect)
    return netlist.block_ports > MOST_PORTS_PER_UM * 2 * (wide + high)


def _sides(netlist: Netlist, lib: Library, aspect: float) -> tuple[float, float]:
    widths = lib.width[lib.first[netlist.function]].astype(np.float64)
    area = float((widths * lib.cpp_um * lib.height_um).sum()) / FILL
    return (area / aspect) ** 0.5, (area * aspect) ** 0.5


def grid(count: int) -> tuple[Floats, Floats]:
    """Places of ports spread over the whole core.

    Args:
        count: how many there are.

    Returns:
        x and y (count,) in units of the core's sides.
    """
    side = max(1, int(np.ceil(count**0.5)))
    at = (np.arange(count) + 0.5) * (side * side / max(count, 1))  # evenly, where the grid has more
    cell = np.minimum(at.astype(np.int64), side * side - 1)
    return (cell // side + 0.5) / side, (cell % side + 0.5) / side


def _matched(x: Floats, y: Floats, slot_x: Floats, slot_y: Floats) -> NDArray[np.int64]:
    """A slot for every point (n,), near it: both sets halved in turns along x and y."""
    out = np.empty(len(x), np.int64)
    todo = [(np.arange(len(x)), np.arange(len(x)), True)]
    while todo:
        points, slots, along_x = todo.pop()
        if len(points) == 1:
            out[points[0]] = slots[0]
            continue
        half = len(points) // 2
        p = points[np.argsort((x if along_x else y)[points], kind="stable")]
        s = slots[np.argsort((slot_x if along_x else slot_y)[slots], kind="stable")]
        todo += [(p[:half], s[:half], not along_x), (p[half:], s[half:], not along_x)]
    return out


@dataclass(frozen=True)
class Field:
    """Poisson's equation on m x m bins by cosine transforms."""

    u: Floats
    inverse: Floats

    @classmethod
    def of(cls, m: int) -> Field:
        """The field's solver for a grid.

        Args:
            m: bins per side.

        Returns:
            The solver.
        """
        u = np.arange(m, dtype=np.float64) * (3.141592653589793 / m)
        square = u[:, None] ** 2 + u[None, :] ** 2
        square[0, 0] = 1.0
        inverse = 1.0 / square
        inverse[0, 0] = 0.0
        return cls(u, inverse)

    def solve(self, rho: Floats) -> tuple[Floats, Floats]:
        """The field in both directions (m, m).

        Args:
            rho: (m, m) charge of every bin.

        Returns:
            The field along x and along y (m, m).
        """
        a = fft.dctn(rho, type=2) * self.inverse
        return self._sine(a * self.u[:, None], 0), self._sine(a * self.u[None, :], 1)

    def _sine(self, a: Floats, axis: int) -> Floats:
        shifted = np.zeros_like(a)
        if axis == 0:
            shifted[:-1] = a[1:]
        else:
            shifted[:, :-1] = a[:, 1:]
        m = len(a)
        return fft.idct(fft.dst(shifted, type=3, axis=axis), type=2, axis=1 - axis) / (2 * m)


def place(
    netlist: Netlist, lib: Library, aspect: float, seed: int, pull: Floats | None = None
) -> Placement:
    """Place a netlist's cells at X1 sizes.

    Ports lie round the core in their order. Where its edges cannot hold them, they lie on a grid
    over it, each near the cells that it is wired to.

    Args:
        netlist: the netlist.
        lib: the library.
        aspect: height of the core over its width.
        seed: of the start.
        pull: (nets,) weight of each net's wire; None for 1 each.

    Returns:
        The placement.

    Raises:
        ArchgymError: the spreading did not come to rest.
    """
    count = len(netlist.port_net)
    if not crowded(netlist, lib, aspect):
        return spread(netlist, lib, aspect, seed, port_positions(count), pull=pull)
    slots = grid(count)
    found = spread(netlist, lib, aspect, seed, slots, pull=pull)
    for _ in range(MOVES):
        total, x, y = (np.zeros(netlist.nets) for _ in range(3))
        np.add.at(total, netlist.pin_net, 1.0)
        np.add.at(x, netlist.pin_net, found.x[netlist.pin_cell])
        np.add.at(y, netlist.pin_net, found.y[netlist.pin_cell])
        bare = np.flatnonzero(total == 0)  # from port to port: side by side, somewhere
        x[bare], y[bare] = grid(len(bare))
        total[bare] = 1.0
        at = netlist.port_net
        chosen = _matched((x / total)[at], (y / total)[at], *slots)
        at_slots = slots[0][chosen], slots[1][chosen]
        found = spread(netlist, lib, aspect, seed, at_slots, pull=pull)
    return found


def spread(
    netlist: Netlist, lib: Library, aspect: float, seed: int, ports: tuple[Floats, Floats],
    solid: Floats | None = None, pull: Floats | None = None,
) -> Placement:  # fmt: skip
    """Place cells round fixed ports, and evenly round solid boxes.

    Args:
        netlist: the netlist.
        lib: the library.
        aspect: height of the core over its width.
        seed: of the start.
        ports: x and y (ports,) in units of the core's sides.
        solid: (m, 4) boxes in units of the core's sides; None for none.
        pull: (nets,) weight of each net's wire; None for 1 each.

    Returns:
        The placement.

    Raises:
        ArchgymError: the spreading did not come to rest.
    """
    cells = len(netlist.function)
    widths = lib.width[lib.first[netlist.function]].astype(np.float64)
    wide, high = _sides(netlist, lib, aspect)
    if solid is not None:
        free = max(
            0.05, 1.0 - float(((solid[:, 2] - solid[:, 0]) * (solid[:, 3] - solid[:, 1])).sum())
        )
        wide, high = wide / free**0.5, high / free**0.5
    m = 128 if cells > 6000 else 64 if cells > 1500 else 32
    bx, by = wide / m, high / m
    w, h = widths * lib.cpp_um / bx, lib.height_um / by
    start, pins, owner, offsets = pin_table(netlist, lib)
    owner, off = owner[pins], (offsets * (lib.cpp_um / bx))[pins]
    px, py = ports
    pull = np.ones(netlist.nets) if pull is None else pull
    counts = np.bincount(netlist.pin_cell, pull[netlist.pin_net], cells)
    weight_x, weight_y = (wide / high) ** 0.5, (high / wide) ** 0.5

    rng = np.random.default_rng(seed)
    x = np.concatenate([m * (0.5 + 0.02 * rng.standard_normal(cells)), px * m])
    y = np.concatenate([m * (0.5 + 0.02 * rng.standard_normal(cells)), py * m])
    ux, uy = x[:cells].copy(), y[:cells].copy()
    gx, gy, fx, fy = (np.zeros(cells) for _ in range(4))
    rho, field = np.zeros((m, m)), Field.of(m)
    work = np.empty((5, LARGEST_NET))
    mean = FILL
    fixed = None if solid is None else mean * covered(solid, m)

    def gradient(gamma: float, weight: float) -> tuple[float, float, float]:
        wire = wirelength_gradient(
            start, owner, x, y, off, weight_x, weight_y, pull, gamma, LARGEST_NET, gx, gy, work
        )
        bins.density(x, y, w, h, rho)
        own = 1.0
        if fixed is not None:
            own = float(rho.sum())
            np.add(rho, fixed, out=rho)
            own /= float(rho.sum())
        ex, ey = field.solve(rho)
        bins.pull(x, y, w, h, ex, ey, fx, fy)
        over = float(bins.overflow(rho, mean)) / own
        if weight == 0.0:
            weight = 0.2 * float(bins.absolute(gx, gy) / bins.absolute(fx, fy))
        bins.combine(gx, gy, fx, fy, weight, counts, w, h)
        return over, weight, float(wire)

    over, weight, before = gradient(8.0 * m / 16, 0.0)
    alpha = 0.05 * m / 128 / max(float(np.abs(gx).max()), 1e-12)
    # Nesterov's method; the weight of density grows as wirelength stops growing
    momentum, step = 1.0, 0
    while step < MOST_STEPS and (over > ENOUGH or step < 30):
        x0, y0, gx0, gy0 = x[:cells].copy(), y[:cells].copy(), gx.copy(), gy.copy()
        following = (1.0 + (4.0 * momentum * momentum + 1.0) ** 0.5) / 2.0
        bins.nesterov(ux, uy, x, y, gx, gy, alpha, (momentum - 1.0) / following, w, h, float(m))
        momentum = following
        gamma = max(0.6, 4.0 * 10.0 ** (2.2 * over - 1.2)) * m / 128
        over, weight, now = gradient(gamma, weight)
        alpha = float(bins.step_length(x[:cells], y[:cells], x0, y0, gx, gy, gx0, gy0))
        change = (now - before) / (0.004 * before)
        weight *= 1.07 ** max(-1.0, min(1.0, 1.0 - change))
        before = now
        step += 1
    if not np.isfinite(x).all() or over > 0.5:
        raise ArchgymError(
            f"placement of {netlist.name} did not spread (overflow {over:.2f} after {step} steps)"
        )
    return Placement(ux / m, uy / m, *ports, step, over)


def covered(boxes: Floats, m: int) -> Floats:
    """Share of every bin that boxes cover.

    Args:
        boxes: (k, 4), which do not overlap.
        m: bins per side.

    Returns:
        (m, m).
    """
    edges = np.arange(m + 1) / m
    out = np.zeros((m, m))
    for x0, y0, x1, y1 in boxes:
        along = [np.diff(np.clip(edges, a, b)) * m for a, b in ((x0, x1), (y0, y1))]
        out += np.outer(*along)
    return out


def pin_table(
    netlist: Netlist, lib: Library
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    """The pins of nets, cells and ports in one table.

    Ports are pins too, after the cells', and belong to cells after the last.

    Args:
        netlist: the netlist.
        lib: the library.

    Returns:
        Nets' starts, pins by net, every pin's cell, every pin's offset from its cell's centre in CPP.
    """
    nets = np.concatenate([netlist.pin_net, netlist.port_net])
    start, pins = pins_by_net(nets, netlist.nets)
    cells = len(netlist.function)
    owner = np.concatenate([netlist.pin_cell, cells + np.arange(len(netlist.port_net))])
    share = PIN_OFFSETS[netlist.function[netlist.pin_cell], netlist.pin_place]
    width = lib.width[lib.first[netlist.function]][netlist.pin_cell]
    return (
        start,
        pins,
        owner,
        np.concatenate([(share - 0.5) * width, np.zeros(len(netlist.port_net))]),
    )
