"""Which side of the wafer each input pin of the library lies on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.evaluation import Floats

from .buffering import MOST_SINKS
from .functions import BUF, FUNCTIONS
from .netlist import Netlist


FIRST_PIN = np.concatenate([[0], np.cumsum([len(f.inputs) + 1 for f in FUNCTIONS])])


def pin_numbers(netlist: Netlist) -> NDArray[np.int64]:
    """The library pin of every pin (pins,): its function's first plus its place; outputs too."""
    place = np.arange(len(netlist.pin_net)) - netlist.cell_start[netlist.pin_cell]
    return FIRST_PIN[netlist.function[netlist.pin_cell]] + place


def library_sides(netlist: Netlist, share: float) -> NDArray[np.int64]:
    """Side (library pins,), 0 front and 1 back, so that ``share`` of all input pins lie at the back.

    A library has one answer for all instances of a pin.  Among those of the wanted share, pins that
    hang on the same nets are kept together, since a net with sinks on both sides is built twice:
    greedy from the largest, then exchanges while they help.
    """
    number = pin_numbers(netlist)
    kinds = int(FIRST_PIN[-1])
    side = np.zeros(kinds, np.int64)
    if share == 0:
        return side
    inputs = np.flatnonzero(~netlist.pin_output)
    count = np.bincount(number[inputs], minlength=kinds)
    fan_out = np.bincount(netlist.pin_net[inputs])
    buffers = int(np.ceil(fan_out[fan_out > MOST_SINKS] / MOST_SINKS).sum())  # still to come
    count[FIRST_PIN[BUF]] += buffers
    together = _together(netlist, inputs, number, kinds)
    wanted = share * (len(inputs) + buffers)
    order = np.argsort(-count, kind="stable")
    total = 0
    for k in order:
        if count[k] and total + count[k] <= wanted * 1.005:
            side[k], total = 1, total + count[k]
    present = [int(k) for k in order if count[k]]
    for _ in range(20):
        better = False
        for a in present:
            for b in present:
                if side[a] == 1 and side[b] == 0:
                    moved = total - count[a] + count[b]
                    if abs(moved - wanted) > max(abs(total - wanted), 0.01 * len(inputs)):
                        continue
                    if _exchange(together, side, a, b) < -1e-9:
                        side[a], side[b], total, better = 0, 1, moved, True
        if not better:
            break
    return side


def _together(
    netlist: Netlist, inputs: NDArray[np.int64], number: NDArray[np.int64], kinds: int
) -> Floats:
    """How much wire pins of two kinds share: a net of n sinks counts 1 in all."""
    order = inputs[np.argsort(netlist.pin_net[inputs], kind="stable")]
    nets = netlist.pin_net[order]
    out = np.zeros((kinds, kinds))
    for group in np.split(number[order], np.flatnonzero(np.diff(nets)) + 1):
        if 2 <= len(group) <= 16:
            np.add.at(out, (group[:, None], group[None, :]), 1.0 / (len(group) * (len(group) - 1)))
    return out


def _exchange(together: Floats, side: NDArray[np.int64], a: int, b: int) -> float:
    """Change of the split if ``a`` goes to the front and ``b`` to the back."""
    back = side == 1
    front = ~back
    row = together[a][back].sum() - together[a, a] - together[a][front].sum()
    row += together[b][front].sum() - together[b, b] - together[b][back].sum()
    return float(row + 2 * together[a, b])


def pin_sides(netlist: Netlist, sides: NDArray[np.int64], ports: int) -> NDArray[np.int64]:
    """Side of every pin and port (pins + ports,): ports take the same share of the back as pins."""
    of_pins = sides[pin_numbers(netlist)]
    share = float(of_pins[~netlist.pin_output].mean())
    of_ports = np.diff(np.floor(np.arange(ports + 1) * share + 0.5)).astype(np.int64)
    return np.concatenate([of_pins, of_ports])
