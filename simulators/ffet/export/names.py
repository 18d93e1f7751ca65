"""Names of a block's cells, nets, pins and ports, the same in every file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..flow import Block
from ..functions import FUNCTIONS


@dataclass(frozen=True)
class Names:
    """``net`` (nets,), ``pin`` (pins,) as ``u12/A``'s parts, ``port`` (ports,)."""

    net: list[str]
    cell: list[str]
    pin: list[str]  # without its cell
    port: list[str]

    @classmethod
    def of(cls, block: Block) -> Names:
        """A port's brackets become underscores; a net is called after its first port."""
        n = block.placed.netlist
        ports = [p.replace("[", "_").replace("]", "") for p in n.port_names]
        nets = [f"n{i}" for i in range(n.nets)]
        for i in reversed(range(len(ports))):
            nets[int(n.port_net[i])] = ports[i]
        for i in np.flatnonzero(n.port_input).tolist():  # an input's own name wins
            nets[int(n.port_net[i])] = ports[i]
        pins = [p for f in n.function for p in (*FUNCTIONS[f].inputs, FUNCTIONS[f].output)]
        return cls(nets, [f"u{i}" for i in range(len(n.function))], pins, ports)
