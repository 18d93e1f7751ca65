"""A checker of certificates that shares no code with the search: the bound is derived again, in numpy.

The space is covered by a tree: first the choice of unrolling and tensors, then the loops of one level after
another. Every branch must end at a bound that is not below the certificate's, or at mappings that the model
itself says are not. A kept tile is brought ``visits`` times, and further inside never less often; where what
is left of a tensor does not fit an inner level, some loop that indexes it follows, so all loops so far count.
Of inputs with windows what is read at all is counted, and all orders of loops are tried; so those layers are
decided where they are small. Every product takes its turn, every port its words, unhidden fills come on top.
"""

from __future__ import annotations

from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Cost, Mapping, evaluate_mapping
from ..nest import RELEVANT as INDEXED
from ..windows import inputs_are_read, share_read
from .certificate import SLACK, Certificate, Checked, FrontCertificate, in_space

Array = NDArray[Any]
MOST_VECTORS, ANY = 2_000_000, 3
Proof = Certificate | FrontCertificate


def check(layer: Layer, machine: Architecture, proof: Proof, most: int = 20_000_000) -> Checked:
    """Whether no mapping of the space is below a certificate's bound, and its values are the model's.

    Args:
        layer: its shape.
        machine: the architecture.
        proof: the certificate, of one objective or of a front.
        most: bounds worked out before the answer is ``undecided``.

    Returns:
        The verdict, with its reason.
    """
    for mapping, stated in proof.stated():
        cost = evaluate_mapping(layer, machine, mapping, reuse=proof.reuse)
        if not isinstance(cost, Cost) or proof.figures(cost) != stated:
            return Checked("fails", "the mapping does not cost what the certificate says", 0)
        less = proof.worth(cost.energy_pj, cost.cycles) < proof.bound
        if less or not in_space(layer, machine, mapping):
            return Checked("fails", "the mapping is not of the space, or better than the bound", 0)
    return _Tree(layer, machine, proof, most).walk()


