"""What the kernels work on, bundled: every array's shape and unit is said here, once.

Pins lie cell by cell, inputs first, output last; a block's ports follow after the last pin.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class MacroPins(NamedTuple):
    """Pins of macros, which are ports of a kind; tables are linear between and beyond their points."""

    start_net: Ints  # nets that macros drive (a,)
    start_at: Floats  # fF (a, points)
    start_delay: Floats  # ps from the clock's edge (a, points)
    start_edge: Floats  # ps, 20 to 80 % (a, points)
    end: Ints  # table of what must be settled before the clock; -1 none, -2 no end (ports,)
    end_at: Floats  # ps, the data's edge (b, points)
    end_margin: Floats  # ps (b, points)
    load: Floats  # fF (ports,)
    source: Floats  # kohm of a macro that drives a net, else 0 (nets,)


class Graph(NamedTuple):
    """The netlist."""

    order: Ints  # cells by level, those on the clock's edge first (cells,)
    edged: NDArray[np.bool_]  # flip-flops and clock gates, where paths end and begin (cells,)
    latch: NDArray[np.bool_]  # open for half a period from the edge on (cells,)
    cell_start: Ints  # first pin of every cell, and the end (cells + 1,)
    pin_net: Ints  # (pins,)
    driver: Ints  # cell that drives a net, -1 for a port (nets,)
    port_net: Ints  # (ports,)
    port_input: NDArray[np.bool_]  # (ports,)
    macro: MacroPins


class Cells(NamedTuple):
    """The library, by function, then size: (n,) where nothing else is said."""

    first: Ints  # X1 cell of every function, and the end (functions + 1,)
    area: Floats  # um2
    resistance: Floats  # kohm
    intrinsic: Floats  # ps, of the delay
    edge: Floats  # ps, of the output's edge without load
    load: Floats  # fF, every input
    margin: Floats  # ps before the clock at which inputs must have settled; 0 for logic


class Wires(NamedTuple):
    """The trees of one side of the wafer, net after net, parents before children."""

    first: Ints  # first node of every net, and the end (nets + 1,)
    up: Ints  # parent of every node, -1 at a driver (nodes,)
    pin: Ints  # pin or port, -1 at a Steiner point (nodes,)
    resistance: Floats  # kohm, of the edge to the parent (nodes,)
    capacitance: Floats  # fF, of that edge (nodes,)


class Nets(NamedTuple):
    """What a pass of timing leaves."""

    load: Floats  # fF, wires and pins (nets,)
    arrival: Floats  # ps, latest at the driver (nets,)
    slew: Floats  # ps, slowest edge at the driver, 20 to 80 % (nets,)
    delay: Floats  # ps, Elmore's sum from the driver to a pin or port (pins + ports,)
    late: Floats  # ps, latest arrival at a cell's input, what its slow edge delays included (pins,)


class Pi(NamedTuple):
    """Every net as its driver sees it (nets,)."""

    near: Floats  # fF at the driver
    far: Floats  # fF behind ``ohm``
    ohm: Floats  # kohm


class Prices(NamedTuple):
    """Multipliers of Lagrangian relaxation: area for a picosecond."""

    pin: Floats  # of every input's arc or end; of a latch's end, at its clock pin (pins,)
    port: Floats  # of every output port (ports,)
    flow: Floats  # what each net carries (nets,)


class Work(NamedTuple):
    """What sizing keeps from one timing to the next."""

    pin_load: Floats  # fF (pins + ports,)
    drive: Floats  # kohm of what drives a net (nets,)
    below: Floats  # room (nodes,)
    after: Floats
    stale: NDArray[np.bool_]  # nets whose load has changed (nets,)
    own: Floats  # ps by which a library's cell delays without load, its output's edge included
    slope: Floats  # ps/fF, its output's edge included


class Room(NamedTuple):
    """What sizing works with: made once, so that no round makes arrays."""

    nets: Nets
    pi: Pi
    prices: Prices
    work: Work
    path: Floats  # kohm from the driver to a pin (pins + ports,)
    rest: Floats  # ps from a net to an end (nets,)
    chosen: Ints  # cells of the best round (cells,)


class Metals(NamedTuple):
    """Layer pairs of one side, fastest last: (pairs,) where nothing else is said."""

    h_layer: Ints  # place of the pair's horizontal layer in the tracks
    v_layer: Ints
    h_ohm: Floats  # kohm/um
    v_ohm: Floats  # kohm/um
    via: Floats  # kohm from a pin to the pair
    climb: Floats  # vias from a pin to the pair
    wire: Floats  # fF/um: horizontal empty and full, vertical empty and full (4, pairs)


class Tracks(NamedTuple):
    """Tracks of one direction on every layer (layers, borders); borders as in :class:`Borders`."""

    use: Floats  # taken
    cap: Floats  # there are


class Borders(NamedTuple):
    """Borders of gcells of one direction while paths are chosen, all layers together.

    They lie column after column: (nx - 1, ny) flat horizontally, (nx, ny - 1) flat vertically.
    """

    use: Floats  # tracks taken
    cap: Floats  # there are
    history: Floats  # what having been above capacity adds to the price
    cost: Floats  # price of one track more


class Path(NamedTuple):
    """A route between two gcells of at most three straight runs."""

    x0: int
    y0: int
    x1: int
    y1: int
    kind: int  # 0 along x, then y, then x; 1 the other way about; -1 within a gcell
    mid: int  # column (kind 0) or row (kind 1) of the middle run


class Runs(NamedTuple):
    """What a path crosses in one direction: borders of two straight runs, of which either may be empty."""

    first: int  # border at which the first run begins
    count: int  # how many it crosses
    second: int  # the same of the second run
    others: int
    step: int  # from one border to the next


class Nodes(NamedTuple):
    """A side's tree nodes on the grid, and what routing decides for the edge to each one's parent."""

    gx: Ints  # gcell (nodes,)
    gy: Ints
    up: Ints  # parent, -1 at a driver
    kind: Ints  # see Path
    mid: Ints
    h_tier: Ints  # layer pair of the horizontal runs
    v_tier: Ints
    length: Floats  # um
