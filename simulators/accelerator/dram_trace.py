"""Mapped layers as a memory trace: what each asks of DRAM, one layer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from archgym.errors import ArchgymError

from ..dram.traces.trace import Trace
from .architecture import Architecture
from .dram_traffic import PAGE, nest_of, requests
from .layers import Layer
from .mapping import Mapping, Refusal, evaluate_mapping

Row = tuple[int, int, int, int]  # cycle, is_write, address, bytes


def traffic(
    layers: Sequence[tuple[Layer, Mapping]],
    machine: Architecture,
    most: int,
    layout: str = "packed",
) -> tuple[Trace, bool]:
    """The requests of mapped layers as a trace.

    Args:
        layers: each with its mapping; a layer that occurs several times comes as often.
        machine: whose outermost level is DRAM; stamps count its cycles.
        most: requests, at least 1; what follows is left out.
        layout: how tensors lie; one of ``dram_traffic.LAYOUTS``.

    Returns:
        The trace, and whether it holds all requests.

    Raises:
        ArchgymError: a mapping that does not fit.
    """
    rows = list(islice(_rows(layers, machine, layout), most + 1))
    stamp, write, address, size = np.array(rows[:most], np.int64).T
    complete = len(rows) <= most
    origin = {
        "architecture": machine.name, "layers": [x.name for x, _ in layers], "layout": layout,
        "complete": complete,
    }  # fmt: skip
    clock = max(1, round(1e12 / machine.clock_hz))
    trace = Trace(
        machine.name, stamp, write.astype(np.uint8), address, clock, origin, size.astype(np.int32)
    )
    return trace, complete


def _rows(
    layers: Sequence[tuple[Layer, Mapping]], machine: Architecture, layout: str
) -> Iterator[Row]:
    now = base = end = 0
    for layer, mapping in layers:
        cost = evaluate_mapping(layer, machine, mapping)
        if isinstance(cost, Refusal):
            raise ArchgymError(f"layer {layer.name!r} does not fit {machine.name}: {cost}")
        cycles, steps = int(cost.compute_cycles), nest_of(mapping).steps
        for _ in range(layer.count):
            for one in requests(layer, machine, mapping, layout=layout):
                end = max(end, base + one.address + one.size)
                at = now + one.step * cycles // steps
                yield at, int(one.is_write), base + one.address, one.size
            now += cycles
        base = -(-end // PAGE) * PAGE
