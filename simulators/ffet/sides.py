"""Which side of the wafer each input pin of the library lies on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .buffering import MOST_SINKS
from .functions import BUF, FUNCTIONS
from .netlist import Netlist

FIRST_PIN = np.concatenate([[0], np.cumsum([len(f.inputs) + 1 for f in FUNCTIONS])])


def pin_numbers(netlist: Netlist) -> NDArray[np.int64]:
    """The library pin of every pin (pins,): its function's first plus its place; outputs too."""
    return FIRST_PIN[netlist.function[netlist.pin_cell]] + netlist.pin_place


def library_sides(netlist: Netlist, share: float) -> NDArray[np.int64]:
    """Side (library pins,), 0 front and 1 back, so that ``share`` of all input pins lie at the back.

    A library has one answer for all instances of a pin.  Every cell gives its share, as near as whole
    pins allow, the commonest first, and what it gives too much or too little the next one makes good:
    otherwise whole regions of one kind of logic would crowd one side.
    """
    side = np.zeros(int(FIRST_PIN[-1]), np.int64)
    if share == 0:
        return side
    instances = np.bincount(netlist.function, minlength=len(FUNCTIONS))
    fan_out = np.bincount(netlist.pin_net[~netlist.pin_output])
    instances[BUF] += np.ceil(fan_out[fan_out > MOST_SINKS] / MOST_SINKS).sum()  # still to come
    owed = 0.0
    for f in np.argsort(-instances, kind="stable"):
        inputs = len(FUNCTIONS[f].inputs)
        if not inputs or not instances[f]:
            continue
        owed += share * inputs * instances[f]
        taken = min(inputs, max(0, round(owed / instances[f])))
        owed -= taken * instances[f]
        last = int(FIRST_PIN[f]) + inputs
        side[last - taken : last] = 1
    return side


def pin_sides(netlist: Netlist, sides: NDArray[np.int64], ports: int) -> NDArray[np.int64]:
    """Side of every pin and port (pins + ports,): ports take the same share of the back as pins."""
    of_pins = sides[pin_numbers(netlist)]
    share = float(of_pins[~netlist.pin_output].mean())
    of_ports = np.diff(np.floor(np.arange(ports + 1) * share + 0.5)).astype(np.int64)
    return np.concatenate([of_pins, of_ports])
