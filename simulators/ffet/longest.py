"""The longest path of a finished block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .flow import Block
from .kernels.timing import trace


def critical_path(block: Block) -> NDArray[np.int64]:
    """Input pins (or ports, after the pins) of the longest path, first to last.

    Args:
        block: the block.

    Returns:
        (k,) pins; a number from the count of pins on is a port.
    """
    n, placed = block.placed.netlist, block.placed
    path = np.empty(len(n.function) + 1, np.int64)
    length = trace(block.end, placed.graph, placed.driver, n.pin_cell, block.nets, path)
    return path[:length][::-1]
