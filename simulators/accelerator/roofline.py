"""Operational intensity and the roofline: what no mapping of a layer can be faster than."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .architecture import Architecture
from .layers import Layer


@dataclass(frozen=True)
class Roofline:
    """Bounds of one occurrence of a layer, or of a whole network.

    Attributes:
        products: multiply-accumulates.
        moved_bytes: of weights, inputs and finished outputs, each moved to or from DRAM once.
        compute_seconds: of all multipliers at work in every cycle.
        dram_seconds: of DRAM's ports at full rate for ``moved_bytes``.
        seconds: the larger of both, layer by layer; no mapping is faster.
    """

    products: int
    moved_bytes: float
    compute_seconds: float
    dram_seconds: float
    seconds: float

    @property
    def intensity(self) -> float:
        """Products per byte."""
        return self.products / self.moved_bytes

    @property
    def limit(self) -> str:
        """What takes longer, ``compute`` or ``DRAM``."""
        return "DRAM" if self.dram_seconds > self.compute_seconds else "compute"


def touched(layer: Layer) -> int:
    """Input words that some product takes; a stride may leave rows between windows out.

    Args:
        layer: its shape.

    Returns:
        Words, at most those of ``tensor_sizes``.
    """

    def lines(outputs: int, taps: int, stride: int, dilation: int) -> int:
        # of the places stride * output + dilation * tap some are the same
        common = math.gcd(stride, dilation)
        again = max(0, outputs - dilation // common) * max(0, taps - stride // common)
        return outputs * taps - again

    rows = lines(layer.P, layer.R, layer.stride_h, layer.dilation_h)
    columns = lines(layer.Q, layer.S, layer.stride_w, layer.dilation_w)
    return layer.N * layer.G * layer.C * rows * columns


def roofline(layer: Layer, machine: Architecture, *, inputs_read: bool = True) -> Roofline:
    """The bounds of one layer on one machine.

    Args:
        layer: its shape; of its occurrences one counts.
        machine: the multipliers, the clock, the widths of words and DRAM's ports.
        inputs_read: whether every input that a product takes is read at least once.

    Returns:
        The bounds.
    """
    widths = machine.widths[[0, 1, 3]].tolist()
    sizes = (layer.tensor_sizes()[0], touched(layer) * inputs_read, layer.tensor_sizes()[2])
    weights, inputs, outputs = (n * bits for n, bits in zip(sizes, widths, strict=True))
    dram = machine.levels[0]
    read = weights + inputs
    cycles = max(
        read / dram.read_bits, outputs / dram.write_bits, (read + outputs) / dram.shared_bits
    )
    compute = layer.macs / machine.macs / machine.clock_hz
    memory = cycles / machine.clock_hz
    return Roofline(layer.macs, (read + outputs) / 8, compute, memory, max(compute, memory))


def total(layers: Iterable[Layer], machine: Architecture) -> Roofline:
    """The bounds of layers one after the other, each as often as it occurs.

    Args:
        layers: of a network.
        machine: as for :func:`roofline`.

    Returns:
        Sums; ``seconds`` is the sum of every layer's own bound.
    """
    rows = [(x.count, roofline(x, machine)) for x in layers]
    return Roofline(
        sum(n * r.products for n, r in rows),
        sum(n * r.moved_bytes for n, r in rows),
        sum(n * r.compute_seconds for n, r in rows),
        sum(n * r.dram_seconds for n, r in rows),
        sum(n * r.seconds for n, r in rows),
    )


def ridge(machine: Architecture) -> float:
    """Products per byte from which on a layer that only reads keeps all multipliers at work.

    Args:
        machine: the multipliers and DRAM's ports.

    Returns:
        Products per byte; 0 where DRAM has no limit.
    """
    dram = machine.levels[0]
    rate = min(dram.read_bits, dram.shared_bits) / 8
    return 0.0 if math.isinf(rate) else machine.macs / rate
