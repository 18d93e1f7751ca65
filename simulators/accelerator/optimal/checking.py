"""A checker of certificates that shares no code with the search: the bound is derived again, in numpy.

For layers without windows and for energy. The space is covered by a tree: first the choice of unrolling and
tensors, then the loops of one level after another. Every branch must end at a bound that is not below the
certificate's, or at mappings that the model itself says are not. What is used: a tile that a level keeps is
brought ``visits`` times, and further inside never less often; where what is left of a tensor does not
fit an inner level, some loop that indexes it follows, so that all loops so far count.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Cost, Mapping, evaluate_mapping
from .certificate import SLACK, Certificate, in_space
from .choices import list_choices

INDEXED = np.array(
    [[0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1, 0, 0]], bool
)
MOST_VECTORS = 2_000_000
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """What a check of a certificate found.

    Attributes:
        verdict: ``holds``, ``fails`` or ``undecided``.
        reason: why.
        bounds: how many bounds were worked out.
    """

    verdict: str
    reason: str
    bounds: int


def checkable(layer: Layer) -> bool:
    """Whether a layer has neither windows nor strides.

    Args:
        layer: its shape.

    Returns:
        True if it has neither.
    """
    return layer.R * layer.S * layer.stride_h * layer.stride_w == 1


def check(
    layer: Layer, machine: Architecture, proof: Certificate, most: int = 20_000_000
) -> Checked:
    """Whether no mapping of the space is below a certificate's bound, and its value is the model's.

    Args:
        layer: its shape.
        machine: the architecture.
        proof: the certificate.
        most: bounds worked out before the answer is ``undecided``.

    Returns:
        The verdict, with its reason.

    Raises:
        ArchgymError: a layer with windows or strides, or another objective than energy.
    """
    if proof.objective != "energy" or not checkable(layer):
        raise ArchgymError(
            f"layer {layer.name!r}: certificates of energy are checked, of layers without windows and strides"
        )
    cost = evaluate_mapping(layer, machine, proof.mapping, reuse=proof.reuse)
    if not isinstance(cost, Cost) or cost.energy_pj != proof.value:
        return Checked("fails", "the mapping does not cost what the certificate says", 0)
    if not in_space(layer, machine, proof.mapping) or proof.bound > proof.value:
        return Checked("fails", "the mapping is not of the space, or better than the bound", 0)
    return _Tree(layer, machine, proof, most).walk()


class _Tree:
    def __init__(self, layer: Layer, machine: Architecture, proof: Certificate, most: int) -> None:
        self.layer, self.machine, self.reuse = layer, machine, proof.reuse
        self.enough, self.most, self.bounds = proof.bound * (1 - 2 * SLACK), most, 0
        self.dims, self.levels = layer.dims, len(machine.levels)
        self.sizes = layer.tensor_sizes()

    def walk(self) -> Checked:
        choices = list_choices(self.layer, self.machine)
        fans = choices.across * choices.down
        outside = np.concatenate([np.ones_like(fans[:, :1]), fans.cumprod(axis=1)], axis=1)
        once = np.ones((1, self.levels + 1, 3))
        for keep in choices.keep:
            least = self.energy(keep, outside, once)
            self.bounds += len(least)
            for i in np.argsort(least, kind="stable"):
                if least[i] >= self.enough:
                    break
                unrolled = np.stack([choices.across[i], choices.down[i]], axis=1)
                wrong = self._open(keep, outside[i], unrolled)
                if wrong or self.bounds > self.most:
                    verdict = "fails" if wrong else "undecided"
                    return Checked(verdict, wrong or f"more than {self.most} bounds", self.bounds)
        return Checked("holds", "", self.bounds)

    def _open(self, keep: Bools, outside: Ints, unrolled: Ints) -> str:
        """Why a choice of unrolling and tensors has a mapping below the bound; empty if it has none."""
        start = np.ones((self.levels + 1, 3))
        nodes = [
            (np.ones((self.levels, 8), np.int64), np.zeros((self.levels, 8), np.int64), start, 0)
        ]
        while nodes and self.bounds <= self.most:
            loops, order, visits, level = nodes.pop()
            if level == self.levels - 1:
                if wrong := self._leaf(loops, order, keep, outside, unrolled):
                    return wrong
                continue
            outer = loops[:level].prod(axis=0)
            rest = -(-self.dims // (outer * outside[level + 1]))
            vectors = _vectors(rest)
            if vectors is None:
                self.bounds = self.most + 1
                return ""
            left = -(-rest // vectors)
            fits = self._held(left, level + 1, outside[level + 1 :], level + 1, keep)
            vectors, left = vectors[fits], left[fits]
            for stays in range(3):
                seen = np.repeat(visits[None], len(vectors), axis=0)
                for t in range(3):
                    indexing = vectors[:, INDEXED[t]].prod(axis=1)
                    staying = vectors[:, ~INDEXED[t]].prod(axis=1)
                    all_so_far = outer[~INDEXED[t]].prod() * staying
                    here = np.where(stays == t, outer[~INDEXED[t]].prod(), all_so_far)
                    here = np.where(indexing == 1, visits[level, t], here)
                    seen[:, level + 1, t] = here
                    for b in range(level + 2, self.levels):
                        alone = np.zeros((self.levels, 3), bool)
                        alone[b, t] = True
                        room = self._held(left, level + 1, outside[level + 1 :], b, alone)
                        seen[:, b, t] = np.where(room, here, np.maximum(here, all_so_far))
                least = self.energy(keep, outside[None], seen)
                self.bounds += len(least)
                for i in np.flatnonzero(least < self.enough):
                    more, orders = loops.copy(), order.copy()
                    more[level] = vectors[i]
                    orders[level] = np.argsort(~INDEXED[stays], kind="stable")
                    nodes.append((more, orders, seen[i], level + 1))
        return ""

    def _held(self, left: Ints, start: int, outside: Ints, level: int, keep: Bools) -> Bools:
        """Whether the tensors that ``level`` keeps fit it, once ``left`` inside ``start`` is unrolled."""
        tile = -(-left // (outside[level - start] // outside[0]))
        tile = np.maximum(tile, outside[-1] // outside[level - start])
        tile = np.minimum(tile, self.dims)
        bits = self.machine.bits
        needed = np.zeros(len(left))
        for t in np.flatnonzero(keep[level]):
            needed += tile[:, INDEXED[t]].prod(axis=1) * float(bits[t])
        return np.asarray(needed <= self.machine.levels[level].size_bits)

    def _leaf(self, loops: Ints, order: Ints, keep: Bools, outside: Ints, unrolled: Ints) -> str:
        factor = np.concatenate([loops[:, None], unrolled], axis=1)
        factor[-1, 0] = -(-self.dims // (loops[:-1].prod(axis=0) * outside[-1]))
        order[-1] = np.arange(8)
        mapping = Mapping(factor, order, keep)
        self.bounds += 1
        if not in_space(self.layer, self.machine, mapping):
            return ""
        cost = evaluate_mapping(self.layer, self.machine, mapping, reuse=self.reuse)
        if isinstance(cost, Cost) and cost.energy_pj < self.enough:
            return f"{mapping.format()} costs {cost.energy_pj!r} pJ, less than the bound"
        return ""

    def energy(self, keep: Bools, outside: Ints, visits: Floats) -> Floats:
        """PJ at least, of unrollings (n, L + 1, 8) and visits (n, L + 1, 3), either of which may be one."""
        macs, used = float(self.layer.macs), outside.prod(axis=2)
        total = np.full(max(len(outside), len(visits)), macs * self.machine.mac_pj)
        for t, size in enumerate(self.sizes):
            split = outside[:, :, INDEXED[t]].prod(axis=2)
            holders = [*np.flatnonzero(keep[:, t]), self.levels]
            for p, b in pairwise(holders):
                above = self.machine.levels[p]
                asked = size * visits[:, b, t] / split[:, p]
                mine = size * visits[:, b, t] / split[:, b]
                if b == self.levels:
                    asked, mine = macs / used[:, b] * split[:, b] / split[:, p], np.zeros(1)
                first = size / split[:, p] if t == 2 else 0.0
                read = used[:, p] * _blocks(asked - first, above.block)
                total = total + read * above.read_pj
                if t == 2:
                    total = total + used[:, p] * _blocks(asked, above.block) * above.update_pj
                if b < self.levels:
                    below = self.machine.levels[b]
                    filled = mine - (size / split[:, b] if t == 2 else 0.0)
                    total = total + used[:, b] * _blocks(filled, below.block) * below.write_pj
        return total


def _blocks(words: Floats, block: float) -> Floats:
    return np.asarray(np.maximum(0.0, np.ceil(words / block * (1 - SLACK) - 2e-6)))


def _vectors(rest: Ints) -> Ints | None:
    """Loops (n, 8) of a level, each the least that leaves as much; None if there are too many."""
    lists = [np.unique([-(-int(m) // e) for e in range(1, int(m) + 1)]) for m in rest]
    if np.prod([float(len(x)) for x in lists]) > MOST_VECTORS:
        return None
    return np.stack(np.meshgrid(*lists, indexing="ij"), axis=-1).reshape(-1, 8)
