"""A checker of certificates that shares no code with the search: the bound is derived again, in numpy.

The space is covered by a tree: first the choice of unrolling and tensors, then the loops of one level after
another. Every branch must end at a bound that is not below the certificate's, or at mappings that the model
itself says are not. What is used: a tile that a level keeps is brought ``visits`` times, and further inside
never less often; where what is left of a tensor does not fit an inner level, some loop that indexes it
follows, so that all loops so far count. Of inputs with windows only what is read at all is counted, and every
order of loops is tried; so layers with windows are decided where they are small. Every product takes its
turn, and every port carries its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Cost, Mapping, evaluate_mapping
from .certificate import SLACK, Certificate, in_space
from .choices import list_choices

INDEXED = np.array(
    [[0, 1, 1, 1, 0, 0, 1, 1], [1, 1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1, 0, 0]], bool
)
MOST_VECTORS, ANY = 2_000_000, 3
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
    """
    cost = evaluate_mapping(layer, machine, proof.mapping, reuse=proof.reuse)
    if not isinstance(cost, Cost) or _worth(proof, cost.energy_pj, cost.cycles) != proof.value:
        return Checked("fails", "the mapping does not cost what the certificate says", 0)
    if not in_space(layer, machine, proof.mapping) or proof.bound > proof.value:
        return Checked("fails", "the mapping is not of the space, or better than the bound", 0)
    return _Tree(layer, machine, proof, most).walk()


def _worth(proof: Certificate, pj: Any, cycles: Any) -> Any:
    return {"energy": pj, "delay": cycles, "energy-delay": pj * cycles}[proof.objective]