def _unrollings(dims: Array, machine: Architecture) -> Array:
    """(n, L, 2, 8) tight factors along x and y; of those with equal products at each level, one."""
    out = np.ones((1, len(machine.levels), 2, 8), np.int64)
    for (at, axis), room in np.ndenumerate([x.fanout for x in machine.levels]):
        sides = np.ones((1, 8), np.int64)
        for d in np.flatnonzero(machine.spatial[at, axis]):
            factors = [f for f in range(1, int(room) + 1) if (f - 1) * -(-dims[d] // f) < dims[d]]
            sides = np.repeat(sides, len(factors), axis=0)
            sides[:, d] = np.resize(factors, len(sides))
            sides = sides[sides.prod(axis=1) <= room]
        out = np.repeat(out, len(sides), axis=0)
        out[:, at, axis] = np.resize(sides, (len(out), 8))
        whole = out.prod(axis=(1, 2))
        whole = (whole * -(-dims // whole))[:, None, None]
        out = out[((out == 1) | (whole // out * (out - 1) < dims)).all(axis=(1, 2, 3))]
    return out[np.unique(out.prod(axis=2).reshape(len(out), -1), axis=0, return_index=True)[1]]


class _Tree:
    def __init__(self, layer: Layer, machine: Architecture, proof: Proof, most: int) -> None:
        self.layer, self.machine, self.proof = layer, machine, proof
        self.enough, self.most, self.bounds = proof.bound * (1 - 2 * SLACK), most, 0
        self.dims, self.levels = layer.dims, len(machine.levels)
        self.windowed = not inputs_are_read(layer, "timeloop")
        self.share = share_read(layer, proof.reuse) if self.windowed else 1.0

    def walk(self) -> Checked:
        unrolled = _unrollings(self.dims, self.machine)
        outside = np.ones((len(unrolled), self.levels + 1, 8), np.int64)
        outside[:, 1:] = unrolled.prod(axis=2).cumprod(axis=1)
        turns = (-(-self.dims // outside[:, -1])).prod(axis=1).astype(float)
        must, may = self.machine.keeps
        for pick in product((True, False), repeat=int((may & ~must).sum())):
            keep = must.copy()
            keep[may & ~must] = pick
            least = self._bound(keep, outside, np.ones((1, self.levels + 1, 3)), turns)
            for i in np.argsort(least, kind="stable")[: (least < self.enough).sum()]:
                wrong = self._open(keep, outside[i], unrolled[i])
                if wrong or self.bounds > self.most:
                    verdict = "fails" if wrong else "undecided"
                    return Checked(verdict, wrong or f"more than {self.most} bounds", self.bounds)
        return Checked("holds", "", self.bounds)

    def _open(self, keep: Array, outside: Array, unrolled: Array) -> str:
        """Why a choice of unrolling and tensors has a mapping below the bound; empty if it has none."""
        worth, room = self.proof.worth, self.machine.arrays[0]
        nodes = [(*np.ones((2, self.levels, 8), np.int64), np.ones((self.levels + 1, 3)), 0)]
        while nodes and self.bounds <= self.most:
            loops, orders, visits, level = nodes.pop()
            if level == self.levels - 1:
                factor = np.concatenate([loops[:, None], unrolled], axis=1)
                factor[-1, 0] = -(-self.dims // (loops[:-1].prod(axis=0) * outside[-1]))
                orders[-1] = np.arange(8)
                mapping = Mapping(factor, orders, keep)
                cost = evaluate_mapping(self.layer, self.machine, mapping, reuse=self.proof.reuse)
                self.bounds += 1
                if isinstance(cost, Cost) and in_space(self.layer, self.machine, mapping):
                    value = worth(cost.energy_pj, cost.cycles)
                    if value < self.enough:
                        return f"{mapping.format()} costs {value!r}, less than the bound"
                continue
            outer = loops[:level].prod(axis=0)
            rest = -(-self.dims // (outer * outside[level + 1]))
            # each the least that leaves as much
            lists = [np.unique([-(-int(m) // e) for e in range(1, int(m) + 1)]) for m in rest]
            if np.prod([float(len(x)) for x in lists]) > MOST_VECTORS:
                self.bounds = self.most + 1
                break
            vectors = np.stack(np.meshgrid(*lists, indexing="ij"), axis=-1).reshape(-1, 8)
            left = -(-rest // vectors)
            bits = [self._bits(left, level + 1, b, outside) for b in range(level + 1, self.levels)]
            fits = (bits[0] * keep[level + 1]).sum(axis=1) <= room[level + 1]
            vectors, left, bits = vectors[fits], left[fits], [x[fits] for x in bits]
            turns = -(-left // (outside[-1] // outside[level + 1])) * vectors
            turns = turns.prod(axis=1) * outer.prod()
            indexing = np.where(INDEXED, vectors[:, None], 1).prod(axis=2)
            before = np.where(INDEXED, 1, outer).prod(axis=1)
            all_so_far = before * np.where(INDEXED, 1, vectors[:, None]).prod(axis=2)
            # with windows every order is tried, so each tensor may be the one that stays
            for stays in (ANY,) if self.windowed else range(3):
                here = np.where((stays == ANY) | (np.arange(3) == stays), before, all_so_far)
                here = np.where(indexing == 1, visits[level], here)
                seen = np.repeat(visits[None], len(vectors), axis=0)
                for b, needed in enumerate(bits, level + 1):
                    more = (needed > room[b]) & (b > level + 1)
                    seen[:, b] = np.where(more, np.maximum(here, all_so_far), here)
                least = self._bound(keep, outside[None], seen, turns)
                for i in np.flatnonzero(least < self.enough):
                    sequences = [np.argsort(~INDEXED[stays % 3], kind="stable")]
                    if stays == ANY:
                        idle, moving = (np.flatnonzero((vectors[i] > 1) == x) for x in (0, 1))
                        sequences = [np.array([*idle, *x]) for x in permutations(moving)]
                    for sequence in sequences:
                        nodes.append((loops.copy(), orders.copy(), seen[i], level + 1))
                        nodes[-1][0][level], nodes[-1][1][level] = vectors[i], sequence
        return ""

    def _bits(self, left: Array, start: int, level: int, outside: Array) -> Array:
        """(n, 3) of each tensor's tile at ``level``, once ``left`` inside ``start`` is unrolled."""
        tile = -(-left // (outside[level] // outside[start]))
        tile = np.minimum(np.maximum(tile, outside[-1] // outside[level]), self.dims)
        words, steps = np.where(INDEXED, tile[:, None], 1).prod(axis=2), self.layer.geometry
        sides = (tile[:, 4:6] - 1) * steps[:2] + (tile[:, 6:] - 1) * steps[2:] + 1
        words[:, 1] = tile[:, [0, 1, 3]].prod(axis=1) * sides.prod(axis=1)
        return np.asarray(words * self.machine.arrays[1][level, :3])

    def _bound(self, keep: Array, outside: Array, visits: Array, turns: Array) -> Array:
        """(n,) the objective at least; outside is (n or 1, L + 1, 8), visits (n or 1, L + 1, 3)."""
        self.bounds += len(turns)
        macs, used = float(self.layer.macs), outside.prod(axis=2)
        sizes, bits, _, energy, block, rates, networks, hidden, _ = self.machine.arrays
        total = np.full(len(turns), macs * self.machine.mac_pj)
        ports = np.zeros((self.levels, 4, len(turns)))  # bits read, written, both, by the network
        alone = np.zeros((2, len(turns)))  # unhidden fills; without the first
        for t, size in enumerate(self.layer.tensor_sizes()):
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
                # outputs are not read and written before their first sums; finished, they may be narrower
                read = np.maximum(0.0, asked - (size / split[:, p] if t == 2 else 0.0))
                own = np.maximum(0.0, mine - (size / split[:, b] if t == 2 else 0.0))
                finished = np.maximum(0.0, asked - read) * (bits[p, 2] - bits[p, 3])
                ports[p, 0] += read * bits[p, t]
                ports[p, 1] += asked * bits[p, t] - finished if t == 2 else 0.0
                charged = [(read, p, 0), (asked, p, 2)] if t == 2 else [(read, p, 0)]
                if b < self.levels:
                    ports[b, 1] += own * bits[b, t]
                    ports[b, 3] += read * bits[b, t]
                    charged += [(own, b, 1)]
                    if t < 2 and not hidden[b]:
                        rate = min(rates[p, 0], rates[p, 2], networks[b])
                        down, first = read * bits[b, t], sizes[b] * split[:, b] / split[:, p]
                        alone += np.array([down, np.maximum(0.0, down - first)]) / rate
                for words, level, action in charged:
                    accesses = np.ceil(words / block[level, t] * (1 - SLACK) - 2e-6)
                    paid = used[:, level] * energy[level, t, action]
                    total = total + np.maximum(0.0, accesses) * paid
        ports[:, 2] = ports[:, 0] + ports[:, 1]
        busy = (ports[:, :3] / rates[:, :, None]).max(axis=(0, 1)) + alone[1]
        turns = np.maximum(turns, (ports[:, 3] / networks[:, None]).max(axis=0)) + alone[0]
        return np.asarray(self.proof.worth(total, np.ceil(np.maximum(turns, busy) * (1 - SLACK))))
