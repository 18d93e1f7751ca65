"""What a mapped layer asks of DRAM, request by request, from its loop nest.

A tensor's tile is what the next level that keeps it holds, over all instances together. When a step
of the loops outside changes the tile, DRAM delivers the new one. Of an input tile it delivers only
what the tile before did not hold. Tiles of outputs go back when they change. They are read again
where their sums were not finished.

Tensors lie in one of two layouts. In ``packed``, what is moved together lies in one piece and in
the order of its first use, so that the bytes are those that the cost model counts. In ``rows``,
inputs lie as N G C H W (what the loops touch, without padding) and outputs as N G K P Q. Weights
are packed in both, as compilers do it.

What moves is rounded to whole lines. The line that a tensor moved last is at hand. All of a step is
asked for when it begins. Steps are evenly spread over the layer's compute cycles, so what the
memory cannot deliver in that time is a stall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .architecture import Architecture
from .dram_lines import Mover, Places, Request, Run
from .layers import Layer
from .layout import (
    C, DILATION_H, DILATION_W, G, INPUTS, K, N, OUTPUTS, P, Q, R, S, SPATIAL_X, SPATIAL_Y,
    STRIDE_H, STRIDE_W, TEMPORAL, WEIGHTS,
)  # fmt: skip
from .mapping import Mapping
from .nest import RELEVANT

I64 = NDArray[np.int64]
LAYOUTS = ("packed", "rows")
STEPS_AT_ONCE = 1 << 16
PAGE = 4096
Box = list[tuple[int, int]]  # first and last + 1, by axis of a tensor


@dataclass(frozen=True)
class Tiling:
    """How a tensor's tile moves: which outer loops there are and how far they go.

    Attributes:
        box: (8,) extents of the tile by dimension.
        offsets: (m, 8) where the parts of a tile that does not lie in one piece begin.
        inner: how many of the outer loops, from the outermost, move it.
    """

    box: I64
    offsets: I64
    inner: int


@dataclass(frozen=True)
class Nest:
    """The outer temporal loops of a mapping: (dimension, times, stride), outermost first."""

    loops: list[tuple[int, int, int]]
    tilings: tuple[Tiling, Tiling, Tiling]

    @property
    def steps(self) -> int:
        """Iterations of all outer loops."""
        return int(np.prod([times for _, times, _ in self.loops], dtype=np.int64))

    @property
    def returns(self) -> bool:
        """Whether a tile of outputs comes back: a loop over products lies outside one over outputs."""
        moves = [RELEVANT[OUTPUTS, d] for d, *_ in self.loops[: self.tilings[OUTPUTS].inner]]
        return any(not m and any(moves[j:]) for j, m in enumerate(moves))


def nest_of(mapping: Mapping) -> Nest:
    """The loops outside of the levels next to DRAM, and each tensor's tile there.

    Args:
        mapping: of the layer.

    Returns:
        The outer loops, and how each tensor's tile moves in them.
    """
    factor, levels = mapping.factor, len(mapping.factor)
    fan = factor[:, SPATIAL_X] * factor[:, SPATIAL_Y]
    extent = np.ones((levels + 1, 8), np.int64)
    for level in reversed(range(levels)):
        extent[level] = extent[level + 1] * fan[level] * factor[level, TEMPORAL]
    below = []
    for t in (WEIGHTS, INPUTS, OUTPUTS):
        kept = [level for level in range(1, levels) if mapping.keep[level, t]]
        below.append(kept[0] if kept else levels)
    loops: list[tuple[int, int, int]] = []
    ends = []
    for level in range(max(below)):
        for d in mapping.order[level]:
            times = int(factor[level, TEMPORAL, d])
            if times > 1:
                loops.append((int(d), times, int(extent[level + 1, d] * fan[level, d])))
        ends.append(len(loops))
    tilings = tuple(
        _tiling(extent, fan, child, ends[child - 1], RELEVANT[t]) for t, child in enumerate(below)
    )
    return Nest(loops, tilings)  # type: ignore[arg-type]


def _tiling(extent: I64, fan: I64, child: int, inner: int, moves: NDArray[np.bool_]) -> Tiling:
    """A tile over all instances: one box, and offsets where spatial loops leave gaps.

    Children along a dimension that does not move the tensor hold the same words, which go to all of them.
    """
    box = extent[child].copy()
    offsets = np.zeros((1, 8), np.int64)
    for level in reversed(range(child)):
        for d in range(8):
            n, step = int(fan[level, d]), int(extent[level + 1, d])
            if n == 1:
                continue
            if box[d] == step or not moves[d]:
                box[d] *= n
                continue
            more = np.zeros((n, 8), np.int64)
            more[:, d] = step * np.arange(n)
            offsets = (offsets[:, None] + more[None]).reshape(-1, 8)
    return Tiling(box, offsets, inner)


def requests(
    layer: Layer,
    architecture: Architecture,
    mapping: Mapping,
    line: int = 64,
    layout: str = "packed",
) -> Iterator[Request]:
    """Every request of a layer, in order.

    Args:
        layer: its shape.
        architecture: widths of words; DRAM is its outermost level.
        mapping: of the layer, with as many levels.
        line: bytes that are moved together; 1 for the bytes themselves.
        layout: one of ``LAYOUTS``.

    Yields:
        Requests, step by step.
    """
    nest = nest_of(mapping)
    bits = [
        *architecture.bits[:2],
        architecture.bits[2] if nest.returns else architecture.final_bits,
    ]
    tensors = [_Tensor(layer, t, bits[t], nest) for t in (WEIGHTS, INPUTS, OUTPUTS)]
    places, base = Places(), 0
    for tensor in tensors:
        rows = layout == "rows" and tensor.which != WEIGHTS
        tensor.places, tensor.base = None if rows else places, base
        base += -(-tensor.nbytes // PAGE) * PAGE if rows else 0
    places.free = base
    movers = [Mover(line) for _ in tensors]
    for first in range(0, nest.steps, STEPS_AT_ONCE):
        steps = np.arange(first, min(first + STEPS_AT_ONCE, nest.steps))
        index = _indices(steps, nest)
        starts = [tensor.starts(index) for tensor in tensors]
        moved = [tensor.moved(s) for tensor, s in zip(tensors, starts)]
        for i in np.flatnonzero(np.logical_or.reduce(moved)):
            for tensor, s, m in zip(reversed(tensors), reversed(starts), reversed(moved)):
                if m[i]:
                    yield from movers[tensor.which].requests(int(steps[i]), tensor.move(s[i]))
    yield from movers[OUTPUTS].requests(nest.steps, tensors[OUTPUTS].finish())


def _indices(steps: I64, nest: Nest) -> I64:
    """How far each outer loop has gone, (steps, loops), in elements of its dimension."""
    out = np.zeros((len(steps), len(nest.loops)), np.int64)
    left = steps.copy()
    for j in reversed(range(len(nest.loops))):
        _, times, stride = nest.loops[j]
        out[:, j] = left % times * stride
        left //= times
    return out


class _Tensor:
    """One tensor: where it lies, and the tile that is on the chip."""

    def __init__(self, layer: Layer, which: int, bits: int, nest: Nest) -> None:
        self.layer, self.which, self.bits, self.nest = layer, which, bits, nest
        self.tiling = nest.tilings[which]
        self.base = 0
        self.shape = self._shape()
        self.nbytes = -(-int(np.prod(self.shape, dtype=np.int64)) * bits // 8)
        self._last: I64 | None = None
        self._boxes: list[Box] = []
        self._begun: set[bytes] = set()
        self.places: Places | None = None

    def _shape(self) -> list[int]:
        x, g = self.layer, self.layer.geometry
        if self.which == WEIGHTS:
            return [x.G, x.K, x.C, x.R, x.S]
        if self.which == OUTPUTS:
            return [x.N, x.G, x.K, x.P, x.Q]
        height = (x.P - 1) * int(g[STRIDE_H]) + (x.R - 1) * int(g[DILATION_H]) + 1
        width = (x.Q - 1) * int(g[STRIDE_W]) + (x.S - 1) * int(g[DILATION_W]) + 1
        return [x.N, x.G, x.C, height, width]

    def starts(self, index: I64) -> I64:
        """Where the tile begins by dimension, (steps, 8); dimensions that do not matter are 0."""
        out = np.zeros((len(index), 8), np.int64)
        for j, (d, _, _) in enumerate(self.nest.loops[: self.tiling.inner]):
            if RELEVANT[self.which, d]:
                out[:, d] += index[:, j]
        return out

    def moved(self, starts: I64) -> NDArray[np.bool_]:
        """Steps whose tile is not that of the step before, (steps,)."""
        out = np.ones(len(starts), np.bool_)
        out[1:] = (starts[1:] != starts[:-1]).any(axis=1)
        out[0] = self._last is None or bool((starts[0] != self._last).any())
        self._last = starts[-1].copy()
        return out

    def move(self, start: I64) -> Iterator[Run]:
        """Bring the tile that begins at ``start``; outputs on the chip go back first."""
        boxes = [b for o in self.tiling.offsets if (b := self._box(start + o)) is not None]
        before, self._boxes = self._boxes, boxes
        if self.which != OUTPUTS:
            for k, box in enumerate(boxes):
                held = before[k] if self.which == INPUTS and k < len(before) else None
                yield from self._part(box, False, held)
        else:
            for box in before:
                yield from self._part(box, True, None)
            key = start.tobytes()
            if key in self._begun:  # its sums were not finished
                for box in boxes:
                    yield from self._part(box, False, None)
            self._begun.add(key)

    def finish(self) -> Iterator[Run]:
        """The last tile of outputs goes back."""
        for box in self._boxes:
            yield from self._part(box, True, None)

    def _part(self, box: Box, write: bool, held: Box | None) -> Iterator[Run]:
        """The bytes of a box, less those held."""
        for part in [box] if held is None else _less(box, held):
            if self.places is None:
                yield from self._rows(part, write)
            else:
                elements = int(np.prod([b - a for a, b in part], dtype=np.int64))
                first = self.places.of((self.which, *part), -(-elements * self.bits // 8))
                yield Run(write, first, first + -(-elements * self.bits // 8))

    def _box(self, start: I64) -> Box | None:
        """The elements of a tile by axis, cut to the tensor; None where nothing is left."""
        end = np.minimum(start + self.tiling.box, self.layer.dims)
        if (end <= start).any():
            return None
        if self.which == WEIGHTS:
            axes = (G, K, C, R, S)
        elif self.which == OUTPUTS:
            axes = (N, G, K, P, Q)
        else:
            out = [(int(start[d]), int(end[d])) for d in (N, G, C)]
            g = self.layer.geometry
            for p, r, stride, dilation in (
                (P, R, STRIDE_H, DILATION_H),
                (Q, S, STRIDE_W, DILATION_W),
            ):
                low = int(start[p] * g[stride] + start[r] * g[dilation])
                high = int((end[p] - 1) * g[stride] + (end[r] - 1) * g[dilation])
                out.append((low, high + 1))
            return out
        return [(int(start[d]), int(end[d])) for d in axes]

    def _rows(self, part: Box, write: bool) -> Iterator[Run]:
        """The bytes of a box of a tensor that lies row by row, as runs in one piece."""
        whole = 4  # axes from here on are one run
        while whole > 0 and part[whole] == (0, self.shape[whole]):
            whole -= 1
        stride = np.cumprod([1, *self.shape[:0:-1]])[::-1].astype(np.int64)
        length = int((part[whole][1] - part[whole][0]) * stride[whole])
        outer = np.zeros(1, np.int64)
        for axis in range(whole):
            places = np.arange(*part[axis], dtype=np.int64) * stride[axis]
            outer = (outer[:, None] + places[None]).ravel()
        first = outer + part[whole][0] * stride[whole]
        begin = first * self.bits // 8
        end = -(-(first + length) * self.bits // 8)
        for a, b in zip(begin.tolist(), end.tolist()):
            yield Run(write, self.base + a, self.base + b)


def _less(box: Box, held: Box) -> list[Box]:
    """Boxes that together are a box without another one."""
    common = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(box, held)]
    if any(a >= b for a, b in common):
        return [box]
    out, rest = [], list(box)
    for axis, (low, high) in enumerate(common):
        first, last = rest[axis]
        for a, b in ((first, low), (high, last)):
            if a < b:
                out.append([*rest[:axis], (a, b), *rest[axis + 1 :]])
        rest[axis] = (low, high)
    return out