class _Tree:
    def __init__(self, layer: Layer, machine: Architecture, proof: Certificate, most: int) -> None:
        self.layer, self.machine, self.proof = layer, machine, proof
        self.enough, self.most, self.bounds = proof.bound * (1 - 2 * SLACK), most, 0
        self.dims, self.levels = layer.dims, len(machine.levels)
        self.sizes, self.share = layer.tensor_sizes(), 1.0
        rows = (layer.P, layer.R, layer.stride_h, layer.dilation_h)
        columns = (layer.Q, layer.S, layer.stride_w, layer.dilation_w)
        # neither a product of loops over one dimension, nor without gaps
        cut = [x for x in (rows, columns) if (x[1] > 1 or x[2] > 1) and x[:2] != (1, 1)]
        self.windowed = bool(cut)
        for p, r, stride, dilation in cut:
            self.share *= min(1.0, r / stride) if p > 1 else 1.0
            self.share *= float(dilation == 1 and proof.reuse != "timeloop")

    def walk(self) -> Checked:
        choices = list_choices(self.layer, self.machine)
        fans = choices.across * choices.down
        outside = np.concatenate([np.ones_like(fans[:, :1]), fans.cumprod(axis=1)], axis=1)
        once = np.ones((1, self.levels + 1, 3))
        whole = (-(-self.dims // outside[:, -1])).prod(axis=1).astype(float)
        for keep in choices.keep:
            least = self.worth(keep, outside, once, whole)
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
            turns = outer.prod() * vectors.prod(axis=1) * 1.0
            turns = turns * (-(-left // (outside[-1] // outside[level + 1]))).prod(axis=1)
            # with windows every order is tried, so each tensor may be the one that stays
            for stays in (ANY,) if self.windowed else range(3):
                seen = np.repeat(visits[None], len(vectors), axis=0)
                for t in range(3):
                    indexing = vectors[:, INDEXED[t]].prod(axis=1)
                    staying = vectors[:, ~INDEXED[t]].prod(axis=1)
                    all_so_far = outer[~INDEXED[t]].prod() * staying
                    here = np.where(stays in (t, ANY), outer[~INDEXED[t]].prod(), all_so_far)
                    here = np.where(indexing == 1, visits[level, t], here)
                    seen[:, level + 1, t] = here
                    for b in range(level + 2, self.levels):
                        alone = np.zeros((self.levels, 3), bool)
                        alone[b, t] = True
                        room = self._held(left, level + 1, outside[level + 1 :], b, alone)
                        seen[:, b, t] = np.where(room, here, np.maximum(here, all_so_far))
                least = self.worth(keep, outside[None], seen, turns)
                self.bounds += len(least)
                for i in np.flatnonzero(least < self.enough):
                    more = loops.copy()
                    more[level] = vectors[i]
                    for sequence in self._orders(stays, vectors[i]):
                        orders = order.copy()
                        orders[level] = sequence
                        nodes.append((more, orders, seen[i], level + 1))
        return ""

    def _orders(self, stays: int, loops: Ints) -> list[list[int]]:
        """Orders of a level's loops in which a tensor stays: one will do, but where all may differ."""
        idle = [d for d in range(8) if loops[d] == 1]
        if stays == ANY:
            return [[*idle, *x] for x in permutations(d for d in range(8) if loops[d] > 1)]
        return [np.argsort(~INDEXED[stays], kind="stable").tolist()]

    def _held(self, left: Ints, start: int, outside: Ints, level: int, keep: Bools) -> Bools:
        """Whether the tensors that ``level`` keeps fit it, once ``left`` inside ``start`` is unrolled."""
        tile = -(-left // (outside[level - start] // outside[0]))
        tile = np.maximum(tile, outside[-1] // outside[level - start])
        tile = np.minimum(tile, self.dims)
        bits = self.machine.bits
        needed = np.zeros(len(left))
        layer = self.layer
        rows = (tile[:, 4] - 1) * layer.stride_h + (tile[:, 6] - 1) * layer.dilation_h + 1
        columns = (tile[:, 5] - 1) * layer.stride_w + (tile[:, 7] - 1) * layer.dilation_w + 1
        for t in np.flatnonzero(keep[level]):
            words = tile[:, INDEXED[t]].prod(axis=1)
            if t == 1:
                words = tile[:, [0, 1, 3]].prod(axis=1) * rows * columns
            needed += words * float(bits[t])
        return np.asarray(needed <= self.machine.levels[level].size_bits)

    def _leaf(self, loops: Ints, order: Ints, keep: Bools, outside: Ints, unrolled: Ints) -> str:
        factor = np.concatenate([loops[:, None], unrolled], axis=1)
        factor[-1, 0] = -(-self.dims // (loops[:-1].prod(axis=0) * outside[-1]))
        order[-1] = np.arange(8)
        mapping = Mapping(factor, order, keep)
        self.bounds += 1
        if not in_space(self.layer, self.machine, mapping):
            return ""
        cost = evaluate_mapping(self.layer, self.machine, mapping, reuse=self.proof.reuse)
        if isinstance(cost, Cost):
            value = _worth(self.proof, cost.energy_pj, cost.cycles)
            if value < self.enough:
                return f"{mapping.format()} costs {value!r}, less than the bound"
        return ""

    def worth(self, keep: Bools, outside: Ints, visits: Floats, turns: Floats) -> Floats:
        """The objective at least.

        Args:
            keep: (L, 3), tensors that are kept.
            outside: (n, L + 1, 8) unrolled factors outside each level, or (1, L + 1, 8).
            visits: (n, L + 1, 3) of each level and tensor, or (1, L + 1, 3).
            turns: (n,) iterations of all loops at least.

        Returns:
            (n,) pJ, cycles, or pJ cycles.
        """
        macs, used = float(self.layer.macs), outside.prod(axis=2)
        _, bits, _, _, _, rates, networks, _, _ = self.machine.arrays
        total = np.full(len(turns), macs * self.machine.mac_pj)
        ports = np.zeros((3, self.levels, len(turns)))  # bits read, written, through the network
        for t, size in enumerate(self.sizes):
            split = outside[:, :, INDEXED[t]].prod(axis=2)
            seen = np.full_like(visits, self.share) if t == 1 and self.windowed else visits
            for p, b in pairwise([*np.flatnonzero(keep[:, t]), self.levels]):
                asked, mine = size * seen[:, b, t] / split[:, p], size * seen[:, b, t] / split[:, b]
                if b == self.levels:
                    asked, mine = macs / used[:, b] * split[:, b] / split[:, p], np.zeros(1)
                if t == 1:  # children along a window's diagonal ask for the same words
                    fan = outside[:, p + 1 : b + 1] // outside[:, p:b]
                    near = (fan[:, :, 4:6] + fan[:, :, 6:] - 1) / (fan[:, :, 4:6] * fan[:, :, 6:])
                    asked = asked * near.prod(axis=(1, 2))
                first = size / split[:, p] if t == 2 else 0.0
                own = np.maximum(0.0, mine - (size / split[:, b] if t == 2 else 0.0))
                above, block = self.machine.levels[p], self.machine.levels[p].block
                read = np.maximum(0.0, asked - first)
                total = total + used[:, p] * _blocks(read, block) * above.read_pj
                ports[0, p] += read * bits[p, t]
                if t == 2:
                    total = total + used[:, p] * _blocks(asked, block) * above.update_pj
                    # finished outputs may be narrower than sums
                    finished = np.maximum(0.0, asked - read) * (bits[p, 2] - bits[p, 3])
                    ports[1, p] += asked * bits[p, t] - finished
                if b < self.levels:
                    below = self.machine.levels[b]
                    total = total + used[:, b] * _blocks(own, below.block) * below.write_pj
                    ports[1, b] += own * bits[b, t]
                    ports[2, b] += read * bits[b, t]
        needed = turns
        for level in range(self.levels):
            read, written, through = ports[:, level]
            for bit, rate in zip((read, written, read + written), rates[level]):
                needed = np.maximum(needed, bit / rate)
            needed = np.maximum(needed, through / networks[level] if level else 0.0)
        return np.asarray(_worth(self.proof, total, np.ceil(needed * (1 - SLACK))))


def _blocks(words: Floats, block: float) -> Floats:
    return np.asarray(np.maximum(0.0, np.ceil(words / block * (1 - SLACK) - 2e-6)))


def _vectors(rest: Ints) -> Ints | None:
    """Loops (n, 8) of a level, each the least that leaves as much; None if there are too many."""
    lists = [np.unique([-(-int(m) // e) for e in range(1, int(m) + 1)]) for m in rest]
    if np.prod([float(len(x)) for x in lists]) > MOST_VECTORS:
        return None
    return np.stack(np.meshgrid(*lists, indexing="ij"), axis=-1).reshape(-1, 8)
