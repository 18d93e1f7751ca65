"""What one product of a fused pair can do inside of the shared loops, on a machine with one buffer."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..uneven.product import Product

Vector = dict[str, int]
# columns of a table of options
ROOM, PJ, STEPS, FAR_READ, FAR_WRITTEN, NEAR_READ, NEAR_WRITTEN = range(7)


@dataclass(frozen=True)
class Option:
    """One choice inside the shared loops.

    Attributes:
        unrolled: along x and y.
        held: tensors that the buffer holds for this product alone, outermost first, each with the
            iterations outside of its holder.
    """

    unrolled: tuple[Vector, Vector]
    held: tuple[tuple[str, Vector], ...]


@dataclass(frozen=True)
class Table:
    """Options and their figures: (n, 7) bits of room, pJ, steps, bits read and written far and near."""

    options: list[Option]
    figures: NDArray[np.float64]


def divisors(n: int) -> list[int]:
    """All divisors of n, rising.

    Args:
        n: at least 1.

    Returns:
        The divisors.
    """
    small = [x for x in range(1, math.isqrt(n) + 1) if n % x == 0]
    return sorted({*small, *(n // x for x in small)})


class Side:
    """One product of a pair on a machine with DRAM and one buffer over the multipliers.

    Args:
        product: without windows.
        machine: two levels.
        passed: the tensor that stays in the buffer.
        spatial: dimensions that may be unrolled along x and along y.
    """

    def __init__(
        self,
        product: Product,
        machine: Architecture,
        passed: str,
        spatial: tuple[set[str], set[str]],
    ) -> None:
        self.product, self.machine, self.passed = product, machine, passed
        self.of = {t: {d for axis in axes for d in axis} for t, axes in product.axes.items()}
        self.bits = dict(zip(product.tensors, machine.bits))
        self.others = [t for t in product.tensors if t != passed]
        self.output = product.tensors[-1]
        must, may = machine.keeps
        self.must = {t for i, t in enumerate(product.tensors) if must[1, i]}
        self.may = {t for i, t in enumerate(product.tensors) if may[1, i]}
        self.unrollings = self._unrollings(spatial)

    def words(self, tensor: str) -> int:
        """Words of a whole tensor.

        Args:
            tensor: its name.

        Returns:
            Words.
        """
        return math.prod(self.product.extents[d] for d in self.of[tensor])

    def tile(self, tensor: str, outside: Vector) -> float:
        """Bits of a tensor's tile.

        Args:
            tensor: its name.
            outside: iterations outside of its holder, 1 where a dimension is missing.

        Returns:
            Bits.
        """
        inside = (self.product.extents[d] // outside.get(d, 1) for d in self.of[tensor])
        return math.prod(inside) * self.bits[tensor]

    def again(self, tensor: str, outside: Vector) -> int:
        """How often a tensor is brought: iterations outside of its holder that leave it in place.

        Args:
            tensor: its name.
            outside: iterations outside of its holder.

        Returns:
            Times.
        """
        return math.prod(n for d, n in outside.items() if d not in self.of[tensor])

    def _unrollings(self, spatial: tuple[set[str], set[str]]) -> list[tuple[Vector, Vector]]:
        """Unrolled iterations along x and y, one representative of each product of both."""
        sides = []
        for allowed, most in zip(spatial, self.machine.levels[1].fanout):
            found: list[Vector] = [{}]
            for d, extent in self.product.extents.items():
                times = [x for x in divisors(extent) if x <= most] if d in allowed else [1]
                found = [
                    f | {d: x} for f in found for x in times if math.prod(f.values()) * x <= most
                ]
            sides.append(found)
        out: dict[tuple[int, ...], tuple[Vector, Vector]] = {}
        for x, y in itertools.product(*sides):
            both = tuple(x[d] * y[d] for d in self.product.extents)
            if all(n % u == 0 for n, u in zip(self.product.extents.values(), both)):
                out.setdefault(both, (x, y))
        return list(out.values())

    def moved(self, tensor: str, times: float, near: bool) -> NDArray[np.float64]:
        """What bringing a tensor costs.

        Args:
            tensor: its name.
            times: how often it is brought in whole.
            near: whether the buffer holds it; what passes by goes to and from the multipliers.

        Returns:
            (7,) figures, no room and no steps.
        """
        words, bits = self.words(tensor), self.bits[tensor]
        far, close = self.machine.levels
        read, written = words * times, 0.0
        filled, drained = read, 0.0
        if tensor == self.output:  # what is begun is not read
            read, written = words * (times - 1), words * times
            filled, drained = read, written
        if not near:
            filled = drained = 0.0
        pj = read * far.read_pj / far.block + written * far.write_pj / far.block
        pj += filled * close.write_pj / close.block + drained * close.read_pj / close.block
        moved = np.array([read, written, drained, filled]) * bits
        if tensor == self.output and near:  # each output goes out once as a complete sum
            moved[1] -= words * (bits - self.machine.final_bits)
        return np.array([0.0, pj, 0.0, *moved])

    def options(self, outside: Vector, shared: frozenset[str]) -> Table:
        """All options inside given shared loops that another is not better than in everything.

        Args:
            outside: iterations of the shared loops.
            shared: tensors that are held outside of some of them.

        Returns:
            The options; the traffic of ``shared`` from DRAM is not in their figures.
        """
        options: list[Option] = []
        rows: list[NDArray[np.float64]] = []
        free = [t for t in self.others if t not in shared]
        choices = [
            [x for x in (True, False) if (x and t in self.may) or (not x and t not in self.must)]
            for t in free
        ]
        for unrolled in self.unrollings:
            u = {d: unrolled[0][d] * unrolled[1][d] for d in self.product.extents}
            if any(self.product.extents[d] % (n * u[d]) for d, n in outside.items()):
                continue
            base = self._multiplying(u, shared)
            for kept in itertools.product(*choices):
                own = [t for t, x in zip(free, kept) if x]
                row = base.copy()
                for t in free:
                    if t in own:
                        row += self._near(t, u)
                    else:
                        row += self.moved(t, self._asked(t, u) / self.words(t), False)
                for held in self._placements(own, outside, u):
                    more = row.copy()
                    for t, at in held:
                        more += self.moved(t, self.again(t, at), True)
                        more[ROOM] += self.tile(t, at)
                    rows.append(more)
                    options.append(Option(unrolled, held))
        return _best_of(options, np.array(rows).reshape(-1, 7))

    def _asked(self, tensor: str, u: Vector) -> float:
        """Words that the multipliers ask for, each once for all that share it."""
        return self.product.macs / math.prod(n for d, n in u.items() if d not in self.of[tensor])

    def _near(self, tensor: str, u: Vector) -> NDArray[np.float64]:
        """What the multipliers ask of the buffer."""
        asked, close = self._asked(tensor, u), self.machine.levels[1]
        read, written = asked, 0.0
        if tensor == self.output:
            read, written = asked - self.words(tensor), asked
        pj = read * close.read_pj / close.block + written * close.write_pj / close.block
        bits = self.bits[tensor]
        return np.array([0.0, pj, 0.0, 0.0, 0.0, read * bits, written * bits])

    def _multiplying(self, u: Vector, shared: frozenset[str]) -> NDArray[np.float64]:
        """Products, and what they ask of the buffer for the intermediate and what is shared."""
        macs = self.product.macs
        out = np.array(
            [0.0, macs * self.machine.mac_pj, macs / math.prod(u.values()), 0.0, 0.0, 0.0, 0.0]
        )
        for t in self.product.tensors:
            if t == self.passed or t in shared:
                out += self._near(t, u)
        return out

    def _placements(
        self, own: list[str], outside: Vector, u: Vector
    ) -> list[tuple[tuple[str, Vector], ...]]:
        """Where the holders of one product alone may stand; of equal traffic the smallest tiles.

        A loop that moves a tile stands outside of its holder for nothing: the tile is smaller.  A loop
        that leaves it in place stands inside.  Only a loop that moves the outer of two tiles and leaves
        the inner one in place is a matter of choice.
        """
        extents = self.product.extents
        most = {d: extents[d] // u[d] for d in extents}
        least = {d: outside.get(d, 1) for d in extents}

        def alone(t: str, floor: Vector) -> Vector:
            return {d: most[d] if d in self.of[t] else floor[d] for d in extents}

        if len(own) < 2:
            return [tuple((t, alone(t, least)) for t in own)]
        out: list[tuple[tuple[str, Vector], ...]] = []
        for one, two in (own, own[::-1]):
            free = [d for d in extents if d in self.of[one] and d not in self.of[two]]
            steps = [[least[d] * x for x in divisors(most[d] // least[d])] for d in free]
            for chosen in itertools.product(*steps):
                at = alone(one, least) | dict(zip(free, chosen))
                out.append(((one, at), (two, alone(two, at))))
        return out


def _best_of(options: list[Option], figures: NDArray[np.float64]) -> Table:
    """Options that no other equals or betters in every figure."""
    order = np.lexsort(figures.T[::-1])
    kept: list[int] = []
    front = np.empty((0, figures.shape[1]))
    for i in order:
        if len(front) and (front <= figures[i]).all(axis=1).any():
            continue
        kept.append(int(i))
        front = figures[kept]
    return Table([options[i] for i in kept], figures[kept])


def clock(figures: NDArray[np.float64], machine: Architecture) -> Any:
    """Cycles of options whose figures are complete.

    Args:
        figures: (n, 7).
        machine: of two levels.

    Returns:
        (n,) cycles.
    """
    cycles = figures[:, STEPS]
    for level, at in zip(machine.levels, (FAR_READ, NEAR_READ)):
        read, written = figures[:, at], figures[:, at + 1]
        cycles = np.maximum(cycles, read / level.read_bits)
        cycles = np.maximum(cycles, written / level.write_bits)
        cycles = np.maximum(cycles, (read + written) / level.shared_bits)
    return cycles
