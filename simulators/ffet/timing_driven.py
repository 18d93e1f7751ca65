"""Timing-driven placement: nets of long paths weigh more in the next round.

The weights come from a timing of the placement before, cells sized for a target out of reach, on one
side with all its layers.  So they depend on the netlist, the technology and the placement, and on no
design: all designs of a technology share their placements as before.
"""

from __future__ import annotations

import numpy as np

from archgym.contracts.evaluation import Floats

from .analysis import criticality
from .calibration import Calibration
from .choices import Choices
from .estimates import USUAL, first_core, pin_places_of, size, trees_of
from .library import Library
from .metal import metal
from .netlist import Netlist
from .placed import Placed
from .technology import MOST_LAYERS, stack

OUT_OF_REACH = 20.0  # GHz
STRENGTH = 4.0  # what the most critical net gains a round; every net begins at 1
STEEP = 20  # power of the criticality: at 0.95 of the longest path a net gains a third of that


def critical(
    placed: Placed, netlist: Netlist, lib: Library, aspect: float, stack_name: str,
    fitted: Calibration,
) -> Floats:  # fmt: skip
    """How near each net's longest path comes to the worst.

    Args:
        placed: the placed netlist, buffered.
        netlist: the netlist before it was buffered.
        lib: the library.
        aspect: height of the core over its width.
        stack_name: the metal stack.
        fitted: the fitted constants.

    Returns:
        (nets,) of the netlist before, at most 1.
    """
    n = placed.netlist
    sides = np.zeros(len(n.pin_net) + len(n.port_net), np.int64)
    metals = metal(stack(stack_name), MOST_LAYERS), metal(stack(stack_name), 0)
    choices = Choices(utilization=USUAL, aspect_ratio=aspect, target_ghz=OUT_OF_REACH)
    kind = size(placed, lib, sides, choices, metals, fitted)
    wide, high = first_core(n, lib, aspect, USUAL)
    solid = placed.solid(lib, wide, high)
    x, y = placed.x * wide, placed.y * high
    px, py = pin_places_of(placed, lib, kind, x, y, wide, high, solid)
    trees = trees_of(placed, sides, px, py)
    loads = np.concatenate([lib.load[kind][n.pin_cell], placed.graph.macro.load])
    found = criticality(placed, lib, kind, trees, metals, loads, fitted.climb_ps).net
    # buffers stand after all other cells, so that pins of before keep their numbers
    out = np.zeros(netlist.nets)
    np.maximum.at(out, netlist.pin_net, found[n.pin_net[: len(netlist.pin_net)]])
    np.maximum.at(out, netlist.port_net, found[n.port_net])
    return out


def heavier(pull: Floats, share: Floats) -> Floats:
    """Weights for the next round.

    Args:
        pull: (nets,) weights of the round before.
        share: (nets,) of :func:`critical`.

    Returns:
        (nets,) weights; a net keeps what it gained in earlier rounds.
    """
    return pull + STRENGTH * share**STEEP
