"""The networks of ``simulators/codesign/networks.py`` as lists of operations that can be trained.

Every 3 x 3 convolution is followed by a normalisation of its batch and a cut below 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from archgym.simulators.codesign.networks import FAMILIES, ResNet, UNet
from measured_kernels import (
    ADD,
    BATCH,
    CONV,
    LINEAR,
    MEAN,
    NORM,
    POOL,
    UP,
    forward,
    load,
    outputs_of,
    train,
)
from numpy.typing import NDArray

Choice = tuple[int, ...]
Floats = NDArray[np.float32]
RISE, FIRST, LAST = (
    0.3,
    1 / 25,
    1e-4 / 25,
)  # one cycle of the rate: share of its rise, ends over its top
MOMENTA = 0.95, 0.85  # of Adam, while the rate is low and at its top


class Network:
    """A network with parameters, ready for batches of ``BATCH`` images.

    Args:
        task: a family's name.
        choice: which network of the family.
        seed: of the weights.
    """

    def __init__(self, task: str, choice: Choice, seed: int) -> None:
        self._rows: list[list[int]] = []
        self._maps = self._sums = self._running = self._count = 0
        self._weights: list[tuple[int, int, int]] = []  # where, outputs, inputs by taps
        self._ones: list[tuple[int, int]] = []
        family = FAMILIES[task]
        if isinstance(family, ResNet):
            self._blocks(family, choice)
        else:
            self._levels(family, choice)
        self.ops = np.array(self._rows, np.int64)
        self.parameters = self._start(seed)
        self.maps = np.zeros(self._maps * BATCH, np.float32)
        self.sums = np.zeros(self._sums * BATCH, np.float32)
        self.running = np.zeros(self._running)
        for row in self._rows:  # running variances start at 1
            if row[0] == NORM:
                self.running[row[7] + row[4] : row[7] + 2 * row[4]] = 1

    def train(self, x: Floats, y: NDArray[Any], order: NDArray[np.int64], rate: float) -> None:
        """Learn from images x (n, c, s, s) in an order (steps, BATCH).

        Args:
            x: the images.
            y: two digits (n, 2), or masks (n, outputs, s, s).
            order: rows of x, batch by batch.
            rate: of learning, at the cycle's top.
        """
        named = y if y.ndim == 2 else np.zeros((0, 2), np.int64)
        masks = y if y.ndim == 4 else np.zeros((0, 1, 1, 1), np.float32)
        rates, momenta = one_cycle(len(order), rate)
        train(
            self.ops, self.parameters, x, named, masks, order, rates, momenta, self.maps, self.sums,
            self.running,
        )  # fmt: skip

    def __call__(self, x: Floats) -> Floats:
        """Outputs (n, outputs, s, s) of images (n, c, s, s), normalised by running figures."""
        rows = np.arange(-(-len(x) // BATCH) * BATCH)
        rows[rows >= len(x)] = -1
        found = []
        for batch in rows.reshape(-1, BATCH):
            load(x, batch, self.maps)
            forward(
                self.ops, self.parameters, self.maps, self.sums, self.running,
                np.empty_like(self.running), False,
            )  # fmt: skip
            found.append(outputs_of(self.ops[-1], self.sums))
        return np.concatenate(found)[: len(x)]

    # ---- structure
    def _blocks(self, family: ResNet, choice: Choice) -> None:
        stem, *rest = choice
        s = family.size
        at = self._conv(self._map(family.channels, s), family.channels, stem, s)
        before = stem
        for i in range(len(family.filters)):
            filters, skips = rest[2 * i], rest[2 * i + 1]
            at = self._conv(at, before, filters, s)
            at = self._op(POOL, at, self._map(filters, s // 2), 0, filters, s)
            s, before = s // 2, filters
            if skips:
                end = at
                for _ in range(skips):
                    end = self._conv(end, filters, filters, s)
                self._ones.pop()  # skip layers start as nothing: steadier in short training
                at = self._op(ADD, at, self._map(filters, s), 0, filters, s, other=end)
        at = self._op(MEAN, at, self._map(before, 1), 0, before, s)
        self._linear(at, before, family.classes, 1)

    def _levels(self, family: UNet, choice: Choice) -> None:
        height, filters, down, up = family.parts(choice)
        s, before = family.size, family.channels
        at = self._map(before, s)
        joined = []  # maps that a level's way up reads: what comes from below, then what was kept
        for i in range(height):
            below = 2 * filters[i] if i == height - 1 else filters[i + 1]
            joined.append(self._map(below + filters[i], s))
            kept = joined[-1] + below * (s + 2) ** 2
            at = self._row(at, before, filters[i], s, down, kept)
            at = self._op(POOL, at, self._map(filters[i], s // 2), 0, filters[i], s)
            s, before = s // 2, filters[i]
        at = self._row(at, before, 2 * before, s, 2)
        before *= 2
        for i in reversed(range(height)):
            at = self._op(UP, at, joined[i], 0, before, s)
            s *= 2
            at = self._row(at, before + filters[i], filters[i], s, up)
            before = filters[i]
        self._linear(at, before, family.pixels, s)

    def _row(
        self, at: int, before: int, after: int, s: int, layers: int, target: int | None = None
    ) -> int:
        for n in range(layers):
            at = self._conv(at, before, after, s, target if n == layers - 1 else None)
            before = after
        return at

    def _conv(self, at: int, before: int, after: int, s: int, target: int | None = None) -> int:
        """A convolution, its normalisation and the cut; where the map lies."""
        self._op(CONV, at, self._sums, before, after, s, self._drawn(after, 9 * before))
        target = self._map(after, s) if target is None else target
        self._op(NORM, self._sums, target, after, after, s, self._count, self._running)
        self._ones.append((self._count, after))
        self._count += 2 * after
        self._running += 2 * after
        self._sums += after * (s + 2) ** 2
        return target

    def _linear(self, at: int, before: int, after: int, s: int) -> None:
        weights = self._drawn(after, before)
        self._op(LINEAR, at, self._sums, before, after, s, weights, self._count)
        self._count += after
        self._sums += after * (s + 2) ** 2

    def _op(
        self, kind: int, at: int, target: int, before: int, after: int, s: int, weights: int = 0,
        other: int = 0,
    ) -> int:  # fmt: skip
        self._rows.append([kind, at, target, before, after, s, weights, other])
        return target

    def _map(self, channels: int, s: int) -> int:
        self._maps += channels * (s + 2) ** 2
        return self._maps - channels * (s + 2) ** 2

    def _drawn(self, outputs: int, inputs: int) -> int:
        self._weights.append((self._count, outputs, inputs))
        self._count += outputs * inputs
        return self._count - outputs * inputs

    def _start(self, seed: int) -> Floats:
        """Orthogonal weights, scales of 1, the rest 0."""
        rng = np.random.default_rng(seed)
        p = np.zeros(self._count, np.float32)
        for at, outputs, inputs in self._weights:
            drawn = rng.normal(size=(max(outputs, inputs), min(outputs, inputs)))
            q, r = np.linalg.qr(drawn)
            q = q * np.sign(np.diag(r))
            p[at : at + outputs * inputs] = (q.T if outputs < inputs else q).ravel()
        for at, channels in self._ones:
            p[at : at + channels] = 1
        return p


def _eased(start: float, end: float, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From one value to another along half a cosine."""
    return end + (start - end) / 2 * (1 + np.cos(np.pi * share))


def one_cycle(steps: int, top: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates and momenta (steps,): up and down again, and the other way round (Smith, arXiv 1708.07120)."""
    i = np.arange(steps, dtype=np.float64)
    turn = RISE * steps - 1
    rise, fall = i / turn, (i - turn) / (steps - 1 - turn)

    def both(first: float, middle: float, last: float) -> NDArray[np.float64]:
        return np.where(i <= turn, _eased(first, middle, rise), _eased(middle, last, fall))

    low, high = MOMENTA
    return both(FIRST * top, top, LAST * top), both(low, high, low)
