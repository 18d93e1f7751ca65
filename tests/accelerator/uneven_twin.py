"""A slow twin of uneven mappings: written apart from the package, from the statement of the rules alone.

A nest is one list of loops, outermost first, with *holders* between them: from there inwards a level
keeps a tensor. The rules are those of AccelForge 1.0 in closed form. They differ from this model's own:
a tile stays in place only where its holder stands outside a loop, whatever that loop indexes. Outputs
are read from the level that they leave. Windows that overlap are read again. Energy and cycles are not
rounded. The first fill and the last drain take no time. What levels hold is not counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from archgym.simulators.accelerator.architecture import Architecture
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.layout import OUTPUTS
from archgym.simulators.accelerator.nest import RELEVANT, box_volume
from numpy.typing import NDArray


@dataclass(frozen=True)
class Holder:
    """From here inwards a level, by index, holds a tensor (an index of ``layout.TENSORS``)."""

    level: int
    tensor: int


@dataclass(frozen=True)
class Loop:
    """Iterations over a dimension: in time, or unrolled over the children of level ``fanout``."""

    dimension: int
    times: int
    fanout: int | None = None


Nest = Sequence[Holder | Loop]


@dataclass(frozen=True)
class NestCost:
    """What a nest costs.

    ``reads`` and ``writes`` (L, 3) are words of all instances by level and tensor.
    """

    energy_pj: float
    cycles: float
    reads: NDArray[np.float64]
    writes: NDArray[np.float64]


def evaluate_nest(layer: Layer, machine: Architecture, nest: Nest) -> NestCost:
    """Words, energy and time of a nest.

    Args:
        layer: its shape.
        machine: the architecture.
        nest: factors are whole and cover the layer; every tensor has a holder at the outermost level.

    Returns:
        What it costs.
    """
    levels = len(machine.levels)
    reads, writes = np.zeros((levels, 3)), np.zeros((levels, 3))
    for t in range(3):
        _count(layer, nest, t, levels, reads, writes)
    bits = machine.bits[:3]
    energy, cycles = layer.macs * machine.mac_pj, _product(nest, len(nest), 0)
    for at, level in enumerate(machine.levels):
        energy += float(reads[at].sum() * level.read_pj + writes[at].sum() * level.write_pj)
        instances = _product(nest, 0, at)
        read, write = (float(x[at] @ bits) / instances for x in (reads, writes))
        cycles = max(cycles, read / level.read_bits, write / level.write_bits)
        cycles = max(cycles, (read + write) / level.shared_bits)
    return NestCost(float(energy), float(cycles), reads, writes)


def finished_outputs(layer: Layer, machine: Architecture, nest: Nest) -> NDArray[np.int64]:
    """Outputs that arrive at each level, or leave it, as complete sums: every product is added up.

    Args:
        layer: a small one.
        machine: the architecture.
        nest: see :func:`evaluate_nest`.

    Returns:
        (L, 2) outputs read and written by all instances.
    """
    places = [
        at for at, x in enumerate(nest) if isinstance(x, Holder) and x.tensor == OUTPUTS
    ]  # of holders
    order: list[Holder | Loop] = []
    lanes = [x for x in nest if isinstance(x, Loop) and x.fanout is not None]
    for at, item in enumerate(nest):
        if at in places:  # children stand where the next level inside begins
            order += [x for x in lanes if (x.fanout or 0) < item.level]
            lanes = [x for x in lanes if (x.fanout or 0) >= item.level]
        if at in places or (isinstance(item, Loop) and item.fanout is None):
            order.append(item)
    order += lanes
    moved = np.zeros((len(machine.levels), 2), np.int64)
    products = layer.C * layer.R * layer.S
    sums: dict[tuple[int, ...], Counter[tuple[int, ...]]] = {}

    def events(at: int, here: tuple[int, ...], lane: tuple[int, ...]) -> list[Counter]:
        """What goes up from one instance, in the order of time: products added to each output."""
        if at == len(order):
            output = tuple(x for d, x in enumerate(here) if RELEVANT[OUTPUTS, d])
            return [Counter({output: 1})]
        item = order[at]
        if isinstance(item, Loop):
            steps = []
            for i in range(item.times):
                there = list(here)
                there[item.dimension] = here[item.dimension] * item.times + i
                own = lane if item.fanout is None else (*lane, i)
                steps.append(events(at + 1, tuple(there), own))
            if item.fanout is None:
                return [x for step in steps for x in step]
            return [sum(lanes, Counter()) for lanes in zip(*steps)]
        memory = any(isinstance(x, Holder) for x in order[at + 1 :])
        held = sums.setdefault((at, *lane), Counter())
        out: Counter[tuple[int, ...]] = Counter()
        for words in events(at + 1, here, lane):
            held += words
            out += words
            moved[item.level, 1] += memory * sum(held[w] == products for w in words)
        if at > order.index(next(x for x in order if isinstance(x, Holder))):
            moved[item.level, 0] += memory * sum(held[w] == products for w in out)
        return [out]

    events(0, (0,) * 8, ())
    return moved


def _product(nest: Nest, place: int, level: int, unless: int | None = None) -> float:
    """Iterations in time of the loops before ``place``, times those unrolled outside ``level``.

    Loops in time that do not index the tensor ``unless`` run once.
    """
    out = 1.0
    for at, item in enumerate(nest):
        if not isinstance(item, Loop):
            continue
        if item.fanout is not None:
            out *= item.times if item.fanout < level else 1
        elif at < place and (unless is None or RELEVANT[unless, item.dimension]):
            out *= item.times
    return out


def _inside(nest: Nest, place: int, level: int) -> NDArray[np.int64]:
    """Extents (8,) left inside a place where a holder of ``level`` stands.

    What is unrolled over the children of a level lies inside all its holders, and outside those of the
    levels further inside, wherever it is written.
    """
    out = np.ones(8, np.int64)
    for at, item in enumerate(nest):
        if isinstance(item, Loop) and (at > place if item.fanout is None else item.fanout >= level):
            out[item.dimension] *= item.times
    return out


def _count(
    layer: Layer,
    nest: Nest,
    t: int,
    levels: int,
    reads: NDArray[np.float64],
    writes: NDArray[np.float64],
) -> None:
    """Add the words that a tensor moves between one holder and the next, and the multipliers at last."""
    holders = [
        (at, x.level) for at, x in enumerate(nest) if isinstance(x, Holder) and x.tensor == t
    ]
    for (_, above), (place, below) in pairwise([*holders, (len(nest), levels)]):
        tile = 1
        if below < levels:
            tile = box_volume(t, _inside(nest, place, below), layer.geometry)
        down = tile * _product(nest, place, below)
        first = tile * _product(nest, place, below, unless=t)
        shared = 1  # children that hold the same tile: multicast, or reduced on the way
        for item in nest:
            if isinstance(item, Loop) and item.fanout is not None and above <= item.fanout < below:
                shared *= 1 if RELEVANT[t, item.dimension] else item.times
        if t == OUTPUTS:  # the first sums need no earlier ones
            reads[above, t] += (down - first) / shared
            writes[above, t] += down / shared
            if below < levels:
                writes[below, t] += down - first
                reads[below, t] += down
        else:
            reads[above, t] += down / shared
            if below < levels:
                writes[below, t] += down
